//! What the plugin asks of a shop, and what it makes of refusals, against scripted answers.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail the test by panicking"
)]

use ordercase_plugin_vendure::Vendure;
use ordercase_sdk::fake::FakeHost;
use ordercase_sdk::model::{Instant, Kind, RecordRef};
use ordercase_sdk::{Context, Fetch, PluginError, Probe, Pull, PullRequest, Query, Search, Window};
use serde_json::{Value, json};

const NOW: &str = "2026-11-25T06:00:00Z";

fn host() -> FakeHost {
    let host = FakeHost::new();
    host.set_now(NOW.parse::<Instant>().unwrap());
    host
}

fn ctx() -> Context {
    Context {
        settings: json!({ "shop_host": "shop.example.com" }),
        ..Context::default()
    }
}

fn asked(host: &FakeHost, at: usize) -> Value {
    let request = &host.requests()[at];
    assert_eq!(
        (request.path.as_str(), &request.origin),
        ("/admin-api", &None)
    );
    serde_json::from_slice(request.body.as_ref().unwrap()).unwrap()
}

fn order(id: u32, state: &str) -> Value {
    json!({
        "id": id.to_string(), "code": format!("CODE{id}"), "state": state, "active": false,
        "orderPlacedAt": "2026-11-20T10:00:00.000Z", "currencyCode": "EUR", "totalWithTax": 1000,
    })
}

fn page(since: Option<&str>, cursor: Option<String>) -> PullRequest {
    PullRequest {
        stream: "orders".to_owned(),
        window: Window {
            since: since.map(|at| at.parse().unwrap()),
            until: None,
        },
        cursor,
        limit: 2,
    }
}

#[test]
fn a_backfill_is_pinned_to_its_start_and_ends_with_the_total() {
    let host = host();
    let list = |ids: &[u32]| {
        let items: Vec<Value> = ids.iter().map(|id| order(*id, "PaymentSettled")).collect();
        json!({ "data": { "orders": { "totalItems": 3, "items": items } } }).to_string()
    };
    host.answer(&list(&[3, 2])).answer(&list(&[1]));
    let first = Vendure.pull(&host, &ctx(), &page(None, None)).unwrap();
    assert_eq!((first.records.len(), first.total), (2, Some(3)));
    host.set_now("2026-11-25T07:00:00Z".parse::<Instant>().unwrap());
    let second = Vendure
        .pull(&host, &ctx(), &page(None, first.next))
        .unwrap();
    assert_eq!((second.records.len(), second.next), (1, None));
    let options = &asked(&host, 1)["variables"]["options"];
    assert_eq!((&options["skip"], &options["take"]), (&json!(2), &json!(2)));
    assert_eq!(
        options["filter"],
        json!({ "active": { "eq": false }, "orderPlacedAt": { "before": NOW } })
    );
    // The fake host counts on over both calls.
    assert_eq!(second.records[0].exchanges, [1]);
}

#[test]
fn a_poll_reads_open_orders_again_because_change_times_stand_still() {
    let host = host();
    host.answer(r#"{"data": {"orders": {"totalItems": 0, "items": []}}}"#);
    let empty = Vendure
        .pull(&host, &ctx(), &page(Some("2026-11-25T05:00:00Z"), None))
        .unwrap();
    assert_eq!((empty.records.len(), empty.next), (0, None));
    let any = &asked(&host, 0)["variables"]["options"]["filter"]["_and"][0]["_or"];
    // `after` excludes its own instant, a window's start does not.
    assert_eq!(
        any[1],
        json!({ "updatedAt": { "after": "2026-11-25T04:59:59.999Z" } })
    );
    assert_eq!(
        any[2]["_and"][1]["state"],
        json!({ "notIn": ["Delivered", "Cancelled"] })
    );
}

#[test]
fn a_cart_in_a_page_is_left_out_and_still_counts_as_a_row() {
    let host = host();
    let items = [order(2, "AddingItems"), order(1, "Shipped")];
    host.answer(&json!({ "data": { "orders": { "totalItems": 2, "items": items } } }).to_string());
    let only = Vendure.pull(&host, &ctx(), &page(None, None)).unwrap();
    assert_eq!((only.records.len(), only.next), (1, None));
}

#[test]
fn a_page_that_failed_is_not_the_last_one() {
    let host = host();
    host.answer(r#"{"errors": [{"message": "Internal server error", "path": ["orders"], "extensions": {"code": "INTERNAL_SERVER_ERROR"}}], "data": {"orders": null}}"#);
    let failed = Vendure.pull(&host, &ctx(), &page(None, None));
    assert!(
        matches!(failed, Err(PluginError::Upstream { status: 200, .. })),
        "{failed:?}"
    );
}

const FORBIDDEN: &str = r#"{"errors": [{"message": "You are not currently authorized to perform this action", "path": ["order"], "extensions": {"code": "FORBIDDEN"}}], "data": {"order": null}}"#;

#[test]
fn a_refusal_with_status_200_needs_a_person() {
    let target = RecordRef {
        kind: Kind::Order,
        source_id: "1".to_owned(),
    };
    let host = host();
    host.answer(FORBIDDEN)
        .answer(r#"{"data": {"order": null}}"#);
    let refused = Vendure.fetch(&host, &ctx(), &target);
    assert!(
        matches!(refused, Err(PluginError::AuthExpired(_))),
        "{refused:?}"
    );
    let gone = Vendure.fetch(&host, &ctx(), &target);
    assert!(matches!(gone, Err(PluginError::NotFound(_))), "{gone:?}");
}

#[test]
fn a_cart_cannot_be_fetched_and_a_strange_id_is_not_asked_for() {
    let host = host();
    host.answer(&json!({ "data": { "order": order(1, "ArrangingPayment") } }).to_string());
    let fetch = |id: &str| {
        Vendure.fetch(
            &host,
            &ctx(),
            &RecordRef {
                kind: Kind::Order,
                source_id: id.to_owned(),
            },
        )
    };
    assert!(matches!(fetch("1"), Err(PluginError::NotFound(_))));
    assert!(matches!(fetch("1\" } { me"), Err(PluginError::NotFound(_))));
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn a_search_by_address_is_in_lower_case_and_brings_orders_first() {
    let host = host();
    let person = json!({
        "id": "9", "firstName": "Mia", "lastName": "Keller", "emailAddress": "mia@example.test",
        "orders": { "totalItems": 1, "items": [order(4, "Delivered")] },
    });
    host.answer(
        &json!({ "data": { "customers": { "totalItems": 1, "items": [person] } } }).to_string(),
    );
    let query = Query {
        by: "email".to_owned(),
        value: " Mia@Example.test ".to_owned(),
    };
    let found = Vendure.search(&host, &ctx(), &query, 10).unwrap();
    let kinds: Vec<Kind> = found.iter().map(|one| one.record.kind).collect();
    assert_eq!(kinds, [Kind::Order, Kind::Customer]);
    let filter = &asked(&host, 0)["variables"]["options"]["filter"];
    assert_eq!(
        *filter,
        json!({ "emailAddress": { "eq": "mia@example.test" } })
    );
    let by_tracking = Query {
        by: "tracking_number".to_owned(),
        value: "1Z".to_owned(),
    };
    let unsupported = Vendure.search(&host, &ctx(), &by_tracking, 10);
    assert!(matches!(unsupported, Err(PluginError::Unsupported(_))));
}

const REFUSED: &str = r#"{"errors": [{"message": "You are not currently authorized to perform this action", "extensions": {"code": "FORBIDDEN"}}], "data": null}"#;
const CHANNEL: &str = r#"{"data": {"activeChannel": {"code": "__default_channel__", "defaultCurrencyCode": "EUR", "availableCurrencyCodes": ["EUR", "JPY"], "pricesIncludeTax": true}}}"#;

#[test]
fn a_probe_tells_what_the_key_may_read() {
    let host = host();
    host.answer(CHANNEL)
        .answer(r#"{"data": {"orders": {"totalItems": 0}}}"#)
        .answer(REFUSED);
    let facts = Vendure.probe(&host, &ctx()).unwrap();
    assert_eq!(facts.currency.unwrap().to_string(), "EUR");
    assert_eq!(facts.scopes, ["ReadOrder"]);
    assert!(facts.capabilities.contains(&"orders".to_owned()));
    assert!(!facts.capabilities.contains(&"customers".to_owned()));
    assert_eq!(
        facts.admin_url.as_deref(),
        Some("https://shop.example.com/admin")
    );
}

#[test]
fn a_key_that_may_read_nothing_needs_a_person() {
    let host = host();
    host.answer(CHANNEL).answer(REFUSED).answer(REFUSED);
    let refused = Vendure.probe(&host, &ctx());
    assert!(
        matches!(refused, Err(PluginError::AuthExpired(_))),
        "{refused:?}"
    );
}
