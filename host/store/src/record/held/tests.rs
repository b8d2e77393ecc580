use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    ReadPath,
    tests::support::{at, customer, order, tombstone},
};

fn arrival(now: i64) -> Arrival<'static> {
    Arrival {
        plugin_digest: "d1",
        raw_refs: vec!["r1".to_owned()],
        now: at(now),
    }
}

fn take(held: Option<Held>, snapshot: &Snapshot, now: i64) -> (Held, Outcome) {
    match snapshot.record.kind {
        Kind::Tombstone => bury(
            held,
            &snapshot.record.read().unwrap(),
            snapshot,
            &arrival(now),
        )
        .unwrap(),
        _ => apply(held, snapshot, &arrival(now)).unwrap(),
    }
}

fn body(held: &Held) -> Value {
    serde_json::from_str(held.body.as_deref().unwrap()).unwrap()
}

fn partial(mut snapshot: Snapshot, groups: &[Group]) -> Snapshot {
    snapshot.record.completeness = Completeness::Partial(groups.to_vec());
    snapshot
}

#[test]
fn a_partial_snapshot_replaces_only_its_groups() {
    let whole = order(
        "1",
        1,
        10,
        json!({"number": "#1", "lines": [{"source_id": "a"}], "shipments": []}),
    );
    let (held, _) = take(None, &whole, 1);
    let shipments = json!({"number": "ignored", "shipments": [{"source_id": "s"}]});
    let (held, outcome) = take(
        Some(held),
        &partial(order("1", 2, 20, shipments), &[Group::Shipments]),
        2,
    );
    assert_eq!(outcome, Outcome::Applied);
    let merged = body(&held);
    assert_eq!(merged["number"], "#1");
    assert_eq!(merged["lines"][0]["source_id"], "a");
    assert_eq!(merged["shipments"][0]["source_id"], "s");
    assert_eq!(held.completeness(), Completeness::Full);
    // An older full snapshot may still renew the groups that are older, not this one.
    let between = order(
        "1",
        1,
        15,
        json!({"number": "#1b", "lines": [], "shipments": []}),
    );
    let (held, _) = take(Some(held), &between, 3);
    assert_eq!(body(&held)["number"], "#1b");
    assert_eq!(body(&held)["shipments"][0]["source_id"], "s");
}

#[test]
fn a_partial_snapshot_of_something_unknown_says_that_it_is_partial() {
    let (held, _) = take(
        None,
        &partial(order("1", 1, 10, json!({"refunds": []})), &[Group::Refunds]),
        1,
    );
    assert_eq!(
        held.completeness(),
        Completeness::Partial(vec![Group::Refunds])
    );
    let nothing = partial(order("1", 1, 10, json!({})), &[]);
    assert!(apply(None, &nothing, &arrival(1)).is_err());
}

#[test]
fn money_that_vanishes_from_a_full_list_is_kept_and_flagged() {
    let amount = json!({"shop": {"amount": "5", "currency": "EUR"}});
    let before =
        json!({"refunds": [{"source_id": "r1", "amount": amount}], "lines": [{"source_id": "a"}]});
    let (held, _) = take(None, &order("1", 1, 10, before), 1);
    let (held, _) = take(
        Some(held),
        &order("1", 2, 20, json!({"refunds": [], "lines": []})),
        2,
    );
    assert_eq!(body(&held)["refunds"][0]["vanished"], true);
    assert_eq!(body(&held)["lines"], json!([]));
    assert_eq!(held.warnings, ["vanished_child"]);
    let (held, outcome) = take(
        Some(held),
        &order("1", 3, 30, json!({"refunds": [], "lines": []})),
        3,
    );
    assert_eq!(
        (outcome, &body(&held)["refunds"][0]["vanished"]),
        (Outcome::Duplicate, &json!(true))
    );
    let back = json!({"refunds": [{"source_id": "r1", "amount": amount}], "lines": []});
    let (held, _) = take(Some(held), &order("1", 4, 40, back), 4);
    assert_eq!(body(&held)["refunds"][0].get("vanished"), None);
    assert!(held.warnings.is_empty());
}

#[test]
fn a_deleted_record_stays_deleted_until_it_is_seen_again() {
    let (held, _) = take(
        None,
        &tombstone(Kind::Order, "1", TombstoneReason::Deleted, 50),
        1,
    );
    assert!(held.is_deleted() && held.body.is_none());
    let (held, outcome) = take(Some(held), &order("1", 1, 40, json!({"number": "#1"})), 2);
    assert!(held.is_deleted(), "an older page does not revive it");
    assert_eq!(
        (outcome, &body(&held)["number"]),
        (Outcome::Applied, &json!("#1"))
    );
    let (held, _) = take(Some(held), &order("1", 1, 60, json!({"number": "#1"})), 3);
    assert!(!held.is_deleted());
    let (held, outcome) = take(
        Some(held),
        &tombstone(Kind::Order, "1", TombstoneReason::NotFound, 55),
        4,
    );
    assert!(!held.is_deleted());
    assert_eq!(outcome, Outcome::Superseded);
}

#[test]
fn a_privacy_purge_reaches_what_is_there_and_what_comes_late() {
    let person = json!({"display_name": "Zoë", "emails": [{"value": "z@example.com", "normalised": "z@example.com", "kind": "direct"}]});
    let purge = tombstone(
        Kind::Customer,
        "9",
        TombstoneReason::PurgedByPrivacyRequest,
        50,
    );
    for order in [[0, 1], [1, 0]] {
        let arrivals = [customer("9", 40, person.clone()), purge.clone()];
        let held = order
            .iter()
            .fold(None, |held, n| Some(take(held, &arrivals[*n], 1).0))
            .unwrap();
        assert!(!held.body.as_deref().unwrap().contains("Zoë"));
        assert!(
            held.extracted
                .keys
                .iter()
                .all(|key| !key.value.contains("example.com"))
        );
        assert!(held.raw_refs.is_empty() && held.is_deleted());
    }
}

/// One life: until second 60 version k reigns from second 10k on; from 60 to 79 the record is gone; at 80 it is
/// back as version 8. What a read brings follows from when it was sent.
fn glimpse() -> impl Strategy<Value = Snapshot> {
    (0i64..100, 0u8..3, 0usize..4).prop_map(|(moment, part, path)| {
        let paths = [ReadPath::Poll, ReadPath::WebhookRefetch, ReadPath::Backfill, ReadPath::OnDemand];
        let version = if moment < 60 { moment / 10 } else { 8 };
        let mut snapshot = if (60..80).contains(&moment) {
            tombstone(Kind::Order, "1", TombstoneReason::NotFound, moment)
        } else {
            let body = json!({"number": format!("#{version}"), "lines": [{"source_id": format!("line of {version}")}]});
            let whole = order("1", version, moment, body);
            match part {
                0 => partial(whole, &[Group::Core]),
                1 => partial(whole, &[Group::Lines]),
                _ => whole,
            }
        };
        snapshot.path = paths[path];
        snapshot
    })
}

fn settle(arrivals: &[Snapshot]) -> (Option<Value>, bool, Completeness) {
    let held = arrivals
        .iter()
        .fold(None, |held, s| Some(take(held, s, 1).0))
        .unwrap();
    let body = held
        .body
        .as_deref()
        .map(|text| serde_json::from_str(text).unwrap());
    (body, held.is_deleted(), held.completeness())
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_alike(
        (arrivals, shuffled) in proptest::collection::vec(glimpse(), 1..9)
            .prop_flat_map(|arrivals| (Just(arrivals.clone()), Just(arrivals).prop_shuffle())),
    ) {
        prop_assert_eq!(settle(&arrivals), settle(&shuffled));
    }

    #[test]
    fn everything_twice_ends_alike(
        arrivals in proptest::collection::vec(glimpse(), 1..6),
    ) {
        let doubled: Vec<Snapshot> = arrivals.iter().chain(&arrivals).cloned().collect();
        prop_assert_eq!(settle(&arrivals), settle(&doubled));
    }
}
