//! Agents work while history is still being read: what is there is shown, counted as "at least".

use ordercase_world::{World, WorldOptions, until_some};
use serde_json::{Value, json};

use crate::support::{SOON, enriched, open_order, silent, ticket_about};

/// How many orders the person has, as the agent is told.
async fn orders_counted(world: &World, ticket: u64) -> anyhow::Result<Value> {
    Ok(world.context(ticket).await?["history"]["orders"].clone())
}

#[tokio::test]
async fn counts_are_lower_bounds_until_history_is_read() -> anyhow::Result<()> {
    let mut world = World::start_unconnected(WorldOptions::default(), &mut silent).await?;
    // Lists of orders fail, so the backfill does not come forward; single orders can be read.
    let no_lists = json!({ "kind": "status", "status": 503, "root": "orders", "count": 100_000 });
    world.shop.post("faults", &no_lists).await?;
    world.connect(&mut silent).await?;
    let order = open_order(&world).await?;
    world.shop.ship(&order.id, "DHL", "JD0001").await?;
    world.shop.webhooks_delivered().await?;

    let ticket = ticket_about(&world, &order, "history-1").await?;
    enriched(&world, ticket).await?;
    let counted = orders_counted(&world, ticket).await?;
    assert_eq!(counted["at_least"], true, "{counted}");
    assert!(counted["count"].as_u64() >= Some(1), "{counted}");
    let shop = world.context(ticket).await?["store_health"][0].clone();
    assert_eq!(shop["complete"], false, "{shop}");

    world.shop.faults_end().await?;
    world.backfilled(&mut silent).await?;
    let counted = until_some("the count is exact", SOON, || async {
        let counted = orders_counted(&world, ticket).await?;
        Ok((counted["at_least"] == false).then_some(counted))
    })
    .await?;
    let own = world.shop.orders(250).await?;
    let own = own
        .iter()
        .filter(|other| other.email == order.email)
        .count();
    assert_eq!(counted["count"], own, "{counted}");
    world.stop().await
}
