//! B17: what an agent waits for while history is read: the context of a ticket, beside the buyer's last five orders that
//! an endpoint written by hand (Fastify, better-sqlite3) gives out of the same file.
//!
//! Both are asked over one running backfill, in turn, with the same load. Ours does more: it says who writes and how sure
//! that is, which order it is about, what happened to it and what to do; that favours the peer. Before a time is printed,
//! every order that a context shows must be among those that the peer gives for the same buyer.

use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;

use super::{
    Running, Work,
    desk::{Buyer, Desk, Tickets},
};
use crate::bench::{
    hooks,
    load::{Load, Wrk},
    measure::of_process,
    pairs::{Pair, block, ratio, take, valid},
    peers::node::Node,
    report::{Goal, Report, figure},
    webhook::{Server, free_port},
};

/// Connections of the load tool.
const CONNECTIONS: u32 = 32;
/// Seconds of load before the measured ones.
const WARM_SECONDS: u64 = 2;

/// Who is asked, and for what.
struct Asked {
    address: String,
    /// Paths, a line each.
    paths: PathBuf,
    token: String,
    process: u32,
}

/// One side of a pair.
#[derive(Clone, Copy, Debug, Serialize)]
struct Side {
    load: Load,
    /// Processor time of the server an answer, microseconds; of ours with the history that it reads.
    cpu_us: f64,
}

/// Takes pairs and tells whether the goals are kept.
///
/// # Errors
/// When something cannot be started, a buyer is not known, or the history is over before the load is.
pub(super) async fn measure(work: &Work<'_>, report: &mut Report) -> anyhow::Result<()> {
    let node = Node::install(work.programs)?;
    let wrk = Wrk::install(&work.folder)?;
    let desk = Desk::start(work.programs, &work.folder).await?;
    let running = work.start(work.orders, Some(&desk)).await?;
    running.host.reads(&running.connection, work.known).await?;
    println!(
        "Filing {} tickets of buyers while the history is read.",
        work.tickets
    );
    let (buyers, tickets) = known(work, &desk, &running).await?;
    let port = free_port()?.to_string();
    let mut command = node.command("enrich.mjs");
    let peer = Server::start(command.args([&port, &running.store, &running.tenant]))?;
    let theirs = Asked {
        address: format!("http://127.0.0.1:{port}"),
        paths: lines(work, "theirs.txt", buyers.iter().map(path_of))?,
        token: String::new(),
        process: peer.id(),
    };
    let ours = Asked {
        address: running.host.address.clone(),
        paths: lines(work, "ours.txt", tickets.paths.iter().cloned())?,
        token: running.context_token.clone(),
        process: running.host.id(),
    };
    same(&theirs, &buyers, &tickets).await?;
    println!(
        "Taking {} pairs of {} s, {CONNECTIONS} connections: contexts of ours, last orders of Fastify.",
        work.pairs, work.ask_seconds
    );
    let before = running.host.progress(&running.connection).await?;
    let pairs = take(
        work.pairs,
        || work.native(),
        || ask(work, &wrk, &ours),
        || ask(work, &wrk, &theirs),
    )?;
    let after = block(running.host.progress(&running.connection))?;
    anyhow::ensure!(
        !after.over && after.orders > before.orders,
        "no history was read while contexts were asked for: {before:?}, {after:?}"
    );
    running.end()?;
    tell(&pairs, &node, report)
}

/// Buyers among the newest orders, and their tickets.
async fn known(
    work: &Work<'_>,
    desk: &Desk,
    running: &Running<'_>,
) -> anyhow::Result<(Vec<Buyer>, Tickets)> {
    let bodies = work.folder.join("buyers.tsv");
    hooks::newest(work.programs, &bodies, work.seed, work.known, work.orders)?;
    let buyers = Buyer::of(&std::fs::read_to_string(bodies)?, work.tickets)?;
    let id = desk.join(running).await?;
    let tickets = desk.tickets(running, &id, &buyers).await?;
    Ok((buyers, tickets))
}

fn path_of(buyer: &Buyer) -> String {
    format!("/enrich?email={}", buyer.email)
}

fn lines(
    work: &Work<'_>,
    name: &str,
    lines: impl Iterator<Item = String>,
) -> anyhow::Result<PathBuf> {
    let out = work.folder.join(name);
    std::fs::write(&out, lines.collect::<Vec<_>>().join("\n"))?;
    Ok(out)
}

/// Whether both sides know the same orders of the same buyers.
async fn same(theirs: &Asked, buyers: &[Buyer], tickets: &Tickets) -> anyhow::Result<()> {
    for (buyer, number) in buyers.iter().zip(&tickets.orders) {
        let url = format!("{}{}", theirs.address, path_of(buyer));
        let answer: Value = reqwest::get(url).await?.error_for_status()?.json().await?;
        let orders = answer["orders"].as_array().context("no orders")?;
        anyhow::ensure!(
            orders
                .iter()
                .any(|order| order["number"] == number.as_str()),
            "the two sides do not know the same: the context shows order {number}, the peer {} others",
            orders.len()
        );
    }
    println!("  {} buyers, 0 differ", buyers.len());
    Ok(())
}

fn ask(work: &Work<'_>, wrk: &Wrk, asked: &Asked) -> anyhow::Result<Side> {
    let paths = asked.paths.display().to_string();
    let mut set = vec![("PATHS", paths.as_str())];
    if !asked.token.is_empty() {
        set.push(("TOKEN", &asked.token));
    }
    let run = |seconds| wrk.run("ask.lua", &asked.address, CONNECTIONS, seconds, &set);
    run(WARM_SECONDS)?;
    let before = of_process(asked.process)?;
    let load = run(work.ask_seconds)?;
    let cpu_us = (of_process(asked.process)? - before) * 1e6 / load.answers.max(1.0);
    anyhow::ensure!(
        load.bad == 0.0 && load.answers > 0.0,
        "{} answers at {}, {} of them not 2xx",
        load.answers,
        asked.address,
        load.bad
    );
    Ok(Side { load, cpu_us })
}

fn tell(pairs: &[Pair<Side>], node: &Node, report: &mut Report) -> anyhow::Result<()> {
    for pair in pairs {
        println!(
            "  ours {} /s, p99 {} ms, {} us; Fastify {} /s, p99 {} ms, {} us; {}",
            figure(pair.ours.load.per_second),
            figure(pair.ours.load.p99_ms),
            figure(pair.ours.cpu_us),
            figure(pair.peer.load.per_second),
            figure(pair.peer.load.p99_ms),
            figure(pair.peer.cpu_us),
            pair.machine()
        );
    }
    let runs = valid(pairs)?;
    let faster = ratio(pairs, |pair| {
        pair.ours.load.per_second / pair.peer.load.per_second
    });
    report.goal(
        Goal::at_least(
            "B17",
            "contexts a second while history is read / last orders of Fastify + better-sqlite3",
            ">= 1.5x",
            1.5,
            faster,
        )
        .runs(runs),
    );
    report.goal(
        Goal::at_most(
            "B17",
            "99th percentile of contexts while history is read",
            "<= 50 ms",
            50.0,
            ratio(pairs, |pair| pair.ours.load.p99_ms),
        )
        .in_unit("ms")
        .runs(runs),
    );
    report.detail("versions_buyer", &node.versions())?;
    report.detail("pairs_buyer", &pairs)
}
