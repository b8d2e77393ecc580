//! A bounded storm over a whole world of real processes, then quiet, then a comparison of everything that must be
//! true (`docs/chaos.md`).
//!
//! `storm` lets shop, Zendesk, network, database and hosts misbehave at the same time, all drawn from one seed;
//! `ledger` remembers what was done. `quiet` ends every fault and waits until nothing is left to do. `judge` reads
//! the shop a second time through another tenant and compares records, receipts, tickets and effects.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "indexing a JSON value gives null, it does not panic; this is a tool that talks to people"
)]

mod admin;
mod dice;
mod judge;
mod ledger;
mod limits;
mod quiet;
mod setting;
mod storm;
mod weather;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Instant};

use anyhow::Context as _;
use clap::Parser;
use ordercase_world::{Database, Plan, Step, World, WorldOptions};
use postgres_box::Cluster;
use serde::Serialize;

use crate::{judge::Findings, setting::Setting};

/// Kills hosts while everything else goes wrong, then checks that nothing was lost or done twice.
#[derive(Debug, Parser)]
#[command(name = "ordercase-chaos")]
struct Arguments {
    /// What the hosts keep their state in
    #[arg(long, value_enum, default_value_t = Db::Sqlite)]
    db: Db,
    /// Hosts on one PostgreSQL [default: 3; SQLite has one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=9))]
    replicas: Option<u8>,
    /// How often a host is killed
    #[arg(long, value_name = "N", default_value_t = 200)]
    kills: u32,
    /// Varies people, orders, and what goes wrong when
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Writes the result as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Keeps all state here, whatever the outcome [default: a folder that is kept only when something is wrong]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Db {
    /// One host, one file.
    Sqlite,
    /// Replicas.
    Postgres,
}

/// The shape of `--json`.
#[derive(Debug, Serialize)]
struct Outcome {
    ok: bool,
    kills: u32,
    lost: usize,
    duplicated_effects: usize,
    unrepaired: usize,
    accounts_ok: bool,
    seconds: f64,
    seed: u64,
    db: Db,
    replicas: usize,
    database_restarts: u32,
    records: usize,
    deleted: usize,
    webhooks: usize,
    tickets: usize,
    effects: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ok = runtime.block_on(run(&arguments))?;
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let begun = Instant::now();
    let folder = folder(arguments)?;
    let cluster = cluster(arguments.db)?;
    let options = options(arguments, cluster.as_deref(), folder.clone())?;
    println!(
        "Chaos with seed {}: {} kills on {}. Everything lies in {}.",
        arguments.seed,
        arguments.kills,
        match &options.database {
            Database::Sqlite => "SQLite".to_owned(),
            Database::Postgres { replicas, .. } => format!("PostgreSQL with {replicas} replicas"),
        },
        folder.display()
    );
    let url = match &options.database {
        Database::Sqlite => None,
        Database::Postgres { url, .. } => Some(url.clone()),
    };
    let mut told = |step: Step<'_>| {
        if let Step::Says(text) = step {
            println!("{text}");
        }
    };
    let mut world = World::start_unconnected(options, &mut told).await?;
    world.connect(&mut told).await?;
    let setting = Setting::new(&world, cluster.clone(), arguments.seed)?;
    let judged = weather_and_judge(&setting, arguments).await;
    let (outcome, findings) = match judged {
        Ok((mut outcome, findings)) => {
            outcome.seconds = begun.elapsed().as_secs_f64();
            (outcome, findings)
        }
        Err(error) => {
            println!(
                "It broke off. Seed {}; everything lies in {}.",
                arguments.seed,
                folder.display()
            );
            // What can be had of it: whatever is gone is part of what went wrong.
            let _ = setting
                .keep(&folder, url.as_deref(), &Findings::default())
                .await;
            return Err(error);
        }
    };
    if !outcome.ok {
        let kept = setting.keep(&folder, url.as_deref(), &findings).await;
        if let Err(error) = kept {
            println!("Not everything could be kept: {error:#}");
        }
    }
    drop(setting);
    // The accounts are part of the outcome; a world that cannot stop is not.
    let stopped = world.stop().await;
    tell(arguments, &outcome, &folder)?;
    if let Err(error) = stopped {
        println!("The world did not end in order: {error:#}");
        return Ok(false);
    }
    if outcome.ok && arguments.data.is_none() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(outcome.ok)
}

async fn weather_and_judge(
    setting: &Setting<'_>,
    arguments: &Arguments,
) -> anyhow::Result<(Outcome, Findings)> {
    let ledger = storm::rage(setting, arguments.kills).await?;
    quiet::settle(setting, &ledger).await?;
    let findings = judge::judge(setting, &ledger).await?;
    findings.print();
    let outcome = Outcome {
        ok: findings.is_clean(),
        kills: ledger.kills,
        lost: findings.lost.len(),
        duplicated_effects: findings.duplicated.len(),
        unrepaired: findings.unrepaired.len(),
        accounts_ok: findings.accounts_ok,
        seconds: 0.0,
        seed: arguments.seed,
        db: arguments.db,
        replicas: setting.world.hosts.count(),
        database_restarts: ledger.database_restarts,
        records: findings.records,
        deleted: findings.deleted,
        webhooks: findings.webhooks,
        tickets: ledger.tickets.len(),
        effects: findings.effects,
    };
    Ok((outcome, findings))
}

fn tell(arguments: &Arguments, outcome: &Outcome, folder: &std::path::Path) -> anyhow::Result<()> {
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_vec_pretty(outcome)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let accounts = if outcome.accounts_ok {
        "accounts add up"
    } else {
        "ACCOUNTS DO NOT ADD UP"
    };
    println!(
        "{} kills, {} restarts of the database: {} of {} records (and {} tombstones) and {} webhooks lost or unsettled, \
         {} of {} effects on {} tickets duplicated, {} unrepaired; {accounts}. {:.0} s.",
        outcome.kills,
        outcome.database_restarts,
        outcome.lost,
        outcome.records,
        outcome.deleted,
        outcome.webhooks,
        outcome.duplicated_effects,
        outcome.effects,
        outcome.tickets,
        outcome.unrepaired,
        outcome.seconds,
    );
    if outcome.ok {
        println!("All is as it must be.");
    } else {
        println!(
            "NOT as it must be. Run it again with --seed {}; what it left lies in {}.",
            outcome.seed,
            folder.display()
        );
    }
    Ok(())
}

fn folder(arguments: &Arguments) -> anyhow::Result<PathBuf> {
    match &arguments.data {
        Some(data) => {
            std::fs::create_dir_all(data)
                .with_context(|| format!("cannot make {}", data.display()))?;
            Ok(data.clone())
        }
        None => Ok(tempfile::Builder::new()
            .prefix("ordercase-chaos-")
            .tempdir()
            .context("no temporary folder")?
            .keep()),
    }
}

fn cluster(db: Db) -> anyhow::Result<Option<Arc<Cluster>>> {
    if db == Db::Sqlite {
        return Ok(None);
    }
    let cluster = Cluster::own().context("PostgreSQL 15 is not installed")?;
    Ok(Some(Arc::new(cluster)))
}

fn options(
    arguments: &Arguments,
    cluster: Option<&Cluster>,
    folder: PathBuf,
) -> anyhow::Result<WorldOptions> {
    let replicas = arguments.replicas.map(usize::from);
    let database = match cluster {
        None => {
            anyhow::ensure!(
                replicas.is_none_or(|replicas| replicas == 1),
                "SQLite has one host: --replicas needs --db postgres"
            );
            Database::Sqlite
        }
        Some(cluster) => Database::Postgres {
            url: cluster.empty(),
            replicas: replicas.unwrap_or(3),
        },
    };
    let words = |text: &str| text.split(' ').map(str::to_owned).collect();
    Ok(WorldOptions {
        data: Some(folder),
        seed: arguments.seed,
        orders: limits::ORDERS,
        plan: Plan::Plus,
        database,
        // The account must bear a day's work in minutes.
        desk_plan: Some("enterprise"),
        keep_simulators: false,
        note_rule: true,
        public_url: true,
        aim_webhooks: true,
        serve: words(&format!(
            "--shop-poll-seconds {} --ticket-poll-seconds {}",
            limits::POLL_SECONDS,
            limits::TICKET_POLL_SECONDS
        )),
        zendesk: words("--plan enterprise"),
        shop: words(&format!(
            "--webhook-retry-ms {}",
            limits::WEBHOOK_RETRY_FIRST_MS
        )),
    })
}
