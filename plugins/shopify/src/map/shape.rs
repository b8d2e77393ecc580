//! What a body is: by its role where one is given, else by its shape.
//!
//! A GraphQL answer has `data`; REST wraps in `order`, `orders`, `customer`, `customers`; webhooks are
//! flat. Drafts, checkouts and the sub-resources of an order are known and hold nothing to emit.

use std::collections::BTreeSet;

use ordercase_sdk::lenient::{List, Maybe};
use ordercase_sdk::page::Connection;
use ordercase_sdk::{Input, PluginError, graphql};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::wire::customer::Customer;
use crate::wire::order::Order;
use crate::wire::rest::{RestCustomer, RestOrder};

/// What a body holds.
#[derive(Default)]
pub(crate) struct Contents<'a> {
    pub(crate) orders: Vec<Order<'a>>,
    pub(crate) customers: Vec<Customer<'a>>,
    /// Fields that the token may not read, as paths of the canonical body.
    pub(crate) denied: BTreeSet<String>,
}

/// `data` of an answer to any of the plugin's queries.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Data<'a> {
    #[serde(borrow)]
    order: Maybe<Order<'a>>,
    pub(crate) orders: Option<Connection<Order<'a>>>,
    nodes: List<Order<'a>>,
    customer: Maybe<Customer<'a>>,
    pub(crate) customers: Option<Connection<Customer<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapped<'a> {
    #[serde(borrow)]
    order: Maybe<RestOrder<'a>>,
    orders: List<RestOrder<'a>>,
    customer: Maybe<RestCustomer<'a>>,
    customers: List<RestCustomer<'a>>,
}

/// Keys of the outermost object.
type Keys = std::collections::BTreeMap<String, IgnoredAny>;

/// Wrappers and flat bodies that are known to hold neither an order nor a customer of ours.
const NOTHING_TO_EMIT: &[&str] = &[
    "bulk_operation",
    "checkout",
    "checkouts",
    "dispute",
    "draft_order",
    "draft_orders",
    "event",
    "events",
    "fulfillment",
    "fulfillment_event",
    "fulfillment_events",
    "fulfillment_order",
    "fulfillment_orders",
    "fulfillments",
    "gift_card",
    "gift_cards",
    "moved_fulfillment_order",
    "order_edit",
    "original_fulfillment_order",
    "product",
    "products",
    "refund",
    "refunds",
    "submitted_fulfillment_order",
    "tender_transactions",
    "transaction",
    "transactions",
];

/// Reads a body.
pub(crate) fn read(input: &Input) -> Result<Contents<'_>, PluginError> {
    let bytes = input
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&input.bytes);
    let keys: Keys = serde_json::from_slice(bytes)
        .map_err(|error| PluginError::malformed("a Shopify body must be one JSON object", error))?;
    let has = |key: &str| keys.contains_key(key);
    if has("data") || has("errors") {
        return answer(bytes);
    }
    if let Some(topic) = input.role.strip_prefix("webhook:") {
        return webhook(topic, &keys, bytes);
    }
    if NOTHING_TO_EMIT
        .iter()
        .any(|key| has(key) && keys.len() <= 2)
    {
        return Ok(Contents::default());
    }
    if keys.len() <= 2
        && ["order", "orders", "customer", "customers"]
            .into_iter()
            .any(has)
    {
        return wrapped(bytes);
    }
    flat(&keys, bytes)
}

/// A GraphQL answer; errors of single fields become `denied`.
fn answer(bytes: &[u8]) -> Result<Contents<'_>, PluginError> {
    let (data, errors) = graphql::read::<Data<'_>>("map", bytes)?;
    Ok(contents(data, &errors))
}

/// What `data` holds.
pub(crate) fn contents<'a>(data: Data<'a>, errors: &[graphql::GraphQlError]) -> Contents<'a> {
    let mut contents = Contents {
        denied: errors.iter().filter_map(denied_field).collect(),
        ..Contents::default()
    };
    let orders = data.orders.map(|orders| orders.nodes).unwrap_or_default();
    contents.orders.extend(data.order.0);
    contents.orders.extend(orders);
    contents.orders.extend(data.nodes.0);
    let customers = data.customers.map(|c| c.nodes).unwrap_or_default();
    contents.customers.extend(data.customer.0);
    contents.customers.extend(customers);
    contents
}

/// The canonical field of a source field that may not be read.
fn denied_field(error: &graphql::GraphQlError) -> Option<String> {
    let names = error.path.iter().flatten();
    let field = names.filter_map(serde_json::Value::as_str).next_back()?;
    let ours = match field {
        "customer" => "buyer.customer_source_id",
        "email" | "defaultEmailAddress" => "buyer.email",
        "phone" | "defaultPhoneNumber" => "buyer.phone",
        "displayName" | "firstName" | "lastName" => "buyer.display_name",
        "billingAddress" => "billing_address",
        "shippingAddress" => "shipping_address",
        "transactions" => "payments",
        "fulfillments" => "shipments",
        "risk" => "flags.high_risk",
        other => other,
    };
    Some(ours.to_owned())
}

fn wrapped(bytes: &[u8]) -> Result<Contents<'_>, PluginError> {
    let rest: Wrapped<'_> = serde_json::from_slice(bytes)
        .map_err(|error| PluginError::malformed("REST body", error))?;
    let orders = rest.order.0.into_iter().chain(rest.orders.0);
    let customers = rest.customer.0.into_iter().chain(rest.customers.0);
    Ok(Contents {
        orders: orders.map(Order::from).collect(),
        customers: customers.map(Customer::from).collect(),
        denied: BTreeSet::new(),
    })
}

fn webhook<'a>(topic: &str, keys: &Keys, bytes: &'a [u8]) -> Result<Contents<'a>, PluginError> {
    match topic {
        // An edit or a deletion names the order and does not hold it.
        "orders/edited"
        | "orders/delete"
        | "customers/delete"
        | "customers/merge"
        | "customers/redact"
        | "customers/data_request" => Ok(Contents::default()),
        _ if topic.starts_with("orders/") || topic.starts_with("customers/") => flat(keys, bytes),
        _ => Ok(Contents::default()),
    }
}

/// A flat body: an order, a customer, or something that is neither.
fn flat<'a>(keys: &Keys, bytes: &'a [u8]) -> Result<Contents<'a>, PluginError> {
    let has = |key: &str| keys.contains_key(key);
    let is_draft = has("invoice_url") || has("invoice_sent_at");
    let is_checkout = has("abandoned_checkout_url");
    let is_part = ["order_id", "kind", "shop_id", "myshopify_domain"]
        .into_iter()
        .any(has);
    let is_return = has("order") && has("status");
    if is_draft || is_checkout {
        return Ok(Contents::default());
    }
    if has("financial_status") || (has("line_items") && has("total_price")) {
        let order: RestOrder<'_> = serde_json::from_slice(bytes)
            .map_err(|error| PluginError::malformed("order", error))?;
        return Ok(Contents {
            orders: vec![order.into()],
            ..Contents::default()
        });
    }
    let is_customer = [
        "verified_email",
        "addresses",
        "email_marketing_consent",
        "orders_count",
    ]
    .into_iter()
    .any(has);
    if is_customer && has("id") {
        let customer: RestCustomer<'_> = serde_json::from_slice(bytes)
            .map_err(|error| PluginError::malformed("customer", error))?;
        return Ok(Contents {
            customers: vec![customer.into()],
            ..Contents::default()
        });
    }
    if is_part || is_return {
        return Ok(Contents::default());
    }
    Err(PluginError::Malformed(format!(
        "no shape that Shopify sends: expected `data`, `order`, `orders`, `customer`, `customers` or \
         a webhook's flat body, found the keys {}",
        keys.keys().take(8).cloned().collect::<Vec<_>>().join(", ")
    )))
}
