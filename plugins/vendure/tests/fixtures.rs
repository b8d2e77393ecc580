//! Our own recordings (`fixtures/`, from the shop that `tests/vendure` sets up) through the plugin
//! natively, against goldens that were checked by hand. Needs neither a shop nor the shared folder.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test by panicking"
)]

#[path = "shop/redact.rs"]
mod redact;

use ordercase_plugin_vendure::Vendure;
use ordercase_sdk::fake::FakeHost;
use ordercase_sdk::{Context, Input, Map};
use serde_json::{Value, json};

fn map(stream: &str, bytes: &[u8]) -> Vec<Value> {
    let settings = json!({ "shop_host": "vendure.example", "money_decimals": 2, "addresses_are_verified": false });
    let ctx = Context {
        settings,
        ..Context::default()
    };
    let input = Input {
        role: stream.to_owned(),
        content_type: "application/json".to_owned(),
        bytes: bytes.to_vec(),
    };
    let records = Vendure
        .map(&FakeHost::new(), &ctx, stream, &[input])
        .unwrap();
    records
        .iter()
        .map(|record| redact::redacted(&serde_json::to_value(record).unwrap()))
        .collect()
}

#[test]
fn orders_are_mapped_as_checked_by_hand() {
    let names = [
        "authorised",
        "delivered",
        "cancelled",
        "edited",
        "yen",
        "partial_refund",
        "guest_two_parcels",
    ];
    let records = map("orders", include_bytes!("../fixtures/orders.json"));
    assert_eq!(records.len(), names.len());
    for (name, record) in names.into_iter().zip(&records) {
        insta::assert_json_snapshot!(name, record);
    }
}

#[test]
fn customers_are_mapped_as_checked_by_hand() {
    insta::assert_json_snapshot!(
        "customers",
        map("customers", include_bytes!("../fixtures/customers.json"))
    );
}
