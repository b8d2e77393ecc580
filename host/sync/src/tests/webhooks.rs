use ordercase_model::{Kind, RecordRef};
use ordercase_store::{
    ChangedRecord, Lane, MirrorWrite, NewReceipt, Owner, Put, ReceiptKind, ReceiptState,
    TicketCommit, TicketKey, ticket_entity,
};
use rstest::rstest;
use serde_json::{Value, json};

use super::world::*;
use crate::{Clock as _, DeskFailure, OnDemand, Search, SourceFailure};

#[rstest]
#[tokio::test]
async fn a_webhook_is_a_hint_and_the_record_is_read_back_once(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    world.shop.change(2, START);
    let running = world.start("a");
    let put = world.webhook("1", &json!({"order": 2})).await;
    world.settled(&put, ReceiptState::Applied).await;
    assert_eq!(
        world.shop.calls("fetch"),
        1,
        "two hints at one record are one reading"
    );
    assert_eq!(world.stored().await[&2], "version 2");
    assert!(matches!(
        world.webhook("1", &json!({"order": 2})).await,
        Put::Duplicate(_)
    ));
    let again = world.webhook("2", &json!({"order": 2})).await;
    world.settled(&again, ReceiptState::Duplicate).await;
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_webhook_that_tells_of_an_unusual_step_is_not_believed_the_source_is(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    let stand = |id: u32, state: &'static str| {
        world.shop.change(id, START);
        world.shop.states.lock().unwrap().insert(id, state);
    };
    let told = |version: u32, state: &str| json!({"order": 2, "version": version, "state": state});
    let order_state = async || {
        let record = RecordRef {
            kind: Kind::Order,
            source_id: "2".to_owned(),
        };
        let mut view = world.store.view(&world.connection.tenant).await.unwrap();
        let found = view.record(&world.connection.connection, &record).await;
        let body: Value = found.unwrap().unwrap().record.read().unwrap();
        body["order_state"]["canonical"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let running = world.start("a");
    stand(2, "open");
    let put = world.webhook("1", &told(2, "open")).await;
    world.settled(&put, ReceiptState::Applied).await;
    stand(2, "completed");
    let put = world.webhook("2", &told(3, "completed")).await;
    world.settled(&put, ReceiptState::Applied).await;
    assert_eq!(world.shop.calls("fetch"), 0, "a usual life is believed");

    // Older than it says: two events of one second, the first delivered last.
    let put = world.webhook("3", &told(4, "pending")).await;
    world.settled(&put, ReceiptState::Duplicate).await;
    assert_eq!(
        (world.shop.calls("fetch"), order_state().await),
        (1, "completed".to_owned())
    );
    let audits = async || {
        let all = world.store.audits(&world.connection.tenant).await.unwrap();
        let steps = all
            .into_iter()
            .filter(|one| one.action == "record.stepped_back");
        steps
            .map(|one| one.detail["step"].clone())
            .collect::<Vec<Value>>()
    };
    assert_eq!(audits().await, Vec::<Value>::new());

    // A true correction: the source says so, too.
    stand(2, "open");
    let put = world.webhook("4", &told(4, "open")).await;
    world.settled(&put, ReceiptState::Applied).await;
    assert_eq!(
        (world.shop.calls("fetch"), order_state().await),
        (2, "open".to_owned())
    );
    assert_eq!(audits().await, ["order_state completed -> open"]);
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_doubted_webhook_waits_for_the_source_and_one_of_a_record_that_is_gone_buries_it(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    world.shop.states.lock().unwrap().insert(2, "completed");
    let running = world.start("a");
    let hint = world.webhook("1", &json!({"order": 2})).await;
    world.settled(&hint, ReceiptState::Applied).await;
    let down = SourceFailure::Unavailable("timeout".into());
    world.shop.fail("fetch", down, 2);
    let told = json!({"order": 2, "version": 9, "state": "open"});
    let put = world.webhook("2", &told).await;
    let receipt = world.settled(&put, ReceiptState::Duplicate).await;
    assert_eq!(receipt.attempts, 3, "two answers did not come");
    world.shop.delete(2);
    let told = json!({"order": 2, "version": 10, "state": "open"});
    let put = world.webhook("3", &told).await;
    world.settled(&put, ReceiptState::Applied).await;
    assert!(!world.stored().await.contains_key(&2));
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn what_the_source_does_not_have_is_marked_gone(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    let running = world.start("a");
    let first = world.webhook("1", &json!({"order": 2})).await;
    world.settled(&first, ReceiptState::Applied).await;
    world.shop.orders.lock().unwrap().remove(&2);
    let second = world.webhook("2", &json!({"order": 2})).await;
    world.settled(&second, ReceiptState::Applied).await;
    assert!(!world.stored().await.contains_key(&2));
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn what_means_nothing_is_ignored_and_what_cannot_be_read_is_dead(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 1).await else {
        return;
    };
    let running = world.start("a");
    let nothing = world.webhook("1", &json!({"ping": true})).await;
    let broken = world.receipt("2", b"{".to_vec()).await;
    assert_eq!(
        world
            .settled(&nothing, ReceiptState::Ignored)
            .await
            .reason
            .as_deref(),
        Some("not about an order")
    );
    let dead = world.settled(&broken, ReceiptState::Dead).await;
    assert_eq!(dead.attempts, 1, "no second try");
    assert!(dead.reason.unwrap().contains("promised shape"));
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_source_that_is_down_delays_a_webhook_and_never_loses_it(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    world
        .shop
        .fail("fetch", SourceFailure::Unavailable("timeout".into()), 2);
    world.shop.fail(
        "receive",
        SourceFailure::RateLimited {
            after_ms: Some(30_000),
        },
        1,
    );
    let running = world.start("a");
    let put = world.webhook("1", &json!({"order": 3})).await;
    let receipt = world.settled(&put, ReceiptState::Applied).await;
    assert_eq!(receipt.attempts, 4);
    running.stop().await;
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_plugin_that_always_fails_ends_as_a_dead_letter_with_the_reason(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    world.shop.fail(
        "receive",
        SourceFailure::Plugin("trap in receive".into()),
        50,
    );
    let running = world.start("a");
    let put = world.webhook("1", &json!({"order": 3})).await;
    let dead = world.settled(&put, ReceiptState::Dead).await;
    assert!(dead.reason.unwrap().contains("trap in receive"));
    assert_eq!(dead.attempts, crate::limits::OWN_FAULT_ATTEMPTS_MAX);
    running.stop().await;
}

fn ticket(world: &World) -> TicketKey {
    TicketKey {
        tenant: world.desk.tenant.clone(),
        desk: world.desk.desk.clone(),
        ticket_id: 7,
    }
}

#[rstest]
#[tokio::test]
async fn a_ticket_follows_the_order_that_it_shows(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    let running = world.start("a");
    let first = world.webhook("1", &json!({"order": 2})).await;
    world.settled(&first, ReceiptState::Applied).await;
    let mut commit = TicketCommit::new(ticket(&world), 0);
    commit.mirror = Some(MirrorWrite {
        class: "confirmed".into(),
        body: json!({}),
    });
    commit.shown = Some(vec![ChangedRecord {
        connection: world.connection.connection.clone(),
        kind: ordercase_model::Kind::Order,
        source_id: "2".into(),
    }]);
    world
        .store
        .commit_ticket(commit, world.clock.now())
        .await
        .unwrap();
    for order in [3, 2] {
        world.shop.change(order, START + 5);
        let put = world
            .webhook(&format!("c{order}"), &json!({"order": order}))
            .await;
        world.settled(&put, ReceiptState::Applied).await;
    }
    world
        .until(1, "the ticket is woken", async || {
            !world.help_desk.woken.lock().unwrap().is_empty()
        })
        .await;
    running.stop().await;
    assert_eq!(*world.help_desk.woken.lock().unwrap(), [7]);
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn desk_events_reach_the_desk_and_wait_while_it_is_down(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 0).await else {
        return;
    };
    let failures = [
        DeskFailure::Unavailable("503".into()),
        DeskFailure::Conflict("revision".into()),
    ];
    world
        .help_desk
        .desk_failures
        .lock()
        .unwrap()
        .extend(failures);
    let running = world.start("a");
    let event = |key: &str| NewReceipt {
        tenant: world.desk.tenant.clone(),
        owner: Owner::Desk(world.desk.desk.clone()),
        stream: "tickets".into(),
        kind: ReceiptKind::DeskEvent,
        topic: format!("ticket.{key}"),
        dedupe_key: key.into(),
        entity_key: ticket_entity(7),
        lane: Lane::Agent,
        headers: Vec::new(),
        body: b"{}".to_vec(),
        occurred_at: None,
        received_at: world.clock.now(),
        dead: None,
    };
    let one = world.store.put_receipt(event("created")).await.unwrap();
    let two = world.store.put_receipt(event("comment")).await.unwrap();
    world.settled(&one, ReceiptState::Applied).await;
    world.settled(&two, ReceiptState::Applied).await;
    running.stop().await;
    assert_eq!(world.help_desk.events.lock().unwrap().len(), 2);
    world.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn somebody_who_asks_gets_the_newest_and_it_is_counted(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 3).await else {
        return;
    };
    let on_demand = OnDemand::new(world.store.clone(), world.shop.clone(), world.clock.clone());
    let found = on_demand
        .search(&world.connection, &Search::OrderNumber("#2".into()))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    world.shop.change(2, START);
    let target = ordercase_model::RecordRef {
        kind: ordercase_model::Kind::Order,
        source_id: "2".into(),
    };
    on_demand.fetch(&world.connection, &target).await.unwrap();
    assert_eq!(world.stored().await[&2], "version 2");
    let rows = world.store.accounts(None).await.unwrap();
    assert_eq!(
        (rows[0].stream.as_str(), rows[0].received, rows[0].applied),
        ("on_demand", 2, 2)
    );
}
