//! One endpoint of a shop is ill: it is left alone, the others go on, what is stored is served, and afterwards nothing
//! is missing.

use ordercase_world::{World, WorldOptions, until};
use serde_json::{Value, json};

use crate::support::{SOON, enriched, open_order, records, ticket_about, world};

async fn stored(world: &World, kind: &str, id: &str) -> anyhow::Result<Value> {
    let all = records(world, world.tenant()).await?;
    let body = all.get(&(kind.to_owned(), id.to_owned()));
    Ok(serde_json::from_str(body.map_or("null", String::as_str))?)
}

#[tokio::test]
async fn an_ill_endpoint_rests_while_its_neighbour_is_read() -> anyhow::Result<()> {
    let world = world(WorldOptions {
        aim_webhooks: false,
        public_url: false,
        ..WorldOptions::default()
    })
    .await?;
    let order = open_order(&world).await?;
    let ticket = ticket_about(&world, &order, "ill").await?;
    enriched(&world, ticket).await?;

    let ill = json!({ "kind": "status", "status": 500, "root": "orders", "count": 100_000 });
    world.shop.post("faults", &ill).await?;
    for track in ["poll", "reconcile"] {
        world.pace(track, &["--every", "1"]).await?;
    }
    let listed = world.shop.get("customers?limit=1").await?;
    let customer = listed["customers"][0]["id"].as_str().unwrap_or_default();
    let renamed = json!({ "firstName": "Neighbour" });
    let patch = format!("customers/{customer}/patch");
    world.shop.post(&patch, &renamed).await?;
    world
        .shop
        .ship(&order.id, "UPS", "1Z999AA10123456784")
        .await?;

    // The one is told as resting, without asking, while the other arrives.
    until("orders are left alone", SOON, || async {
        let listed = world.cli.run(&["run", "list", world.connection()]).await?;
        Ok(listed.to_string().contains("times in a row"))
    })
    .await?;
    until("the customer is current", SOON, || async {
        let stored = stored(&world, "customer", customer).await?;
        Ok(stored.to_string().contains("Neighbour"))
    })
    .await?;
    let before = stored(&world, "order", &order.id).await?;
    assert!(
        !before.to_string().contains("1Z999AA10123456784"),
        "{before}"
    );
    let asked = world.shop.get("requests").await?;
    let failed = asked["by_outcome"]["fault"].as_u64();
    assert!(failed.is_some_and(|failed| failed >= 5), "{asked}");

    // Agents are shown what is stored, and how old it is.
    let context = world.context(ticket).await?;
    let facts = context["order_in_question"].to_string();
    assert!(facts.contains(&order.name), "{context}");
    let source = &context["sources"]["s1"];
    assert!(
        source["age_seconds"].is_u64() && source["observed_at"].is_string(),
        "{source}"
    );
    assert!(context.to_string().contains("last_read_at"), "{context}");

    world.shop.faults_end().await?;
    until("the shipment is stored", SOON, || async {
        let stored = stored(&world, "order", &order.id).await?;
        Ok(stored.to_string().contains("1Z999AA10123456784"))
    })
    .await?;
    world.settled().await?;
    world.stop().await
}
