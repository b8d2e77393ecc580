//! Effects: once each, whatever happens to the answers.

use ordercase_zendesk::effects::Ended;
use ordercase_zendesk::{EffectFailure, EffectOutcome, did_it_happen, execute};
use serde_json::{Value, json};

use crate::desk::{Desk, comments_with};

async fn update(
    desk: &Desk,
    payload: &Value,
    attempt: u32,
) -> Result<EffectOutcome, EffectFailure> {
    execute(&desk.client, "ticket.update", payload, attempt).await
}

#[tokio::test]
async fn fields_and_an_internal_note_are_written_with_the_op_id() {
    let desk = Desk::open().await;
    let field = desk.field("Order number").await;
    let ticket = desk.file().await;
    let payload = json!({
        "ticket_id": ticket, "op_id": "op-1", "fields": {field.to_string(): "1001"},
        "note": {"body": "Order <1001> {{ticket.id}}", "key": "note-1"},
    });
    let outcome = update(&desk, &payload, 0).await.unwrap();
    assert_eq!(outcome.ended, Ended::Applied);
    assert!(outcome.fields_not_kept.is_empty());

    let state = desk.state(ticket).await;
    assert_eq!(state["fields"]["Order number"], "1001");
    let note = state["comments"].as_array().unwrap().last().unwrap();
    assert_eq!(note["public"], false);
    let text = note["body"].as_str().unwrap();
    assert!(text.starts_with("Order <1001> {"), "{text}");
    assert!(
        !text.contains(&ticket.to_string()),
        "the placeholder stays as it was: {text}"
    );
    let audit = state["audits"].as_array().unwrap().last().unwrap();
    assert_eq!(audit["metadata"]["custom"]["ordercase_op"], "op-1");
    assert_eq!(audit["id"].as_u64(), outcome.audit_id);
    let found = did_it_happen(&desk.client, ticket, "op-1").await.unwrap();
    assert_eq!(found, outcome.audit_id);
    assert_eq!(
        did_it_happen(&desk.client, ticket, "op-2").await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_lost_answer_leads_to_a_question_and_not_to_a_second_note() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    let payload = json!({
        "ticket_id": ticket, "op_id": "op-1", "comment": {"body": "We ship today", "public": true},
    });
    desk.fault(json!({"kind": "lost_answer", "method": "PUT"}))
        .await;
    let lost = update(&desk, &payload, 0).await.unwrap_err();
    assert!(matches!(lost, EffectFailure::Retry { .. }), "{lost}");

    let again = update(&desk, &payload, 1).await.unwrap();
    assert_eq!(again.ended, Ended::AlreadyApplied);
    assert!(again.audit_id.is_some());
    let state = desk.state(ticket).await;
    assert_eq!(comments_with(&state, "We ship today"), 1);
}

#[tokio::test]
async fn a_500_before_anything_was_applied_is_made_good() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    let payload = json!({
        "ticket_id": ticket, "op_id": "op-1", "comment": {"body": "We ship today", "public": true},
    });
    desk.fault(json!({"kind": "status", "status": 500, "method": "PUT"}))
        .await;
    assert!(update(&desk, &payload, 0).await.is_err());
    assert_eq!(
        update(&desk, &payload, 1).await.unwrap().ended,
        Ended::Applied
    );
    assert_eq!(comments_with(&desk.state(ticket).await, "We ship today"), 1);
}

#[tokio::test]
async fn a_note_of_the_same_key_is_never_written_twice() {
    let desk = Desk::open().await;
    let field = desk.field("Order status").await;
    let ticket = desk.file().await;
    for (op, status) in [("op-1", "open"), ("op-2", "shipped")] {
        let payload = json!({
            "ticket_id": ticket, "op_id": op, "fields": {field.to_string(): status},
            "note": {"body": "Order 1001", "key": "acme/1001/note"},
        });
        assert_eq!(
            update(&desk, &payload, 0).await.unwrap().ended,
            Ended::Applied
        );
    }
    let state = desk.state(ticket).await;
    assert_eq!(
        comments_with(&state, "Order 1001"),
        2,
        "the customer's own and one note"
    );
    assert_eq!(state["fields"]["Order status"], "shipped");
}

#[tokio::test]
async fn what_already_stands_is_not_written() {
    let desk = Desk::open().await;
    let field = desk.field("Tracking").await;
    let ticket = desk.file().await;
    let payload = |op: &str| {
        json!({
            "ticket_id": ticket, "op_id": op, "fields": {field.to_string(): "1Z"}, "priority": "high",
        })
    };
    assert_eq!(
        update(&desk, &payload("op-1"), 0).await.unwrap().ended,
        Ended::Applied
    );
    let before = desk.state(ticket).await;
    assert_eq!(
        update(&desk, &payload("op-2"), 0).await.unwrap().ended,
        Ended::NothingToDo
    );
    assert_eq!(desk.state(ticket).await, before);
}

#[tokio::test]
async fn a_ticket_changed_in_between_is_read_again() {
    let desk = Desk::open().await;
    let field = desk.field("Order number").await;
    let ticket = desk.file().await;
    desk.fault(json!({"kind": "overtaken", "method": "PUT"}))
        .await;
    let payload =
        json!({"ticket_id": ticket, "op_id": "op-1", "fields": {field.to_string(): "1001"}});
    assert_eq!(
        update(&desk, &payload, 0).await.unwrap().ended,
        Ended::Applied
    );
    let state = desk.state(ticket).await;
    assert_eq!(state["fields"]["Order number"], "1001");
    assert!(
        state["ticket"]["subject"]
            .as_str()
            .unwrap()
            .starts_with("overtaken")
    );

    // Overtaken for ever: the effect goes back to the queue.
    desk.fault(json!({"kind": "overtaken", "method": "PUT", "count": 9}))
        .await;
    let payload =
        json!({"ticket_id": ticket, "op_id": "op-2", "fields": {field.to_string(): "1002"}});
    let failure = update(&desk, &payload, 0).await.unwrap_err();
    assert!(matches!(failure, EffectFailure::Retry { .. }), "{failure}");
}

#[tokio::test]
async fn a_status_decided_earlier_yields_to_what_an_agent_set_since() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    let stamp = desk
        .client
        .ticket(ticket)
        .await
        .unwrap()
        .ticket
        .updated_at
        .unwrap();
    desk.advance(5).await;
    let decided = |op: &str, status: &str| json!({"ticket_id": ticket, "op_id": op, "status": status, "safe_updated_stamp": stamp});
    // Somebody changes something else: no matter.
    desk.post(
        &format!("tickets/{ticket}"),
        json!({"subject": "New subject"}),
    )
    .await;
    assert_eq!(
        update(&desk, &decided("op-1", "pending"), 0)
            .await
            .unwrap()
            .ended,
        Ended::Applied
    );
    // Our own write since does not count either.
    assert_eq!(
        update(&desk, &decided("op-2", "open"), 0)
            .await
            .unwrap()
            .ended,
        Ended::Applied
    );
    // An agent sets the status: the older decision is void.
    desk.post(&format!("tickets/{ticket}"), json!({"status": "hold"}))
        .await;
    let failure = update(&desk, &decided("op-3", "pending"), 0)
        .await
        .unwrap_err();
    assert_eq!(failure, EffectFailure::Stale);
    assert_eq!(desk.state(ticket).await["ticket"]["status"], "hold");
}

#[tokio::test]
async fn comment_and_note_in_one_effect_are_two_writes_each_found_again() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    let payload = json!({
        "ticket_id": ticket, "op_id": "op-1",
        "comment": {"body": "Dear customer", "public": true},
        "note": {"body": "Dear colleague", "key": "n"},
    });
    // The second write's answer is lost; by then both are there.
    desk.fault(json!({"kind": "lost_answer", "method": "PUT", "skip": 1}))
        .await;
    assert!(update(&desk, &payload, 0).await.is_err());
    let again = update(&desk, &payload, 1).await.unwrap();
    assert_eq!(again.ended, Ended::AlreadyApplied);
    let state = desk.state(ticket).await;
    assert_eq!(comments_with(&state, "Dear customer"), 1);
    assert_eq!(comments_with(&state, "Dear colleague"), 1);
}

#[tokio::test]
async fn a_field_that_zendesk_drops_in_silence_is_reported() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    let payload = json!({
        "ticket_id": ticket, "op_id": "op-1", "fields": {"99": "lost"}, "priority": "high",
    });
    let outcome = update(&desk, &payload, 0).await.unwrap();
    assert_eq!(outcome.fields_not_kept, ["99"]);
}

#[tokio::test]
async fn a_closed_ticket_is_refused_and_a_missing_one_is_gone() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    desk.post(&format!("tickets/{ticket}"), json!({"status": "closed"}))
        .await;
    let payload = json!({"ticket_id": ticket, "op_id": "op-1", "priority": "high"});
    let failure = update(&desk, &payload, 0).await.unwrap_err();
    assert!(
        matches!(&failure, EffectFailure::Refused { code, .. } if code == "closed"),
        "{failure}"
    );
    let tags = json!({"ticket_id": ticket, "op_id": "op-2", "add": ["a"]});
    let failure = execute(&desk.client, "ticket.tags", &tags, 0)
        .await
        .unwrap_err();
    assert!(
        matches!(&failure, EffectFailure::Refused { code, .. } if code == "closed"),
        "{failure}"
    );

    let payload = json!({"ticket_id": 7, "op_id": "op-3", "priority": "high"});
    assert_eq!(
        update(&desk, &payload, 0).await.unwrap_err(),
        EffectFailure::Gone
    );
}

#[tokio::test]
async fn tags_are_added_and_removed_beside_those_of_others() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    desk.post(
        &format!("tickets/{ticket}"),
        json!({"tags": ["vip", "ordercase_match_unknown"]}),
    )
    .await;
    let payload = json!({
        "ticket_id": ticket, "op_id": "op-1",
        "add": ["Ordercase_Match_Confirmed"], "remove": ["ordercase_match_unknown", "absent"],
    });
    // Even with a lost answer the tries end in the same tags.
    desk.fault(json!({"kind": "lost_answer", "method": "DELETE"}))
        .await;
    let outcome = execute(&desk.client, "ticket.tags", &payload, 0)
        .await
        .unwrap();
    assert_eq!(outcome.ended, Ended::Applied);
    let state = desk.state(ticket).await;
    assert_eq!(
        state["ticket"]["tags"],
        json!(["ordercase_match_confirmed", "vip"])
    );
    let again = execute(&desk.client, "ticket.tags", &payload, 0)
        .await
        .unwrap();
    assert_eq!(again.ended, Ended::NothingToDo);
}
