//! Replay through a scripted `map`: nothing changes twice, nothing newer is lost, the pace is kept.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use ordercase_model::{Completeness, Kind, Record, SCHEMA};
use ordercase_store::*;
use rstest::rstest;
use serde_json::json;

use super::world::{On, World};
use crate::*;

/// Tells the orders of the test's shop as they stand, with a word that a test may change.
struct Told {
    world: Arc<crate::tests::world::Shop>,
    word: Mutex<&'static str>,
    calls: AtomicUsize,
    failure: Mutex<Option<SourceFailure>>,
}

#[async_trait]
impl Mapper for Told {
    async fn map(
        &self,
        _: &ConnectionKey,
        _: &str,
        kind: Kind,
        inputs: &[RawBody],
    ) -> Result<Vec<Record>, SourceFailure> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        assert!(kind == Kind::Order && !inputs.is_empty());
        if let Some(failure) = self.failure.lock().unwrap().clone() {
            return Err(failure);
        }
        let word = *self.word.lock().unwrap();
        let orders = self.world.orders.lock().unwrap();
        let told = orders.iter().map(|(id, (version, _))| Record {
            schema: SCHEMA.to_owned(),
            kind: Kind::Order,
            source_id: id.to_string(),
            parent: None,
            source_version: Some(version.to_string()),
            source_updated_at: None,
            api_version: None,
            completeness: Completeness::Full,
            missing: std::collections::BTreeMap::new(),
            warnings: Vec::new(),
            body: serde_json::value::to_raw_value(&json!({
                "number": format!("#{id}"), "tags": [format!("{word} {version}")],
            }))
            .unwrap(),
        });
        Ok(told.collect())
    }
}

pub(crate) struct Stage {
    pub(crate) world: World,
    told: Arc<Told>,
    replayer: Replayer,
}

pub(crate) async fn stage(on: On, orders: u32) -> Option<Stage> {
    let world = World::new(on, orders).await?;
    let running = world.start("a");
    world.connect(&running.engine).await;
    world.backfilled().await;
    running.stop().await;
    let told = Arc::new(Told {
        world: world.shop.clone(),
        word: Mutex::new("version"),
        calls: AtomicUsize::new(0),
        failure: Mutex::new(None),
    });
    let replayer = Replayer::new(world.store.clone(), told.clone(), world.clock.clone());
    Some(Stage {
        world,
        told,
        replayer,
    })
}

impl Stage {
    pub(crate) fn ask(&self, dry_run: bool) -> RecordReplay {
        RecordReplay {
            connection: self.world.connection.clone(),
            filter: RecordFilter::default(),
            described: json!({}),
            after: None,
            limit: 500,
            per_second: 1_000,
            plugin_digest: None,
            dry_run,
            actor: "admin".to_owned(),
        }
    }

    async fn replay(&self, dry_run: bool) -> ReplayedPage {
        self.replay_as(self.ask(dry_run)).await
    }

    pub(crate) async fn replay_as(&self, ask: RecordReplay) -> ReplayedPage {
        let page = self.replayer.records(ask).await.unwrap();
        self.world.adds_up().await;
        page
    }
}

fn verdicts(page: &ReplayedPage) -> Vec<ReplayVerdict> {
    page.records.iter().map(|one| one.verdict).collect()
}

#[rstest]
#[tokio::test]
async fn what_is_told_the_same_changes_nothing(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(stage) = stage(on, 7).await else {
        return;
    };
    let before = stage.world.stored().await;
    let page = stage.replay(false).await;
    assert_eq!(verdicts(&page), [ReplayVerdict::Same; 7]);
    assert_eq!(page.next, None);
    assert_eq!(stage.world.stored().await, before);
    let calls = stage.told.calls.load(Ordering::SeqCst);
    assert!(calls <= 3, "two pages, so two raw sets; {calls} calls");
}

#[rstest]
#[tokio::test]
async fn a_dry_run_shows_what_a_replay_then_writes(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(stage) = stage(on, 3).await else {
        return;
    };
    *stage.told.word.lock().unwrap() = "edition";
    let dry = stage.replay(true).await;
    assert_eq!(verdicts(&dry), [ReplayVerdict::Changed; 3]);
    let diff = &dry.records[0].diff[0];
    assert_eq!(diff.path, "tags[0]");
    assert_eq!(
        diff.before,
        Some(json!("[9 characters]")),
        "tags are people's words"
    );
    assert!(stage.world.stored().await[&1].starts_with("version"));
    let done = stage.replay(false).await;
    assert_eq!(done.records, dry.records);
    assert_eq!(stage.world.stored().await[&1], "edition 1");
    assert_eq!(
        verdicts(&stage.replay(false).await),
        [ReplayVerdict::Same; 3]
    );
}

#[rstest]
#[tokio::test]
async fn a_newer_state_is_never_overwritten(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(stage) = stage(on, 2).await else {
        return;
    };
    let running = stage.world.start("b");
    stage.world.shop.change(2, crate::tests::world::START + 50);
    let put = stage.world.webhook("w", &json!({"order": 2})).await;
    stage.world.settled(&put, ReceiptState::Applied).await;
    running.stop().await;
    let page = stage.replay(false).await;
    assert_eq!(verdicts(&page), [ReplayVerdict::Same; 2]);
    assert_eq!(stage.world.stored().await[&2], "version 2");
}

#[rstest]
#[tokio::test]
async fn batches_go_on_where_they_ended_at_the_stated_pace(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(stage) = stage(on, 5).await.map(Arc::new) else {
        return;
    };
    let mut ask = stage.ask(false);
    (ask.limit, ask.per_second) = (3, 1);
    let began = stage.world.clock.now();
    let running = {
        let (stage, ask) = (Arc::clone(&stage), ask.clone());
        tokio::spawn(async move { stage.replayer.records(ask).await })
    };
    stage
        .world
        .until(1, "the first batch is done", async || running.is_finished())
        .await;
    let first = running.await.unwrap().unwrap();
    assert_eq!(first.records.len(), 3);
    assert!(stage.world.clock.now().seconds_since(began) >= 3);
    (ask.after, ask.per_second) = (first.next, 1_000);
    let rest = stage.replayer.records(ask).await.unwrap();
    assert_eq!(rest.records.len(), 2);
    assert_eq!(rest.next, None);
}

#[rstest]
#[tokio::test]
async fn one_replay_of_a_connection_at_a_time_and_only_what_is_pinned_writes(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(stage) = stage(on, 3).await.map(Arc::new) else {
        return;
    };
    let mut slow = stage.ask(false);
    slow.per_second = 1;
    let running = {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move { stage.replayer.records(slow).await })
    };
    stage
        .world
        .until(0, "it is under way", async || {
            stage.told.calls.load(Ordering::SeqCst) > 0
        })
        .await;
    let second = stage.replayer.records(stage.ask(true)).await;
    assert!(matches!(second, Err(ReplayError::UnderWay)), "{second:?}");
    running.abort();
    let _aborted = running.await;
    let mut other = stage.ask(false);
    other.plugin_digest = Some("d9".into());
    let refused = stage.replayer.records(other.clone()).await;
    assert!(
        matches!(refused, Err(ReplayError::NotPinned)),
        "{refused:?}"
    );
    other.dry_run = true;
    assert_eq!(
        stage.replayer.records(other).await.unwrap().plugin_digest,
        "d9"
    );
}

#[rstest]
#[tokio::test]
async fn what_the_plugin_fails_stays_and_says_why(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(stage) = stage(on, 2).await else {
        return;
    };
    *stage.told.failure.lock().unwrap() = Some(SourceFailure::Plugin("trap in map".into()));
    let page = stage.replay(false).await;
    assert_eq!(verdicts(&page), [ReplayVerdict::Failed; 2]);
    assert!(
        page.records[0]
            .reason
            .as_ref()
            .unwrap()
            .contains("trap in map")
    );
    assert_eq!(stage.world.stored().await[&1], "version 1");
}

#[rstest]
#[tokio::test]
async fn the_whole_log_again_on_a_finished_state_changes_nothing(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(stage) = stage(on, 3).await else {
        return;
    };
    let world = &stage.world;
    let running = world.start("b");
    for key in ["1", "2", "3"] {
        let put = world.webhook(key, &json!({"order": 2})).await;
        world.settled(&put, ReceiptState::Duplicate).await;
    }
    let before = world.stored().await;
    let ask = ReceiptReplay {
        connection: world.connection.clone(),
        filter: ReceiptFilter::default(),
        described: json!({}),
        after: None,
        limit: 100,
        per_second: 10,
        dry_run: true,
        actor: "admin".to_owned(),
    };
    let dry = stage.replayer.receipts(ask.clone()).await.unwrap();
    assert_eq!((dry.receipts.len(), dry.again), (3, 0));
    let done = stage
        .replayer
        .receipts(ReceiptReplay {
            dry_run: false,
            ..ask
        })
        .await
        .unwrap();
    assert_eq!(done.again, 3);
    world
        .until(1, "all are worked off", async || {
            let rows = world.store.accounts(None).await.unwrap();
            rows.iter().all(|row| row.pending == 0)
        })
        .await;
    assert_eq!(world.stored().await, before);
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_dead_webhook_is_classed_and_lives_again_when_the_plugin_is_mended(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    world
        .shop
        .fail("receive", SourceFailure::Plugin("trap".into()), 8);
    let running = world.start("a");
    let put = world.webhook("1", &json!({"order": 3})).await;
    world.settled(&put, ReceiptState::Dead).await;
    let letters = world
        .store
        .dead_letters(&DeadFilter::default(), None, 10)
        .await
        .unwrap();
    assert_eq!(letters[0].class, ErrorClass::Plugin);
    assert_eq!(letters[0].plugin_digest.as_deref(), Some("d1"));
    let ids = vec![letters[0].id.clone()];
    let now = world.clock.now();
    world
        .store
        .retry_dead_letters(None, ids, "admin", now)
        .await
        .unwrap();
    world.settled(&put, ReceiptState::Applied).await;
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_record_that_broke_a_rule_is_read_again_when_somebody_says_so(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    let bad = Snapshot {
        record: Record {
            schema: SCHEMA.to_owned(),
            kind: Kind::Order,
            source_id: "3".to_owned(),
            parent: None,
            source_version: Some("1".to_owned()),
            source_updated_at: None,
            api_version: None,
            completeness: Completeness::Full,
            missing: std::collections::BTreeMap::new(),
            warnings: Vec::new(),
            body: serde_json::value::to_raw_value(&json!({"lines": "none"})).unwrap(),
        },
        comparability: ordercase_model::Comparability::Integer,
        path: ReadPath::Poll,
        observed_at: world.clock.now(),
        event_at: None,
        raw: Vec::new(),
    };
    let batch = Batch {
        connection: world.connection.clone(),
        plugin_digest: "d1".to_owned(),
        mappings: 0,
        raw: Vec::new(),
        snapshots: vec![bad],
    };
    let now = world.clock.now();
    world.store.apply_batch(batch, "orders", now).await.unwrap();
    let letters = world
        .store
        .dead_letters(&DeadFilter::default(), None, 10)
        .await
        .unwrap();
    assert_eq!(letters[0].class, ErrorClass::Schema);
    let running = world.start("a");
    let ids = vec![letters[0].id.clone()];
    world
        .store
        .retry_dead_letters(None, ids, "admin", now)
        .await
        .unwrap();
    world
        .until(1, "the order is there", async || {
            world.stored().await.contains_key(&3)
        })
        .await;
    running.stop().await;
    world.adds_up().await;
}
