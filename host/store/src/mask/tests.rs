use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn structure_stays_and_people_and_secrets_go() {
    let body = json!({
        "id": 4_711_000_111_222_u64,
        "admin_graphql_api_id": "gid://shopify/Order/4711",
        "name": "#1001",
        "email": "zoe@example.com",
        "contact_id": "zoe@example.com",
        "phone": 4_915_112_345_678_u64,
        "updated_at": "2026-01-01T00:00:00+01:00",
        "financial_status": "paid",
        "total_price": "12.50",
        "accessToken": "shpat_canary",
        "api_key_id": "canary",
        "customer": {"id": 7, "first_name": "Zoë", "state": "enabled", "national_tax_id": "DE123"},
        "note": "please ring twice",
        "by_mail": {"zoe@example.com": 1, "4915112345678": 2},
        "line_items": [{"title": "Tea", "sku": "T-1", "quantity": 2}],
        "test": false,
    });
    let masked = mask_source(body.to_string().as_bytes());
    assert_eq!((masked.form, masked.cut), ("json", false));
    let view = &masked.view;
    for (pointer, shown) in [
        ("/id", json!(4_711_000_111_222_u64)),
        ("/admin_graphql_api_id", json!("gid://shopify/Order/4711")),
        ("/updated_at", json!("2026-01-01T00:00:00+01:00")),
        ("/financial_status", json!("paid")),
        ("/total_price", json!("12.50")),
        ("/customer/state", json!("enabled")),
        ("/line_items/0/sku", json!("T-1")),
        ("/line_items/0/quantity", json!(2)),
        ("/test", json!(false)),
        ("/email", json!("[15 characters]")),
        ("/phone", json!("[number]")),
        ("/by_mail/[name 1]", json!(2)),
    ] {
        assert_eq!(view.pointer(pointer), Some(&shown), "{pointer} in {view:#}");
    }
    let text = view.to_string();
    for personal in [
        "zoe@", "Zoë", "49151", "canary", "DE123", "ring", "Tea", "#1001",
    ] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
}

#[test]
fn what_is_no_json_keeps_its_outline() {
    let masked = mask_source("{\"id\": 17, \"name\": \"Zoë M".as_bytes());
    assert_eq!(masked.form, "text");
    assert_eq!(masked.view, json!("{\"xx\": 00, \"xxxx\": \"xxx x"));
    assert_eq!(mask_source(&[0xff, 0xfe]).form, "binary");
    assert_eq!(mask_source(&[0xff, 0xfe]).view, Value::Null);
}

#[test]
fn large_and_deep_bodies_are_cut() {
    let items: Vec<Value> = (0..10_000)
        .map(|n| json!({ "id": n, "a": [1, 2, 3] }))
        .collect();
    let masked = mask_source(&serde_json::to_vec(&json!({ "items": items })).unwrap());
    assert!(masked.cut && masked.view.to_string().len() < 64 * 1024);
    let fields: Map<String, Value> = (0..9_999).map(|n| (format!("f{n}"), json!("x"))).collect();
    let masked = mask_source(&serde_json::to_vec(&fields).unwrap());
    assert!(masked.cut && masked.view.to_string().len() < 64 * 1024);
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert!(mask_source(deep.as_bytes()).cut);
    let bottomless = "[".repeat(1_000_000);
    let masked = mask_source(bottomless.as_bytes());
    assert!(masked.cut && masked.form == "text");
}

#[test]
fn of_a_header_only_what_steers_is_shown() {
    assert_eq!(
        mask_header("content-type", "application/json"),
        "application/json"
    );
    assert_eq!(
        mask_header("x-shopify-topic", "orders/create"),
        "orders/create"
    );
    assert_eq!(mask_header("x-webhook-id", "b1-2"), "b1-2");
    assert_eq!(mask_header("x-forwarded-for", "10.0.0.1"), "[8 characters]");
    assert_eq!(mask_header("x-session-id", "abc"), "[3 characters]");
}

#[test]
fn of_a_canonical_body_the_personal_fields_go() {
    let masked = mask_canonical(
        &["buyer"],
        &json!({"kind": "guest", "email": {"value": "z@example.com"}}),
    );
    assert_eq!(
        masked,
        json!({"kind": "guest", "email": {"value": "[13 characters]"}})
    );
    assert_eq!(
        mask_canonical(&["buyer", "display_name"], &json!("Zoë")),
        json!("[3 characters]")
    );
    assert_eq!(
        mask_canonical(&["shipping_address", "city"], &json!("Bonn")),
        json!("[4 characters]")
    );
    assert_eq!(mask_canonical(&["number"], &json!("#1")), json!("#1"));
}

proptest! {
    #[test]
    fn no_input_breaks_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let masked = mask_source(&bytes);
        prop_assert_eq!(masked.bytes, bytes.len());
    }

    #[test]
    fn an_address_is_never_shown(name in "[a-z_]{1,20}", user in "[a-z]{3,8}") {
        let address = format!("{user}@example.com");
        let body = json!({ name.clone(): address.clone(), "nested": [{ name: [address.clone()] }] });
        let masked = mask_source(body.to_string().as_bytes());
        prop_assert!(!masked.view.to_string().contains(&address));
    }
}
