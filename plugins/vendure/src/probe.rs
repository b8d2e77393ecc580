//! What kind of shop this is, and what the key may read.

use std::collections::BTreeMap;

use ordercase_sdk::graphql::Responses;
use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use ordercase_sdk::model::ShopFacts;
use ordercase_sdk::{Context, Host, PluginError};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::api::{ask, role};
use crate::{map, query};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data<'a> {
    #[serde(borrow)]
    active_channel: Maybe<Channel<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Channel<'a> {
    #[serde(borrow)]
    code: Word<'a>,
    default_currency_code: Word<'a>,
    available_currency_codes: List<Word<'a>>,
    prices_include_tax: Flag,
}

pub(crate) fn probe(host: &dyn Host, ctx: &Context) -> Result<ShopFacts, PluginError> {
    // A setting that cannot work is better told now than with the first order.
    map::money_decimals(ctx)?;
    let responses = Responses::default();
    let answer = ask::<Data<'_>>(
        host,
        &responses,
        role::SHOP,
        query::SHOP,
        &serde_json::json!({}),
    )?;
    let channel = answer.data.active_channel.0.ok_or_else(|| {
        PluginError::Malformed("the answer to `shop` has no active channel".to_owned())
    })?;
    let orders = may(host, query::MAY_READ_ORDERS)?;
    let customers = may(host, query::MAY_READ_CUSTOMERS)?;
    if !orders && !customers {
        return Err(PluginError::AuthExpired(
            "the key may read neither orders nor customers: give its role ReadOrder and ReadCustomer".to_owned(),
        ));
    }
    let mut capabilities = Vec::new();
    if orders {
        capabilities.extend([
            "orders",
            "payments",
            "refunds",
            "search_order_number",
            "shipments",
        ]);
    }
    if customers {
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
        scopes: [(orders, "ReadOrder"), (customers, "ReadCustomer")]
            .into_iter()
            .filter(|(granted, _)| *granted)
            .map(|(_, scope)| scope.to_owned())
            .collect(),
    })
}

/// Whether a query is answered rather than refused.
fn may(host: &dyn Host, query: &str) -> Result<bool, PluginError> {
    let responses = Responses::default();
    let nothing = serde_json::json!({});
    match ask::<IgnoredAny>(host, &responses, role::SHOP, query, &nothing) {
        Ok(_) => Ok(true),
        Err(PluginError::AuthExpired(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

fn extra(channel: &Channel<'_>) -> BTreeMap<String, String> {
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
