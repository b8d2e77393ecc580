//! A shop that refuses the host's token is left alone until a person mends it, and then nothing is missing.

use ordercase_world::{WorldOptions, until};

use crate::support::{SOON, enriched, open_order, ticket_about, ticket_when, world};

#[tokio::test]
async fn a_revoked_token_pauses_the_shop_and_resuming_brings_what_happened_meanwhile()
-> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let order = open_order(&world).await?;
    let ticket = ticket_about(&world, &order, "paused").await?;
    enriched(&world, ticket).await?;
    let connection = world.connection().to_owned();

    world.shop.fault("token_revoked", 1_000).await?;
    world.shop.ship(&order.id, "DHL", "JD00PAUSED").await?;
    until("the connection is paused", SOON, || async {
        let shown = world.cli.run(&["connection", "show", &connection]).await?;
        Ok(shown["state"] == "paused")
    })
    .await?;
    let (well, report, _) = world.cli.try_run(&["doctor"]).await?;
    let advice = format!("ordercase connection resume {connection}");
    assert!(!well && report.contains(&advice), "{report}");

    let resume = ["connection", "resume", &connection];
    let (resumed, _, _) = world.cli.try_run(&resume).await?;
    assert!(!resumed, "resumed with a token that the shop refuses");
    let shown = world.cli.run(&["connection", "show", &connection]).await?;
    assert_eq!(shown["state"], "paused");

    world.shop.faults_end().await?;
    let token = [
        &resume[..],
        &["--secret", "access_token=env:SHOP_ACCESS_TOKEN"],
    ]
    .concat();
    let shown = world.cli.run(&token).await?;
    assert_eq!(shown["state"], "active");
    ticket_when(&world, ticket, "follows the shipment", |view| {
        view.fields
            .get("fulfilment_status")
            .is_some_and(|status| status == "fulfilled")
    })
    .await?;
    world.settled().await?;
    world.stop().await
}
