//! Which order a ticket is about.

use ordercase_context::{Evidence, Sourced, pick, scan};
use ordercase_model::Order;
use serde_json::{Value, json};

use crate::support::{NOW, at, order, time};

fn placed(number: &str, when: &str, more: Value) -> Sourced<Order> {
    let mut order = order(number, more);
    order.body.placed_at = serde_json::from_value(time(when)).unwrap();
    order
}

fn picked(orders: &[Sourced<Order>], subject: &str, text: &str) -> (String, Vec<Evidence>) {
    let quotes = scan(subject, &[text]);
    let found = pick(orders, &quotes, at("2026-11-20T10:00:00Z"), at(NOW)).unwrap();
    (found.order.body.number.clone().unwrap(), found.evidence)
}

fn done(number: &str, when: &str) -> Sourced<Order> {
    let over = json!({
        "order_state": {"canonical": "completed"},
        "fulfilment_state": {"canonical": "delivered"},
    });
    placed(number, when, over)
}

#[test]
fn a_quoted_number_beats_everything() {
    let orders = [
        done("1001", "2025-01-01T00:00:00Z"),
        placed("1002", "2026-11-19T00:00:00Z", json!({})),
    ];
    let (number, evidence) = picked(&orders, "About 1001", "order 1001 came broken");
    assert_eq!(
        (number.as_str(), evidence[0]),
        ("#1001", Evidence::NumberInText)
    );
    let (number, _) = picked(&orders, "#1001", "Hello");
    assert_eq!(number, "#1001");
}

#[test]
fn a_number_without_prefix_and_suffix_is_the_same_number() {
    let orders = [
        placed("EN-1001-X", "2026-10-01T00:00:00Z", json!({})),
        placed("EN-1002-X", "2026-11-19T00:00:00Z", json!({})),
    ];
    assert_eq!(picked(&orders, "order 1001", "").0, "#EN-1001-X");
    assert_eq!(picked(&orders, "order EN1001X", "").0, "#EN-1001-X");
}

#[test]
fn a_parcel_number_names_its_order() {
    let parcel =
        json!({"shipments": [{"source_id": "s", "tracking": [{"number": "RB 123456785 DE"}]}]});
    let orders = [
        placed("1001", "2026-09-01T00:00:00Z", parcel),
        placed("1002", "2026-11-19T00:00:00Z", json!({})),
    ];
    let (number, evidence) = picked(&orders, "Parcel", "RB123456785DE does not move");
    assert_eq!(
        (number.as_str(), evidence[0]),
        ("#1001", Evidence::TrackingQuoted)
    );
}

#[test]
fn without_a_number_the_newest_open_order_before_the_ticket_is_meant() {
    let orders = [
        placed(
            "1001",
            "2026-11-01T00:00:00Z",
            json!({"fulfilment_state": {"canonical": "fulfilled"}}),
        ),
        done("1002", "2026-11-15T00:00:00Z"),
        placed(
            "1003",
            "2026-11-20T11:00:00Z",
            json!({"fulfilment_state": {"canonical": "fulfilled"}}),
        ),
    ];
    let (number, evidence) = picked(&orders, "Hello", "Where is my parcel?");
    assert_eq!(number, "#1001", "{evidence:?}");
}

#[test]
fn an_order_in_trouble_comes_before_one_without() {
    let lost = json!({"fulfilment_state": {"canonical": "fulfilled"}, "shipments": [
        {"source_id": "s", "state": {"canonical": "exception"}, "tracking": []}]});
    let fine = json!({"fulfilment_state": {"canonical": "fulfilled"}});
    let orders = [
        placed("1001", "2026-11-10T00:00:00Z", lost),
        placed("1002", "2026-11-12T00:00:00Z", fine),
    ];
    let (number, evidence) = picked(&orders, "Hello", "Where is my parcel?");
    assert_eq!(number, "#1001", "{evidence:?}");
    assert!(evidence.contains(&Evidence::HasIssue));
}

#[test]
fn test_orders_and_deleted_ones_are_only_picked_when_quoted() {
    let orders = [
        placed(
            "1001",
            "2026-11-19T00:00:00Z",
            json!({"flags": {"deleted": true}}),
        ),
        placed("1002", "2026-06-01T00:00:00Z", json!({})),
    ];
    assert_eq!(picked(&orders, "Hello", "Where is it?").0, "#1002");
    assert_eq!(picked(&orders, "#1001", "Where is it?").0, "#1001");
    assert!(pick(&orders[..1], &[], at(NOW), at(NOW)).is_none());
}

#[test]
fn nobody_without_orders_has_one_in_question() {
    assert!(pick(&[], &scan("#1001", &[]), at(NOW), at(NOW)).is_none());
}
