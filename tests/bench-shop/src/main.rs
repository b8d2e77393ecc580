//! What benchmarks read and compare with: a shop whose answers are rendered before its port opens, and the floors,
//! that is the least that the parts of a backfill can cost on this machine.
//!
//! `serve` answers Shopify's Admin API in three forms of the same seeded orders: the GraphQL queries of our plugin,
//! REST pages, and a bulk operation. `hooks` writes signed webhook bodies for a load tool, `flood` sends them faster
//! than they can be taken, `events` at a rate that can and watches what becomes of each, `commits` tells how busy a
//! database is kept. `fetch` reads all pages and does nothing with them. `floor` measures fetching, mapping and
//! storing apart. Everything is loopback.
#![recursion_limit = "1024"]
#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "indexing a JSON value gives null, it does not panic; a tool talks on standard output: one line of JSON a result"
)]

mod commits;
mod events;
mod flood;
mod floor;
mod hooks;
mod order;
mod percentile;
mod serve;

use clap::{Parser, Subcommand};

/// A shop for benchmarks, and the floors that a backfill is measured against.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answers on a loopback port until it is ended.
    Serve(serve::Serve),
    /// Writes signed bodies of webhooks, a line each: signature, tab, body.
    Hooks(hooks::Hooks),
    /// Sends signed webhooks at a rate and writes down which were taken.
    Flood(flood::Flood),
    /// Sends signed webhooks at a rate and tells how long each took until it could be seen in the store.
    Events(events::Events),
    /// Tells how many transactions a PostgreSQL database has seen.
    Commits(commits::Commits),
    /// Reads every page over one connection and throws it away.
    Fetch(floor::fetch::Fetch),
    /// Maps pages natively, typed and borrowed, and nothing else.
    Normalise(floor::normalise::Normalise),
    /// Stores mapped orders, one table with a key and an index, a transaction a page.
    Upsert(floor::upsert::Upsert),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Serve(serve) => serve::run(serve).await,
        Command::Hooks(hooks) => hooks::run(&hooks),
        Command::Flood(flood) => flood::run(&flood).await,
        Command::Events(events) => events::run(&events).await,
        Command::Commits(commits) => commits::run(&commits).await,
        Command::Fetch(fetch) => floor::fetch::run(&fetch).await,
        Command::Normalise(normalise) => floor::normalise::run(&normalise),
        Command::Upsert(upsert) => floor::upsert::run(&upsert).await,
    }
}
