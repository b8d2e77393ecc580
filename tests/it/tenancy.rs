//! One tenant never reads another's data.

use ordercase_world::WorldOptions;
use reqwest::StatusCode;

use crate::support::{enriched, open_order, ticket_about, world};

#[tokio::test]
async fn another_tenants_token_reads_nothing() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let order = open_order(&world).await?;
    let ticket = ticket_about(&world, &order, "tenancy").await?;
    enriched(&world, ticket).await?;
    let url = format!(
        "{}/v1/desks/{}/tickets/{ticket}/context",
        world.host_address(),
        world.desk()
    );
    let get = |token: String| {
        let request = world.http().get(&url).bearer_auth(token);
        async move { anyhow::Ok(request.send().await?) }
    };

    let own = get(world.context_token().to_owned()).await?;
    assert_eq!(own.status(), StatusCode::OK);
    let text = own.text().await?;
    assert!(
        text.contains(&order.name),
        "the own context does not name the order"
    );

    let stranger = world.cli.run(&["tenant", "add", "Stranger"]).await?;
    let token = stranger["context_token"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let foreign = get(token).await?;
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    assert!(!foreign.text().await?.contains(&order.name));
    assert_eq!(
        get("nonsense".to_owned()).await?.status(),
        StatusCode::UNAUTHORIZED
    );
    world.stop().await
}
