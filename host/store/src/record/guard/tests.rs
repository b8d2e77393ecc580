use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000).unwrap()
}

fn read(version: &str, observed: i64, hash: &str) -> Stamp {
    Stamp {
        version: Some(version.to_owned()),
        path: ReadPath::Poll,
        observed_at: at(observed),
        event_at: None,
        hash: hash.to_owned(),
    }
}

fn body(version: &str, event: i64, arrived: i64, hash: &str) -> Stamp {
    Stamp {
        path: ReadPath::WebhookBody,
        event_at: Some(at(event)),
        ..read(version, arrived, hash)
    }
}

const HOW: Comparability = Comparability::Integer;

#[test]
fn a_body_never_replaces_what_was_read_after_its_event() {
    for (how, version) in [(HOW, "4"), (HOW, "3"), (Comparability::Equality, "other")] {
        let stored = read("4", 100, "a");
        let late = body(version, 100, 500, "b");
        assert_eq!(decide(how, &stored, &late), Verdict::Older, "{version}");
        assert_eq!(decide(how, &late, &stored), Verdict::Newer, "{version}");
        let undated = Stamp {
            event_at: None,
            ..late
        };
        assert_eq!(decide(how, &stored, &undated), Verdict::Older, "{version}");
    }
    let stored = read("4", 100, "a");
    assert_eq!(
        decide(HOW, &stored, &body("9", 101, 500, "b")),
        Verdict::Newer
    );
}

/// Found by simulation: a page was asked for in the second of a change and showed the order as it was before;
/// the webhook about the change was taken for older, because its time is cut to that second.
#[test]
fn a_body_of_a_newer_version_replaces_a_read_that_seems_later() {
    let before_the_change = read("4", 100, "a");
    let change = body("5", 100, 101, "b");
    assert_eq!(decide(HOW, &before_the_change, &change), Verdict::Newer);
    assert_eq!(decide(HOW, &change, &before_the_change), Verdict::Older);
    // The source's clock is an hour behind ours.
    let slow_clock = body("5", 100 - 3_600, 101, "b");
    assert_eq!(decide(HOW, &before_the_change, &slow_clock), Verdict::Newer);
    let corrected = Stamp {
        path: ReadPath::Reconcile,
        ..before_the_change
    };
    assert_eq!(decide(HOW, &corrected, &change), Verdict::Older);
}

#[test]
fn a_reconciliation_read_may_go_back_to_an_older_version() {
    let stored = read("5", 100, "a");
    let correction = Stamp {
        path: ReadPath::Reconcile,
        ..read("3", 200, "b")
    };
    assert_eq!(decide(HOW, &stored, &correction), Verdict::Newer);
    assert_eq!(decide(HOW, &correction, &stored), Verdict::Older);
    let early = Stamp {
        path: ReadPath::Reconcile,
        ..read("3", 50, "b")
    };
    assert_eq!(decide(HOW, &stored, &early), Verdict::Older);
}

#[test]
fn versions_decide_before_time_and_time_where_there_are_none() {
    assert_eq!(
        decide(HOW, &read("2", 200, "a"), &read("3", 100, "b")),
        Verdict::Newer
    );
    let none = Comparability::Equality;
    assert_eq!(
        decide(none, &read("x", 200, "a"), &read("y", 100, "b")),
        Verdict::Older
    );
    assert_eq!(
        decide(none, &read("x", 200, "a"), &read("y", 300, "b")),
        Verdict::Newer
    );
}

#[test]
fn the_same_version_with_other_children_is_taken_when_read_later() {
    assert_eq!(
        decide(HOW, &read("2", 100, "a"), &read("2", 200, "b")),
        Verdict::Newer
    );
    assert_eq!(
        decide(HOW, &read("2", 200, "a"), &read("2", 100, "b")),
        Verdict::Older
    );
    assert_eq!(
        decide(HOW, &read("2", 200, "a"), &read("2", 300, "a")),
        Verdict::Same
    );
}

/// A life of one record at a source: change k happens at second 10k and makes version k.
/// A read sent at second t shows the newest version at t; a body shows the version of its event.
fn snapshot() -> impl Strategy<Value = Stamp> {
    (0u8..6, 0i64..80, 0i64..40, any::<bool>()).prop_map(|(kind, moment, late, _)| {
        let version = (moment / 10).to_string();
        let hash = format!("body of version {version}");
        if kind == 0 {
            let event = moment / 10 * 10;
            body(&version, event, event + late, &hash)
        } else {
            let path = match kind {
                1 => ReadPath::WebhookRefetch,
                2 => ReadPath::Poll,
                3 => ReadPath::Backfill,
                4 => ReadPath::Reconcile,
                _ => ReadPath::OnDemand,
            };
            Stamp {
                path,
                ..read(&version, moment, &hash)
            }
        }
    })
}

fn settle(how: Comparability, arrivals: &[Stamp]) -> Option<Stamp> {
    arrivals.iter().fold(None, |stored, incoming| match stored {
        None => Some(incoming.clone()),
        Some(stored) => Some(match decide(how, &stored, incoming) {
            Verdict::Newer => incoming.clone(),
            Verdict::Older => stored,
            Verdict::Same => super::super::snapshot::later(&stored, incoming),
        }),
    })
}

proptest! {
    #[test]
    fn two_snapshots_end_alike_in_either_order(a in snapshot(), b in snapshot()) {
        for how in [Comparability::Integer, Comparability::Equality] {
            let forth = decide(how, &a, &b);
            let back = decide(how, &b, &a);
            let expected = match forth {
                Verdict::Newer => Verdict::Older,
                Verdict::Older => Verdict::Newer,
                Verdict::Same => Verdict::Same,
            };
            prop_assert_eq!(back, expected);
        }
    }

    #[test]
    fn any_order_of_arrival_ends_at_the_newest_version(
        arrivals in proptest::collection::vec(snapshot(), 1..8),
        seed in any::<u64>(),
    ) {
        let newest = arrivals.iter().map(|s| s.hash.clone()).max().unwrap();
        let mut shuffled = arrivals.clone();
        shuffled.sort_by_key(|s| crate::id::digest(&[&s.hash, &s.observed_at.to_string(), s.path.as_str(), &seed.to_string()]));
        for order in [&arrivals, &shuffled] {
            prop_assert_eq!(settle(Comparability::Integer, order).unwrap().hash, newest.clone());
        }
    }

    #[test]
    fn every_snapshot_twice_changes_nothing(
        arrivals in proptest::collection::vec(snapshot(), 1..8),
    ) {
        let mut doubled = arrivals.clone();
        doubled.extend(arrivals.clone());
        for how in [Comparability::Integer, Comparability::Equality] {
            let once = settle(how, &arrivals).unwrap();
            prop_assert_eq!(settle(how, &doubled).unwrap().hash, once.hash);
        }
    }
}
