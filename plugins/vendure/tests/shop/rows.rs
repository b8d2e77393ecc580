//! What happens to an order at the shop, row by row (real-shops §3: in most of them Vendure's `updatedAt` stands
//! still), and what the stored record then says.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{host::Host, vendure::Shop};

/// One happening.
pub(crate) struct Row {
    /// As the table calls it.
    pub(crate) name: &'static str,
    /// Verb of `seed.mjs` and what follows the order's id.
    change: &'static [&'static str],
    /// Whether a record has it.
    holds: fn(&Value) -> bool,
    /// Whether Vendure's list of orders shows it to a poll.
    pub(crate) polled: bool,
}

fn is(body: &Value, pointer: &str, expected: &str) -> bool {
    body.pointer(pointer).and_then(Value::as_str) == Some(expected)
}

/// In the order in which they happen to one order.
pub(crate) const ROWS: [Row; 7] = [
    Row {
        name: "payment captured",
        change: &["capture"],
        holds: |body| is(body, "/payment_state/canonical", "paid"),
        polled: true,
    },
    Row {
        name: "fulfilment created",
        change: &["fulfil", "DHL", "TRACK-0001"],
        holds: |body| is(body, "/shipments/0/tracking/0/number", "TRACK-0001"),
        polled: true,
    },
    Row {
        name: "shipped, and with it the order's state",
        change: &["move", "Shipped"],
        holds: |body| {
            is(body, "/fulfilment_state/canonical", "fulfilled")
                && is(body, "/order_state/raw", "Shipped")
        },
        polled: true,
    },
    Row {
        name: "partial refund",
        change: &["refund", "100"],
        holds: |body| {
            is(body, "/payment_state/canonical", "partially_refunded")
                && body.pointer("/refunds/0").is_some()
        },
        polled: true,
    },
    Row {
        name: "note",
        change: &["note", "the buyer called"],
        holds: |body| is(body, "/notes/0/text", "the buyer called"),
        polled: true,
    },
    // A delivered order is final: Vendure's list neither says when it became so nor moves its change time.
    Row {
        name: "delivered",
        change: &["move", "Delivered"],
        holds: |body| is(body, "/fulfilment_state/canonical", "delivered"),
        polled: false,
    },
    Row {
        name: "partial refund of a delivered order",
        change: &["refund", "50"],
        holds: |body| body.pointer("/refunds/1").is_some(),
        polled: false,
    },
];

/// Happens to an order of its own: nothing happens after it.
pub(crate) const CANCELLED: Row = Row {
    name: "cancelled",
    change: &["cancel"],
    holds: |body| is(body, "/order_state/canonical", "cancelled"),
    polled: true,
};

/// Places an order that is authorised and waits until the host has it.
pub(crate) async fn placed(shop: &Shop, host: &Host, email: &str, bound: Duration) -> String {
    let told: Value = serde_json::from_str(&shop.change(&["place", email])).unwrap();
    let order = told["order"].as_str().unwrap().to_owned();
    arrives(host, &order, "placed", bound, |body| {
        is(body, "/payment_state/canonical", "authorized")
    })
    .await;
    order
}

/// Lets it happen at the shop and waits until the host's record says so, at most for the bound.
pub(crate) async fn happens(shop: &Shop, host: &Host, order: &str, row: &Row, bound: Duration) {
    let before = host.order(order).await.unwrap();
    assert!(!(row.holds)(&before), "{}: before it happened", row.name);
    let (verb, rest) = row.change.split_first().unwrap();
    shop.change(&[&[*verb, order][..], rest].concat());
    arrives(host, order, row.name, bound, row.holds).await;
}

async fn arrives(
    host: &Host,
    order: &str,
    what: &str,
    bound: Duration,
    holds: impl Fn(&Value) -> bool,
) {
    let since = Instant::now();
    loop {
        let body = host.order(order).await;
        if body.as_ref().is_some_and(&holds) {
            println!("{what}: after {:.1} s", since.elapsed().as_secs_f64());
            return;
        }
        assert!(
            since.elapsed() < bound,
            "{what} did not arrive in {bound:?}: {body:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
