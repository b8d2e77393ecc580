//! Two replicas on one PostgreSQL.

use std::{fs, path::Path};

use anyhow::Context as _;
use ordercase_world::{Binaries, HOST_NAME, Process, World, WorldOptions};

use crate::support::{enriched, open_order, ticket_about, ticket_when, world};

/// How a replica names the database and the key that all of them share.
fn shared(folder: &Path, url: &str) -> anyhow::Result<Vec<String>> {
    let (database, key) = (folder.join("database-url"), folder.join("master-key"));
    fs::write(&database, url)?;
    fs::write(&key, "5a".repeat(32))?;
    let named = |file: &Path| format!("file:{}", file.display());
    Ok([
        "--database",
        &named(&database),
        "--master-key",
        &named(&key),
    ]
    .map(str::to_owned)
    .to_vec())
}

/// Another host with a data directory of its own; plugins and the operator's token are copies.
async fn replica(world: &World, shared: &[String]) -> anyhow::Result<Process> {
    let (first, own) = (world.data().join("host"), world.data().join("replica"));
    fs::create_dir_all(own.join("plugins"))?;
    fs::copy(first.join("admin-token"), own.join("admin-token"))?;
    for plugin in fs::read_dir(first.join("plugins"))? {
        let plugin = plugin?;
        fs::copy(plugin.path(), own.join("plugins").join(plugin.file_name()))?;
    }
    let dial = |name: &str, address: &str| {
        let port = address
            .rsplit(':')
            .next()
            .context("an address without a port")?;
        anyhow::Ok(format!("{name}=127.0.0.1:{port}"))
    };
    let desk = format!("{}.zendesk.com", world.zendesk.subdomain);
    let mut arguments: Vec<String> = [
        "serve",
        "--data",
        &own.display().to_string(),
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        &format!("https://{HOST_NAME}"),
        "--dev-connect",
        &dial(&desk, world.zendesk.address())?,
        "--dev-connect",
        &dial(&world.shop.domain, world.shop.address())?,
        // The simulated account lets its export be read ten times a minute.
        "--ticket-poll-seconds",
        "15",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.extend_from_slice(shared);
    let program = Binaries::find()?.host();
    Process::start("replica", &program, &arguments, &world.data().join("logs")).await
}

#[tokio::test]
async fn one_replica_is_killed_and_the_other_goes_on_with_its_work() -> anyhow::Result<()> {
    let Some(cluster) = postgres_box::cluster() else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let shared = shared(folder.path(), &cluster.empty())?;
    let mut world = world(WorldOptions {
        data: Some(folder.path().to_owned()),
        serve: shared.clone(),
        ..WorldOptions::default()
    })
    .await?;
    let order = open_order(&world).await?;
    let before = ticket_about(&world, &order, "before").await?;
    enriched(&world, before).await?;
    assert!(
        !world.data().join("host/ordercase.db").exists(),
        "nothing lies beside PostgreSQL"
    );

    let mut second = replica(&world, &shared).await?;
    world.kill_host().await?;
    let meanwhile = ticket_about(&world, &order, "meanwhile").await?;
    enriched(&world, meanwhile).await?;

    world.restart_host().await?;
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
    second.stop().await?;
    world.stop().await
}
