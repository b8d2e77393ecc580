//! Any one of push, poll and reconcile switched off still converges (SB-103); what nothing told of is repaired within
//! the bound of the track that looks (SB-102, SB-184).

use std::sync::atomic::Ordering;

use ordercase_model::Kind;
use ordercase_store::{HoleCause, HoleKind, Phase, StoredRecord, Track, TrackState};
use rstest::rstest;
use serde_json::json;

use super::world::*;
use crate::limits::{RECONCILE_INTERVAL_SECONDS, REREAD_INTERVAL_SECONDS, SWEEP_INTERVAL_SECONDS};

impl World {
    async fn switch_off(&self, track: Track) {
        self.store
            .schedule_stream(&self.connection, "orders", track, None, true, at(0))
            .await
            .unwrap();
    }

    async fn converged(&self, step: i64, why: &str) {
        self.until(step, why, async || self.stored().await == self.expected())
            .await;
    }

    async fn holes(&self) -> Vec<(String, HoleKind, HoleCause)> {
        let holes = self.store.holes(&self.connection, at(0)).await.unwrap();
        let mut holes: Vec<_> = holes
            .into_iter()
            .map(|hole| (hole.source_id, hole.what, hole.cause))
            .collect();
        holes.sort_by(|a, b| a.0.cmp(&b.0));
        holes
    }
}

#[rstest]
#[tokio::test]
async fn without_polls_and_webhooks_the_reconciliation_finds_every_change(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 12).await else {
        return;
    };
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.switch_off(Track::Poll).await;
    world.backfilled().await;
    world
        .until(60, "the first reconciliation is over", async || {
            world.track(Track::Reconcile).await.finished_at.is_some()
        })
        .await;
    let changed_at = world.now();
    world.shop.change(3, changed_at);
    world.shop.change(13, changed_at);
    world.shop.delete(5);
    world.converged(5, "the reconciliation repaired it").await;
    let bound = 2 * RECONCILE_INTERVAL_SECONDS;
    assert!(
        world.now() - changed_at <= bound,
        "{}",
        world.now() - changed_at
    );
    let found = world.holes().await;
    assert_eq!(
        found,
        [
            ("13".to_owned(), HoleKind::Absent, HoleCause::NotTold),
            ("3".to_owned(), HoleKind::Stale, HoleCause::NotTold),
            ("5".to_owned(), HoleKind::Deleted, HoleCause::NotTold),
        ]
    );
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn without_reconciliation_polls_and_webhooks_converge(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 12).await else {
        return;
    };
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.switch_off(Track::Reconcile).await;
    world.switch_off(Track::Sweep).await;
    world.backfilled().await;
    world.shop.change(3, world.now());
    world.converged(20, "the poll found it").await;
    world.switch_off(Track::Poll).await;
    world.shop.change(4, world.now());
    world.webhook("w1", &json!({"order": 4})).await;
    world.converged(1, "the webhook told of it").await;
    running.stop().await;
    assert_eq!(world.holes().await, []);
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn what_changed_silently_months_ago_is_repaired_overnight(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 12).await else {
        return;
    };
    let eleven_months = world.now() - 330 * 86_400;
    world.shop.change(14, eleven_months);
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    world.shop.change_silently(14);
    let from = world.now();
    world.converged(120, "the sweep repaired it").await;
    assert!(world.now() - from <= SWEEP_INTERVAL_SECONDS + 2 * 3_600);
    assert_eq!(
        world.holes().await,
        [("14".to_owned(), HoleKind::Stale, HoleCause::ChangedSilently)]
    );
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn where_change_times_lie_orders_that_are_not_final_are_read_again_by_and_by(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    world.shop.hashes.store(true, Ordering::SeqCst);
    let stand = |id, state| world.shop.states.lock().unwrap().insert(id, state);
    stand(1, "open");
    stand(2, "open");
    stand(3, "completed");
    let running = world.start("a");
    world.connect(&running.engine).await;
    for track in [Track::Poll, Track::Reconcile, Track::Sweep] {
        world.switch_off(track).await;
    }
    world.backfilled().await;
    // A window that had begun is read to its end.
    let left_alone = async || {
        let tracks = world.store.streams(&world.connection).await.unwrap();
        tracks.iter().all(|track| track.holder.is_none())
    };
    world.until(1, "nobody reads", left_alone).await;
    world.shop.change_silently(2);
    world.shop.change_silently(3);
    let from = world.now();
    let repaired = async || world.stored().await[&2] == "version 1, 1";
    world
        .until(5, "the open order was read again", repaired)
        .await;
    // A young order is read again after a quarter of an hour, by a track that looks every five minutes.
    let bound = 900 + REREAD_INTERVAL_SECONDS + 60;
    assert!(world.now() - from <= bound, "{}", world.now() - from);
    let stale = ("2".to_owned(), HoleKind::Stale, HoleCause::ChangedSilently);
    assert_eq!(world.holes().await, [stale]);
    assert_eq!(
        world.stored().await[&3],
        "version 1",
        "it is final: the sweep's to find"
    );

    // Final orders are left alone.
    stand(1, "cancelled");
    stand(2, "completed");
    let seen_final = async || {
        let mut view = world.store.view(&world.connection.tenant).await.unwrap();
        let orders = view.after(&world.connection.connection, Kind::Order, "");
        let open = |record: &StoredRecord| record.record.body.get().contains(r#""open""#);
        !orders.await.unwrap().iter().any(open)
    };
    world.until(5, "both ends were read", seen_final).await;
    let (fetched, then) = (world.shop.calls("fetch"), world.now());
    let a_day_later = async || world.now() > then + 86_400;
    world.until(300, "a day passes", a_day_later).await;
    assert_eq!(world.shop.calls("fetch"), fetched);
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_quiet_shop_stays_proven_and_its_runs_find_nothing(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 12).await else {
        return;
    };
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    let coverage = world.store.coverage(&world.connection).await.unwrap();
    assert_eq!(
        (coverage[0].track, coverage[0].since),
        (Track::Backfill, None)
    );
    let begun = coverage[0].through;
    world
        .until(60, "a reconciliation proved more", async || {
            let coverage = world.store.coverage(&world.connection).await.unwrap();
            coverage[0].track == Track::Reconcile && coverage[0].through > begun
        })
        .await;
    running.stop().await;
    let coverage = world.store.coverage(&world.connection).await.unwrap();
    assert_eq!((coverage[0].since, coverage[0].gap), (None, None));
    let runs = world
        .store
        .runs(&world.connection, None, 100)
        .await
        .unwrap();
    let backfill = runs
        .iter()
        .find(|run| run.track == Track::Backfill)
        .unwrap();
    assert_eq!((backfill.phase, backfill.records), (Phase::Done, 12));
    assert_eq!(backfill.proof.as_ref().unwrap().records, 12);
    assert!(
        runs.iter().all(|run| run.holes == 0 && run.gone == 0),
        "{runs:#?}"
    );
    assert!(
        runs.iter()
            .all(|run| run.track != Track::Poll || run.records > 0 || run.ended_at.is_none()),
        "polls that read nothing leave no run"
    );
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_source_that_loses_everything_is_not_believed(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 120).await else {
        return;
    };
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.switch_off(Track::Poll).await;
    world.switch_off(Track::Sweep).await;
    world.backfilled().await;
    world.shop.orders.lock().unwrap().clear();
    world
        .until(60, "the reconciliation waits for a person", async || {
            world.track(Track::Reconcile).await.state == TrackState::Parked
        })
        .await;
    running.stop().await;
    let left = world.stored().await.len();
    assert_eq!(
        left,
        120 - usize::try_from(ordercase_store::limits::GONE_MAX).unwrap()
    );
    let error = world.track(Track::Reconcile).await.last_error.unwrap();
    assert!(error.contains("more than can be believed"), "{error}");
    world.adds_up().await;
}
