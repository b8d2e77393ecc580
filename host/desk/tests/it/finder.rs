//! Where the store knows nothing, the shops are asked, once.

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use ordercase_desk::{Finder, Question};
use ordercase_model::Kind;
use ordercase_store::{Batch, ConnectionKey, Store, TenantId};
use serde_json::json;

use crate::support::{World, at, order, snapshot};

const ANNA: &str = "anna@example.com";

/// A shop that knows Anna, or fails.
#[derive(Default)]
struct Shop {
    store: OnceLock<(Store, ConnectionKey)>,
    asked: Mutex<Vec<Question>>,
    fails: bool,
    calls: AtomicUsize,
}

#[async_trait::async_trait]
impl Finder for Shop {
    async fn find(&self, _: &TenantId, question: &Question) -> Result<usize, String> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.asked.lock().unwrap().push(question.clone());
        if self.fails {
            return Err("the shop is down".to_owned());
        }
        if question.email.as_deref() != Some(ANNA) {
            return Ok(0);
        }
        let (store, shop) = self.store.get().unwrap();
        let customer = json!({
            "source_id": "1", "kind": "registered", "display_name": "Anna Berg",
            "emails": [{"value": ANNA, "normalised": ANNA, "kind": "direct"}],
        });
        let batch = Batch {
            connection: shop.clone(),
            plugin_digest: "d1".to_owned(),
            mappings: 0,
            raw: Vec::new(),
            snapshots: vec![
                snapshot(Kind::Customer, "1", 1, &customer),
                snapshot(Kind::Order, "o1001", 1, &order("1", ANNA, "1001")),
            ],
        };
        store
            .apply_batch(batch, "search", at(15_000))
            .await
            .unwrap();
        Ok(2)
    }
}

async fn world(fails: bool) -> (World, Arc<Shop>) {
    let shop = Arc::new(Shop {
        fails,
        ..Shop::default()
    });
    let world = World::with(json!({}), Some(Arc::clone(&shop) as Arc<dyn Finder>)).await;
    let home = (world.store.clone(), world.shop.clone());
    assert!(shop.store.set(home).is_ok());
    (world, shop)
}

#[tokio::test]
async fn a_buyer_whom_only_the_shop_knows_is_found() {
    let (world, shop) = world(false).await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    assert_eq!(world.field(7, "order_number").as_deref(), Some("#1001"));
    let asked = shop.asked.lock().unwrap().clone();
    let expected = Question {
        email: Some(ANNA.to_owned()),
        order_numbers: vec!["1001".to_owned()],
        tracking_numbers: Vec::new(),
    };
    assert_eq!(asked, [expected], "once: afterwards the store knows");
}

#[tokio::test]
async fn a_search_without_result_is_not_repeated_for_every_event() {
    let (world, shop) = world(false).await;
    world.file(7, "nobody@example.com", true, "Hello", "Do you sell tea?");
    world.settle(7).await;
    for _ in 0..3 {
        world.tickets.comment(7, 50, "Hello?", true);
        world.event(7).await;
    }
    assert_eq!(shop.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_shop_that_fails_does_not_stop_the_ticket() {
    let (world, _) = world(true).await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    assert_eq!(world.tickets.get(7).tags, ["ordercase_match_unknown"]);
    let state = world.store.ticket(&world.ticket_key(7)).await.unwrap();
    assert!(state.unwrap().case.is_some());
}

#[tokio::test]
async fn a_role_address_is_not_asked_for() {
    let (world, shop) = world(false).await;
    world.file(7, "info@example.com", true, "Hello", "Do you sell tea?");
    world.settle(7).await;
    assert_eq!(shop.calls.load(Ordering::SeqCst), 0);
}
