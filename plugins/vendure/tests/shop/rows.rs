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
    pub(crate) holds: fn(&Value) -> bool,
    /// What brings it when no event does.
    pub(crate) found_by: FoundBy,
}

/// A track of the stream of orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoundBy {
    Poll,
    /// A delivered order is final, and its change time stands still: Vendure's list shows a poll neither that it
    /// became so nor what happens to it then.
    Reconciliation,
}

fn is(body: &Value, pointer: &str, expected: &str) -> bool {
    body.pointer(pointer).and_then(Value::as_str) == Some(expected)
}

fn line<'a>(body: &'a Value, sku: &str) -> Option<&'a Value> {
    let mut lines = body["lines"].as_array()?.iter();
    lines.find(|line| is(line, "/product_ref/sku", sku))
}

/// In the order in which they happen to one order.
pub(crate) const ROWS: [Row; 8] = [
    Row {
        name: "payment captured",
        change: &["capture"],
        holds: |body| is(body, "/payment_state/canonical", "paid"),
        found_by: FoundBy::Poll,
    },
    Row {
        name: "one line cancelled",
        change: &["cancel_line", "LAMP-HERON"],
        holds: |body| {
            let lamp = line(body, "LAMP-HERON");
            lamp.is_some_and(|lamp| is(lamp, "/quantity/cancelled", "1"))
                && is(body, "/order_state/canonical", "open")
        },
        found_by: FoundBy::Poll,
    },
    Row {
        name: "fulfilment created",
        change: &["fulfil", "DHL", "TRACK-0001"],
        holds: |body| is(body, "/shipments/0/tracking/0/number", "TRACK-0001"),
        found_by: FoundBy::Poll,
    },
    Row {
        name: "shipped, and with it the order's state",
        change: &["move", "Shipped"],
        holds: |body| {
            is(body, "/fulfilment_state/canonical", "fulfilled")
                && is(body, "/order_state/raw", "Shipped")
        },
        found_by: FoundBy::Poll,
    },
    Row {
        name: "partial refund",
        change: &["refund", "100"],
        holds: |body| {
            is(body, "/payment_state/canonical", "partially_refunded")
                && body.pointer("/refunds/0").is_some()
        },
        found_by: FoundBy::Poll,
    },
    Row {
        name: "note",
        change: &["note", "the buyer called"],
        holds: |body| is(body, "/notes/0/text", "the buyer called"),
        found_by: FoundBy::Poll,
    },
    Row {
        name: "delivered",
        change: &["move", "Delivered"],
        holds: |body| is(body, "/fulfilment_state/canonical", "delivered"),
        found_by: FoundBy::Reconciliation,
    },
    Row {
        name: "partial refund of a delivered order",
        change: &["refund", "50"],
        holds: |body| body.pointer("/refunds/1").is_some(),
        found_by: FoundBy::Reconciliation,
    },
];

/// Happens to an order of its own: nothing happens after it.
pub(crate) const CANCELLED: Row = Row {
    name: "cancelled",
    change: &["cancel"],
    holds: |body| is(body, "/order_state/canonical", "cancelled"),
    found_by: FoundBy::Poll,
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

/// Those of [`ROWS`] that this track brings.
pub(crate) fn found_by(track: FoundBy) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.found_by == track)
}

impl Row {
    /// Lets it happen at the shop; the host's record did not say so before.
    pub(crate) async fn make(&self, shop: &Shop, host: &Host, order: &str) {
        let before = host.order(order).await.unwrap();
        assert!(!(self.holds)(&before), "{}: before it happened", self.name);
        let (verb, rest) = self.change.split_first().unwrap();
        shop.change(&[&[*verb, order][..], rest].concat());
    }
}

/// Lets it happen at the shop and waits until the host's record says so, at most for the bound.
pub(crate) async fn happens(shop: &Shop, host: &Host, order: &str, row: &Row, bound: Duration) {
    row.make(shop, host, order).await;
    arrives(host, order, row.name, bound, row.holds).await;
}

/// Waits until the host's record says so, at most for the bound, and prints how long it took.
pub(crate) async fn arrives(
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
            println!(
                "{what}: after {:.1} s of {bound:?}",
                since.elapsed().as_secs_f64()
            );
            return;
        }
        assert!(
            since.elapsed() < bound,
            "{what} did not arrive in {bound:?}: {body:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
