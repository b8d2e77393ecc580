//! The order that a ticket shows is read anew when its reading is old, once, and the ticket never waits for a shop
//! that does not answer.

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicI64, Ordering},
};

use ordercase_desk::{Finder, Question};
use ordercase_identity::RecordLink;
use ordercase_model::{Comparability, Kind};
use ordercase_store::{Batch, ConnectionKey, Snapshot, Store, StreamSpec, TenantId};
use serde_json::json;

use crate::support::{World, at, order, snapshot};

const ANNA: &str = "anna@example.com";

/// What the shop does when it is asked for the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It was shipped meanwhile.
    Shipped,
    /// Nothing changed.
    Same,
    /// It fails.
    Fails,
    /// It does not answer at all.
    Hangs,
}

struct Shop {
    answer: Answer,
    home: OnceLock<(Store, ConnectionKey)>,
    asked: Mutex<Vec<RecordLink>>,
    /// When it is asked, seconds.
    clock: AtomicI64,
}

#[async_trait::async_trait]
impl Finder for Shop {
    async fn find(&self, _: &TenantId, _: &Question) -> Result<usize, String> {
        Ok(0)
    }

    async fn reread(&self, _: &TenantId, record: &RecordLink) -> Result<bool, String> {
        self.asked.lock().unwrap().push(record.clone());
        let mut body = order("1", ANNA, "1001");
        match self.answer {
            Answer::Fails => return Err("the shop is down".to_owned()),
            Answer::Hangs => std::future::pending::<()>().await,
            Answer::Shipped => body["fulfilment_state"] = json!({"canonical": "fulfilled"}),
            Answer::Same => {}
        }
        let (store, shop) = self.home.get().unwrap();
        let seen = at(self.clock.load(Ordering::SeqCst));
        let snapshot = Snapshot {
            observed_at: seen,
            ..snapshot(
                Kind::Order,
                "o1001",
                if self.answer == Answer::Same { 1 } else { 2 },
                &body,
            )
        };
        let batch = Batch {
            connection: shop.clone(),
            plugin_digest: "d1".to_owned(),
            mappings: 0,
            raw: Vec::new(),
            snapshots: vec![snapshot],
        };
        store.apply_batch(batch, "on_demand", seen).await.unwrap();
        Ok(true)
    }
}

async fn world(answer: Answer) -> (World, Arc<Shop>) {
    let shop = Arc::new(Shop {
        answer,
        home: OnceLock::new(),
        asked: Mutex::default(),
        clock: AtomicI64::new(20_000),
    });
    let world = World::with(json!({}), Some(Arc::clone(&shop) as Arc<dyn Finder>)).await;
    assert!(
        shop.home
            .set((world.store.clone(), world.shop.clone()))
            .is_ok()
    );
    world
        .buyer(&world.shop.clone(), "1", "Anna Berg", ANNA, "1001")
        .await;
    (world, shop)
}

fn asked(shop: &Shop) -> usize {
    shop.asked.lock().unwrap().len()
}

#[tokio::test]
async fn an_old_reading_is_renewed_before_the_ticket_shows_it_and_only_once() {
    let (world, shop) = world(Answer::Shipped).await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.event(7).await;
    world.execute().await;
    assert_eq!(
        world.field(7, "fulfilment_status").as_deref(),
        Some("fulfilled")
    );
    let first = shop.asked.lock().unwrap()[0].clone();
    assert_eq!(
        (first.kind, first.source_id.as_str()),
        (Kind::Order, "o1001")
    );
    world.tickets.comment(7, 50, "Hello?", true);
    world.settle(7).await;
    assert_eq!(asked(&shop), 1, "what was just read is not read again");
}

#[tokio::test]
async fn a_reading_that_brings_the_same_counts_as_fresh() {
    let (world, shop) = world(Answer::Same).await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    world.tickets.comment(7, 50, "Hello?", true);
    world.settle(7).await;
    assert_eq!(asked(&shop), 1);
}

#[tokio::test]
async fn a_shop_that_fails_or_hangs_leaves_the_stored_record_with_its_age() {
    for answer in [Answer::Fails, Answer::Hangs] {
        let (world, shop) = world(answer).await;
        world.file(7, ANNA, true, "#1001", "Where is it?");
        world.event(7).await;
        world.execute().await;
        assert_eq!(
            world.field(7, "fulfilment_status").as_deref(),
            Some("unfulfilled")
        );
        assert!(asked(&shop) >= 1, "{answer:?}");
        let context = world.context(7).await;
        let src = context["order_in_question"]["src"].as_str().unwrap();
        let age = context["sources"][src]["age_seconds"].as_i64().unwrap();
        assert!(age > 4_000, "{answer:?}: {age}");
    }
}

#[tokio::test]
async fn where_change_times_lie_a_minute_is_old_and_elsewhere_it_is_not() {
    for (comparability, expected) in [(Comparability::Equality, 1), (Comparability::Instant, 0)] {
        let (world, shop) = world(Answer::Same).await;
        let spec = StreamSpec {
            stream: "orders".to_owned(),
            kind: Kind::Order,
            comparability,
            page_limit: 10,
        };
        let (store, key) = (&world.store, &world.shop);
        store
            .open_streams(key, &[spec], at(0), at(0))
            .await
            .unwrap();
        // Read two minutes ago.
        let body = order("1", ANNA, "1001");
        let recent = Snapshot {
            observed_at: at(19_880),
            ..snapshot(Kind::Order, "o1001", 1, &body)
        };
        world.apply(key, vec![recent]).await;
        world.file(7, ANNA, true, "#1001", "Where is it?");
        world.event(7).await;
        assert_eq!(asked(&shop), expected, "{comparability:?}");
    }
}

#[tokio::test]
async fn an_order_that_the_ticket_may_not_show_is_not_asked_for() {
    let (world, shop) = world(Answer::Shipped).await;
    world.file(7, "stranger@example.com", true, "#1001", "Where is it?");
    world.event(7).await;
    assert_eq!(asked(&shop), 0);
}
