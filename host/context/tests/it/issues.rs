//! The three rules, each with what makes it speak and what keeps it silent; and the three suggestions.

use ordercase_context::{Rule, issues};
use serde_json::{Value, json};

use crate::support::{NOW, Ticket, at, money, order, time};

/// What the rules say about an order, as `(rule, what)`.
fn said(more: Value) -> Vec<(Rule, String)> {
    issues(&order("1001", more), at(NOW))
        .into_iter()
        .map(|issue| (issue.rule, issue.what))
        .collect()
}

fn one(rule: Rule, what: &str) -> Vec<(Rule, String)> {
    vec![(rule, what.to_owned())]
}

#[test]
fn paid_goods_that_do_not_leave_are_late() {
    let old = time("2026-11-10T00:00:00Z");
    assert_eq!(
        said(json!({"paid_at": old})),
        one(Rule::LateShipment, "overdue")
    );
    let promised = json!({"expected": {"ship_by": time("2026-11-19T00:00:00Z")}});
    assert_eq!(said(promised), one(Rule::LateShipment, "promise_missed"));

    let silent = [
        json!({}),
        json!({"paid_at": old, "payment_state": {"canonical": "unpaid"}}),
        json!({"paid_at": old, "fulfilment_state": {"canonical": "fulfilled"}}),
        json!({"paid_at": old, "order_state": {"canonical": "cancelled"}}),
        json!({"paid_at": old, "fulfilment_state": {"canonical": "unknown"}}),
        json!({"paid_at": old, "expected": {"ship_by": time("2026-11-25T00:00:00Z")}}),
        json!({"paid_at": null, "placed_at": null}),
    ];
    for order in silent {
        assert_eq!(said(order.clone()), [], "{order}");
    }
}

fn shipment(state: &str, more: Value) -> Value {
    let mut shipment = json!({"source_id": "s", "state": {"canonical": state}});
    for (name, value) in more.as_object().unwrap() {
        shipment[name] = value.clone();
    }
    json!({"fulfilment_state": {"canonical": "fulfilled"}, "shipments": [shipment]})
}

#[test]
fn a_parcel_in_trouble_or_late_is_a_problem() {
    for state in [
        "exception",
        "returned_to_sender",
        "delayed",
        "delivery_attempted",
    ] {
        assert_eq!(
            said(shipment(state, json!({}))),
            one(Rule::DeliveryProblem, state)
        );
    }
    let long_ago = json!({"shipped_at": time("2026-11-01T00:00:00Z")});
    assert_eq!(
        said(shipment("in_transit", long_ago)),
        one(Rule::DeliveryProblem, "overdue")
    );
    let promised = json!({"shipped_at": time("2026-11-18T00:00:00Z"), "estimated_delivery": time("2026-11-19T00:00:00Z")});
    assert_eq!(
        said(shipment("in_transit", promised)),
        one(Rule::DeliveryProblem, "overdue")
    );

    let recent = json!({"shipped_at": time("2026-11-18T00:00:00Z")});
    assert_eq!(said(shipment("in_transit", recent)), []);
    assert_eq!(
        said(shipment("in_transit", json!({}))),
        [],
        "no date, no claim"
    );
    let arrived = json!({"shipped_at": time("2026-01-01T00:00:00Z")});
    assert_eq!(said(shipment("delivered", arrived)), []);
}

fn refund(state: &str, when: &str, more: Value) -> Value {
    let mut refund = json!({"source_id": "r", "state": {"canonical": state}, "amount": money("5.00"), "at": time(when)});
    for (name, value) in more.as_object().unwrap() {
        refund[name] = value.clone();
    }
    json!({"refunds": [refund]})
}

#[test]
fn money_that_does_not_go_back_is_a_problem() {
    let recent = "2026-11-19T00:00:00Z";
    assert_eq!(
        said(refund("failed", recent, json!({}))),
        one(Rule::RefundProblem, "failed")
    );
    assert_eq!(
        said(refund("pending", "2026-11-01T00:00:00Z", json!({}))),
        one(Rule::RefundProblem, "pending")
    );
    let granted = json!({"money_moved": false});
    assert_eq!(
        said(refund("succeeded", recent, granted)),
        one(Rule::RefundProblem, "money_not_moved")
    );
    assert_eq!(said(refund("pending", recent, json!({}))), []);
    assert_eq!(said(refund("succeeded", recent, json!({}))), []);

    let back = |refunds: Value| {
        json!({
            "refunds": refunds,
            "returns": [{"source_id": "x", "state": {"canonical": "received"}, "updated_at": time("2026-11-01T00:00:00Z")}],
        })
    };
    assert_eq!(
        said(back(json!([]))),
        one(Rule::RefundProblem, "goods_back_no_refund")
    );
    let paid_back =
        json!([{"source_id": "r", "state": {"canonical": "succeeded"}, "amount": money("1.00")}]);
    assert_eq!(said(back(paid_back)), []);

    let mut short = refund("succeeded", recent, json!({}));
    short["payment_state"] = json!({"canonical": "refunded"});
    assert_eq!(
        said(short),
        one(Rule::RefundProblem, "less_refunded_than_paid")
    );
}

#[test]
fn suggestions_follow_from_the_state_of_things() {
    let suggested = |more: Value| {
        let ticket = Ticket {
            orders: vec![order("1001", more)],
            ..Ticket::default()
        };
        serde_json::to_value(ticket.context().suggested_actions).unwrap()
    };
    assert_eq!(suggested(json!({})), json!([]));

    let parcel = json!({
        "tracking": [{"number": "RB123456785DE", "url": "https://post.example/1", "carrier": "Post"}],
        "shipped_at": time("2026-11-19T00:00:00Z"),
    });
    assert_eq!(
        suggested(shipment("in_transit", parcel)),
        json!([{"action": "send_tracking", "tracking": "RB123456785DE", "url": "https://post.example/1",
            "carrier": "Post", "shipment_status": "in_transit", "reason": "parcel_under_way", "src": "s1"}])
    );
    assert_eq!(
        suggested(
            json!({"paid_at": time("2026-11-10T00:00:00Z"), "admin_url": "https://admin.example/1"})
        ),
        json!([{"action": "escalate_shipping", "days_late": 7, "admin_url": "https://admin.example/1",
            "reason": "late_shipment", "src": "s1"}])
    );
    assert_eq!(
        suggested(refund("failed", "2026-11-19T00:00:00Z", json!({}))),
        json!([{"action": "confirm_refund", "amount": "5.00 EUR", "reason": "refund_problem", "src": "s1"}])
    );
}

#[test]
fn a_link_that_is_not_https_is_never_suggested() {
    let parcel = json!({"tracking": [{"number": "RB123456785DE", "url": "javascript:alert(1)"}]});
    let ticket = Ticket {
        orders: vec![order("1001", shipment("in_transit", parcel))],
        ..Ticket::default()
    };
    let text = serde_json::to_string(&ticket.context()).unwrap();
    assert!(!text.contains("javascript"), "{text}");
}
