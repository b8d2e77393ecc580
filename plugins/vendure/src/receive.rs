//! Events that a plugin on Vendure's EventBus posts, as hints: which record to read back.
//!
//! `OrderPlacedEvent` fires before the row says so, and every event before its transaction ends, so
//! nothing in the body is taken for a fact.

use ordercase_sdk::lenient::{List, Maybe, Word};
use ordercase_sdk::model::{Instant, Kind, RecordRef};
use ordercase_sdk::{Hint, PluginError, Reading, Webhook};
use serde::Deserialize;

/// `{"name", "at", "data"}`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow)]
    at: Word<'a>,
    data: Maybe<Pointers<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Pointers<'a> {
    #[serde(borrow)]
    order_id: Word<'a>,
    order_ids: List<Word<'a>>,
    customer_id: Word<'a>,
}

pub(crate) fn receive(webhook: &Webhook) -> Result<Reading, PluginError> {
    let event: Event<'_> = serde_json::from_slice(&webhook.body)
        .map_err(|error| PluginError::malformed(&format!("event `{}`", webhook.topic), error))?;
    let occurred_at: Option<Instant> = event.at.get().and_then(|at| at.parse().ok());
    let Some(data) = event.data.get() else {
        return Err(PluginError::Malformed(format!(
            "event `{}` has no data",
            webhook.topic
        )));
    };
    let orders = data
        .order_id
        .get()
        .into_iter()
        .chain(data.order_ids.iter().filter_map(Word::get));
    let customers = data.customer_id.get();
    let hint = |kind: Kind, id: &str| Hint {
        target: RecordRef {
            kind,
            source_id: id.to_owned(),
        },
        occurred_at,
    };
    let mut hints: Vec<Hint> = Vec::new();
    for found in orders.map(|id| hint(Kind::Order, id)) {
        if !hints.contains(&found) {
            hints.push(found);
        }
    }
    hints.extend(customers.map(|id| hint(Kind::Customer, id)));
    if hints.is_empty() {
        return Ok(Reading::ignored(format!(
            "`{}` names neither an order nor a customer",
            webhook.topic
        )));
    }
    Ok(Reading {
        hints,
        ..Reading::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Reading, PluginError> {
        receive(&Webhook {
            topic: "order.state".to_owned(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            received_at: "2026-11-25T06:00:00Z".parse().unwrap(),
        })
    }

    #[test]
    fn an_event_points_to_its_order_whether_ids_are_numbers_or_texts() {
        for id in ["7", "\"7\""] {
            let body = format!(
                r#"{{"name": "order.state", "at": "2026-11-25T05:59:58.123Z", "data": {{"orderId": {id}, "to": "Shipped"}}}}"#
            );
            let reading = read(&body).unwrap();
            assert_eq!(reading.hints.len(), 1);
            assert_eq!(reading.hints[0].target.source_id, "7");
            assert_eq!(
                reading.hints[0].occurred_at.unwrap().to_string(),
                "2026-11-25T05:59:58.123Z"
            );
        }
    }

    #[test]
    fn a_fulfilment_of_two_orders_points_to_both_once() {
        let reading = read(r#"{"data": {"orderIds": [3, 4, 3]}}"#).unwrap();
        let ids: Vec<&str> = reading
            .hints
            .iter()
            .map(|hint| hint.target.source_id.as_str())
            .collect();
        assert_eq!(ids, ["3", "4"]);
    }

    #[test]
    fn an_event_about_nothing_we_keep_is_ignored_with_the_reason() {
        assert!(
            read(r#"{"data": {"productId": 3}}"#)
                .unwrap()
                .ignored
                .is_some()
        );
        assert!(matches!(read("{}"), Err(PluginError::Malformed(_))));
        assert!(matches!(read("ping"), Err(PluginError::Malformed(_))));
    }
}
