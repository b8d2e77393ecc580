//! `cargo xtask bench webhook`: B9, B10, B12.
//!
//! Both sides verify the signature over the raw body and are durable before they answer. Fastify maps and stores the
//! order in the same request; ours stores the delivery, answers, and then reads the order back from the shop through the
//! plugin, because a hint may be stale: that work runs during the measurement too, on the same cores.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use serde::Serialize;

use super::{
    Webhook,
    build::Programs,
    flood,
    hooks::{self, BODIES},
    host::{Host, WEBHOOK_SECRET},
    load::{Load, Wrk},
    measure::{load, of_process},
    pairs::Several,
    peers::node::Node,
    report::{Goal, Report, figure},
    shop::Shop,
};

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
        rounds: common.pairs(),
    };
    let mut sustained = 0.0;
    if wanted(Part::Sqlite) || wanted(Part::Flood) {
        let rounds = work.rounds(None).await?;
        sustained = Several::of(rounds.iter().map(|round| round.ours.load.per_second)).median;
        work.tell(
            "B9",
            "SQLite FULL, beside Fastify + better-sqlite3",
            (">= 4x", 4.0),
            ("<= 0.25x", 0.25),
            &rounds,
            &mut report,
        )?;
    }
    if wanted(Part::Postgres) {
        match postgres_box::Cluster::durable() {
            None => println!("skipped: B10 needs PostgreSQL 15"),
            Some(cluster) => {
                let rounds = work.rounds(Some(&cluster)).await?;
                work.tell(
                    "B10",
                    "PostgreSQL, beside Fastify + pg",
                    (">= 1.7x", 1.7),
                    ("<= 0.6x", 0.6),
                    &rounds,
                    &mut report,
                )?;
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
    rounds: usize,
}

/// One side of a round.
#[derive(Clone, Copy, Debug, Serialize)]
struct Side {
    load: Load,
    /// Processor time of the server an answer, microseconds; of ours with the work behind it.
    cpu_us: f64,
}

/// Both sides, in turn.
#[derive(Clone, Copy, Debug, Serialize)]
struct Round {
    ours: Side,
    peer: Side,
    machine_load: f64,
}

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

    async fn rounds(&self, cluster: Option<&postgres_box::Cluster>) -> anyhow::Result<Vec<Round>> {
        let shop = Shop::start(self.programs, BODIES, self.seed, &["--lazily"])?;
        let mut rounds = Vec::new();
        for round in 0..self.rounds {
            // What one side left behind must not cost the other.
            let (mine, theirs) = (
                cluster.map(postgres_box::Cluster::empty),
                cluster.map(postgres_box::Cluster::empty),
            );
            let (host, url) = self
                .receiving(&self.folder.join("ours"), &shop, mine.as_deref())
                .await?;
            let ours = self.side(&url, host.id(), &format!("ours{round}"))?;
            host.kill()?;
            let peer = self.fastify(theirs.as_deref(), round)?;
            println!(
                "  ours {} /s, p99 {} ms, {} us; Fastify {} /s, p99 {} ms, {} us; load {:.1}",
                figure(ours.load.per_second),
                figure(ours.load.p99_ms),
                figure(ours.cpu_us),
                figure(peer.load.per_second),
                figure(peer.load.p99_ms),
                figure(peer.cpu_us),
                load()
            );
            rounds.push(Round {
                ours,
                peer,
                machine_load: load(),
            });
        }
        Ok(rounds)
    }

    fn fastify(&self, database: Option<&str>, round: usize) -> anyhow::Result<Side> {
        let store = self.folder.join("fastify.db");
        for suffix in ["", "-wal", "-shm"] {
            let _gone = std::fs::remove_file(format!("{}{suffix}", store.display()));
        }
        let target = database.map_or_else(|| store.display().to_string(), str::to_owned);
        let kind = if database.is_some() { "pg" } else { "sqlite" };
        let port = free_port()?.to_string();
        let mut command = self.node.command("webhook.mjs");
        let server = Server::start(command.args([&port, kind, &target, WEBHOOK_SECRET]))?;
        self.side(
            &format!("http://127.0.0.1:{port}/webhooks"),
            server.id(),
            &format!("peer{round}"),
        )
    }

    /// Two seconds to warm up, then the measured ones.
    fn side(&self, url: &str, server: u32, run: &str) -> anyhow::Result<Side> {
        let warm = format!("{run}-warm");
        self.wrk.run(
            "hook.lua",
            url,
            self.connections,
            2,
            &[("HOOKS", &self.bodies), ("RUN", &warm)],
        )?;
        let before = of_process(server)?;
        let load = self.wrk.run(
            "hook.lua",
            url,
            self.connections,
            self.seconds,
            &[("HOOKS", &self.bodies), ("RUN", run)],
        )?;
        let cpu_us = (of_process(server)? - before) * 1e6 / load.answers.max(1.0);
        anyhow::ensure!(
            load.bad == 0.0,
            "{} answers at {url} were not 2xx",
            load.bad
        );
        Ok(Side { load, cpu_us })
    }

    fn tell(
        &self,
        id: &'static str,
        what: &str,
        rate: (&'static str, f64),
        tail: (&'static str, f64),
        rounds: &[Round],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let of = |of: fn(&Round) -> f64| Several::of(rounds.iter().map(of));
        let faster = of(|round| round.ours.load.per_second / round.peer.load.per_second);
        let later = of(|round| round.ours.load.p99_ms / round.peer.load.p99_ms);
        let cpu = of(|round| round.ours.cpu_us / round.peer.cpu_us);
        let connections = self.connections;
        report.goal(
            Goal::at_least(
                id,
                &format!("answers a second, {connections} connections, {what}"),
                rate.0,
                rate.1,
                faster,
            )
            .runs(rounds.len()),
        );
        report.goal(
            Goal::at_most(
                id,
                &format!("99th percentile, {what}"),
                tail.0,
                tail.1,
                later,
            )
            .runs(rounds.len()),
        );
        println!(
            "  server CPU an answer: {} of the peer's",
            figure(cpu.median)
        );
        report.detail(&format!("rounds_{id}"), &rounds)
    }
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
