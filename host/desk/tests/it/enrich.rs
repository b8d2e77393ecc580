//! A clear match is enriched once, however often and at whatever moment its events arrive.

use ordercase_desk::{Handled, TicketEvent};
use serde_json::json;

use crate::support::World;

const ANNA: &str = "anna@example.com";

async fn anna() -> World {
    let world = World::new().await;
    world
        .buyer(&world.shop, "1", "Anna Berg", ANNA, "1001")
        .await;
    world.file(7, ANNA, true, "Where is #1001?", "It has not come.");
    world
}

#[tokio::test]
async fn a_clear_match_gets_fields_tag_note_and_case() {
    let world = anna().await;
    assert_eq!(world.event(7).await, Handled::Applied);
    assert_eq!(world.execute().await, 2, "one update, one change of tags");
    let field = |key| world.field(7, key).unwrap_or_default();
    assert_eq!(field("match"), "confirmed");
    assert_eq!(field("order_number"), "#1001");
    assert_eq!(field("order_status"), "open");
    assert_eq!(field("payment_status"), "paid");
    assert_eq!(field("fulfilment_status"), "unfulfilled");
    assert_eq!(field("case"), world.ticket_key(7).case_id().to_string());
    assert_eq!(world.field(7, "tracking"), None);
    assert_eq!(world.tickets.get(7).tags, ["ordercase_match_confirmed"]);
    let notes = world.notes(7);
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].contains("#1001") && notes[0].contains("Anna Berg"),
        "{}",
        notes[0]
    );
    assert!(!notes[0].contains(ANNA), "no contact data in the ticket");

    let context = world.context(7).await;
    assert_eq!(context["match"]["class"], "confirmed");
    assert_eq!(
        context["order_in_question"]["evidence"][0],
        "number_in_subject"
    );
    assert_eq!(context["identity"]["emails"][0]["value"], ANNA);
}

#[tokio::test]
async fn the_echo_of_our_own_writes_changes_nothing() {
    let world = anna().await;
    world.event(7).await;
    world.execute().await;
    let before = world.tickets.get(7);
    assert_eq!(world.event(7).await, Handled::Echo);
    assert_eq!(world.event(7).await, Handled::Unchanged);
    assert_eq!(world.execute().await, 0);
    assert_eq!(world.tickets.get(7), before);
    let state = world
        .store
        .ticket(&world.ticket_key(7))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        state.comments.len(),
        1,
        "our note is no comment of the case"
    );
}

#[tokio::test]
async fn two_events_at_the_same_moment_give_one_note_and_one_case() {
    let world = anna().await;
    world.tickets.comment(7, 50, "Please hurry.", true);
    let event = TicketEvent {
        ticket: world.ticket_key(7),
        receipt: None,
    };
    let (a, b, c) = tokio::join!(
        world.desk.handle_event(&event, world.now()),
        world.desk.handle_event(&event, world.now()),
        world.desk.handle_event(&event, world.now()),
    );
    let applied = [a, b, c]
        .into_iter()
        .filter(|h| matches!(h, Ok(Handled::Applied)))
        .count();
    assert_eq!(applied, 1);
    world.execute().await;
    world.settle(7).await;
    assert_eq!(world.notes(7).len(), 1);
    let cases = world.store.cases(&world.key, 0).await.unwrap();
    assert_eq!(cases.len(), 1);
    let state = world
        .store
        .ticket(&world.ticket_key(7))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(state.comments.len(), 2);
}

#[tokio::test]
async fn further_comments_bring_no_second_note_and_no_write() {
    let world = anna().await;
    world.settle(7).await;
    let audits = world.tickets.get(7).audits.len();
    for body in ["Any news?", "Hello?"] {
        world.tickets.comment(7, 50, body, true);
        assert_eq!(world.event(7).await, Handled::Applied);
    }
    assert_eq!(world.execute().await, 0);
    assert_eq!(world.tickets.get(7).audits.len(), audits + 2);
    assert_eq!(world.notes(7).len(), 1);
}

#[tokio::test]
async fn without_the_note_rule_there_is_no_note() {
    let world = World::with(json!({ "note_rule": false }), None).await;
    world
        .buyer(&world.shop, "1", "Anna Berg", ANNA, "1001")
        .await;
    world.file(7, ANNA, true, "Where is #1001?", "It has not come.");
    world.settle(7).await;
    assert_eq!(world.notes(7), Vec::<String>::new());
    assert_eq!(world.field(7, "order_number").as_deref(), Some("#1001"));
}

#[tokio::test]
async fn a_field_that_somebody_else_changes_is_not_fought() {
    let world = anna().await;
    world.settle(7).await;
    world.tickets.change(7, |ticket| {
        ticket.custom_fields.insert("2".to_owned(), json!("other"));
        ticket.tags.clear();
    });
    world.event(7).await;
    assert_eq!(world.execute().await, 0);
    assert_eq!(world.field(7, "order_number").as_deref(), Some("other"));
}

#[tokio::test]
async fn a_ticket_that_shows_everything_already_is_not_written() {
    let world = anna().await;
    world.settle(7).await;
    let shown = world.tickets.get(7);
    // Another host with an empty database meets the same ticket.
    let fresh = World::new().await;
    fresh
        .buyer(&fresh.shop, "1", "Anna Berg", ANNA, "1001")
        .await;
    fresh.tickets.change(7, |ticket| *ticket = shown);
    fresh.event(7).await;
    assert_eq!(fresh.execute().await, 0);
    assert_eq!(fresh.notes(7).len(), 1);
}

#[tokio::test]
async fn a_ticket_that_is_gone_settles_its_event() {
    let world = anna().await;
    world.settle(7).await;
    world.tickets.remove(7);
    assert_eq!(world.event(7).await, Handled::Gone);
}

#[tokio::test]
async fn its_calls_can_be_spawned() {
    fn sendable<T: Send>(call: T) -> T {
        call
    }
    let world = anna().await;
    let event = TicketEvent {
        ticket: world.ticket_key(7),
        receipt: None,
    };
    let handled = sendable(world.desk.handle_event(&event, world.now())).await;
    assert_eq!(handled.unwrap(), Handled::Applied);
    let id = event.ticket.case_id();
    let patch = ordercase_desk::CasePatch::default();
    assert!(
        sendable(world.desk.set_case(&id, &patch, "admin", world.now()))
            .await
            .is_err()
    );
    let key = &event.ticket;
    let shown = sendable(world.desk.context(&key.tenant, &key.desk, 7, world.now())).await;
    assert!(shown.unwrap().is_some());
    let nobody = sendable(world.desk.confirm_identity(key, &[], "agent", world.now())).await;
    assert!(nobody.is_err());
}
