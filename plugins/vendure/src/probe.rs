//! What kind of shop this is, and what the key may read.

use std::collections::BTreeMap;

use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use ordercase_sdk::model::ShopFacts;
use ordercase_sdk::{Context, Host, PluginError};
use serde::Deserialize;

use crate::api::{ask, role};
use crate::{map, query};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data {
    active_channel: Maybe<Channel>,
    me: Maybe<Me>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Channel {
    code: Word,
    default_currency_code: Word,
    available_currency_codes: List<Word>,
    prices_include_tax: Flag,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Me {
    channels: List<Granted>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Granted {
    code: Word,
    permissions: List<Word>,
}

pub(crate) fn probe(host: &dyn Host, ctx: &Context) -> Result<ShopFacts, PluginError> {
    // A setting that cannot work is better told now than with the first order.
    map::money_decimals(ctx)?;
    let answer = ask::<Data>(host, role::SHOP, query::SHOP, &serde_json::json!({}))?;
    let channel = answer.data.active_channel.0.ok_or_else(|| {
        PluginError::Malformed("the answer to `shop` has no active channel".to_owned())
    })?;
    let me = answer.data.me.0.unwrap_or_default();
    let mut scopes: Vec<String> = me
        .channels
        .iter()
        .filter(|granted| granted.code == channel.code)
        .flat_map(|granted| granted.permissions.iter().filter_map(Word::owned))
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    let may = |scope: &str| {
        scopes
            .iter()
            .any(|granted| granted == scope || granted == "SuperAdmin")
    };
    let mut capabilities = Vec::new();
    if may("ReadOrder") {
        capabilities.extend([
            "orders",
            "payments",
            "refunds",
            "search_order_number",
            "shipments",
        ]);
    }
    if may("ReadCustomer") {
        capabilities.extend(["customers", "search_email", "search_phone"]);
    }
    capabilities.sort_unstable();
    let shop_host = ctx.setting("shop_host");
    Ok(ShopFacts {
        name: shop_host.map(str::to_owned),
        currency: channel
            .default_currency_code
            .get()
            .and_then(|code| code.parse().ok()),
        zone: None,
        plan: None,
        history_days: None,
        capabilities: capabilities.into_iter().map(str::to_owned).collect(),
        admin_url: shop_host.map(|host| format!("https://{host}/admin")),
        extra: extra(&channel),
        scopes,
    })
}

fn extra(channel: &Channel) -> BTreeMap<String, String> {
    let currencies: Vec<&str> = channel
        .available_currency_codes
        .iter()
        .filter_map(Word::get)
        .collect();
    let prices = channel
        .prices_include_tax
        .get()
        .map(|include| include.to_string());
    [
        ("channel", channel.code.owned()),
        (
            "currencies",
            (!currencies.is_empty()).then(|| currencies.join(" ")),
        ),
        ("prices_include_tax", prices),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
    .collect()
}
