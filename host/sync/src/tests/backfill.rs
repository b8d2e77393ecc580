use ordercase_store::{Activity, ReceiptState, Track, TrackState};
use rstest::rstest;

use super::world::*;
use crate::{SourceFailure, limits::RESTARTS_MAX};

#[rstest]
#[tokio::test]
async fn history_is_read_once_and_its_progress_can_be_followed(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 57).await else {
        return;
    };
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    assert_eq!(world.stored().await, world.expected());
    let progress = &running
        .engine
        .backfill_progress(&world.connection)
        .await
        .unwrap()[0];
    assert_eq!(
        (progress.records, progress.total, progress.pages),
        (57, Some(57), 12)
    );
    assert_eq!(progress.state, TrackState::Done);
    assert!(progress.finished_at.is_some());
    world.connect(&running.engine).await;
    running.stop().await;
    assert_eq!(world.shop.calls("backfill"), 12, "opened twice, read once");
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_source_that_is_down_is_asked_again_at_the_same_page(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 12).await else {
        return;
    };
    world
        .shop
        .fail("backfill", SourceFailure::Unavailable("503".into()), 3);
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    running.stop().await;
    assert_eq!(world.shop.calls("backfill"), 3 + 3);
    assert_eq!(world.stored().await, world.expected());
    assert_eq!(world.track(Track::Backfill).await.last_error, None);
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_void_cursor_begins_the_window_again_and_parks_when_it_never_ends(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 12).await else {
        return;
    };
    world.shop.fail(
        "backfill",
        SourceFailure::InvalidCursor("expired".into()),
        1,
    );
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    assert_eq!(world.stored().await, world.expected());
    running.stop().await;

    let world = World::new(on, 12).await.unwrap();
    let times = usize::try_from(RESTARTS_MAX).unwrap() + 1;
    world.shop.fail(
        "backfill",
        SourceFailure::InvalidCursor("expired".into()),
        times,
    );
    let running = world.start("a");
    world.connect(&running.engine).await;
    world
        .until(1, "it is parked", async || {
            world.track(Track::Backfill).await.state == TrackState::Parked
        })
        .await;
    world
        .store
        .resume_streams(&world.connection, crate::Clock::now(world.clock.as_ref()))
        .await
        .unwrap();
    world.backfilled().await;
    running.stop().await;
}

#[rstest]
#[tokio::test]
async fn refused_credentials_pause_the_connection_and_cost_nothing(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 12).await else {
        return;
    };
    world
        .shop
        .fail("backfill", SourceFailure::Credentials("401".into()), 1);
    let running = world.start("a");
    world.connect(&running.engine).await;
    let paused = async || {
        let connection = world
            .store
            .connection(&world.connection)
            .await
            .unwrap()
            .unwrap();
        matches!(connection.activity, Activity::Paused(reason) if reason.contains("401"))
    };
    world.until(1, "the connection is paused", paused).await;
    let put = world.webhook("1", &serde_json::json!({"order": 1})).await;
    for _ in 0..20 {
        world.clock.advance(60);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    assert_eq!(
        (world.shop.calls("backfill"), world.shop.calls("receive")),
        (1, 0)
    );
    let now = crate::Clock::now(world.clock.as_ref());
    world
        .store
        .set_connection_activity(&world.connection, &Activity::Active, now)
        .await
        .unwrap();
    world.backfilled().await;
    // Before or after the backfill came to that order: either way it is worked off.
    world
        .until(1, "the webhook is worked off", async || {
            let state = world.state_of(&put).await.state;
            matches!(state, ReceiptState::Applied | ReceiptState::Duplicate)
        })
        .await;
    running.stop().await;
    assert_eq!(world.stored().await, world.expected());
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_plugin_that_keeps_failing_parks_its_stream_with_the_reason(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 12).await else {
        return;
    };
    world.shop.fail(
        "backfill",
        SourceFailure::Plugin("trap in pull: unreachable".into()),
        50,
    );
    let running = world.start("a");
    world.connect(&running.engine).await;
    world
        .until(5, "it is parked", async || {
            world.track(Track::Backfill).await.state == TrackState::Parked
        })
        .await;
    let error = world.track(Track::Backfill).await.last_error.unwrap();
    assert!(error.contains("trap in pull"), "{error}");
    running.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_answer_that_cannot_be_read_is_asked_for_again_before_a_person_is(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 12).await else {
        return;
    };
    let broken = || SourceFailure::Unreadable("EOF while parsing an object".into());
    world.shop.fail("backfill", broken(), 2);
    world.shop.fail("fetch", broken(), 2);
    let running = world.start("a");
    world.connect(&running.engine).await;
    let put = world.webhook("1", &serde_json::json!({"order": 1})).await;
    world
        .until(5, "the webhook is worked off", async || {
            world.state_of(&put).await.state != ReceiptState::Pending
        })
        .await;
    assert_ne!(world.state_of(&put).await.state, ReceiptState::Dead);
    world.backfilled().await;
    assert_eq!(world.stored().await, world.expected());
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_history_that_ends_long_before_its_total_is_read_again(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 30).await else {
        return;
    };
    world
        .shop
        .cuts
        .store(2, std::sync::atomic::Ordering::SeqCst);
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    running.stop().await;
    assert_eq!(world.stored().await, world.expected());
    let runs = world
        .store
        .runs(&world.connection, None, 100)
        .await
        .unwrap();
    let cut = runs.iter().filter(|run| {
        run.warnings
            .iter()
            .any(|text| text.contains("holds 30 records, 5 were read"))
    });
    assert_eq!(cut.count(), 2, "{runs:#?}");
    world.adds_up().await;
}
