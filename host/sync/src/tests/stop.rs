use rstest::rstest;
use serde_json::json;

use super::world::*;

/// Lets the engine run for some turns of the scheduler, no more.
async fn a_moment(turns: u32) {
    for _ in 0..turns {
        tokio::time::sleep(std::time::Duration::from_micros(300)).await;
    }
}

#[rstest]
#[tokio::test]
async fn stopped_in_order_and_started_again_it_goes_on_at_once(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 200).await else {
        return;
    };
    let running = world.start("first");
    world.connect(&running.engine).await;
    a_moment(10).await;
    running.stop().await;
    let read = world.shop.calls("backfill");
    let running = world.start("second");
    // No lease has to run out: the clock stands still.
    world
        .until(0, "history is read", async || {
            world.track(ordercase_store::Track::Backfill).await.state
                == ordercase_store::TrackState::Done
        })
        .await;
    running.stop().await;
    assert!(
        world.shop.calls("backfill") <= 40 + 1,
        "{read} pages before the stop, none read twice"
    );
    assert_eq!(world.stored().await, world.expected());
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn killed_again_and_again_it_ends_like_an_uninterrupted_run(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 300).await else {
        return;
    };
    let mut hooks = Vec::new();
    for round in 0..12u32 {
        let running = world.start(&format!("life-{round}"));
        world.connect(&running.engine).await;
        let order = 1 + round * 7;
        world.shop.change(order, START + i64::from(round));
        hooks.push(
            world
                .webhook(&format!("hook-{round}"), &json!({"order": order}))
                .await,
        );
        a_moment(round * 3).await;
        running.kill().await;
        world.adds_up().await;
        world.clock.advance(37);
    }
    let running = world.start("last");
    world.backfilled().await;
    for hook in &hooks {
        world
            .until(1, "every webhook is worked off", async || {
                world.state_of(hook).await.state != ordercase_store::ReceiptState::Pending
            })
            .await;
    }
    running.stop().await;
    assert_eq!(world.stored().await, world.expected());
    world.adds_up().await;
}
