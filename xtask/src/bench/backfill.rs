//! `cargo xtask bench backfill`: B1 to B4, B6, B7, B8.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::json;

use super::{
    Backfill,
    build::Programs,
    host::Host,
    measure::Spent,
    memory,
    pairs::{Pair, Several, block, ratio, take, valid},
    peers::{
        node::{Api, Node},
        python::{Peer, Python},
    },
    report::{Goal, Report, figure},
    rows,
    shop::{Shop, floor, native, tool},
    throttle,
};

/// Parts that can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// Beside the Node loop (B1), and the share of the floors (B8).
    Node,
    /// Beside Airbyte, Singer, alone and into PostgreSQL, and dlt (B2 to B4).
    Python,
    /// Memory at 10,000 and 300,000 orders (B6).
    Memory,
    /// Under the shop's rate limit (B7).
    Throttle,
}

/// Runs the parts.
///
/// # Errors
/// When something cannot be started, or both sides do not hold the same rows.
pub(super) async fn run(options: &Backfill, programs: &Programs) -> anyhow::Result<()> {
    let common = &options.common;
    let wanted = |part| options.only.is_empty() || options.only.contains(&part);
    let node = Node::install(programs)?;
    let seed = common.seed();
    let orders = if common.quick {
        options.orders.min(2_000)
    } else {
        options.orders
    };
    let folder = tempfile::tempdir_in(&programs.cache)?;
    let mut report = Report::new("backfill", seed, common.quick, &[node.versions()]);
    let work = Work {
        programs,
        folder: folder.path().to_owned(),
        orders,
        seed,
        pairs: common.pairs(),
    };
    if wanted(Part::Node) {
        beside_node(&work, &node, &mut report).await?;
    }
    if wanted(Part::Python) {
        beside_python(&work, &node, &mut report).await?;
    }
    if wanted(Part::Memory) {
        memory::measure(programs, folder.path(), seed, common.quick, &mut report).await?;
    }
    if wanted(Part::Throttle) {
        throttle::measure(programs, folder.path(), seed, common.quick, &mut report).await?;
    }
    report.end(common.json.as_deref())
}

/// What all parts share.
pub(super) struct Work<'p> {
    programs: &'p Programs,
    folder: PathBuf,
    orders: u64,
    seed: u64,
    pairs: usize,
}

impl Work<'_> {
    fn native(&self) -> anyhow::Result<f64> {
        native(self.programs, self.seed)
    }
}

/// Ours, from the start of a host that knows the plugin to the end of the history.
pub(super) async fn ours(
    programs: &Programs,
    data: &Path,
    shop: &Shop,
    empty: &Shop,
) -> anyhow::Result<(Spent, u64)> {
    ours_on(programs, data, shop, empty, None).await
}

/// The same, on a database where there is one.
async fn ours_on(
    programs: &Programs,
    data: &Path,
    shop: &Shop,
    empty: &Shop,
    database: Option<&str>,
) -> anyhow::Result<(Spent, u64)> {
    let _gone = std::fs::remove_dir_all(data);
    let shops = [("warm", empty), ("bench", shop)];
    // The plugin is admitted once in its life, by a shop without orders; what is measured is every start after.
    let host = Host::start(programs, data, &shops, database).await?;
    let tenant = host.tenant()?;
    let warm = host.connect(&tenant, "warm")?;
    host.history(&warm).await?;
    host.stop()?;
    let host = Host::start(programs, data, &shops, database).await?;
    let connection = host.connect(&tenant, "bench")?;
    let orders = host.history(&connection).await?;
    Ok((host.stop()?, orders))
}

#[derive(Serialize)]
struct Floors {
    fetch_us: f64,
    normalise_us: f64,
    upsert_us: f64,
    sum_us: f64,
    fetch_only_orders_per_s: f64,
}

async fn beside_node(work: &Work<'_>, node: &Node, report: &mut Report) -> anyhow::Result<()> {
    let shop = Shop::start(work.programs, work.orders, work.seed, &[])?;
    let empty = Shop::start(work.programs, 0, work.seed, &[])?;
    let (mine, loops) = (work.folder.join("ours"), work.folder.join("loop.db"));
    println!(
        "Checking that both sides hold the same {} orders.",
        work.orders
    );
    let (_, read) = ours(work.programs, &mine, &shop, &empty).await?;
    anyhow::ensure!(
        read == work.orders,
        "ours read {read} orders of {}",
        work.orders
    );
    for api in [Api::Rest, Api::GraphQl] {
        node.backfill(shop.port(), api, &loops)?;
        let same = rows::same(node, &mine.join("ordercase.db"), &loops, work.orders)?;
        println!("  {} orders, 0 differ ({api:?})", same.orders);
    }
    report.detail("order_bytes", &shop.order_bytes)?;

    let floors = floors(work, &shop)?;
    report.detail("floors", &floors)?;
    println!(
        "Taking {} pairs of ours and the Node loop (REST).",
        work.pairs
    );
    let pairs = interleaved(
        work,
        || block(ours(work.programs, &mine, &shop, &empty)).map(|(spent, _)| spent),
        || node.backfill(shop.port(), Api::Rest, &loops),
    )?;
    let runs = pairs.iter().filter(|pair| !pair.void).count();
    let cpu = ratio(&pairs, |pair| pair.ours.cpu_s / pair.peer.cpu_s);
    report.goal(
        Goal::at_most(
            "B1",
            "CPU beside the Node loop, REST to SQLite FULL",
            "<= 0.65x",
            0.65,
            cpu,
        )
        .runs(runs),
    );
    let thousand = f64::from(u32::try_from(work.orders)?) / 1_000.0;
    let per_thousand = ratio(&pairs, |pair| pair.ours.cpu_s / thousand);
    let share = ratio(&pairs, |pair| {
        floors.sum_us / (pair.ours.cpu_s * 1e3 / thousand)
    });
    report.goal(Goal::at_least("B8", "floors / measured CPU", ">= 0.35", 0.35, share).runs(runs));
    let wall = ratio(&pairs, |pair| pair.ours.wall_s / pair.peer.wall_s);
    println!(
        "  ours {} CPU s per 1,000 orders, the loop {}; wall {} of the loop's; peak {} and {} MiB",
        figure(per_thousand.median),
        figure(ratio(&pairs, |pair| pair.peer.cpu_s / thousand).median),
        figure(wall.median),
        figure(ratio(&pairs, |pair| pair.ours.peak_mib).median),
        figure(ratio(&pairs, |pair| pair.peer.peak_mib).median),
    );
    let fastest = ratio(&pairs, |pair| pair.ours.wall_s.min(pair.peer.wall_s)).min;
    let rate = thousand * 1_000.0 / fastest;
    anyhow::ensure!(
        floors.fetch_only_orders_per_s >= 5.0 * rate,
        "the run is void: the shop gives {:.0} orders a second, not five times the fastest client's {rate:.0}",
        floors.fetch_only_orders_per_s
    );
    let graphql = node.backfill(shop.port(), Api::GraphQl, &loops)?;
    report.detail("pairs_node_rest", &pairs)?;
    report.detail("node_graphql_once", &graphql)?;
    report.detail("shop", &shop.stats().await?)
}

/// The floors, each the least of three.
fn floors(work: &Work<'_>, shop: &Shop) -> anyhow::Result<Floors> {
    let seed = work.seed.to_string();
    let least = |arguments: &[&str]| -> anyhow::Result<f64> {
        let mut least = f64::INFINITY;
        for _ in 0..3 {
            least = least.min(floor(work.programs, arguments)?);
        }
        Ok(least)
    };
    let folder = tempfile::tempdir_in(&work.folder)?;
    let fetch_us = least(&["fetch", "--address", &shop.address])?;
    let normalise_us = least(&["normalise", "--seed", &seed])?;
    let at = folder.path().display().to_string();
    let upsert_us = floor(work.programs, &["upsert", "--seed", &seed, "--folder", &at])?;
    let wall = tool(work.programs, &["fetch", "--address", &shop.address])?;
    let seconds = wall["wall_s"].as_f64().unwrap_or(f64::INFINITY);
    let floors = Floors {
        fetch_us,
        normalise_us,
        upsert_us,
        sum_us: fetch_us + normalise_us + upsert_us,
        fetch_only_orders_per_s: f64::from(u32::try_from(work.orders)?) / seconds,
    };
    println!(
        "Floors, microseconds an order: fetch {}, map {}, store {}; together {}. Fetching alone: {:.0} orders a second.",
        figure(floors.fetch_us),
        figure(floors.normalise_us),
        figure(floors.upsert_us),
        figure(floors.sum_us),
        floors.fetch_only_orders_per_s
    );
    Ok(floors)
}

fn interleaved(
    work: &Work<'_>,
    ours: impl FnMut() -> anyhow::Result<Spent>,
    peer: impl FnMut() -> anyhow::Result<Spent>,
) -> anyhow::Result<Vec<Pair>> {
    let pairs = take(work.pairs, || work.native(), ours, peer)?;
    for pair in &pairs {
        println!(
            "  ours {:.2} s CPU, {:.2} s wall; peer {:.2} s, {:.2} s; native work {:.1} us; {}",
            pair.ours.cpu_s,
            pair.ours.wall_s,
            pair.peer.cpu_s,
            pair.peer.wall_s,
            pair.native_us,
            pair.machine()
        );
    }
    valid(&pairs)?;
    Ok(pairs)
}

async fn beside_python(work: &Work<'_>, node: &Node, report: &mut Report) -> anyhow::Result<()> {
    let shop = Shop::start(work.programs, work.orders, work.seed, &[])?;
    let empty = Shop::start(work.programs, 0, work.seed, &[])?;
    let mine = work.folder.join("ours");
    let (_, read) = ours(work.programs, &mine, &shop, &empty).await?;
    anyhow::ensure!(
        read == work.orders,
        "ours read {read} orders of {}",
        work.orders
    );
    node.backfill(shop.port(), Api::Rest, &work.folder.join("loop.db"))?;
    rows::same(
        node,
        &mine.join("ordercase.db"),
        &work.folder.join("loop.db"),
        work.orders,
    )?;
    for peer in Peer::ALL {
        let measured = match Python::install(work.programs, peer) {
            Ok(python) => {
                let pairs = python_pairs(work, &python, peer, &shop, &empty);
                pairs.map(|pairs| (python.version(), pairs))
            }
            Err(error) => Err(error),
        };
        match measured {
            Ok((version, pairs)) => {
                tell_python(peer, &pairs, report)?;
                report.detail(&format!("pairs_{}", peer.name()), &pairs)?;
                report.detail(&format!("version_{}", peer.name()), &version)?;
            }
            Err(error) => {
                println!("skipped: {}: {error:#}", peer.name());
                report.detail(
                    &format!("skipped_{}", peer.name()),
                    &json!(format!("{error:#}")),
                )?;
            }
        }
    }
    Ok(())
}

/// Pairs of ours and a Python peer, both on the same kind of database.
fn python_pairs(
    work: &Work<'_>,
    python: &Python,
    peer: Peer,
    shop: &Shop,
    empty: &Shop,
) -> anyhow::Result<Vec<Pair>> {
    let cluster = peer
        .writes_postgres()
        .then(|| postgres_box::Cluster::durable().context("it needs PostgreSQL 15"))
        .transpose()?;
    println!("Taking pairs of ours and {}.", peer.name());
    let database = || cluster.as_ref().map(postgres_box::Cluster::empty);
    let mine = work.folder.join("ours");
    let ours = || -> anyhow::Result<Spent> {
        let database = database();
        let running = ours_on(work.programs, &mine, shop, empty, database.as_deref());
        let (spent, read) = block(running)?;
        anyhow::ensure!(
            read == work.orders,
            "ours read {read} orders of {}",
            work.orders
        );
        Ok(spent)
    };
    let pairs = take(
        work.pairs.min(3),
        || work.native(),
        ours,
        || python.backfill(shop, &work.folder, work.orders, database().as_deref()),
    )?;
    valid(&pairs)?;
    Ok(pairs)
}

fn tell_python(peer: Peer, pairs: &[Pair], report: &mut Report) -> anyhow::Result<()> {
    let runs = valid(pairs)?;
    let less: Several = ratio(pairs, |pair| pair.peer.cpu_s / pair.ours.cpu_s);
    let (id, goal, limit) = peer.goal();
    let what = format!("CPU of {} beside ours", peer.name());
    report.goal(Goal::at_least(id, &what, goal, limit, less).runs(runs));
    Ok(())
}
