use ordercase_store::Lane;
use rstest::rstest;
use std::sync::atomic::Ordering;

use super::world::*;
use crate::limits::IDLE_SECONDS_MAX;

/// Each round of a dispatcher ends in one sleep, so sleeps count how often the database was asked.
#[rstest]
#[tokio::test]
async fn an_idle_engine_asks_a_few_times_a_minute(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(world) = World::new(on, 0).await else {
        return;
    };
    let running = world.start("a");
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let before = world.clock.sleeps.load(Ordering::SeqCst);
    for _ in 0..600 {
        world.clock.advance(1);
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let rounds = world.clock.sleeps.load(Ordering::SeqCst) - before;
    running.stop().await;
    let dispatchers = Lane::ALL.len() + 1;
    let allowed = dispatchers * (600 / usize::try_from(IDLE_SECONDS_MAX).unwrap() + 1);
    assert!(
        rounds <= allowed,
        "{rounds} rounds in ten minutes, {allowed} are allowed"
    );
    assert!(rounds >= dispatchers, "{rounds}: it does wake");
    println!("idle: {rounds} rounds of {dispatchers} dispatchers in 600 s");
}
