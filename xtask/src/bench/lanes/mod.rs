//! `cargo xtask bench lanes`: what a history that is being read does to everything else, and what a host does when there
//! is nothing to do.

mod buyer;
mod desk;
mod events;
mod idle;

use std::path::{Path, PathBuf};

use serde_json::Value;

use self::desk::Desk;
use super::{
    Lanes,
    build::Programs,
    host::{Host, text},
    report::Report,
    shop::{Shop, native},
};

/// Parts that can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// What a host costs that has nothing to do.
    Idle,
    /// Live events while history is read, beside the same without it (SB-27).
    Events,
    /// An agent's context while history is read, beside Fastify on the same file (B17); on SQLite only.
    Buyer,
}

/// What the host keeps its state in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Db {
    /// A file.
    Sqlite,
    /// A PostgreSQL with its defaults.
    Postgres,
}

/// Runs the parts.
///
/// # Errors
/// When something cannot be started.
pub(super) async fn run(options: &Lanes, programs: &Programs) -> anyhow::Result<()> {
    let common = &options.common;
    let wanted = |part| options.only.is_empty() || options.only.contains(&part);
    let cluster = match options.db {
        Db::Sqlite => None,
        Db::Postgres => postgres_box::Cluster::durable(),
    };
    if options.db == Db::Postgres && cluster.is_none() {
        println!("skipped: `--db postgres` needs PostgreSQL 15");
        return Ok(());
    }
    let folder = tempfile::tempdir_in(&programs.cache)?;
    let database = if cluster.is_some() {
        "PostgreSQL, its defaults"
    } else {
        "SQLite, WAL, synchronous=FULL"
    };
    let seed = common.seed();
    let mut report = Report::new("lanes", seed, common.quick, &[database.to_owned()]);
    let work = Work::of(options, programs, folder.path(), cluster.as_ref());
    if wanted(Part::Idle) {
        idle::measure(&work, &mut report).await?;
    }
    if wanted(Part::Events) {
        events::measure(&work, &mut report)?;
    }
    if wanted(Part::Buyer) {
        if cluster.is_some() {
            println!("skipped: B17 asks both sides for what lies in one SQLite file");
        } else {
            buyer::measure(&work, &mut report).await?;
        }
    }
    report.end(common.json.as_deref())
}

/// What all parts share.
struct Work<'p> {
    programs: &'p Programs,
    folder: PathBuf,
    cluster: Option<&'p postgres_box::Cluster>,
    seed: u64,
    pairs: usize,
    /// Orders of the shop whose history is read.
    orders: u64,
    /// Its newest orders: read before anything is measured, and what events tell of.
    known: u64,
    rate: u64,
    seconds: u64,
    idle_seconds: u64,
    /// Tickets of different buyers.
    tickets: usize,
    /// Seconds of asking on each side of a pair.
    ask_seconds: u64,
}

/// A host with a shop.
struct Running<'p> {
    host: Host<'p>,
    shop: Shop,
    tenant: String,
    /// What agents ask with.
    context_token: String,
    connection: String,
    /// What the host keeps its state in, as tools take it.
    store: String,
    data: PathBuf,
}

impl<'p> Work<'p> {
    fn of(
        options: &Lanes,
        programs: &'p Programs,
        folder: &Path,
        cluster: Option<&'p postgres_box::Cluster>,
    ) -> Self {
        let quick = options.common.quick;
        let shorter = |seconds: u64, than: u64| if quick { seconds.min(than) } else { seconds };
        Self {
            programs,
            folder: folder.to_owned(),
            cluster,
            seed: options.common.seed(),
            pairs: options.common.pairs(),
            orders: options.orders,
            known: if quick { 200 } else { 2_000 },
            rate: shorter(options.rate, 10),
            seconds: shorter(options.seconds, 6),
            idle_seconds: shorter(options.idle_seconds, 10),
            tickets: if quick { 6 } else { 30 },
            ask_seconds: if quick { 2 } else { 5 },
        }
    }

    /// A host on a store of its own, connected to a shop of so many orders: its history is read from now on.
    /// A desk is reached too where there is one.
    async fn start(&self, orders: u64, desk: Option<&Desk>) -> anyhow::Result<Running<'p>> {
        let data = self.folder.join("ours");
        let _gone = std::fs::remove_dir_all(&data);
        let shop = Shop::start(self.programs, orders, self.seed, &["--lazily", "--moving"])?;
        let database = self.cluster.map(postgres_box::Cluster::empty);
        let mut reached = vec![shop.reached_as("bench")];
        reached.extend(desk.map(Desk::reached_at));
        let host = Host::reaching(self.programs, &data, &reached, database.as_deref()).await?;
        let merchant = host.merchant()?;
        let tenant = text(&merchant, "tenant_id")?;
        let connection = host.connect(&tenant, "bench")?;
        let file = data.join("ordercase.db").display().to_string();
        Ok(Running {
            host,
            shop,
            tenant,
            context_token: text(&merchant, "context_token")?,
            connection,
            store: database.unwrap_or(file),
            data,
        })
    }

    /// The same native work that every pair is taken beside.
    fn native(&self) -> anyhow::Result<f64> {
        native(self.programs, self.seed)
    }
}

impl Running<'_> {
    /// A context, as an agent's app asks for it.
    async fn context(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.host.ask(path, &self.context_token).await?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            // The desk has not told of the ticket yet.
            return Ok(Value::Null);
        }
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Ends the host at once and takes its store away.
    fn end(self) -> anyhow::Result<()> {
        self.host.kill()?;
        Ok(std::fs::remove_dir_all(&self.data)?)
    }
}
