//! Orders recorded from a real Vendure 3.7.3, through the plugin natively: what a person read out of
//! each recording by hand. Skips where the shared folder is not beside the checkout.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests fail the test by panicking and say what they skip"
)]

use std::path::{Path, PathBuf};

use ordercase_plugin_vendure::Vendure;
use ordercase_sdk::fake::FakeHost;
use ordercase_sdk::{Context, Input, Map, PluginError};
use serde_json::Value;

fn folder() -> Option<PathBuf> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = from
        .ancestors()
        .map(|folder| folder.join("../shared/corpus/recorded/vendure"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: ../shared is not here");
    }
    found
}

fn map_bytes(stream: &str, body: &Value, settings: Value) -> Result<Vec<Value>, PluginError> {
    let ctx = Context {
        settings,
        ..Context::default()
    };
    let input = Input {
        role: String::new(),
        content_type: "application/json".to_owned(),
        bytes: body.to_string().into_bytes(),
    };
    let records = Vendure.map(&FakeHost::new(), &ctx, stream, &[input])?;
    Ok(records
        .iter()
        .map(|record| serde_json::to_value(record).unwrap())
        .collect())
}

fn answer(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let exchange: Value = serde_json::from_str(&text).unwrap();
    exchange["response"]["body"].clone()
}

/// The only order of a recording.
fn order(name: &str) -> Option<Value> {
    let body = answer(&folder()?, name);
    let mut records = map_bytes("orders", &body, Value::Null).unwrap();
    assert_eq!(records.len(), 1);
    records.pop()
}

fn states(order: &Value) -> [&str; 3] {
    ["order_state", "payment_state", "fulfilment_state"]
        .map(|axis| order["body"][axis]["canonical"].as_str().unwrap())
}

fn total<'a>(order: &'a Value, name: &str) -> &'a str {
    order["body"]["totals"][name]["shop"]["amount"]
        .as_str()
        .unwrap()
}

fn quantity(order: &Value, line: usize) -> [&str; 5] {
    ["ordered", "current", "fulfilled", "cancelled", "returned"].map(|name| {
        order["body"]["lines"][line]["quantity"][name]
            .as_str()
            .unwrap()
    })
}

#[test]
fn a_guests_order_in_two_parcels() {
    let Some(order) = order("order-guest-multi-shipment") else {
        return;
    };
    assert_eq!(states(&order), ["open", "paid", "fulfilled"]);
    let body = &order["body"];
    assert_eq!(body["number"], "7B4WZK2548444R6Y");
    assert_eq!(body["totals"]["current"]["shop"]["currency"], "USD");
    assert_eq!(
        [
            total(&order, "placed"),
            total(&order, "received"),
            total(&order, "outstanding")
        ],
        ["348.90", "348.90", "0.00"]
    );
    assert_eq!(
        [
            total(&order, "items"),
            total(&order, "shipping"),
            total(&order, "tax")
        ],
        ["344.00", "4.90", "54.92"]
    );
    // The customer's record says "Guest Two": somebody typed another name under the same address.
    let buyer = &body["buyer"];
    assert_eq!(buyer["kind"], "guest");
    assert_eq!(buyer["display_name"], "Guest One");
    assert_eq!(buyer["email"]["normalised"], "guest.one@example.test");
    assert_eq!(buyer["identifiers"][0]["verified"], "unverified");
    let parcels: Vec<(&str, &str, &str)> = body["shipments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parcel| {
            (
                parcel["state"]["canonical"].as_str().unwrap(),
                parcel["tracking"][0]["number"].as_str().unwrap(),
                parcel["lines"][0]["quantity"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        parcels,
        [
            ("shipped", "1Z999AA10123456784", "1"),
            ("shipped", "1Z999AA10123456785", "2")
        ]
    );
    assert_eq!(
        body["shipments"][0]["shipped_at"]["at"],
        "2026-11-22T04:58:04.197Z"
    );
    assert_eq!(body["shipments"][0]["state_source"], "merchant_claim");
    // The row says 04:58:03.540, which was before the first parcel left.
    assert_eq!(order["source_updated_at"], "2026-11-22T04:58:04.399Z");
    assert_eq!(order["warnings"], serde_json::json!([]));
}

#[test]
fn a_partial_refund_of_a_partly_shipped_order() {
    let Some(order) = order("order-partial-refund-partial-ship") else {
        return;
    };
    assert_eq!(
        states(&order),
        ["open", "partially_refunded", "partially_fulfilled"]
    );
    // A pending refund has not moved money; goodwill makes nobody owe anything.
    assert_eq!(
        [
            total(&order, "refunded"),
            total(&order, "net"),
            total(&order, "outstanding")
        ],
        ["5.00", "37.40", "0.00"]
    );
    let refunds = &order["body"]["refunds"];
    assert_eq!(refunds[0]["state"]["canonical"], "succeeded");
    assert_eq!(
        (
            &refunds[0]["amount"]["shop"]["amount"],
            &refunds[0]["reason"]
        ),
        (&"5.00".into(), &"arrived late".into())
    );
    assert_eq!(refunds[0]["payments"], serde_json::json!(["3"]));
    assert_eq!(
        (
            &refunds[1]["state"]["canonical"],
            &refunds[1]["money_moved"]
        ),
        (&"pending".into(), &false.into())
    );
    assert_eq!(quantity(&order, 0), ["2", "2", "1", "0", "0"]);
    assert_eq!(order["body"]["buyer"]["kind"], "registered");
    assert_eq!(order["body"]["buyer"]["display_name"], "Sam O’Neil 👟");
    assert_eq!(
        order["body"]["buyer"]["identifiers"][0]["verified"],
        "verified"
    );
}

#[test]
fn yen_have_two_decimals_too() {
    let Some(order) = order("order-guest-jpy-unshipped") else {
        return;
    };
    assert_eq!(states(&order), ["open", "paid", "unfulfilled"]);
    assert_eq!(
        order["body"]["totals"]["current"]["shop"],
        serde_json::json!({ "amount": "1879.90", "currency": "JPY" })
    );
    assert_eq!(
        order["body"]["lines"][0]["unit_price"]["shop"]["amount"],
        "1875.00"
    );
    assert_eq!(order["body"]["buyer"]["display_name"], "太郎 山田");
    assert_eq!(order["body"]["shipping_address"]["country"], "JP");
}

#[test]
fn a_server_with_other_decimals_is_read_by_its_setting() {
    let Some(folder) = folder() else { return };
    let body = answer(&folder, "order-guest-jpy-unshipped");
    let mapped = map_bytes("orders", &body, serde_json::json!({ "money_decimals": 0 })).unwrap();
    assert_eq!(total(&mapped[0], "current"), "187990");
    let refused = map_bytes("orders", &body, serde_json::json!({ "money_decimals": 9 }));
    assert!(matches!(refused, Err(PluginError::InvalidConfig { .. })));
}

#[test]
fn an_edited_order_still_owes() {
    let Some(order) = order("order-edited-owing") else {
        return;
    };
    assert_eq!(states(&order), ["open", "partially_paid", "unfulfilled"]);
    assert_eq!(order["body"]["flags"]["edited"], true);
    assert_eq!(
        [
            total(&order, "placed"),
            total(&order, "current"),
            total(&order, "outstanding")
        ],
        ["17.40", "31.90", "14.50"]
    );
    assert_eq!(order["body"]["totals"]["basis"]["placed"], "computed");
    assert_eq!(order["body"]["fees"][0]["title"], "Gift wrap");
    assert_eq!(order["body"]["fees"][0]["amount"]["shop"]["amount"], "2.00");
    assert_eq!(quantity(&order, 1), ["1", "1", "0", "0", "0"]);
}

#[test]
fn a_cancelled_order_whose_money_is_still_held() {
    let Some(order) = order("order-cancelled-authorised") else {
        return;
    };
    assert_eq!(states(&order), ["cancelled", "authorized", "cancelled"]);
    assert_eq!(
        [
            total(&order, "placed"),
            total(&order, "current"),
            total(&order, "authorized")
        ],
        ["323.90", "0.00", "323.90"]
    );
    assert_eq!(quantity(&order, 0), ["1", "0", "0", "1", "0"]);
    let body = &order["body"];
    assert_eq!(body["cancelled_at"]["at"], "2026-11-22T04:58:07.853Z");
    assert_eq!(body["cancel"]["note"], "changed my mind");
    assert_eq!(body["cancel"]["reason"]["canonical"], "unknown");
    assert_eq!(
        [total(&order, "items"), total(&order, "shipping")],
        ["319.00", "4.90"]
    );
    assert_eq!(order["warnings"], serde_json::json!([]));
    // What cancelling took off shipping is no discount.
    assert_eq!(body["discounts"], serde_json::json!([]));
}

#[test]
fn a_cancelled_order_whose_money_went_back() {
    let Some(order) = order("order-cancelled-after-capture") else {
        return;
    };
    assert_eq!(states(&order), ["cancelled", "refunded", "cancelled"]);
    assert_eq!(
        [
            total(&order, "placed"),
            total(&order, "received"),
            total(&order, "refunded"),
            total(&order, "outstanding")
        ],
        ["17.40", "17.40", "17.40", "0.00"]
    );
}

#[test]
fn an_authorised_payment_is_not_yet_received() {
    let Some(order) = order("order-authorised-only") else {
        return;
    };
    assert_eq!(states(&order), ["open", "authorized", "unfulfilled"]);
    assert_eq!(
        [
            total(&order, "authorized"),
            total(&order, "received"),
            total(&order, "outstanding")
        ],
        ["17.40", "0.00", "17.40"]
    );
    assert_eq!(
        order["body"]["payments"][0]["kind"]["canonical"],
        "authorization"
    );
    assert!(order["body"].get("paid_at").is_none());
}

#[test]
fn a_delivered_order_with_a_coupon() {
    let Some(order) = order("order-delivered-discounted") else {
        return;
    };
    assert_eq!(states(&order), ["completed", "paid", "delivered"]);
    assert_eq!(
        [
            total(&order, "items"),
            total(&order, "discount"),
            total(&order, "current")
        ],
        ["287.40", "28.74", "263.56"]
    );
    let discount = &order["body"]["discounts"][0];
    assert_eq!(
        (
            &discount["kind"],
            &discount["code"],
            &discount["amount"]["shop"]["amount"]
        ),
        (&"code".into(), &"WELCOME10".into(), &"28.74".into())
    );
    let line = &order["body"]["lines"][1];
    assert_eq!(
        (
            &line["line_total"]["shop"]["amount"],
            &line["line_discount"]["shop"]["amount"]
        ),
        (&"33.75".into(), &"3.75".into())
    );
    assert_eq!(
        order["body"]["shipments"][0]["delivered_at"]["at"],
        "2026-11-22T04:58:03.037Z"
    );
    let note = &order["body"]["notes"][0];
    assert_eq!(
        (&note["text"], &note["visibility"]),
        (&"left with neighbour".into(), &"customer".into())
    );
}

#[test]
fn goods_that_came_back_are_returned_and_not_cancelled() {
    let Some(order) = order("order-returned-refunded") else {
        return;
    };
    assert_eq!(
        states(&order),
        ["completed", "partially_refunded", "delivered"]
    );
    assert_eq!(
        [
            total(&order, "placed"),
            total(&order, "current"),
            total(&order, "net"),
            total(&order, "outstanding")
        ],
        ["504.70", "254.80", "254.80", "0.00"]
    );
    assert_eq!(quantity(&order, 0), ["2", "1", "2", "0", "1"]);
    assert_eq!(total(&order, "items"), "499.80");
    assert_eq!(order["warnings"], serde_json::json!([]));
    assert_eq!(order["missing"]["returns"], "not_reported");
    assert!(order["body"].get("cancel").is_none());
}

#[test]
fn a_packed_parcel_has_not_left() {
    let Some(order) = order("order-fulfilment-pending") else {
        return;
    };
    assert_eq!(states(&order), ["open", "paid", "unfulfilled"]);
    assert_eq!(
        order["body"]["shipments"][0]["state"]["canonical"],
        "pending"
    );
    assert_eq!(order["warnings"], serde_json::json!([]));
}

#[test]
fn carts_and_absent_orders_are_nothing() {
    let Some(folder) = folder() else { return };
    let cart = answer(&folder, "order-active-cart");
    assert_eq!(
        map_bytes("orders", &cart, Value::Null).unwrap(),
        Vec::<Value>::new()
    );
    let list = map_bytes(
        "orders",
        &answer(&folder, "orders-list-page-1"),
        Value::Null,
    )
    .unwrap();
    assert_eq!(list.len(), 4);
    let nothing = map_bytes("orders", &answer(&folder, "order-unknown-id"), Value::Null);
    assert!(matches!(nothing, Err(PluginError::Malformed(_))));
}

#[test]
fn customers_are_accounts_or_records_of_guests() {
    let Some(folder) = folder() else { return };
    let records = map_bytes("customers", &answer(&folder, "customers-list"), Value::Null).unwrap();
    let of = |email: &str| {
        let found = records
            .iter()
            .find(|record| record["body"]["emails"][0]["normalised"] == email);
        found.unwrap()["body"].clone()
    };
    let zoe = of("zoe.muller@example.test");
    assert_eq!(
        (&zoe["kind"], &zoe["state"]["canonical"]),
        (&"registered".into(), &"enabled".into())
    );
    assert_eq!(zoe["phones"][0]["e164"], "+49891234567");
    let guest = of("guest.one@example.test");
    assert_eq!(
        (&guest["kind"], &guest["state"]["canonical"]),
        (&"guest_record".into(), &"disabled".into())
    );
}

#[test]
fn the_same_bytes_twice_are_the_same_record_and_a_change_is_another_version() {
    let Some(folder) = folder() else { return };
    let mut body = answer(&folder, "order-partial-refund-partial-ship");
    let first = map_bytes("orders", &body, Value::Null).unwrap();
    assert_eq!(first, map_bytes("orders", &body, Value::Null).unwrap());
    // A refund settles; `updatedAt` of the order does not move.
    body["data"]["order"]["payments"][0]["refunds"][1]["state"] = "Settled".into();
    let second = map_bytes("orders", &body, Value::Null).unwrap();
    assert_ne!(first[0]["source_version"], second[0]["source_version"]);
}

#[test]
fn states_that_the_table_does_not_know_are_kept_and_warned_of() {
    let Some(folder) = folder() else { return };
    let mut body = answer(&folder, "order-partial-refund-partial-ship");
    body["data"]["order"]["state"] = "InspectedByCustoms".into();
    body["data"]["order"]["payments"][0]["refunds"][0]["total"] = (-500).into();
    let order = map_bytes("orders", &body, Value::Null).unwrap().remove(0);
    assert_eq!(
        states(&order),
        ["unknown", "partially_refunded", "partially_fulfilled"]
    );
    assert_eq!(order["body"]["order_state"]["raw"], "InspectedByCustoms");
    assert_eq!(order["warnings"], serde_json::json!(["unknown_status"]));
    assert_eq!(
        order["body"]["refunds"][0]["amount"]["shop"]["amount"],
        "5.00"
    );
}

#[test]
fn every_file_of_the_corpus_maps_or_is_refused_without_panic() {
    let Some(folder) = folder() else { return };
    let payloads = folder.join("../../payloads/vendure");
    for folder in [folder, payloads] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let Ok(file) = serde_json::from_str::<Value>(&text) else {
                continue;
            };
            let body = file.pointer("/response/body").unwrap_or(&file);
            for stream in ["orders", "customers"] {
                match map_bytes(stream, body, Value::Null) {
                    Ok(_) | Err(PluginError::Malformed(_)) => {}
                    Err(other) => assert_eq!(other.to_string(), "", "{}", path.display()),
                }
            }
        }
    }
}
