//! The life of an order in every order of arrival (SB-129): whichever event comes last, what the shop said last stays,
//! a refund after delivery and a reinstated order among it.

use ordercase_model::{Comparability, Kind, RecordRef};
use rstest::rstest;
use serde_json::{Value, json};

use super::support::*;
use crate::*;

/// States of the order, of its payment and of its goods, as one event after another left them.
const LIFE: [[&str; 3]; 7] = [
    ["pending", "unpaid", "unfulfilled"],
    ["open", "paid", "unfulfilled"],
    ["completed", "paid", "fulfilled"],
    ["completed", "partially_refunded", "fulfilled"],
    ["cancelled", "refunded", "fulfilled"],
    ["open", "partially_refunded", "fulfilled"],
    ["completed", "refunded", "fulfilled"],
];

fn body(step: usize) -> Value {
    let [order, payment, fulfilment] = LIFE[step];
    let status = |canonical: &str| json!({"canonical": canonical, "raw": canonical, "source_field": "status"});
    let mut body = plain_order(1);
    body["order_state"] = status(order);
    body["payment_state"] = status(payment);
    body["fulfilment_state"] = status(fulfilment);
    body
}

fn event(id: usize, step: usize, how: Comparability, path: ReadPath) -> Snapshot {
    let seconds = 100 + i64::try_from(step).unwrap();
    let mut event = order(&format!("o{id}"), seconds, seconds, body(step));
    event.comparability = how;
    event.path = path;
    if how == Comparability::Instant {
        event.record.source_version = Some(at(seconds).to_string());
    }
    if path == ReadPath::WebhookBody {
        // All were held up and come at once; when each happened is told.
        event.observed_at = at(500);
        event.event_at = Some(at(seconds));
    }
    event
}

/// What is doubted is read: the shop has come to its last step by then.
async fn arrive(home: &Home, mut arriving: Vec<Snapshot>, last: usize) {
    let applied = |snapshots: &[Snapshot]| {
        let batch = home.batch(snapshots.to_vec());
        home.store.apply_batch(batch, "orders", at(1_000))
    };
    while let Err(error) = applied(&arriving).await {
        let StoreError::Doubtful { records, .. } = error else {
            panic!("{error}");
        };
        for one in &mut arriving {
            if records.iter().any(|r| r.source_id == one.record.source_id) {
                let id = one
                    .record
                    .source_id
                    .trim_start_matches('o')
                    .parse()
                    .unwrap();
                let how = one.comparability;
                *one = Snapshot {
                    observed_at: at(600),
                    ..event(id, last, how, ReadPath::WebhookRefetch)
                };
            }
        }
    }
}

/// All permutations of `0..count`.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    let longer = shorter.iter().flat_map(|order| {
        (0..count).map(move |place| {
            let mut longer = order.clone();
            longer.insert(place, count - 1);
            longer
        })
    });
    longer.collect()
}

#[rstest]
#[case(On::Sqlite, Comparability::Integer, ReadPath::WebhookBody, 7)]
#[case(On::Sqlite, Comparability::Integer, ReadPath::WebhookRefetch, 5)]
#[case(On::Sqlite, Comparability::Instant, ReadPath::WebhookBody, 5)]
#[case(On::Postgres, Comparability::Instant, ReadPath::WebhookRefetch, 5)]
#[case(On::Postgres, Comparability::Integer, ReadPath::WebhookBody, 5)]
#[tokio::test]
async fn every_order_of_arrival_ends_in_the_last_state(
    #[case] on: On,
    #[case] how: Comparability,
    #[case] path: ReadPath,
    #[case] events: usize,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let all = permutations(events);
    assert_eq!(all.len(), (1..=events).product::<usize>());
    for turn in 0..events {
        let arriving: Vec<Snapshot> = (0..)
            .zip(&all)
            .map(|(id, order)| event(id, order[turn], how, path))
            .collect();
        for some in arriving.chunks(120) {
            // Twice, as platforms deliver.
            arrive(&home, some.to_vec(), events - 1).await;
            arrive(&home, some.to_vec(), events - 1).await;
        }
    }
    let last = body(events - 1);
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    for (id, order) in (0..).zip(&all) {
        let target = RecordRef {
            kind: Kind::Order,
            source_id: format!("o{id}"),
        };
        let found = view.record(&home.connection.connection, &target).await;
        let stored: Value =
            serde_json::from_str(found.unwrap().unwrap().record.body.get()).unwrap();
        for state in ["order_state", "payment_state", "fulfilment_state"] {
            assert_eq!(stored[state], last[state], "arrived as {order:?}");
        }
    }
    home.adds_up().await;
}
