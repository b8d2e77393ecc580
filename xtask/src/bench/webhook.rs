//! `cargo xtask bench webhook`: B9, B10, B12.
//!
//! Both sides verify the signature over the raw body and are durable before they answer. Fastify maps and stores the
//! order in the same request; ours stores the delivery, answers, and then reads the order back from the shop through the
//! plugin, because a hint may be stale: that work runs during the measurement too, on the same cores. After its load a side
//! is killed and what it holds is compared, with what was sent and with the other side: no time is printed before.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use postgres_box::Cluster;
use serde::Serialize;

use super::{
    Webhook,
    build::Programs,
    deliveries::{self, Kept, Same, Sent},
    flood,
    hooks::{self, BODIES},
    host::{Host, WEBHOOK_SECRET},
    load::{Load, Wrk},
    measure::of_process,
    pairs::{Pair, block, ratio, take, valid},
    peers::node::Node,
    report::{Goal, Report, figure},
    shop::{Shop, native},
};

/// Begins the ids of the deliveries before the measured ones.
const WARM: &str = "warm";
/// Seconds of them.
const WARM_SECONDS: u64 = 2;
/// Begins the ids of the measured ones.
const MEASURED: &str = "measured";

/// Parts that can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// Beside Fastify with better-sqlite3 (B9).
    Sqlite,
    /// Beside Fastify with pg (B10).
    Postgres,
    /// More than can be taken, then `kill -9` (B12).
    Flood,
}

/// Runs the parts.
///
/// # Errors
/// When something cannot be started.
pub(super) async fn run(options: &Webhook, programs: &Programs) -> anyhow::Result<()> {
    let common = &options.common;
    let wanted = |part| options.only.is_empty() || options.only.contains(&part);
    let node = Node::install(programs)?;
    let folder = tempfile::tempdir_in(&programs.cache)?;
    let wrk = Wrk::install(folder.path())?;
    let seed = common.seed();
    let mut report = Report::new("webhook", seed, common.quick, &[node.versions()]);
    let bodies = hooks::write(programs, folder.path(), seed)?;
    let work = Work {
        programs,
        node: &node,
        wrk: &wrk,
        folder: folder.path(),
        bodies: bodies.display().to_string(),
        seed,
        connections: options.connections,
        seconds: if common.quick {
            options.seconds.min(2)
        } else {
            options.seconds
        },
        pairs: common.pairs(),
        sent: Sent::read(&bodies)?,
    };
    let mut sustained = 0.0;
    if wanted(Part::Sqlite) || wanted(Part::Flood) {
        let pairs = work.measure(&B9, None, &mut report)?;
        sustained = ratio(&pairs, |pair| pair.ours.load.per_second).median;
    }
    if wanted(Part::Postgres) {
        match Cluster::durable() {
            None => println!("skipped: B10 needs PostgreSQL 15"),
            Some(cluster) => {
                work.measure(&B10, Some(&cluster), &mut report)?;
            }
        }
    }
    if wanted(Part::Flood) {
        flood::measure(&work, sustained, common.quick, &mut report).await?;
    }
    report.end(common.json.as_deref())
}

/// What all parts share.
pub(super) struct Work<'p> {
    pub(super) programs: &'p Programs,
    pub(super) node: &'p Node,
    pub(super) wrk: &'p Wrk,
    pub(super) folder: &'p Path,
    pub(super) bodies: String,
    pub(super) seed: u64,
    pub(super) connections: u32,
    pub(super) seconds: u64,
    pairs: usize,
    sent: Sent,
}

/// One side of a pair.
#[derive(Clone, Copy, Debug, Serialize)]
struct Side {
    load: Load,
    /// Processor time of the server an answer, microseconds; of ours with the work behind it.
    cpu_us: f64,
}

/// What is measured beside a peer, and the limits.
struct Beside {
    id: &'static str,
    what: &'static str,
    rate: (&'static str, f64),
    tail: (&'static str, f64),
}

const B9: Beside = Beside {
    id: "B9",
    what: "SQLite FULL, beside Fastify + better-sqlite3",
    rate: (">= 4x", 4.0),
    tail: ("<= 0.25x", 0.25),
};
const B10: Beside = Beside {
    id: "B10",
    what: "PostgreSQL, beside Fastify + pg",
    rate: (">= 1.7x", 1.7),
    tail: ("<= 0.6x", 0.6),
};

impl<'p> Work<'p> {
    /// A host that takes webhooks of a shop, whose short history is read already, and where they go.
    pub(super) async fn receiving(
        &self,
        data: &Path,
        shop: &Shop,
        database: Option<&str>,
    ) -> anyhow::Result<(Host<'p>, String)> {
        let _gone = std::fs::remove_dir_all(data);
        let host = Host::start(self.programs, data, &[("bench", shop)], database).await?;
        let tenant = host.tenant()?;
        let connection = host.connect(&tenant, "bench")?;
        host.history(&connection).await?;
        let url = format!("{}/v1/webhooks/{connection}", host.address);
        Ok((host, url))
    }

    fn measure(
        &self,
        beside: &Beside,
        cluster: Option<&Cluster>,
        report: &mut Report,
    ) -> anyhow::Result<Vec<Pair<Side>>> {
        println!(
            "Taking {} pairs of {} s: {}.",
            self.pairs, self.seconds, beside.what
        );
        let (pairs, same) = self.pairs(cluster)?;
        for (pair, same) in pairs.iter().zip(&same) {
            println!("{}", told(pair, same));
        }
        let runs = valid(&pairs)?;
        goals(beside, &pairs, self.connections)
            .into_iter()
            .for_each(|goal| report.goal(goal.runs(runs)));
        println!(
            "  server CPU an answer: {} of the peer's",
            figure(ratio(&pairs, |pair| pair.ours.cpu_us / pair.peer.cpu_us).median)
        );
        report.detail(&format!("pairs_{}", beside.id), &pairs)?;
        report.detail(&format!("same_{}", beside.id), &same)?;
        Ok(pairs)
    }

    /// Pairs, each compared before the next is taken.
    fn pairs(&self, cluster: Option<&Cluster>) -> anyhow::Result<(Vec<Pair<Side>>, Vec<Same>)> {
        let shop = Shop::start(self.programs, BODIES, self.seed, &["--lazily"])?;
        let (last, mut compared) = (RefCell::new(Kept::default()), Vec::new());
        // What one side left behind must not cost the other.
        let empty = || cluster.map(Cluster::empty);
        let pairs = take(
            self.pairs,
            || native(self.programs, self.seed),
            || {
                let (side, kept) = block(self.ours(&shop, empty().as_deref()))?;
                last.replace(kept);
                Ok(side)
            },
            || {
                let (side, kept) = self.fastify(empty().as_deref())?;
                let same = deliveries::same(&last.borrow(), &kept)?;
                println!("  {} deliveries answered by both, 0 differ", same.both);
                compared.push(same);
                Ok(side)
            },
        )?;
        Ok((pairs, compared))
    }

    async fn ours(&self, shop: &Shop, database: Option<&str>) -> anyhow::Result<(Side, Kept)> {
        let data = self.folder.join("ours");
        let (host, url) = self.receiving(&data, shop, database).await?;
        let side = self.side(&url, host.id())?;
        host.kill()?;
        let file = data.join("ordercase.db").display().to_string();
        let kept = self.kept("ours", database.unwrap_or(&file))?;
        Ok((side, kept))
    }

    fn fastify(&self, database: Option<&str>) -> anyhow::Result<(Side, Kept)> {
        let store = self.folder.join("fastify.db").display().to_string();
        for suffix in ["", "-wal", "-shm"] {
            let _gone = std::fs::remove_file(format!("{store}{suffix}"));
        }
        let kind = database.map_or("sqlite", |_| "pg");
        let target = database.unwrap_or(&store);
        let port = free_port()?.to_string();
        let mut command = self.node.command("webhook.mjs");
        let server = Server::start(command.args([&port, kind, target, WEBHOOK_SECRET]))?;
        let side = self.side(&format!("http://127.0.0.1:{port}/webhooks"), server.id())?;
        drop(server);
        Ok((side, self.kept("peer", target)?))
    }

    /// Two seconds to warm up, then the measured ones.
    fn side(&self, url: &str, server: u32) -> anyhow::Result<Side> {
        self.load(url, WARM, WARM_SECONDS)?;
        let before = of_process(server)?;
        let load = self.load(url, MEASURED, self.seconds)?;
        let cpu_us = (of_process(server)? - before) * 1e6 / load.answers.max(1.0);
        Ok(Side { load, cpu_us })
    }

    fn load(&self, url: &str, run: &str, seconds: u64) -> anyhow::Result<Load> {
        let taken = self.taken(run).display().to_string();
        let set = [("HOOKS", &*self.bodies), ("RUN", run), ("TAKEN", &taken)];
        let load = self
            .wrk
            .run("hook.lua", url, self.connections, seconds, &set)?;
        anyhow::ensure!(
            load.bad == 0.0,
            "{} answers at {url} were not 2xx",
            load.bad
        );
        Ok(load)
    }

    /// Where the load tool writes what was answered in a run.
    fn taken(&self, run: &str) -> PathBuf {
        self.folder.join(format!("taken-{run}.txt"))
    }

    /// What a side holds after its end, which must be what it answered.
    fn kept(&self, side: &str, store: &str) -> anyhow::Result<Kept> {
        let out = self.folder.join("kept.tsv");
        let mut read = self.node.command("kept.mjs");
        let output = read
            .args([side, store, WEBHOOK_SECRET])
            .arg(&out)
            .output()?;
        anyhow::ensure!(
            output.status.success(),
            "the deliveries could not be read: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let (warm, measured) = (self.taken(WARM), self.taken(MEASURED));
        let kept = Kept::read(&[&warm, &measured], &out)?;
        // Each of the two runs ends with a delivery under way on each connection.
        let open = usize::try_from(self.connections)? * 2;
        self.sent.check(side, &kept, open)?;
        Ok(kept)
    }
}

/// A pair in a line.
fn told(pair: &Pair<Side>, same: &Same) -> String {
    let side = |side: &Side| {
        format!(
            "{} /s, p99 {} ms, {} us",
            figure(side.load.per_second),
            figure(side.load.p99_ms),
            figure(side.cpu_us)
        )
    };
    format!(
        "  ours {}; Fastify {}; {} the same on both sides; native work {:.1} us; {}",
        side(&pair.ours),
        side(&pair.peer),
        same.both,
        pair.native_us,
        pair.machine()
    )
}

/// Answers a second and their 99th percentile, beside the peer's.
fn goals(beside: &Beside, pairs: &[Pair<Side>], connections: u32) -> [Goal; 2] {
    let (what, rate, tail) = (beside.what, beside.rate, beside.tail);
    let faster = ratio(pairs, |pair| {
        pair.ours.load.per_second / pair.peer.load.per_second
    });
    let later = ratio(pairs, |pair| pair.ours.load.p99_ms / pair.peer.load.p99_ms);
    [
        Goal::at_least(
            beside.id,
            &format!("answers a second, {connections} connections, {what}"),
            rate.0,
            rate.1,
            faster,
        ),
        Goal::at_most(
            beside.id,
            &format!("99th percentile, {what}"),
            tail.0,
            tail.1,
            later,
        ),
    ]
}

/// A peer's server; it ends when this is dropped.
pub(super) struct Server(Child);

impl Server {
    /// Starts it and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn start(command: &mut Command) -> anyhow::Result<Self> {
        use std::io::{BufRead as _, BufReader};
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the peer")?;
        let out = child.stdout.take().context("no output")?;
        let server = Self(child);
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        anyhow::ensure!(line.trim() == "ready", "the peer does not start");
        std::thread::sleep(Duration::from_millis(100));
        Ok(server)
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _waited = self.0.wait();
    }
}

/// A free loopback port.
///
/// # Errors
/// When there is none.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(per_second: f64, p99_ms: f64) -> Side {
        let load = Load {
            per_second,
            p99_ms,
            ..Load::default()
        };
        Side { load, cpu_us: 1.0 }
    }

    fn pair(ours: Side, peer: Side, void: bool) -> Pair<Side> {
        Pair {
            ours,
            peer,
            native_us: 1.0,
            load: 0.0,
            stolen: 0.0,
            void,
        }
    }

    #[test]
    fn the_middle_of_the_pairs_that_are_not_void_decides() {
        let slow = pair(side(100.0, 90.0), side(100.0, 100.0), true);
        let fast = pair(side(400.0, 10.0), side(100.0, 100.0), false);
        let [rate, tail] = goals(&B9, &[slow, fast, slow], 32);
        assert_eq!((rate.measured.median, tail.measured.median), (4.0, 0.1));
        assert!(rate.met && tail.met);
    }

    #[test]
    fn faster_is_not_enough_with_a_late_tail() {
        let late = pair(side(500.0, 31.0), side(100.0, 100.0), false);
        let [rate, tail] = goals(&B9, &[late], 32);
        assert!(rate.met && !tail.met);
    }
}
