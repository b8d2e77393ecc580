//! A real Vendure, read through the component as the host would run it.
//!
//! `cargo test -p ordercase-plugin-vendure --features real-shop --test real_vendure`. Installs Vendure
//! from npm into a cache folder below the target folder, starts it as its own process on loopback,
//! fills it through its public APIs, and compares what the component makes of its orders with goldens
//! that were checked by hand. Skips, and says so, without node or without the registry.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "helpers of tests fail the test by panicking and say what they skip; a real shop lives in real time"
)]

#[path = "shop/component.rs"]
mod component;
#[path = "shop/events.rs"]
mod events;
#[path = "shop/host.rs"]
mod host;
#[path = "shop/redact.rs"]
mod redact;
#[path = "shop/rows.rs"]
mod rows;
#[path = "shop/vendure.rs"]
mod vendure;

use std::collections::BTreeMap;
use std::time::Duration;

use ordercase_runtime::{CallError, PluginError, PullRequest, SearchQuery};
use serde_json::Value;

use component::Desk;
use host::Host;
use redact::redacted;
use rows::{FoundBy, Row};
use vendure::Shop;

/// One test: the shop is dear, and its steps build on each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_vendure_is_read_as_it_is() {
    let mut taken = events::listen().await;
    let Some(shop) = Shop::start(Some(&taken.address)) else {
        return;
    };
    let desk = Desk::of(&shop.address, &shop.seeded["api_key"]).await;

    let facts = desk
        .runtime
        .probe(&desk.plugin, &desk.scope)
        .await
        .unwrap()
        .value;
    assert_eq!(facts.currency.unwrap().to_string(), "EUR");
    assert!(
        facts.capabilities.contains(&"customers".to_owned()),
        "{:?}",
        facts.capabilities
    );

    let orders = all(&desk, "orders", None).await;
    the_goldens_hold(&shop, &orders);
    let customers = all(&desk, "customers", None).await;
    insta::assert_json_snapshot!(
        "customers",
        customers.values().map(redacted).collect::<Vec<_>>()
    );

    a_shipment_is_seen_although_the_change_time_stands_still(&shop, &desk, &orders).await;
    an_event_leads_to_the_order(&shop, &desk, &mut taken).await;
    people_are_found_by_what_they_quote(&shop, &desk, &orders).await;
    a_wrong_key_needs_a_person(&shop).await;
}

/// The bound within which a change at the shop is in the host's record, when it is told by event.
const BY_EVENT: Duration = Duration::from_secs(30);
/// The same without any event: a few polls, which are two seconds apart here and five minutes usually.
const BY_POLL: Duration = Duration::from_secs(30);
/// The same for what no poll shows: a few reconciliations, which are a second apart here and an hour usually.
const BY_RECONCILIATION: Duration = Duration::from_secs(30);

/// Every row of the table of happenings, by events and then without them, in the host's own database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_happening_at_the_shop_reaches_the_host_by_events_and_again_without() {
    let Some(mut shop) = Shop::start(None) else {
        return;
    };
    by_events(&mut shop).await;
    by_reading_again(&shop).await;
}

/// No poll is due for five minutes: what arrives came by event.
async fn by_events(shop: &mut Shop) {
    let host = Host::start(shop, &[]).await;
    until_live(&host).await;
    shop.tell(Some(&host.hook()));
    let order = rows::placed(shop, &host, "rowan.events@example.test", BY_EVENT).await;
    for row in &rows::ROWS {
        rows::happens(shop, &host, &order, row, BY_EVENT).await;
    }
    let other = rows::placed(shop, &host, "rowan.cancels@example.test", BY_EVENT).await;
    rows::happens(shop, &host, &other, &rows::CANCELLED, BY_EVENT).await;
    assert_eq!(host.polls().await, 0, "a poll was faster than the events");
    assert!(host.webhooks().await > 0);
    // The shop's own forwarder sends; the host knows that it registers nothing here.
    let verb = ["connection", "webhooks", &host.connection];
    assert_eq!(host.cli.run(&verb).await.unwrap()["state"], "forwarder");
    shop.tell(None);
    host.stop().await;
}

/// Nobody is told anything. A second order moves the newest change time past the first one's, so that only the
/// plugin's reading of orders that are not final, and then the reconciliation, can find what happens to it.
async fn by_reading_again(shop: &Shop) {
    let polling = [
        "--shop-poll-seconds",
        "2",
        "--shop-poll-overlap-seconds",
        "0",
    ];
    let host = Host::start(shop, &polling).await;
    until_live(&host).await;
    for track in ["reconcile", "sweep", "reread"] {
        host.pace(track, &["--off"]).await;
    }
    let order = rows::placed(shop, &host, "rowan.polled@example.test", BY_POLL).await;
    let other = rows::placed(shop, &host, "rowan.ends@example.test", BY_POLL).await;
    for row in rows::found_by(FoundBy::Poll) {
        rows::happens(shop, &host, &order, row, BY_POLL).await;
    }
    rows::happens(shop, &host, &other, &rows::CANCELLED, BY_POLL).await;
    for row in rows::found_by(FoundBy::Reconciliation) {
        by_reconciliation(shop, &host, &order, row).await;
    }
    assert_eq!(host.webhooks().await, 0, "somebody was told");
    host.stop().await;
}

/// Polls go on and do not show it; once the stream is reconciled, it is there.
async fn by_reconciliation(shop: &Shop, host: &Host, order: &str, row: &Row) {
    host.pace("reconcile", &["--off"]).await;
    row.make(shop, host, order).await;
    further_polls(host).await;
    let polled = host.order(order).await.unwrap();
    assert!(!(row.holds)(&polled), "{}: a poll showed it", row.name);
    host.pace("reconcile", &["--every", "1"]).await;
    let what = format!("{}, by reconciliation", row.name);
    rows::arrives(host, order, &what, BY_RECONCILIATION, row.holds).await;
    assert_eq!(host.path(order).await, "reconcile");
}

/// Pages of polls after which one began and ended since the first look.
const FURTHER_POLLS: i64 = 3;

async fn further_polls(host: &Host) {
    let enough = host.polls().await + FURTHER_POLLS;
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while host.polls().await < enough {
        assert!(std::time::Instant::now() < end, "polling has stopped");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn until_live(host: &Host) {
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while !host.is_live().await {
        assert!(
            std::time::Instant::now() < end,
            "the history takes over a minute"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Every record of a stream, by id, page by page.
async fn all(desk: &Desk, stream: &str, since: Option<&str>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut cursor = None;
    loop {
        let request = PullRequest {
            stream: stream.to_owned(),
            since: since.map(|at| at.parse().unwrap()),
            until: None,
            cursor,
            limit: 3,
        };
        let page = desk
            .runtime
            .pull(&desk.plugin, &desk.scope, &request)
            .await
            .unwrap()
            .value;
        for pulled in page.records {
            assert!(!pulled.exchanges.is_empty());
            let record = serde_json::to_value(&pulled.record).unwrap();
            found.insert(pulled.record.source_id, record);
        }
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

const GOLDENS: [&str; 7] = [
    "guest_two_parcels",
    "partial_refund",
    "yen",
    "edited",
    "cancelled",
    "delivered",
    "authorised",
];

fn the_goldens_hold(shop: &Shop, orders: &BTreeMap<String, Value>) {
    for name in GOLDENS {
        let record = orders.get(&shop.order(name)).expect(name);
        insta::assert_json_snapshot!(name, redacted(record));
    }
    let cart = shop.seeded["cart"].as_str().unwrap();
    assert!(!orders.contains_key(cart), "a cart is no order");
    assert_eq!(orders.len(), GOLDENS.len());
}

/// The row that makes a plugin's poll honest: Vendure writes a stale `updatedAt` back.
async fn a_shipment_is_seen_although_the_change_time_stands_still(
    shop: &Shop,
    desk: &Desk,
    before: &BTreeMap<String, Value>,
) {
    let id = shop.order("yen");
    shop.ship(&id, "Yamato", "YAM0001");
    let since = "2100-01-01T00:00:00Z";
    // Nothing was placed or changed since then, says Vendure; the order is open, so it is read again.
    let after = all(desk, "orders", Some(since)).await;
    assert_eq!(
        after.len(),
        0,
        "sixty days before the year 2100 nothing was placed"
    );
    let since = jiff::Timestamp::now().to_string();
    let after = all(desk, "orders", Some(&since)).await;
    let (before, after) = (
        before.get(&id).unwrap(),
        after.get(&id).expect("read again"),
    );
    assert_ne!(before["source_version"], after["source_version"]);
    assert_eq!(
        after.pointer("/body/fulfilment_state/canonical").unwrap(),
        "fulfilled"
    );
    assert_eq!(
        after
            .pointer("/body/shipments/0/tracking/0/number")
            .unwrap(),
        "YAM0001"
    );
}

/// Shipped before it is paid: the order's state does not move, the parcel's does.
async fn an_event_leads_to_the_order(shop: &Shop, desk: &Desk, taken: &mut events::Taken) {
    let id = shop.order("authorised");
    taken.forget();
    shop.ship(&id, "DHL", "DHL0009");
    let delivery = taken
        .verified(&desk.plugin.manifest, "fulfillment.state")
        .await;
    let reading = desk
        .runtime
        .receive(&desk.plugin, &desk.scope, &delivery)
        .await
        .unwrap()
        .value;
    let hinted: Vec<&str> = reading
        .hints
        .iter()
        .map(|hint| hint.target.source_id.as_str())
        .collect();
    assert_eq!(hinted, [id.as_str()]);
    let target = &reading.hints.first().unwrap().target;
    let read = desk
        .runtime
        .fetch(&desk.plugin, &desk.scope, target)
        .await
        .unwrap()
        .value;
    let record = serde_json::to_value(&read.first().unwrap().record).unwrap();
    assert_eq!(
        record.pointer("/body/fulfilment_state/canonical").unwrap(),
        "fulfilled"
    );
    assert_eq!(
        record.pointer("/body/payment_state/canonical").unwrap(),
        "authorized"
    );
}

async fn people_are_found_by_what_they_quote(
    shop: &Shop,
    desk: &Desk,
    orders: &BTreeMap<String, Value>,
) {
    let id = shop.order("guest_two_parcels");
    let number = orders
        .get(&id)
        .unwrap()
        .pointer("/body/number")
        .unwrap()
        .as_str()
        .unwrap();
    for (by, value) in [
        ("email", "SAM.oneil@example.test"),
        ("order_number", &number.to_lowercase()),
    ] {
        let query = SearchQuery {
            by: by.to_owned(),
            value: value.to_owned(),
        };
        let found = desk
            .runtime
            .search(&desk.plugin, &desk.scope, &query, 10)
            .await
            .unwrap()
            .value;
        let first = found.first().expect(by);
        assert_eq!(first.record.source_id, id, "{by}");
    }
}

async fn a_wrong_key_needs_a_person(shop: &Shop) {
    let stranger = Desk::of(&shop.address, &Value::from("no:key")).await;
    let request = PullRequest {
        stream: "orders".to_owned(),
        since: None,
        until: None,
        cursor: None,
        limit: 1,
    };
    let refused = stranger
        .runtime
        .pull(&stranger.plugin, &stranger.scope, &request)
        .await;
    let expired = matches!(
        refused,
        Err(CallError::Plugin {
            error: PluginError::AuthExpired(_),
            ..
        })
    );
    assert!(expired, "{refused:?}");
}
