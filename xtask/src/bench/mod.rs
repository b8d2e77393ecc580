//! `cargo xtask bench`: what the host costs beside what people would use instead, in one run.
//!
//! Everything that is compared does the same work: the rows of both sides are compared before a time is printed, both
//! are durable (`synchronous=FULL`, one transaction a page), both start from nothing. Pairs are taken in turn, A B A B,
//! and a ratio is taken pair by pair; processor time of the whole tree counts first, wall time second, because the
//! machine is rarely ours alone. A pair during which the same native work drifted by more than 15 percent is void.

mod backfill;
mod build;
mod deliveries;
mod flood;
mod hooks;
mod host;
mod lanes;
mod load;
mod measure;
mod memory;
mod pairs;
mod peers;
mod report;
mod rows;
mod shop;
mod throttle;
mod webhook;

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Measures the host beside its peers, and says which goals it reaches.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Reads a shop's whole history, beside a Node loop, Airbyte's source, Singer's tap and dlt.
    ///
    /// Goals: B1 to B4 (processor time beside each peer; of B3 also the tap piped into PostgreSQL beside ours there), B6 (memory at 10,000 and 300,000 orders), B7 (time under the
    /// shop's rate limit), B8 (share of what the parts cost at least). Ours is the release build of the host with the
    /// plugin in its sandbox, reading GraphQL and writing SQLite unless its peer writes PostgreSQL. The Node loop's store is compared with ours order by
    /// order before a time is printed; the Python peers land raw rows or nothing at all, which favours them. Peers are
    /// installed on first use (npm, one Python environment each); one that cannot be installed is left out with a notice.
    Backfill(Backfill),
    /// Takes signed webhooks durably before it answers, beside Fastify with better-sqlite3 and with pg.
    ///
    /// Goals: B9 and B10 (requests a second and 99th percentile at 32 connections), B12 (three times the sustainable
    /// rate, then `kill -9`: nothing that was answered is lost). Of B9 and B10, what both sides hold of the deliveries that
    /// they answered is compared before a time is printed. The load tool is wrk, installed from Debian. It shares
    /// the machine, so compare ratios only.
    Webhook(Webhook),
    /// What a history that is being read does to live events and to agents, and what an idle host costs.
    ///
    /// Goal: SB-27 (the 99th percentile of live events while a million orders are read is at most twice what it is
    /// without), B17 (contexts a second beside the last orders of Fastify with better-sqlite3 out of the same file, and
    /// their 99th percentile, while a history is read; SQLite only). An event's time runs from when it was due to be sent
    /// until what it told can be seen in the store. Idle: processor time, wake-ups, disk, transactions (PostgreSQL) and
    /// requests to the shop, for which there is no limit.
    Lanes(Lanes),
}

#[derive(Debug, Args)]
struct Common {
    /// Pairs of ours and each peer's; odd, so that a median is a measured pair
    #[arg(long, value_name = "N")]
    pairs: Option<usize>,
    /// Varies people, goods and amounts; printed with the result
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// A short run that shows that everything works: its figures are not for publication
    #[arg(long)]
    quick: bool,
    /// Writes everything that was measured as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measures what is built already
    #[arg(long)]
    no_build: bool,
}

#[derive(Debug, Args)]
struct Backfill {
    #[command(flatten)]
    common: Common,
    /// Orders of the shop
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    orders: u64,
    /// What is measured; everything without it
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<backfill::Part>,
}

#[derive(Debug, Args)]
struct Webhook {
    #[command(flatten)]
    common: Common,
    /// Seconds of load in each run
    #[arg(long, value_name = "N", default_value_t = 5)]
    seconds: u64,
    /// Connections of the load tool
    #[arg(long, value_name = "N", default_value_t = 32)]
    connections: u32,
    /// What is measured; everything without it
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<webhook::Part>,
}

#[derive(Debug, Args)]
struct Lanes {
    #[command(flatten)]
    common: Common,
    /// Orders of the shop whose history is read: more than can be read while events are sent
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    orders: u64,
    /// Live events a second
    #[arg(long, value_name = "N", default_value_t = 25)]
    rate: u64,
    /// Seconds of events on each side of a pair
    #[arg(long, value_name = "N", default_value_t = 40)]
    seconds: u64,
    /// Seconds for which an idle host is watched
    #[arg(long, value_name = "N", default_value_t = 60)]
    idle_seconds: u64,
    /// What the host keeps its state in
    #[arg(long, value_enum, default_value = "sqlite")]
    db: lanes::Db,
    /// What is measured; everything without it
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<lanes::Part>,
}

impl Common {
    /// The seed that was given, else another one each day.
    fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(|| {
            let day = report::now().as_second() / 86_400;
            u64::try_from(day).unwrap_or(1)
        })
    }

    fn pairs(&self) -> usize {
        self.pairs.unwrap_or(if self.quick { 1 } else { 5 }).max(1)
    }
}

/// Runs a benchmark.
///
/// # Errors
/// When something cannot be built or started, or when both sides do not hold the same rows.
pub(crate) fn run(bench: &Bench) -> anyhow::Result<()> {
    // Another part of the process may have chosen the provider already; either is ring.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    match &bench.what {
        What::Backfill(options) => {
            let programs = build::programs(options.common.no_build)?;
            runtime.block_on(backfill::run(options, &programs))
        }
        What::Lanes(options) => {
            let programs = build::programs(options.common.no_build)?;
            runtime.block_on(lanes::run(options, &programs))
        }
        What::Webhook(options) => {
            let programs = build::programs(options.common.no_build)?;
            runtime.block_on(webhook::run(options, &programs))
        }
    }
}
