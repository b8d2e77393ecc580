//! Tickets follow the records that they show, and those that they waited for.

use ordercase_desk::Handled;
use ordercase_model::Kind;
use serde_json::json;

use crate::support::{World, at, order, snapshot};

const ANNA: &str = "anna@example.com";

fn shipped() -> serde_json::Value {
    let mut shipped = order("1", ANNA, "1001");
    shipped["fulfilment_state"] = json!({"canonical": "fulfilled"});
    shipped["shipments"] = json!([{
        "source_id": "s1", "state": {"canonical": "in_transit"}, "carrier": "Post",
        "tracking": [{"number": "RB123456785DE"}],
        "shipped_at": {"at": at(16_000), "raw": "x", "zone": "source"},
    }]);
    shipped
}

#[tokio::test]
async fn a_shipment_reaches_the_field_without_a_second_note() {
    let world = World::new().await;
    world
        .buyer(&world.shop, "1", "Anna Berg", ANNA, "1001")
        .await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    assert_eq!(
        world.field(7, "fulfilment_status").as_deref(),
        Some("unfulfilled")
    );

    world
        .apply(
            &world.shop,
            vec![snapshot(Kind::Order, "o1001", 2, &shipped())],
        )
        .await;
    assert_eq!(world.follow_records().await, [Handled::Applied]);
    assert_eq!(world.execute().await, 1);
    assert_eq!(
        world.field(7, "fulfilment_status").as_deref(),
        Some("fulfilled")
    );
    assert_eq!(world.field(7, "tracking").as_deref(), Some("RB123456785DE"));
    assert_eq!(world.notes(7).len(), 1);

    // The same again, and the echo: nothing.
    world
        .apply(
            &world.shop,
            vec![snapshot(Kind::Order, "o1001", 2, &shipped())],
        )
        .await;
    assert_eq!(world.follow_records().await, Vec::<Handled>::new());
    assert_eq!(world.event(7).await, Handled::Echo);
    assert_eq!(world.execute().await, 0);
    assert!(world.store.accounts_add_up(None).await.unwrap());
}

#[tokio::test]
async fn a_change_that_the_ticket_does_not_show_writes_nothing() {
    let world = World::new().await;
    world
        .buyer(&world.shop, "1", "Anna Berg", ANNA, "1001")
        .await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    let mut tagged = order("1", ANNA, "1001");
    tagged["tags"] = json!(["vip"]);
    world
        .apply(
            &world.shop,
            vec![snapshot(Kind::Order, "o1001", 2, &tagged)],
        )
        .await;
    assert_eq!(world.follow_records().await, [Handled::Unchanged]);
    assert_eq!(world.execute().await, 0);
}

#[tokio::test]
async fn a_customer_who_is_read_later_finds_the_ticket_that_waited() {
    let world = World::new().await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    assert_eq!(world.tickets.get(7).tags, ["ordercase_match_unknown"]);

    world
        .buyer(&world.shop, "1", "Anna Berg", ANNA, "1001")
        .await;
    world.follow_records().await;
    world.execute().await;
    assert_eq!(world.tickets.get(7).tags, ["ordercase_match_confirmed"]);
    assert_eq!(world.field(7, "order_number").as_deref(), Some("#1001"));
    assert_eq!(world.notes(7).len(), 1);
}

#[tokio::test]
async fn two_changes_before_the_first_is_written_end_in_the_last() {
    let world = World::new().await;
    world
        .buyer(&world.shop, "1", "Anna Berg", ANNA, "1001")
        .await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    world
        .apply(
            &world.shop,
            vec![snapshot(Kind::Order, "o1001", 2, &shipped())],
        )
        .await;
    world.follow_records().await;
    // Back to where it was, while the first effect still waits.
    world
        .apply(
            &world.shop,
            vec![snapshot(Kind::Order, "o1001", 3, &order("1", ANNA, "1001"))],
        )
        .await;
    world.follow_records().await;
    world.execute().await;
    assert_eq!(
        world.field(7, "fulfilment_status").as_deref(),
        Some("unfulfilled")
    );
    assert_eq!(world.field(7, "tracking"), None);
}

#[tokio::test]
async fn a_closed_ticket_is_not_written_when_its_order_changes() {
    let world = World::new().await;
    world
        .buyer(&world.shop, "1", "Anna Berg", ANNA, "1001")
        .await;
    world.file(7, ANNA, true, "#1001", "Where is it?");
    world.settle(7).await;
    world
        .tickets
        .change(7, |ticket| ticket.status = "closed".into());
    world.event(7).await;
    world
        .apply(
            &world.shop,
            vec![snapshot(Kind::Order, "o1001", 2, &shipped())],
        )
        .await;
    world.follow_records().await;
    assert_eq!(world.execute().await, 0);
    let state = world
        .store
        .ticket(&world.ticket_key(7))
        .await
        .unwrap()
        .unwrap();
    let case = state.case.unwrap();
    assert_eq!(case.status, "closed");
    assert!(case.closed_at.is_some());
}
