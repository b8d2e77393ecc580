//! What goes wrong around the hosts: the weather of both simulators, credentials that are revoked and restored, and
//! the database that is restarted.

use std::{sync::Arc, time::Instant};

use anyhow::Context as _;
use serde_json::json;

use super::{Storm, actor};
use crate::{
    limits::{DATABASE_PAUSE_MS, NOTICED_WITHIN, WEATHER_MS, WEATHERS_PER_REVOCATION},
    setting::Paused,
    weather,
};

/// One weather after another, and now and then a revoked credential.
pub(super) async fn blow(storm: &Storm<'_>) -> anyhow::Result<()> {
    let world = storm.setting.world;
    let mut dice = storm.setting.dice(actor::WEATHER);
    for turn in 1.. {
        world
            .shop
            .post("weather", &weather::of_shop(&mut dice))
            .await?;
        world
            .zendesk
            .sim_post("weather", &weather::of_zendesk(&mut dice))
            .await?;
        if !storm.pause(&mut dice, WEATHER_MS).await {
            break;
        }
        match turn % WEATHERS_PER_REVOCATION {
            1 => revoke(storm, Paused::Connection).await?,
            3 => revoke(storm, Paused::Desk).await?,
            _ => {}
        }
    }
    Ok(())
}

/// Refuses the credential until the host has noticed, or for a while; then the operator resumes.
async fn revoke(storm: &Storm<'_>, what: Paused) -> anyhow::Result<()> {
    let setting = storm.setting;
    let (shop, zendesk) = (&setting.world.shop, &setting.world.zendesk);
    let begun = Instant::now();
    match what {
        Paused::Connection => shop.fault("token_revoked", 1_000_000).await?,
        Paused::Desk => {
            let refused = json!({ "kind": "status", "status": 401, "count": 1_000_000 });
            zendesk.sim_post("faults", &refused).await?;
        }
    }
    while begun.elapsed() < NOTICED_WITHIN && setting.is_paused(what).await != Some(true) {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    match what {
        Paused::Connection => shop.faults_end().await?,
        Paused::Desk => zendesk.faults_end().await?,
    }
    storm.note(|ledger| ledger.revocations += 1);
    // Where hosts start slowly none may live long enough; the operator tries again when the storm is over.
    if let Err(error) = setting.resume(what).await {
        println!("{error:#}");
    }
    Ok(())
}

/// Restarts the database now and then, in order or as after a crash.
pub(super) async fn restart_database(storm: &Storm<'_>) -> anyhow::Result<()> {
    let Some(cluster) = &storm.setting.cluster else {
        return Ok(());
    };
    let mut dice = storm.setting.dice(actor::DATABASE);
    while storm.pause(&mut dice, DATABASE_PAUSE_MS).await {
        let how = if dice.percent(50) {
            "fast"
        } else {
            "immediate"
        };
        let cluster = Arc::clone(cluster);
        tokio::task::spawn_blocking(move || cluster.restart(how))
            .await
            .context("the database was not restarted")?;
        storm.note(|ledger| ledger.database_restarts += 1);
    }
    Ok(())
}
