use ordercase_model::{Kind, RecordRef, TombstoneReason};
use rstest::rstest;

use super::{
    subscriptions::{claim, commit, gap},
    support::*,
};
use crate::*;

/// Long after everything that the tests store, so that no change is still on its way.
const LATER: i64 = 100_000;

impl Home {
    /// A claimed track whose window has begun.
    async fn began(&self, track: Track, since: Option<i64>, now: i64) -> StreamTrack {
        let claimed = self.claim_track(Lane::Reconcile, "v", now).await;
        let claimed = claimed.into_iter().find(|one| one.track == track).unwrap();
        self.store
            .begin_window(&claimed, since.map(at), at(now))
            .await
            .unwrap()
    }

    fn read_again(&self, track: &StreamTrack, snapshots: Vec<Snapshot>, next: Next) -> PageCommit {
        let mut batch = self.batch(snapshots);
        for snapshot in &mut batch.snapshots {
            snapshot.path = ReadPath::Reconcile;
        }
        PageCommit {
            track: track.clone(),
            batch,
            total: None,
            next,
            now: at(LATER + 1),
        }
    }

    async fn compare(&self, track: &StreamTrack, snapshots: Vec<Snapshot>) -> Comparison {
        Comparison {
            track: track.clone(),
            cursor: snapshots.last().map(|one| one.record.source_id.clone()),
            batch: self.batch(snapshots),
            lease_until: at(LATER + 100),
            now: at(LATER + 2),
        }
    }

    async fn found(&self) -> Vec<(String, HoleKind, HoleCause)> {
        let mut holes = self.store.holes(&self.connection, at(0)).await.unwrap();
        holes.sort_by(|a, b| a.source_id.cmp(&b.source_id));
        holes
            .into_iter()
            .map(|hole| (hole.source_id, hole.what, hole.cause))
            .collect()
    }
}

fn turn(phase: Phase) -> Next {
    Next::Turn {
        phase,
        lease_until: at(LATER + 100),
    }
}

fn gone(id: &str, seconds: i64) -> Snapshot {
    let target = RecordRef {
        kind: Kind::Order,
        source_id: id.to_owned(),
    };
    let reason = TombstoneReason::NotFound;
    Snapshot::gone(&target, reason, ReadPath::Reconcile, at(seconds)).unwrap()
}

fn note(text: &str) -> serde_json::Value {
    serde_json::json!({"number": "#1", "tags": [text]})
}

#[rstest]
#[tokio::test]
async fn a_run_repairs_what_nothing_told_of_and_says_why(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    // At second 11 the webhooks were not registered.
    let check = claim(&home, "w", 12).await.remove(0);
    let missing = vec![gap("orders/updated", 11, Some(12))];
    let commit = commit(check, missing, 12);
    home.store.commit_subscription_check(commit).await.unwrap();
    home.apply(vec![
        order("same", 10, 20, note("a")),
        order("stale", 10, 20, note("a")),
        order("silent", 10, 20, note("a")),
        order("deleted", 10, 20, note("a")),
        order("back", 10, 20, note("a")),
        tombstone(Kind::Order, "back", TombstoneReason::Deleted, 30),
        order("young", 10, 20, note("a")),
    ])
    .await;
    let track = home.began(Track::Reconcile, Some(5), LATER).await;
    let page = home.read_again(
        &track,
        vec![
            order("same", 10, LATER, note("a")),
            order("stale", 11, LATER, note("b")),
            order("silent", 10, LATER, note("b")),
            order("back", 10, LATER, note("a")),
            order("absent", 12, LATER, note("a")),
            // Changed a minute ago: its webhook may be on its way.
            order("young", LATER - 60, LATER, note("b")),
        ],
        turn(Phase::Comparing),
    );
    let track = home.store.apply_page(page).await.unwrap().track;
    assert_eq!(track.phase, Phase::Comparing);
    let unseen = home.store.unseen(&track, at(LATER), 10).await.unwrap();
    assert_eq!(unseen.len(), 1, "{unseen:?}");
    assert_eq!(unseen[0].source_id, "deleted");
    let comparison = home.compare(&track, vec![gone("deleted", LATER + 1)]).await;
    let track = home.store.apply_comparison(comparison).await.unwrap();
    let unseen = home.store.unseen(&track, at(LATER), 10).await.unwrap();
    assert_eq!(unseen, []);

    use HoleCause::{ChangedSilently, NotTold, Unsubscribed};
    let expected = [
        ("absent", HoleKind::Absent, NotTold),
        ("back", HoleKind::Reinstated, NotTold),
        ("deleted", HoleKind::Deleted, NotTold),
        ("silent", HoleKind::Stale, ChangedSilently),
        ("stale", HoleKind::Stale, Unsubscribed),
    ];
    let expected = expected.map(|(id, what, cause)| (id.to_owned(), what, cause));
    assert_eq!(home.found().await, expected);
    let run = track.run.clone().unwrap();
    let run = home
        .store
        .run(&home.connection, &run)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (run.records, run.changed, run.holes, run.gone),
        (7, 6, 5, 1)
    );
    let audits = home.store.audits(&home.connection.tenant).await.unwrap();
    let corrected = audits.iter().filter(|row| row.action == "record.corrected");
    assert_eq!(corrected.count(), 5, "every correction is audited");
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_list_that_trails_behind_corrects_nothing(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    home.apply(vec![order("o", 10, 20, note("new"))]).await;
    let track = home.began(Track::Reconcile, None, LATER).await;
    let trailing = vec![order("o", 9, LATER, note("old"))];
    let keep = Next::Keep {
        cursor: "p2".to_owned(),
        lease_until: at(LATER + 100),
    };
    let outcome = home
        .store
        .apply_page(home.read_again(&track, trailing, keep))
        .await
        .unwrap();
    assert_eq!(outcome.applied[0].outcome, Outcome::Superseded);
    assert_eq!(outcome.disputed.len(), 1);
    assert_eq!(home.found().await, []);
    // Read by itself, the source may say that its version went back.
    let mut alone = order("o", 9, LATER + 1, note("restored"));
    alone.path = ReadPath::Reconcile;
    let comparison = home.compare(&outcome.track, vec![alone]).await;
    home.store.apply_comparison(comparison).await.unwrap();
    let found = home.found().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, HoleKind::Stale);
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn more_deletions_than_can_be_believed_wait_for_a_person(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    let orders = |n: u32| order(&format!("o{n:03}"), 10, 20, plain_order(n));
    home.apply((0..80).map(orders).collect()).await;
    let mut track = home.began(Track::Sweep, None, LATER).await;
    track = home
        .store
        .turn_window(&track, Phase::Comparing, at(LATER))
        .await
        .unwrap();
    let mut buried = 0;
    let refused = loop {
        let gone = vec![gone(&format!("o{buried:03}"), LATER + 1)];
        let comparison = home.compare(&track, gone).await;
        match home.store.apply_comparison(comparison).await {
            Ok(next) => track = next,
            Err(error) => break error,
        }
        buried += 1;
    };
    assert_eq!(buried, limits::GONE_MAX);
    assert!(
        matches!(&refused, StoreError::Refused { reason } if reason.contains("resume the connection")),
        "{refused}"
    );
    let parked = TrackSettlement::Parked {
        error: refused.to_string(),
    };
    home.store
        .settle_stream(&track, parked, at(LATER + 3))
        .await
        .unwrap();
    let run = track.run.clone().unwrap();
    let stopped = home
        .store
        .run(&home.connection, &run)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((stopped.phase, stopped.gone), (Phase::Stopped, buried));
    assert_eq!(stopped.warnings.len(), 1);
    home.store
        .resume_streams(&home.connection, at(LATER + 4))
        .await
        .unwrap();
    let again = home.claim_track(Lane::Reconcile, "w", LATER + 5).await;
    let again = again
        .into_iter()
        .find(|one| one.track == Track::Sweep)
        .unwrap();
    let comparison = home.compare(&again, vec![gone("o050", LATER + 6)]).await;
    home.store.apply_comparison(comparison).await.unwrap();
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_finished_window_is_proven_and_covers_its_time(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    home.apply(vec![
        order("a", 10, 20, note("a")),
        order("b", 10, 20, note("b")),
    ])
    .await;
    let all = home
        .store
        .prove(&home.connection, Kind::Order, None)
        .await
        .unwrap();
    assert_eq!((all.records, all.months.len()), (2, 1));
    let track = home.began(Track::Reconcile, Some(0), LATER).await;
    let again = Next::Again {
        at: at(LATER + 3_600),
    };
    let done = home
        .store
        .finish_window(&track, Some(all.clone()), &again, at(LATER + 5))
        .await
        .unwrap();
    assert_eq!(
        (done.phase, done.due_at),
        (Phase::Reading, at(LATER + 3_600))
    );
    let run = track.run.clone().unwrap();
    let run = home
        .store
        .run(&home.connection, &run)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((run.phase, run.proof.as_ref()), (Phase::Done, Some(&all)));
    let coverage = home.store.coverage(&home.connection).await.unwrap();
    assert_eq!(coverage.len(), 1);
    assert_eq!(
        (coverage[0].since, coverage[0].through),
        (Some(at(0)), at(LATER))
    );
    let stale = home
        .store
        .finish_window(&track, Some(all.clone()), &again, at(LATER + 6))
        .await;
    assert!(matches!(stale, Err(StoreError::LeaseLost { .. })));
    home.apply(vec![order("a", 11, 30, note("changed"))]).await;
    let other = home
        .store
        .prove(&home.connection, Kind::Order, None)
        .await
        .unwrap();
    assert_ne!(other.digest, all.digest);
    assert_eq!(
        home.store
            .runs(&home.connection, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[rstest]
#[tokio::test]
async fn open_orders_are_read_again_the_young_more_often(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let spec = StreamSpec {
        stream: "orders".into(),
        kind: Kind::Order,
        comparability: ordercase_model::Comparability::Equality,
        page_limit: 50,
    };
    home.store
        .open_streams(&home.connection, &[spec], at(1), at(100))
        .await
        .unwrap();
    let day = 86_400;
    let now = 400 * day;
    let placed = |id: &str, days: i64, seen: i64, state: &str| {
        let placed_at = at(now - days * day);
        let body = serde_json::json!({
            "number": id, "order_state": {"canonical": state, "raw": state},
            "placed_at": {"raw": "x", "at": placed_at, "zone": "source"},
        });
        order(id, 1, seen, body)
    };
    home.apply(vec![
        placed("new-due", 1, now - 1_000, "open"),
        placed("new-read", 1, now - 600, "open"),
        placed("new-final", 1, now - 1_000, "completed"),
        placed("week-read", 7, now - 1_000, "open"),
        placed("week-due", 7, now - 8_000, "on_hold"),
        placed("old-read", 100, now - 2 * day, "open"),
        placed("old-due", 100, now - 8 * day, "pending"),
    ])
    .await;
    let track = home.began(Track::Reread, None, now).await;
    let due = home.store.open_orders(&track, at(now), 10).await.unwrap();
    let due: Vec<_> = due.iter().map(|one| one.source_id.as_str()).collect();
    assert_eq!(due, ["new-due", "old-due", "week-due"]);
}

#[rstest]
#[tokio::test]
async fn a_track_can_be_set_to_another_pace_or_off(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    let set = async |every, off| {
        home.store
            .schedule_stream(&home.connection, "orders", Track::Poll, every, off, at(50))
            .await
    };
    set(Some(30), false).await.unwrap();
    let track = home.claim_track(Lane::Poll, "a", 50).await.remove(0);
    assert_eq!(track.every, Some(30));
    set(None, true).await.unwrap();
    assert!(home.claim_track(Lane::Poll, "a", 100_000).await.is_empty());
    set(None, false).await.unwrap();
    assert_eq!(home.claim_track(Lane::Poll, "a", 100_000).await.len(), 1);
    let nowhere = home
        .store
        .schedule_stream(&home.connection, "nothing", Track::Poll, None, false, at(1))
        .await;
    assert!(matches!(nowhere, Err(StoreError::NotFound { .. })));
}
