//! What lacks a mapping waits for it and for nothing else; adding it applies what waited, once.

use ordercase_store::*;
use rstest::rstest;
use serde_json::json;

use super::world::*;
use crate::{Clock as _, SourceFailure};

async fn map(world: &World, overrides: serde_json::Value, required: &[&str]) -> u64 {
    let commit = MappingsCommit {
        connection: world.connection.clone(),
        mappings: Mappings {
            overrides: serde_json::from_value(overrides).unwrap(),
            required: required.iter().map(|&field| field.to_owned()).collect(),
        },
        expected: None,
        actor: "admin".to_owned(),
        now: world.clock.now(),
    };
    world.store.set_mappings(commit).await.unwrap()
}

async fn waiting(world: &World) -> Vec<(String, u64)> {
    let waiting = world.store.waiting_for_mappings(&world.connection).await;
    let waiting = waiting.unwrap().into_iter();
    waiting
        .map(|one| (one.mapping.to_string(), one.letters))
        .collect()
}

fn missing(world_revision: u64) -> SourceFailure {
    SourceFailure::Mapping(MissingMapping {
        name: MappingName::new("state", "OnHold").unwrap(),
        revision: world_revision,
    })
}

/// How often a record was applied, by the account of its way in.
async fn applied(world: &World, stream: &str, via: Via) -> i64 {
    let rows = world.store.accounts(None).await.unwrap();
    let row = rows
        .iter()
        .find(|row| row.stream == stream && row.via == via);
    row.map_or(0, |row| row.applied)
}

#[rstest]
#[tokio::test]
async fn a_webhook_waits_for_its_mapping_and_is_applied_once(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    map(&world, json!({}), &["state"]).await;
    world.shop.words.lock().unwrap().insert(2, "OnHold");
    let running = world.start("a");
    let put = world.webhook("1", &json!({"order": 2})).await;
    let dead = world.settled(&put, ReceiptState::Dead).await;
    assert_eq!(dead.attempts, 1, "no second try");
    assert_eq!(waiting(&world).await, [("state=OnHold".to_owned(), 1)]);
    assert!(world.stored().await.is_empty());
    world.adds_up().await;

    // Another word does not help it.
    let other = json!({"state": {"Else": {"order": "open"}}});
    assert_eq!(map(&world, other, &["state"]).await, 0);
    let right = json!({"state": {"OnHold": {"order": "on_hold"}}});
    assert_eq!(map(&world, right, &["state"]).await, 1);
    world.settled(&put, ReceiptState::Applied).await;
    assert_eq!(world.stored().await[&2], "version 1");
    assert_eq!(applied(&world, "webhooks", Via::Inbox).await, 1);
    assert!(waiting(&world).await.is_empty());
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_record_of_a_page_waits_alone_and_is_read_again(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 8).await else {
        return;
    };
    map(&world, json!({}), &["state"]).await;
    world
        .shop
        .words
        .lock()
        .unwrap()
        .extend([(2, "OnHold"), (7, "Odd")]);
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    let (one, two) = ("Odd", "OnHold");
    let both = [(format!("state={one}"), 1), (format!("state={two}"), 1)];
    assert_eq!(waiting(&world).await, both);
    assert_eq!(
        world.stored().await.len(),
        6,
        "the rest of the page is there"
    );
    world.adds_up().await;

    // The record changes while it waits: what is applied later is the newest.
    world.shop.change(2, world.now());
    let right = json!({"state": {"OnHold": {"order": "on_hold"}}});
    assert_eq!(map(&world, right, &["state"]).await, 1);
    world
        .until(1, "it is stored", async || world.stored().await.len() == 7)
        .await;
    assert_eq!(world.stored().await[&2], "version 2");
    assert_eq!(waiting(&world).await, both[..1]);

    // Whoever does not require it any more gets it as it is.
    assert_eq!(map(&world, json!({}), &[]).await, 1);
    world
        .until(1, "it is stored", async || world.stored().await.len() == 8)
        .await;
    assert!(waiting(&world).await.is_empty());
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_record_that_is_shown_again_and_again_has_one_letter(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 4).await else {
        return;
    };
    map(&world, json!({}), &["state"]).await;
    world.shop.words.lock().unwrap().insert(2, "OnHold");
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    let read = world.shop.calls("reconcile");
    world
        .until(600, "it was reconciled three times", async || {
            world.shop.calls("reconcile") >= read + 3
        })
        .await;
    assert_eq!(waiting(&world).await, [("state=OnHold".to_owned(), 1)]);
    let holes = world.store.holes(&world.connection, at(0)).await.unwrap();
    assert!(holes.is_empty(), "{holes:?}");
    world.adds_up().await;
    let right = json!({"state": {"OnHold": {"order": "on_hold"}}});
    assert_eq!(map(&world, right, &["state"]).await, 1);
    world
        .until(1, "it is stored", async || world.stored().await.len() == 4)
        .await;
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn what_a_plugin_cannot_tell_without_a_mapping_waits_and_the_connection_goes_on(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    world.shop.fail("fetch", missing(0), 1);
    let running = world.start("a");
    let put = world.webhook("1", &json!({"order": 2})).await;
    world.settled(&put, ReceiptState::Dead).await;
    let found = world.store.connection(&world.connection).await.unwrap();
    assert_eq!(found.unwrap().activity, Activity::Active);
    assert_eq!(waiting(&world).await, [("state=OnHold".to_owned(), 1)]);
    let next = world.webhook("2", &json!({"order": 3})).await;
    world.settled(&next, ReceiptState::Applied).await;

    // A plugin that was told older mappings is asked again, not believed.
    world.shop.fail("fetch", missing(0), 1);
    let right = json!({"state": {"OnHold": {"order": "open"}}});
    assert_eq!(map(&world, right, &[]).await, 1);
    world.settled(&put, ReceiptState::Applied).await;
    assert!(waiting(&world).await.is_empty());
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_page_without_its_mapping_is_read_as_soon_as_it_is_there(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    world.shop.fail("backfill", missing(0), 1);
    let running = world.start("a");
    world.connect(&running.engine).await;
    world
        .until(0, "it was asked for", async || {
            world.track(Track::Backfill).await.attempts > 0
        })
        .await;
    let track = world.track(Track::Backfill).await;
    assert_eq!(track.state, TrackState::Pending);
    let why = track.last_error.unwrap_or_default();
    assert!(why.contains("`state=OnHold`"), "{why}");
    let right = json!({"state": {"OnHold": {"order": "open"}}});
    map(&world, right, &[]).await;
    let track = world.track(Track::Backfill).await;
    assert!(track.due_at <= world.clock.now());
    world.backfilled().await;
    assert_eq!(world.stored().await, world.expected());
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_page_that_waits_for_something_else_is_not_hastened_by_a_mapping(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    let slow = SourceFailure::RateLimited {
        after_ms: Some(600_000),
    };
    world.shop.fail("backfill", slow, 1);
    let running = world.start("a");
    world.connect(&running.engine).await;
    world
        .until(0, "it was asked for", async || {
            world.track(Track::Backfill).await.attempts > 0
        })
        .await;
    let before = world.track(Track::Backfill).await.due_at;
    let right = json!({"state": {"OnHold": {"order": "open"}}});
    map(&world, right, &[]).await;
    assert_eq!(world.track(Track::Backfill).await.due_at, before);
    running.stop().await;
    world.adds_up().await;
}
