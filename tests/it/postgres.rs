//! Replicas on one PostgreSQL, behind one address: the same worlds as on SQLite, and what only replicas can do.

use ordercase_world::WorldOptions;

use crate::{
    cases, demo, kills,
    support::{enriched, on_postgres, open_order, ticket_about, ticket_when, world},
};

/// Replicas of most worlds here.
const REPLICAS: usize = 3;

/// Options on the cluster of this process, or the end of the test where there is none.
macro_rules! replicas {
    ($count:expr) => {
        match postgres_box::cluster() {
            Some(cluster) => on_postgres(cluster, $count),
            None => return Ok(()),
        }
    };
}

#[tokio::test]
async fn one_replica_is_killed_and_the_other_goes_on_with_its_work() -> anyhow::Result<()> {
    let world = world(replicas!(2)).await?;
    let order = open_order(&world).await?;
    let before = ticket_about(&world, &order, "before").await?;
    enriched(&world, before).await?;
    assert!(
        !world.data().join("host/ordercase.db").exists(),
        "nothing lies beside PostgreSQL"
    );

    world.hosts.kill(0).await?;
    let meanwhile = ticket_about(&world, &order, "meanwhile").await?;
    enriched(&world, meanwhile).await?;

    world.hosts.start(0).await?;
    world.shop.ship(&order.id, "DHL", "JD00POSTGRES").await?;
    for ticket in [before, meanwhile] {
        let shipped = |status: &String| status == "fulfilled";
        let view = ticket_when(&world, ticket, "follows the shipment", |view| {
            view.fields.get("fulfilment_status").is_some_and(shipped)
        })
        .await?;
        assert_eq!(view.notes.len(), 1, "ticket {ticket}: {:?}", view.notes);
    }
    world.settled().await?;
    world.stop().await
}

#[tokio::test]
async fn the_database_is_restarted_while_tickets_are_written() -> anyhow::Result<()> {
    let Some(cluster) = postgres_box::Cluster::own() else {
        return Ok(());
    };
    let world = world(on_postgres(&cluster, 2)).await?;
    let order = open_order(&world).await?;
    let mut tickets = Vec::new();
    for (n, stop) in ["fast", "immediate"].into_iter().enumerate() {
        tickets.push(ticket_about(&world, &order, &format!("restart-{n}")).await?);
        cluster.restart(stop);
    }
    for ticket in &tickets {
        enriched(&world, *ticket).await?;
    }
    world.settled().await?;
    for ticket in tickets {
        assert_eq!(world.zendesk.ticket(ticket).await?.notes.len(), 1);
    }
    world.stop().await
}

#[tokio::test]
async fn five_kills_during_backfill_and_webhooks_lose_nothing() -> anyhow::Result<()> {
    kills::nothing_is_lost(replicas!(REPLICAS)).await
}

#[tokio::test]
async fn kills_while_a_ticket_is_written_give_one_note() -> anyhow::Result<()> {
    kills::one_note_each(replicas!(REPLICAS)).await
}

#[tokio::test]
async fn a_status_set_on_the_case_reaches_the_ticket_once() -> anyhow::Result<()> {
    cases::case_to_ticket(replicas!(REPLICAS)).await
}

#[tokio::test]
async fn two_events_of_a_ticket_at_once_give_one_note_and_one_case() -> anyhow::Result<()> {
    cases::two_events_at_once(replicas!(REPLICAS)).await
}

#[tokio::test]
async fn the_demos_three_tickets_are_right() -> anyhow::Result<()> {
    let seed = 7;
    let mut world = world(WorldOptions {
        seed,
        ..replicas!(REPLICAS)
    })
    .await?;
    for report in demo::three(&mut world, seed).await? {
        assert!(report.ok, "{:?}: {:?}", report.name, report.wrong);
    }
    world.settled().await?;
    world.stop().await
}
