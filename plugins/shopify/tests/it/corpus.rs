//! Every body of the corpus maps or is refused; none panics, and a second run gives the same bytes.

use std::fs;

use ordercase_sdk::{Context, PluginError};

use crate::shared::{folder, input, map};

#[test]
fn every_payload_maps_or_is_malformed_and_twice_the_same() {
    let Some(shared) = folder() else { return };
    let mut emitted = 0;
    for entry in fs::read_dir(shared.join("corpus/payloads/shopify")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ext| ext != "json") {
            continue;
        }
        let body = fs::read(&path).unwrap();
        for stream in ["orders", "customers"] {
            let once = map(&Context::default(), stream, &[&body]);
            let twice = map(&Context::default(), stream, &[&body]);
            assert_eq!(format!("{once:?}"), format!("{twice:?}"), "{path:?}");
            match once {
                Ok(records) => emitted += records.len(),
                Err(PluginError::Malformed(_)) => {}
                Err(other) => panic!("{path:?}: {other}"),
            }
        }
    }
    assert!(emitted >= 15, "only {emitted} records");
}

#[test]
fn every_example_webhook_maps_under_its_topic_and_by_its_shape() {
    let Some(shared) = folder() else { return };
    for entry in fs::read_dir(shared.join("corpus/recorded/shopify-webhook-examples")).unwrap() {
        let path = entry.unwrap().path();
        let example: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let topic = example["topic"].as_str().unwrap();
        let body = serde_json::to_vec(&example["body"]).unwrap();
        let role = format!("webhook:{topic}");
        let by_role = ordercase_sdk::Map::map(
            &ordercase_plugin_shopify::Shopify,
            &ordercase_sdk::fake::FakeHost::new(),
            &Context::default(),
            "orders",
            &[input(&role, &body)],
        )
        .unwrap_or_else(|error| panic!("{topic}: {error}"));
        let holds_an_order = topic.starts_with("orders/") && topic != "orders/edited";
        assert_eq!(by_role.len(), usize::from(holds_an_order), "{topic}");
        let by_shape = map(&Context::default(), "orders", &[&body])
            .unwrap_or_else(|error| panic!("{topic}: {error}"));
        assert_eq!(by_shape.len(), by_role.len(), "{topic}");
    }
}

#[test]
fn drafts_and_checkouts_are_never_orders() {
    let Some(shared) = folder() else { return };
    for name in [
        "rest-2026-07-draft-order",
        "rest-legacy-draft-order",
        "rest-legacy-checkouts",
    ] {
        let path = shared.join(format!("corpus/payloads/shopify/{name}.json"));
        let body = fs::read(path).unwrap();
        let records = map(&Context::default(), "orders", &[&body]).unwrap();
        assert!(records.is_empty(), "{name}");
        // Unwrapped, as in a webhook.
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let inner = value.as_object().unwrap().values().next().unwrap();
        let inner = inner.get(0).unwrap_or(inner);
        let flat = serde_json::to_vec(inner).unwrap();
        assert!(
            map(&Context::default(), "orders", &[&flat])
                .unwrap()
                .is_empty(),
            "{name} flat"
        );
    }
}
