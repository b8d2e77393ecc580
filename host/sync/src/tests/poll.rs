use ordercase_store::Track;
use rstest::rstest;

use super::world::*;

#[rstest]
#[tokio::test]
async fn a_change_whose_webhook_was_lost_is_found_by_the_next_poll(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 30).await else {
        return;
    };
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    let before = world.shop.calls("poll");
    world.shop.change(4, START + 400);
    world.shop.change(31, START + 401);
    world
        .until(10, "the poll found it", async || {
            world.stored().await == world.expected()
        })
        .await;
    assert!(world.shop.calls("poll") > before);
    let seen = world.track(Track::Poll).await.watermark;
    assert_eq!(seen, Some(at(START + 401)), "by the source's clock");
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_poll_reads_only_what_may_have_changed(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(world) = World::new(on, 30).await else {
        return;
    };
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    for round in 1..=3 {
        world.shop.change(round, START + 300 * i64::from(round));
        world
            .until(10, "the poll found it", async || {
                world.stored().await == world.expected()
            })
            .await;
    }
    running.stop().await;
    let track = world.track(Track::Poll).await;
    assert!(
        track.records <= 12,
        "{} records were read for 3 changes",
        track.records
    );
}
