//! What comes in broken or strange is named, and the host goes on serving.

use ordercase_world::WorldOptions;

use crate::support::{enriched, open_order, ticket_about, world};

#[tokio::test]
async fn a_plugin_that_is_none_is_refused_by_name_and_the_host_goes_on() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let file = world.data().join("not-a-plugin.wasm");
    std::fs::write(&file, b"\0asm\x0d\0\x01\0garbage")?;
    let path = file.display().to_string();
    let (ok, _, errors) = world
        .cli
        .try_run(&[
            "connect",
            world.tenant(),
            "--plugin",
            &path,
            "--name",
            "broken",
        ])
        .await?;
    assert!(!ok);
    assert!(errors.contains("plugin"), "{errors}");

    let order = open_order(&world).await?;
    let ticket = ticket_about(&world, &order, "after-a-broken-plugin").await?;
    enriched(&world, ticket).await?;
    world.settled().await?;
    world.stop().await
}
