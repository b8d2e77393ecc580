//! The host is away while tickets are filed.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use ordercase_world::WorldOptions;

use crate::support::{enriched, open_order, ticket_about, world};

#[tokio::test]
async fn tickets_filed_while_the_host_is_down_are_enriched_after_its_start() -> anyhow::Result<()> {
    // Flows wait on a fast clock, so that their bounded retries are over before the host is back:
    // only the export can tell it about the tickets.
    let options = WorldOptions {
        zendesk: vec!["--clock-scale".to_owned(), "1000".to_owned()],
        ..WorldOptions::default()
    };
    let world = world(options).await?;
    let order = open_order(&world).await?;
    world.kill_host().await?;
    let mut tickets = Vec::new();
    for n in 0..4 {
        tickets.push(ticket_about(&world, &order, &format!("outage-{n}")).await?);
    }
    world.zendesk.flows_ended(tickets.len()).await?;
    world.restart_host().await?;
    try_join_all(tickets.iter().map(|ticket| enriched(&world, *ticket))).await?;
    world.settled().await?;
    for ticket in tickets {
        assert_eq!(world.zendesk.ticket(ticket).await?.notes.len(), 1);
    }
    world.stop().await
}

#[tokio::test]
async fn a_short_outage_is_bridged_by_the_flows_own_retries() -> anyhow::Result<()> {
    // The export is not read after the start here: only the flow's retry can bring the event.
    let options = WorldOptions {
        serve: vec!["--ticket-poll-seconds".to_owned(), "86400".to_owned()],
        ..WorldOptions::default()
    };
    let world = world(options).await?;
    let order = open_order(&world).await?;
    world.kill_host().await?;
    let ticket = ticket_about(&world, &order, "short-outage").await?;
    world.restart_host().await?;
    let ends = world.zendesk.flows_ended(1).await?;
    assert_eq!(
        ends.first().map(String::as_str),
        Some("succeeded"),
        "{ends:?}"
    );
    enriched(&world, ticket).await?;
    world.settled().await?;
    assert_eq!(world.zendesk.ticket(ticket).await?.notes.len(), 1);
    world.stop().await
}

#[tokio::test]
#[ignore = "takes two minutes by the clock; the others prove the same on a fast one"]
async fn two_minutes_away_by_the_clock() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let order = open_order(&world).await?;
    world.kill_host().await?;
    let mut tickets = Vec::new();
    for n in 0..8 {
        tickets.push(ticket_about(&world, &order, &format!("two-minutes-{n}")).await?);
        tokio::time::sleep(Duration::from_secs(15)).await;
    }
    world.restart_host().await?;
    let back = Instant::now();
    try_join_all(tickets.iter().map(|ticket| enriched(&world, *ticket))).await?;
    eprintln!(
        "{} tickets enriched {:.1} s after the start",
        tickets.len(),
        back.elapsed().as_secs_f64()
    );
    world.settled().await?;
    for ticket in tickets {
        assert_eq!(world.zendesk.ticket(ticket).await?.notes.len(), 1);
    }
    world.stop().await
}
