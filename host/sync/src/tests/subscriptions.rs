//! Webhooks at a platform that forgets, refuses, and belongs to others too.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use ordercase_store::*;
use rstest::rstest;
use tokio_util::sync::CancellationToken;

use super::world::*;
use crate::{
    Callback, Clock as _, Disconnected, Platform, SourceFailure, Subscriber, Subscription, Wanted,
};

const PATH: &str = "/v1/webhooks/shop";

/// A platform in memory.
struct Hooks {
    wanted: Mutex<Wanted>,
    standing: Mutex<Vec<Subscription>>,
    made: Mutex<u32>,
    /// Topics that it refuses.
    refused: Mutex<BTreeSet<String>>,
    /// Failures to come, whatever is asked.
    failures: Mutex<VecDeque<SourceFailure>>,
    asked: Mutex<Vec<String>>,
}

impl Hooks {
    fn new(topics: &[&str]) -> Arc<Self> {
        let address = format!("https://host.example{PATH}");
        Arc::new(Self {
            wanted: Mutex::new(Wanted {
                can_register: true,
                topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
                path: PATH.to_owned(),
                callback: Some(Callback {
                    shown: address.clone(),
                    address,
                }),
            }),
            standing: Mutex::default(),
            made: Mutex::default(),
            refused: Mutex::default(),
            failures: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    fn enter(&self, call: &str) -> Result<(), SourceFailure> {
        self.asked.lock().unwrap().push(call.to_owned());
        self.failures
            .lock()
            .unwrap()
            .pop_front()
            .map_or(Ok(()), Err)
    }

    fn fail(&self, failure: &SourceFailure, times: usize) {
        let failures = std::iter::repeat_n(failure.clone(), times);
        self.failures.lock().unwrap().extend(failures);
    }

    fn topics(&self) -> Vec<String> {
        let standing = self.standing.lock().unwrap();
        let mut all: Vec<String> = standing.iter().map(|one| one.topic.clone()).collect();
        all.sort_unstable();
        all
    }

    fn lose(&self, topic: &str) {
        self.standing
            .lock()
            .unwrap()
            .retain(|one| one.topic != topic);
    }

    fn add(&self, id: &str, topic: &str, address: &str) {
        self.standing.lock().unwrap().push(Subscription {
            id: id.to_owned(),
            topic: topic.to_owned(),
            address: address.to_owned(),
        });
    }

    fn calls(&self, call: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|one| *one == call).count()
    }
}

#[async_trait]
impl Platform for Hooks {
    async fn wanted(&self, _: &ConnectionKey) -> Result<Wanted, SourceFailure> {
        Ok(self.wanted.lock().unwrap().clone())
    }

    async fn list(&self, _: &ConnectionKey) -> Result<Vec<Subscription>, SourceFailure> {
        self.enter("list")?;
        Ok(self.standing.lock().unwrap().clone())
    }

    async fn register(
        &self,
        _: &ConnectionKey,
        topic: &str,
        address: &str,
    ) -> Result<Subscription, SourceFailure> {
        self.enter("register")?;
        if self.refused.lock().unwrap().contains(topic) {
            return Err(SourceFailure::Config(format!("no scope for {topic}")));
        }
        let mut made = self.made.lock().unwrap();
        *made += 1;
        let one = Subscription {
            id: format!("hook-{made}"),
            topic: topic.to_owned(),
            address: address.to_owned(),
        };
        self.standing.lock().unwrap().push(one.clone());
        Ok(one)
    }

    async fn remove(&self, _: &ConnectionKey, id: &str) -> Result<(), SourceFailure> {
        self.enter("remove")?;
        let mut standing = self.standing.lock().unwrap();
        let before = standing.len();
        standing.retain(|one| one.id != id);
        if standing.len() == before {
            return Err(SourceFailure::NotFound("gone".to_owned()));
        }
        Ok(())
    }
}

struct Scene {
    world: World,
    hooks: Arc<Hooks>,
    subscriber: Subscriber,
}

impl Scene {
    async fn new(on: On, topics: &[&str]) -> Option<Self> {
        let world = World::new(on, 0).await?;
        let hooks = Hooks::new(topics);
        let subscriber = Subscriber::new(
            world.store.clone(),
            hooks.clone(),
            world.clock.clone(),
            HolderId::new("a").unwrap(),
            3_600,
        );
        Some(Self {
            world,
            hooks,
            subscriber,
        })
    }

    /// Works off what is due now.
    async fn work(&self) -> usize {
        let stop = CancellationToken::new();
        self.subscriber.work_due(&stop).await.unwrap()
    }

    async fn later(&self, seconds: i64) -> usize {
        self.world.clock.advance(seconds);
        self.work().await
    }

    async fn check(&self) -> SubscriptionCheck {
        let check = self.world.store.subscription_check(&self.world.connection);
        check.await.unwrap().unwrap()
    }

    async fn rows(&self) -> Vec<SubscriptionRow> {
        let rows = self.world.store.subscriptions(&self.world.connection);
        rows.await.unwrap()
    }

    async fn row(&self, topic: &str) -> SubscriptionRow {
        let rows = self.rows().await;
        rows.into_iter().find(|row| row.topic == topic).unwrap()
    }

    /// Names of what was done, sorted: two deeds of one moment have no order.
    async fn deeds(&self) -> Vec<String> {
        let tenant = &self.world.connection.tenant;
        let audits = self.world.store.audits(tenant).await.unwrap();
        let mut all: Vec<String> = audits.into_iter().map(|audit| audit.action).collect();
        all.sort_unstable();
        all
    }

    async fn unsubscribed(&self, from: i64, to: i64) -> bool {
        let (store, key) = (&self.world.store, &self.world.connection);
        store
            .unsubscribed_during(key, at(from), at(to))
            .await
            .unwrap()
    }
}

#[rstest]
#[tokio::test]
async fn what_is_lost_is_found_within_the_hour_and_its_hole_is_kept(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(scene) = Scene::new(on, &["a", "b"]).await else {
        return;
    };
    assert_eq!(scene.work().await, 1, "due at once");
    assert_eq!(scene.hooks.topics(), ["a", "b"]);
    assert_eq!(scene.check().await.condition, Condition::Registered);
    assert!(
        scene.unsubscribed(START - 10, START).await,
        "before the first look"
    );
    assert!(!scene.unsubscribed(START, START + 100).await);
    assert_eq!(scene.work().await, 0, "not due again");

    assert_eq!(scene.later(3_600).await, 1, "within the hour");
    let seen = scene.world.clock.now();
    assert_eq!(
        scene.hooks.calls("register"),
        2,
        "all is well: one list, nothing else"
    );
    scene.hooks.lose("b");
    assert_eq!(scene.later(3_600).await, 1);
    let mended = scene.world.clock.now();
    assert_eq!(scene.hooks.topics(), ["a", "b"]);
    let row = scene.row("b").await;
    assert_eq!(
        (row.state, row.missing_since),
        (SubscriptionState::Registered, None)
    );
    let (store, key) = (&scene.world.store, &scene.world.connection);
    let gaps = store.subscription_gaps(key, seen, mended).await.unwrap();
    let gap = SubscriptionGap {
        topic: "b".to_owned(),
        since: seen,
        until: Some(mended),
    };
    assert_eq!(gaps, [gap]);
    assert_eq!(
        scene.deeds().await,
        [
            "webhooks.lost",
            "webhooks.registered",
            "webhooks.registered"
        ]
    );
}

#[rstest]
#[tokio::test]
async fn a_refused_topic_stays_a_hole_and_keeps_no_other_from_standing(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(scene) = Scene::new(on, &["a", "b", "c"]).await else {
        return;
    };
    scene.hooks.refused.lock().unwrap().insert("b".to_owned());
    scene.work().await;
    assert_eq!(scene.hooks.topics(), ["a", "c"]);
    let check = scene.check().await;
    assert_eq!(check.condition, Condition::Incomplete);
    assert!(check.last_error.unwrap().contains("no scope for b"));
    assert_eq!(check.attempts, 0, "asking sooner would bring the same");
    let row = scene.row("b").await;
    assert_eq!(row.state, SubscriptionState::Missing);
    assert_eq!(row.missing_since, Some(at(0)), "since it was connected");
    assert!(scene.unsubscribed(START + 50, START + 60).await, "still");
    scene.hooks.refused.lock().unwrap().clear();
    scene.later(3_600).await;
    assert_eq!(scene.check().await.condition, Condition::Registered);
    let now = scene.world.clock.now().plus_seconds(1);
    let (store, key) = (&scene.world.store, &scene.world.connection);
    assert!(
        !store
            .unsubscribed_during(key, now, now.plus_seconds(9))
            .await
            .unwrap()
    );
}

#[rstest]
#[tokio::test]
async fn an_old_address_goes_when_the_new_one_stands_and_strangers_are_left_alone(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(scene) = Scene::new(on, &["a"]).await else {
        return;
    };
    let stranger = "https://stranger.example/hook";
    scene
        .hooks
        .add("old", "a", &format!("https://old.example{PATH}"));
    scene
        .hooks
        .add("dropped", "z", &format!("https://host.example{PATH}"));
    scene.hooks.add("theirs", "a", stranger);
    scene.hooks.refused.lock().unwrap().insert("a".to_owned());
    scene.work().await;
    assert_eq!(
        scene.hooks.topics(),
        ["a", "a"],
        "the old one may still lead here"
    );
    scene.hooks.refused.lock().unwrap().clear();
    scene.later(3_600).await;
    let standing = scene.hooks.standing.lock().unwrap().clone();
    let addresses: Vec<&str> = standing.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(
        addresses,
        [stranger, "https://host.example/v1/webhooks/shop"]
    );
}

#[rstest]
#[tokio::test]
async fn a_platform_that_does_not_answer_is_asked_again_soon_and_pauses_nothing(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(scene) = Scene::new(on, &["a"]).await else {
        return;
    };
    scene
        .hooks
        .fail(&SourceFailure::Unavailable("503".to_owned()), 2);
    scene.work().await;
    let check = scene.check().await;
    assert_eq!((check.condition, check.attempts), (Condition::Failing, 1));
    assert!(check.due_at <= scene.world.clock.now().plus_seconds(900));
    scene.later(900).await;
    assert_eq!(scene.check().await.attempts, 2);
    scene.later(900).await;
    assert_eq!(scene.check().await.condition, Condition::Registered);
    let connection = scene.world.store.connection(&scene.world.connection).await;
    assert_eq!(connection.unwrap().unwrap().activity, Activity::Active);
}

#[rstest]
#[tokio::test]
async fn without_an_address_or_without_a_way_nothing_is_asked_and_it_is_said(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(scene) = Scene::new(on, &["a"]).await else {
        return;
    };
    let callback = scene.hooks.wanted.lock().unwrap().callback.take();
    scene.work().await;
    let check = scene.check().await;
    assert_eq!(check.condition, Condition::NoAddress);
    assert!(check.last_error.unwrap().contains("--public-url"));
    scene.hooks.wanted.lock().unwrap().callback = callback;
    scene.hooks.wanted.lock().unwrap().can_register = false;
    scene.later(3_600).await;
    assert_eq!(scene.check().await.condition, Condition::Forwarder);
    assert!(scene.hooks.asked.lock().unwrap().is_empty());
    assert!(scene.rows().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn of_two_replicas_one_looks(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(scene) = Scene::new(on, &["a", "b"]).await else {
        return;
    };
    let other = Subscriber::new(
        scene.world.store.clone(),
        scene.hooks.clone(),
        scene.world.clock.clone(),
        HolderId::new("b").unwrap(),
        3_600,
    );
    let stop = CancellationToken::new();
    let (one, two) = tokio::join!(scene.subscriber.work_due(&stop), other.work_due(&stop));
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(
        (scene.hooks.calls("list"), scene.hooks.calls("register")),
        (1, 2)
    );
}

#[rstest]
#[tokio::test]
async fn a_disconnected_shop_has_no_webhook_no_secret_and_nothing_waiting(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(scene) = Scene::new(on, &["a", "b"]).await else {
        return;
    };
    let (store, key) = (&scene.world.store, &scene.world.connection);
    let stranger = "https://stranger.example/hook";
    scene.hooks.add("theirs", "a", stranger);
    scene.work().await;
    let waiting = scene.world.webhook("k1", &serde_json::json!({})).await;
    let outcome = scene.subscriber.disconnect(key).await.unwrap();
    let done = Disconnected::Done {
        removed: 2,
        left_behind: Vec::new(),
        error: None,
    };
    assert_eq!(outcome, done);
    let standing = scene.hooks.standing.lock().unwrap().clone();
    assert_eq!(standing.len(), 1, "{standing:?}");
    let gone = store.connection(key).await.unwrap().unwrap();
    assert_eq!(gone.activity, Activity::Left);
    assert!(gone.name.starts_with("Shop (disconnected"), "{}", gone.name);
    let receipt = scene.world.state_of(&waiting).await;
    assert_eq!(receipt.state, ReceiptState::Ignored);
    scene.world.adds_up().await;
    assert!(
        scene
            .rows()
            .await
            .iter()
            .all(|row| row.state == SubscriptionState::Removed)
    );
    // It stays so, whatever late jobs find.
    let paused = Activity::Paused("401".to_owned());
    store
        .set_connection_activity(key, &paused, at(START))
        .await
        .unwrap();
    assert_eq!(
        store.connection(key).await.unwrap().unwrap().activity,
        Activity::Left
    );
    assert_eq!(scene.later(100_000).await, 0);
    assert_eq!(
        scene.subscriber.disconnect(key).await.unwrap(),
        Disconnected::Before
    );
    assert!(
        scene
            .deeds()
            .await
            .contains(&"connection.disconnected".to_owned())
    );
}

#[rstest]
#[tokio::test]
async fn a_removal_that_fails_is_tried_for_a_day_and_then_told(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(scene) = Scene::new(on, &["a", "b"]).await else {
        return;
    };
    let key = &scene.world.connection;
    scene.work().await;
    scene
        .hooks
        .fail(&SourceFailure::Unavailable("503".to_owned()), 1_000);
    let outcome = scene.subscriber.disconnect(key).await.unwrap();
    assert!(
        matches!(outcome, Disconnected::Retrying { .. }),
        "{outcome:?}"
    );
    let leaving = scene.world.store.connection(key).await.unwrap().unwrap();
    assert_eq!(leaving.activity, Activity::Leaving);
    for _ in 0..90 {
        scene.later(960).await;
    }
    let check = scene.check().await;
    assert_eq!(check.state, CheckState::Left, "given up: {check:?}");
    let rows = scene.rows().await;
    assert!(
        rows.iter()
            .all(|row| row.state == SubscriptionState::LeftBehind),
        "{rows:?}"
    );
    let tried = scene.hooks.calls("list");
    assert!(tried <= 110, "{tried} calls in a day");
}

#[rstest]
#[tokio::test]
async fn a_revoked_token_ends_a_disconnection_at_once_and_says_what_is_left(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(scene) = Scene::new(on, &["a", "b"]).await else {
        return;
    };
    scene.work().await;
    scene
        .hooks
        .fail(&SourceFailure::Credentials("401".to_owned()), 1);
    let outcome = scene
        .subscriber
        .disconnect(&scene.world.connection)
        .await
        .unwrap();
    let Disconnected::Done {
        left_behind, error, ..
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(left_behind, ["a", "b"]);
    assert!(error.unwrap().contains("401"));
    assert_eq!(scene.check().await.state, CheckState::Left);
}
