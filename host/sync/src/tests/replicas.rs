//! Two engines on one database, each with a short lease.

use std::time::Duration;

use ordercase_store::Track;
use rstest::rstest;
use tokio::sync::watch;

use super::world::*;
use crate::limits::LEASE_SECONDS;

impl World {
    /// Lets seconds pass, each long enough for what is at work to ask for more time.
    async fn pass(&self, seconds: i64) {
        for _ in 0..seconds {
            self.clock.advance(1);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A shop that does not answer until the sender says `true`.
    fn hang(&self) -> watch::Sender<bool> {
        let (gate, waiting) = watch::channel(false);
        *self.shop.gate.lock().unwrap() = Some(waiting);
        gate
    }

    async fn backfill_held_by(&self, replica: &str) {
        self.until(0, "it works on the backfill", async || {
            let holder = self.track(Track::Backfill).await.holder;
            holder.is_some_and(|holder| holder.as_str().starts_with(replica))
        })
        .await;
    }
}

#[rstest]
#[tokio::test]
async fn whoever_works_for_longer_than_a_lease_keeps_it(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 30).await else {
        return;
    };
    let gate = world.hang();
    let one = world.replica("one", LEASE_SECONDS).await;
    world.connect(&one.engine).await;
    world.backfill_held_by("one.").await;
    let two = world.replica("two", LEASE_SECONDS).await;
    world.pass(3 * LEASE_SECONDS).await;
    world.backfill_held_by("one.").await;
    gate.send_replace(true);
    world.backfilled().await;
    one.stop().await;
    two.stop().await;
    assert_eq!(world.stored().await, world.expected());
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn the_work_of_a_killed_replica_goes_to_another_within_a_lease(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 30).await else {
        return;
    };
    let gate = world.hang();
    let one = world.replica("one", LEASE_SECONDS).await;
    world.connect(&one.engine).await;
    world.backfill_held_by("one.").await;
    let two = world.replica("two", LEASE_SECONDS).await;
    one.kill().await;
    world.pass(LEASE_SECONDS).await;
    world.backfill_held_by("two.").await;
    assert_eq!(world.track(Track::Backfill).await.pages, 0);
    gate.send_replace(true);
    world.backfilled().await;
    two.stop().await;
    assert_eq!(world.stored().await, world.expected());
    world.adds_up().await;
}
