use ordercase_store::{ReceiptState, Track};
use rstest::rstest;
use serde_json::json;
use tokio::sync::watch;

use super::world::*;

#[rstest]
#[tokio::test]
async fn a_backfill_that_hangs_delays_no_live_event(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(world) = World::new(on, 30).await else {
        return;
    };
    let (gate, waiting) = watch::channel(false);
    *world.shop.gate.lock().unwrap() = Some(waiting);
    let running = world.start("a");
    world.connect(&running.engine).await;
    world
        .until(0, "the backfill is under way", async || {
            world.track(Track::Backfill).await.holder.is_some()
        })
        .await;
    let put = world.webhook("1", &json!({"order": 9})).await;
    world
        .until(0, "the webhook is worked off", async || {
            world.state_of(&put).await.state == ReceiptState::Applied
        })
        .await;
    assert_eq!(world.track(Track::Backfill).await.pages, 0);
    gate.send_replace(true);
    world.backfilled().await;
    running.stop().await;
    assert_eq!(world.stored().await, world.expected());
}

#[rstest]
#[tokio::test]
async fn a_call_that_never_ends_is_given_up_while_its_lease_is_good(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 10).await else {
        return;
    };
    let (gate, waiting) = watch::channel(false);
    *world.shop.gate.lock().unwrap() = Some(waiting);
    let running = world.start("a");
    world.connect(&running.engine).await;
    world
        .until(1, "the call is given up", async || {
            world.track(Track::Backfill).await.attempts == 1
        })
        .await;
    let error = world.track(Track::Backfill).await.last_error.unwrap();
    assert!(error.contains("too long"), "{error}");
    gate.send_replace(true);
    world.backfilled().await;
    running.stop().await;
    world.adds_up().await;
}
