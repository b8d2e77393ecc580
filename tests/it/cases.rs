//! Cases and tickets in step, both ways, once.

use ordercase_world::{WorldOptions, until};

use crate::support::{SOON, enriched, open_order, ticket_about, ticket_when, world};

#[tokio::test]
async fn a_status_set_on_the_case_reaches_the_ticket_once_and_its_echo_changes_nothing()
-> anyhow::Result<()> {
    case_to_ticket(WorldOptions::default()).await
}

/// A status and a comment go from the case to the ticket, once.
pub(crate) async fn case_to_ticket(options: WorldOptions) -> anyhow::Result<()> {
    let world = world(options).await?;
    let order = open_order(&world).await?;
    let ticket = ticket_about(&world, &order, "case-both-ways").await?;
    enriched(&world, ticket).await?;
    world.settled().await?;
    let before = world.zendesk.ticket(ticket).await?;
    let case = world.shown(ticket).await?["case"]["case_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();

    world
        .cli
        .run(&[
            "case",
            "set",
            &case,
            "--status",
            "in_progress",
            "--comment",
            "Asked the carrier.",
        ])
        .await?;
    ticket_when(&world, ticket, "pending", |view| view.status == "pending").await?;
    world.settled().await?;
    let settled = world.zendesk.ticket(ticket).await?;
    assert_eq!(
        settled.audits,
        before.audits + 2,
        "a comment, a status, and no answer to their echo"
    );
    let asked = settled
        .notes
        .iter()
        .filter(|note| note.contains("Asked the carrier."))
        .count();
    assert_eq!(asked, 1);
    let shown = world.shown(ticket).await?;
    assert_eq!(shown["case"]["status"], "in_progress");
    world.stop().await
}

#[tokio::test]
async fn an_agents_status_and_comment_reach_the_case() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let order = open_order(&world).await?;
    let ticket = ticket_about(&world, &order, "agent-to-case").await?;
    enriched(&world, ticket).await?;
    world
        .zendesk
        .update_ticket(
            ticket,
            &serde_json::json!({
                "status": "solved",
                "priority": "high",
                "comment": { "body": "It is on its way.", "public": true },
            }),
        )
        .await?;
    until("the case follows", SOON, || async {
        let shown = world.shown(ticket).await?;
        let case = &shown["case"];
        let has_comment = case["comments"]
            .as_array()
            .is_some_and(|all| all.iter().any(|c| c["body"] == "It is on its way."));
        Ok(case["status"] == "resolved" && case["priority"] == "high" && has_comment)
    })
    .await?;
    world.settled().await?;
    world.stop().await
}

#[tokio::test]
async fn created_and_commented_at_the_same_moment_gives_one_note_and_one_case() -> anyhow::Result<()>
{
    two_events_at_once(WorldOptions::default()).await
}

/// Two events of one ticket at the same moment, for as many hosts as there are.
pub(crate) async fn two_events_at_once(options: WorldOptions) -> anyhow::Result<()> {
    let world = world(options).await?;
    let order = open_order(&world).await?;
    let ticket = ticket_about(&world, &order, "same-moment").await?;
    let more = serde_json::json!({ "comment": { "body": "And please hurry.", "public": true } });
    world.zendesk.update_ticket(ticket, &more).await?;
    enriched(&world, ticket).await?;
    world.settled().await?;
    let view = world.zendesk.ticket(ticket).await?;
    assert_eq!(view.notes.len(), 1, "{:?}", view.notes);
    world.stop().await
}
