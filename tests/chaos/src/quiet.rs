//! After the storm: every fault ends, every host is up, an operator resumes what is paused. Then it waits until
//! nothing is left to do, or until it has taken too long; the judge sees what is left.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use ordercase_world::{Cell, StoreReader};
use serde_json::{Value, json};

use crate::{
    ledger::Ledger,
    limits::{CLOCK_MOVES_SECONDS, QUIET_WITHIN},
    setting::{Paused, Setting},
};

/// Ends the storm and waits.
///
/// # Errors
/// When a host does not come back, or nobody answers.
pub(crate) async fn settle(setting: &Setting<'_>, ledger: &Ledger) -> anyhow::Result<()> {
    let world = setting.world;
    world.shop.faults_end().await?;
    world.zendesk.faults_end().await?;
    for number in 0..world.hosts.count() {
        world.hosts.start(number).await?;
    }
    for what in [Paused::Connection, Paused::Desk] {
        setting.resume(what).await?;
    }
    // What changed without its change time, such as a customer's sums, only a sweep can see.
    world.pace("sweep", &["--every", "2"]).await?;
    let clock = json!({ "advance_seconds": CLOCK_MOVES_SECONDS });
    world.zendesk.sim_post("clock", &clock).await?;
    println!(
        "The storm is over after {} kills. Waiting until all is quiet.",
        ledger.kills
    );
    let mut wait = Wait::begin();
    let end = Instant::now() + QUIET_WITHIN;
    let (mut calm, mut shown) = (0, Instant::now());
    // Quiet for a moment is not quiet: what was just done may lead to something.
    while calm < 3 {
        let left = wait.left(setting).await?;
        calm = if left.is_empty() { calm + 1 } else { 0 };
        if Instant::now() >= end {
            println!(
                "Not quiet after {} s: {}",
                QUIET_WITHIN.as_secs(),
                left.join(", ")
            );
            return Ok(());
        }
        if shown.elapsed() > Duration::from_secs(5) && !left.is_empty() {
            println!("  waiting for: {}", left.join(", "));
            shown = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    world.pace("sweep", &["--default"]).await?;
    println!(
        "Quiet {:.0} s after the storm.",
        wait.since.elapsed().as_secs_f64()
    );
    Ok(())
}

/// What is waited for.
struct Wait {
    since: Instant,
    since_micros: i64,
    /// When each poll and each sweep ended, since the storm is over.
    readings: BTreeMap<String, BTreeSet<i64>>,
}

impl Wait {
    #[expect(
        clippy::disallowed_methods,
        reason = "what the hosts wrote is compared with the time that they live in"
    )]
    fn begin() -> Self {
        Self {
            since: Instant::now(),
            since_micros: jiff::Timestamp::now().as_microsecond(),
            readings: BTreeMap::new(),
        }
    }

    /// What is not done yet, in words.
    async fn left(&mut self, setting: &Setting<'_>) -> anyhow::Result<Vec<String>> {
        let world = setting.world;
        let mut store = StoreReader::open(world).await?;
        let mut left = Vec::new();
        let hooks = world.shop.get("webhooks?limit=0").await?;
        for state in ["waiting", "held"] {
            let count = hooks["counts"][state].as_u64().unwrap_or(0);
            left.extend((count > 0).then(|| format!("{count} webhooks {state}")));
        }
        for row in store.rows(PENDING, &[world.tenant()]).await? {
            left.push(format!("{} {}", text(&row, 1), text(&row, 0)));
        }
        for row in store.rows(STREAMS, &[world.tenant()]).await? {
            self.stream(&row, &mut left);
        }
        let read = store.rows(EXPORTS, &[world.tenant()]).await?;
        let read = read.iter().any(|row| {
            let at = text(row, 1).parse::<i64>();
            text(row, 0).is_empty() && at.is_ok_and(|at| at > self.since_micros)
        });
        left.extend((!read).then(|| "a reading of the export".to_owned()));
        if left.is_empty() {
            let running = running(&world.zendesk.sim("runs").await?);
            left.extend((running > 0).then(|| format!("{running} flows")));
        }
        Ok(left)
    }

    /// A backfill must be done, a poll and a sweep must have read twice: the first reading may have begun in the
    /// storm. The other tracks look much more seldom than a storm lasts.
    fn stream(&mut self, row: &[Cell], left: &mut Vec<String>) {
        let (stream, track, state) = (text(row, 0), text(row, 1), text(row, 2));
        if state == "parked" {
            left.push(format!(
                "{track} of {stream}, which is parked: {}",
                text(row, 4)
            ));
            return;
        }
        if track == "backfill" {
            let done = state == "done";
            left.extend((!done).then(|| format!("the backfill of {stream}")));
            return;
        }
        if !matches!(track, "poll" | "sweep") {
            return;
        }
        let ends = self
            .readings
            .entry(format!("{stream}/{track}"))
            .or_default();
        if let Ok(at) = text(row, 3).parse::<i64>()
            && at > self.since_micros
        {
            ends.insert(at);
        }
        let more = 2_usize.saturating_sub(ends.len());
        left.extend((more > 0).then(|| format!("{more} readings of {stream} ({track})")));
    }
}

const PENDING: &str = "SELECT 'receipts' AS what, CAST(COUNT(*) AS TEXT) AS n FROM receipts
        WHERE tenant_id = $1 AND state = 'pending' HAVING COUNT(*) > 0
    UNION ALL SELECT 'effects' AS what, CAST(COUNT(*) AS TEXT) AS n FROM outbox
        WHERE tenant_id = $1 AND state = 'pending' HAVING COUNT(*) > 0";
const STREAMS: &str =
    "SELECT stream, track, state, CAST(finished_at AS TEXT) AS at, last_error FROM streams
    WHERE tenant_id = $1";
const EXPORTS: &str =
    "SELECT cursor, CAST(read_at AS TEXT) AS at FROM desk_exports WHERE tenant_id = $1";

fn text(row: &[Cell], at: usize) -> &str {
    row.get(at).and_then(Option::as_deref).unwrap_or_default()
}

fn running(runs: &Value) -> usize {
    let runs = runs["runs"].as_array().into_iter().flatten();
    runs.filter(|run| run["state"] == "running").count()
}
