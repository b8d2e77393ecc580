//! Cases and tickets in step, both ways, once.

use ordercase_desk::{CasePatch, CasePriority, CaseStatus, DeskError, Handled};
use ordercase_store::{CaseId, CaseRow, CommentRow};
use serde_json::json;

use crate::support::World;

async fn filed() -> World {
    let world = World::new().await;
    world.file(7, "nobody@example.com", true, "Hello", "Do you sell tea?");
    world
        .tickets
        .change(7, |ticket| ticket.status = "open".into());
    world.settle(7).await;
    world
}

async fn case(world: &World) -> CaseRow {
    let state = world
        .store
        .ticket(&world.ticket_key(7))
        .await
        .unwrap()
        .unwrap();
    state.case.unwrap()
}

async fn comments(world: &World) -> Vec<CommentRow> {
    let state = world
        .store
        .ticket(&world.ticket_key(7))
        .await
        .unwrap()
        .unwrap();
    state.comments
}

fn status(status: CaseStatus) -> CasePatch {
    CasePatch {
        status: Some(status),
        ..CasePatch::default()
    }
}

async fn set(world: &World, patch: CasePatch) -> ordercase_desk::CaseChanged {
    let id = world.ticket_key(7).case_id();
    world
        .desk
        .set_case(&id, &patch, "admin", world.now())
        .await
        .unwrap()
}

#[tokio::test]
async fn every_ticket_has_a_case_with_its_comments() {
    let world = filed().await;
    let case = case(&world).await;
    assert_eq!(
        (case.subject.as_str(), case.status.as_str()),
        ("Hello", "open")
    );
    assert_eq!(case.id, world.ticket_key(7).case_id());
    let comments = comments(&world).await;
    assert_eq!(comments.len(), 1);
    assert_eq!(
        (comments[0].author.as_str(), comments[0].origin.as_str()),
        ("Somebody", "ticket")
    );

    world.tickets.comment(7, 60, "We do.", true);
    world.tickets.change(7, |ticket| {
        ticket.status = "solved".into();
        ticket.priority = Some("urgent".into());
    });
    assert_eq!(world.event(7).await, Handled::Applied);
    let case = self::case(&world).await;
    assert_eq!(
        (case.status.as_str(), case.priority.as_deref()),
        ("resolved", Some("high"))
    );
    assert_eq!(self::comments(&world).await.len(), 2);
    assert_eq!(
        world.execute().await,
        0,
        "what was followed is not sent back"
    );
}

#[tokio::test]
async fn a_status_set_on_the_case_arrives_once_and_its_echo_changes_nothing() {
    let world = filed().await;
    let changed = set(&world, status(CaseStatus::Resolved)).await;
    assert!(changed.sent);
    assert_eq!(changed.case.status, "resolved");
    assert_eq!(world.execute().await, 1);
    assert_eq!(world.tickets.get(7).status, "solved");
    let before = (world.tickets.get(7), case(&world).await.updated_at);
    assert_eq!(world.event(7).await, Handled::Echo);
    assert_eq!(world.event(7).await, Handled::Unchanged);
    assert_eq!(world.execute().await, 0);
    assert_eq!(world.tickets.get(7), before.0);
    assert_eq!(case(&world).await.status, "resolved");
}

#[tokio::test]
async fn a_comment_of_the_case_arrives_once_and_is_linked() {
    let world = filed().await;
    let patch = CasePatch {
        status: Some(CaseStatus::InProgress),
        comment: Some("Asked the carrier.".into()),
        ..CasePatch::default()
    };
    set(&world, patch).await;
    assert_eq!(comments(&world).await.len(), 2, "it is there at once");
    assert_eq!(
        world.execute().await,
        2,
        "the words by themselves, then the status"
    );
    assert_eq!(world.tickets.get(7).status, "pending");
    assert_eq!(
        world.notes(7),
        ["Asked the carrier."],
        "internal unless said otherwise"
    );
    world.settle(7).await;
    let comments = comments(&world).await;
    assert_eq!(comments.len(), 2);
    let ours = comments
        .iter()
        .find(|comment| comment.origin == "case")
        .unwrap();
    assert!(ours.remote_id.is_some());
}

#[tokio::test]
async fn an_event_before_the_write_does_not_send_it_twice() {
    let world = filed().await;
    set(&world, status(CaseStatus::Resolved)).await;
    world.tickets.comment(7, 50, "Thanks", true);
    world.event(7).await;
    assert_eq!(
        case(&world).await.status,
        "resolved",
        "the case keeps what it was told"
    );
    assert_eq!(world.execute().await, 1);
    world.settle(7).await;
    assert_eq!(world.tickets.get(7).status, "solved");
    assert_eq!(case(&world).await.status, "resolved");
}

#[tokio::test]
async fn an_agent_who_reopens_after_our_write_wins() {
    let world = filed().await;
    set(&world, status(CaseStatus::Resolved)).await;
    world.execute().await;
    // Reopened before we ever read our own write back.
    world
        .tickets
        .change(7, |ticket| ticket.status = "open".into());
    world.settle(7).await;
    assert_eq!(world.tickets.get(7).status, "open");
    assert_eq!(case(&world).await.status, "open");
}

#[tokio::test]
async fn two_changes_in_a_row_end_in_the_last() {
    let world = filed().await;
    set(&world, status(CaseStatus::Resolved)).await;
    let back = set(&world, status(CaseStatus::Open)).await;
    assert!(
        back.sent,
        "the ticket still says open, but solved is on its way"
    );
    world.execute().await;
    world.settle(7).await;
    assert_eq!(world.tickets.get(7).status, "open");
    assert_eq!(case(&world).await.status, "open");
}

#[tokio::test]
async fn a_status_that_the_ticket_means_already_is_not_sent() {
    let world = filed().await;
    world.tickets.change(7, |ticket| {
        ticket.status = "hold".into();
        ticket.priority = Some("urgent".into());
    });
    world.settle(7).await;
    let patch = CasePatch {
        status: Some(CaseStatus::Open),
        priority: Some(CasePriority::High),
        ..CasePatch::default()
    };
    assert!(!set(&world, patch).await.sent);
    assert_eq!(world.execute().await, 0);
    let ticket = world.tickets.get(7);
    assert_eq!(
        (ticket.status.as_str(), ticket.priority.as_deref()),
        ("hold", Some("urgent"))
    );
}

#[tokio::test]
async fn a_contested_status_goes_to_the_ticket_by_default_and_to_the_case_where_it_wins() {
    for (policy, expected) in [
        ("remote_wins", ("pending", "in_progress")),
        ("local_wins", ("solved", "resolved")),
    ] {
        let world = World::with(json!({ "sync_policy": policy }), None).await;
        world.file(7, "nobody@example.com", true, "Hello", "Do you sell tea?");
        world.settle(7).await;
        // Both sides change it before either hears of the other; our write does not get through.
        set(&world, status(CaseStatus::Resolved)).await;
        for effect in world
            .store
            .effects_of(&world.key, "ticket:7")
            .await
            .unwrap()
        {
            if effect.payload["status"] == "solved" {
                refuse(&world).await;
            }
        }
        world
            .tickets
            .change(7, |ticket| ticket.status = "pending".into());
        world.settle(7).await;
        assert_eq!(world.tickets.get(7).status, expected.0, "{policy}");
        assert_eq!(case(&world).await.status, expected.1, "{policy}");
    }
}

/// The executor gives up on what waits.
async fn refuse(world: &World) {
    let now = world.now();
    let ask = ordercase_store::EffectRequest {
        limit: 10,
        holder: ordercase_store::HolderId::new("h").unwrap(),
        now,
        lease_until: now.plus_seconds(60),
    };
    for effect in world.store.claim_effects(ask).await.unwrap() {
        let dead = ordercase_store::EffectSettlement::Dead(ordercase_store::Death::new(
            ordercase_store::ErrorClass::Refused,
            "stale",
        ));
        world
            .store
            .settle_effect(&effect, dead, world.now())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_closed_ticket_takes_no_write_but_its_case_may_change() {
    let world = filed().await;
    world
        .tickets
        .change(7, |ticket| ticket.status = "closed".into());
    world.event(7).await;
    assert_eq!(case(&world).await.status, "closed");
    let patch = CasePatch {
        comment: Some("For the record.".into()),
        ..status(CaseStatus::Open)
    };
    let changed = set(&world, patch).await;
    assert!(!changed.sent);
    assert!(changed.not_sent_because.unwrap().contains("closed"));
    assert_eq!(world.execute().await, 0);
    assert_eq!(comments(&world).await.len(), 2);
}

#[tokio::test]
async fn a_desk_that_syncs_one_way_sends_nothing() {
    let world = World::with(json!({ "two_way": false }), None).await;
    world.file(7, "nobody@example.com", true, "Hello", "Do you sell tea?");
    world.settle(7).await;
    let changed = set(&world, status(CaseStatus::Resolved)).await;
    assert!(!changed.sent && changed.not_sent_because.is_some());
    world.tickets.comment(7, 50, "Hello?", true);
    world.event(7).await;
    assert_eq!(world.execute().await, 0);
    assert_eq!(case(&world).await.status, "resolved");
}

#[tokio::test]
async fn nonsense_is_refused_with_a_reason() {
    let world = filed().await;
    let id = world.ticket_key(7).case_id();
    for patch in [
        CasePatch::default(),
        CasePatch {
            comment: Some("  ".into()),
            ..CasePatch::default()
        },
        CasePatch {
            comment: Some("x".repeat(20_000)),
            ..CasePatch::default()
        },
    ] {
        let refused = world.desk.set_case(&id, &patch, "admin", world.now()).await;
        assert!(matches!(refused, Err(DeskError::Refused(_))));
    }
    let nobody = CaseId::new("cas_nobody").unwrap();
    let missing = world
        .desk
        .set_case(&nobody, &status(CaseStatus::Open), "admin", world.now())
        .await;
    assert!(matches!(missing, Err(DeskError::NotFound { .. })));
}
