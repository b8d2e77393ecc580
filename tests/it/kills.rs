//! `kill -9` at any point loses nothing and does nothing twice.

use std::time::Duration;

use ordercase_world::{World, WorldOptions};

use crate::support::{enriched, open_order, records, silent, ticket_about, world};

const KILLS: u64 = 5;

/// Orders that the shop changes during the storm, by webhook.
async fn change_orders(world: &World, round: u64) -> anyhow::Result<()> {
    let orders = world.shop.orders(250).await?;
    let open = orders.iter().filter(|order| order.is_open());
    for (n, order) in open.take(3).enumerate() {
        world
            .shop
            .ship(&order.id, "DHL", &format!("JD00{round}{n}"))
            .await?;
    }
    Ok(())
}

/// Ends one of the hosts, another each time, and starts it again.
async fn kill_one(world: &World, round: u64) -> anyhow::Result<()> {
    let number = usize::try_from(round)? % world.hosts.count();
    world.hosts.kill(number).await?;
    world.hosts.start(number).await
}

/// Kills during backfill and webhooks, then the same shop read by another tenant without an interruption.
pub(crate) async fn nothing_is_lost(options: WorldOptions) -> anyhow::Result<()> {
    let options = WorldOptions {
        orders: 600,
        ..options
    };
    let mut stormy = World::start_unconnected(options, &mut silent).await?;
    stormy.connect(&mut silent).await?;
    for round in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(150 + 170 * round)).await;
        kill_one(&stormy, round).await?;
        change_orders(&stormy, round).await?;
    }
    stormy.backfilled(&mut silent).await?;
    stormy.shop.webhooks_delivered().await?;
    stormy.settled().await?;

    let tenant = stormy.cli.run(&["tenant", "add", "Calm"]).await?;
    let tenant = tenant["tenant_id"].as_str().unwrap_or_default();
    let connection = stormy.connect_shop(tenant, "calm").await?;
    let connection = connection["connection_id"].as_str().unwrap_or_default();
    stormy.backfilled_of(connection, &mut silent).await?;
    stormy.settled().await?;

    let calm = records(&stormy, tenant).await?;
    let survived = records(&stormy, stormy.tenant()).await?;
    assert!(calm.len() > 600, "only {} records", calm.len());
    for (key, body) in &calm {
        assert_eq!(survived.get(key), Some(body), "{key:?} differs");
    }
    assert_eq!(survived.len(), calm.len());
    stormy.stop().await
}

/// Kills while tickets are written to.
pub(crate) async fn one_note_each(options: WorldOptions) -> anyhow::Result<()> {
    let world = world(options).await?;
    let order = open_order(&world).await?;
    let mut tickets = Vec::new();
    for round in 0..KILLS {
        tickets.push(ticket_about(&world, &order, &format!("kill-{round}")).await?);
        tokio::time::sleep(Duration::from_millis(20 + 45 * round)).await;
        kill_one(&world, round).await?;
    }
    for ticket in &tickets {
        enriched(&world, *ticket).await?;
    }
    world.settled().await?;
    for ticket in tickets {
        let view = world.zendesk.ticket(ticket).await?;
        assert_eq!(view.notes.len(), 1, "ticket {ticket}: {:?}", view.notes);
    }
    world.stop().await
}

#[tokio::test]
async fn five_kills_during_backfill_and_webhooks_lose_nothing() -> anyhow::Result<()> {
    nothing_is_lost(WorldOptions::default()).await
}

#[tokio::test]
async fn kills_while_a_ticket_is_written_give_one_note() -> anyhow::Result<()> {
    one_note_each(WorldOptions::default()).await
}
