//! What kind of shop this is, and what the token may read.

use std::collections::BTreeMap;

use ordercase_sdk::graphql::Responses;
use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use ordercase_sdk::model::ShopFacts;
use ordercase_sdk::{Context, Host, PluginError};
use serde::Deserialize;

use crate::api::{Api, role, served};
use crate::query;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data<'a> {
    #[serde(borrow)]
    shop: Maybe<Shop<'a>>,
    current_app_installation: Maybe<Installation<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Shop<'a> {
    #[serde(borrow)]
    name: Word<'a>,
    myshopify_domain: Word<'a>,
    currency_code: Word<'a>,
    iana_timezone: Word<'a>,
    order_number_format_prefix: Word<'a>,
    order_number_format_suffix: Word<'a>,
    plan: Maybe<Plan<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Plan<'a> {
    #[serde(borrow)]
    public_display_name: Word<'a>,
    shopify_plus: Flag,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Installation<'a> {
    #[serde(borrow)]
    access_scopes: List<Scope<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Scope<'a> {
    #[serde(borrow)]
    handle: Word<'a>,
}

/// Days of history that `read_orders` alone gives.
const RECENT_DAYS: u32 = 60;

pub(crate) fn probe(host: &dyn Host, ctx: &Context) -> Result<ShopFacts, PluginError> {
    let responses = Responses::default();
    let api = Api::new(host, &responses);
    let answer = api.ask::<Data<'_>>(role::SHOP, query::SHOP, &serde_json::json!({}))?;
    let version = served(&answer);
    let shop = answer
        .data
        .shop
        .0
        .ok_or_else(|| PluginError::Malformed("the answer to `shop` has no shop".to_owned()))?;
    let installation = answer.data.current_app_installation.0.unwrap_or_default();
    let mut scopes: Vec<String> = installation
        .access_scopes
        .iter()
        .filter_map(|scope| scope.handle.owned())
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    let may = |scope: &str| scopes.iter().any(|granted| granted == scope);
    let plan = shop.plan.get();
    let domain = ctx
        .setting("shop_domain")
        .or_else(|| shop.myshopify_domain.get());
    Ok(ShopFacts {
        currency: shop.currency_code.get().and_then(|code| code.parse().ok()),
        zone: shop.iana_timezone.owned(),
        plan: plan.and_then(|plan| plan.public_display_name.owned()),
        history_days: (may("read_orders") && !may("read_all_orders")).then_some(RECENT_DAYS),
        capabilities: capabilities(&may),
        admin_url: domain.map(|domain| format!("https://{domain}/admin")),
        extra: extra(&shop, version),
        name: shop.name.owned(),
        scopes,
    })
}

/// What later calls can do; `search` by tracking number is never among it.
fn capabilities(may: &impl Fn(&str) -> bool) -> Vec<String> {
    let mut all = Vec::new();
    if may("read_orders") {
        all.extend([
            "orders",
            "payments",
            "refunds",
            "search_email",
            "search_order_number",
        ]);
    }
    if may("read_customers") {
        all.extend(["customers", "search_phone"]);
    }
    if may("read_fulfillments") || may("read_orders") {
        all.push("shipments");
    }
    if may("read_returns") {
        all.push("returns");
    }
    all.sort_unstable();
    all.into_iter().map(str::to_owned).collect()
}

fn extra(shop: &Shop<'_>, version: Option<String>) -> BTreeMap<String, String> {
    let is_plus = shop.plan.get().and_then(|plan| plan.shopify_plus.get());
    [
        ("api_version_served", version),
        (
            "order_number_prefix",
            shop.order_number_format_prefix.owned(),
        ),
        (
            "order_number_suffix",
            shop.order_number_format_suffix.owned(),
        ),
        ("plus", is_plus.map(|plus| plus.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
    .collect()
}
