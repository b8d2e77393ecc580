//! Webhooks as hints: which record to read back. Their bodies may be old; the reading is the truth.

use ordercase_sdk::lenient::{Maybe, Word};
use ordercase_sdk::model::{Instant, Kind, RecordRef};
use ordercase_sdk::{PluginError, Reading, Webhook};
use serde::Deserialize;

use crate::wire::order::Node;
use crate::wire::tail;

/// The few fields of any webhook that point to a record.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pointers<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    order_id: Word<'a>,
    order: Maybe<Node<'a>>,
    order_edit: Maybe<OrderEdit<'a>>,
    admin_graphql_api_id: Word<'a>,
    admin_graphql_api_customer_kept_id: Word<'a>,
    admin_graphql_api_customer_deleted_id: Word<'a>,
    updated_at: Word<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OrderEdit<'a> {
    #[serde(borrow)]
    order_id: Word<'a>,
}

pub(crate) fn receive(webhook: &Webhook) -> Result<Reading, PluginError> {
    let topic = webhook.topic.as_str();
    let (family, event) = topic.split_once('/').unwrap_or((topic, ""));
    match family {
        "orders" | "order_transactions" | "refunds" | "fulfillments" | "fulfillment_events"
        | "returns" => order(webhook, family),
        "customers" if matches!(event, "create" | "update" | "delete") => customer(webhook),
        "customers" if event == "merge" => merged(webhook),
        "app" => Ok(Reading::ignored(
            "the app was uninstalled: the access token no longer works",
        )),
        _ => Ok(Reading::ignored(format!(
            "`{topic}` names neither an order nor a customer"
        ))),
    }
}

fn order(webhook: &Webhook, family: &str) -> Result<Reading, PluginError> {
    let pointers = pointers(webhook)?;
    let edited = pointers.order_edit.get().and_then(|e| e.order_id.get());
    let nested = pointers.order.get().and_then(|order| tail(&order.id));
    let own = (family == "orders").then(|| own_id(&pointers)).flatten();
    let id = edited
        .or_else(|| pointers.order_id.get())
        .or(nested)
        .or(own);
    hint(webhook, Kind::Order, id, &pointers)
}

fn customer(webhook: &Webhook) -> Result<Reading, PluginError> {
    let pointers = pointers(webhook)?;
    hint(webhook, Kind::Customer, own_id(&pointers), &pointers)
}

/// Both sides of a merge: the kept record changed, the other is gone.
fn merged(webhook: &Webhook) -> Result<Reading, PluginError> {
    let pointers = pointers(webhook)?;
    let sides = [
        tail(&pointers.admin_graphql_api_customer_kept_id),
        tail(&pointers.admin_graphql_api_customer_deleted_id),
    ];
    let mut reading = Reading::default();
    for id in sides.into_iter().flatten() {
        let one = hint(webhook, Kind::Customer, Some(id), &pointers)?;
        reading.hints.extend(one.hints);
    }
    if reading.hints.is_empty() {
        return Err(no_id(webhook, Kind::Customer));
    }
    Ok(reading)
}

fn own_id<'a>(pointers: &'a Pointers<'_>) -> Option<&'a str> {
    pointers
        .id
        .get()
        .or_else(|| tail(&pointers.admin_graphql_api_id))
}

fn pointers(webhook: &Webhook) -> Result<Pointers<'_>, PluginError> {
    serde_json::from_slice(&webhook.body)
        .map_err(|error| PluginError::malformed(&format!("webhook `{}`", webhook.topic), error))
}

fn hint(
    webhook: &Webhook,
    kind: Kind,
    id: Option<&str>,
    pointers: &Pointers<'_>,
) -> Result<Reading, PluginError> {
    let id = id.ok_or_else(|| no_id(webhook, kind))?;
    let triggered = webhook.header("x-shopify-triggered-at");
    let occurred_at: Option<Instant> = triggered
        .and_then(|at| at.parse().ok())
        .or_else(|| pointers.updated_at.get().and_then(|at| at.parse().ok()));
    let target = RecordRef {
        kind,
        source_id: id.to_owned(),
    };
    Ok(Reading::hint(target, occurred_at))
}

fn no_id(webhook: &Webhook, kind: Kind) -> PluginError {
    PluginError::Malformed(format!("webhook `{}` names no {kind}", webhook.topic))
}
