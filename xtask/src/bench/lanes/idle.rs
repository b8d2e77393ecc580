//! What a host costs that has nothing to do: it should sleep until something happens, not ask whether anything did.
//!
//! One merchant, one shop whose history is read; no Zendesk, whose ticket export would be read every five minutes.

use std::time::Duration;

use serde::Serialize;

use super::{Running, Work};
use crate::bench::{
    measure::{Did, did},
    report::{Report, figure},
    shop::tool,
};

/// From the end of the history to the first measured moment: what it left to do is done by then.
const QUIET_AFTER: Duration = Duration::from_secs(5);

/// An idle host.
#[derive(Debug, PartialEq, Serialize)]
struct Idle {
    seconds: f64,
    cpu_s_per_minute: f64,
    /// A thread slept and was woken.
    wakes_per_s: f64,
    /// A thread had to make way for another.
    made_way_per_s: f64,
    /// Calls that read or write.
    calls_per_s: f64,
    disk_bytes_per_minute: f64,
    shop_requests_per_minute: f64,
    /// Only of PostgreSQL: SQLite does not count them.
    transactions_per_minute: Option<f64>,
}

/// Watches an idle host.
///
/// # Errors
/// When something cannot be started.
pub(super) async fn measure(work: &Work<'_>, report: &mut Report) -> anyhow::Result<()> {
    let running = work.start(work.known, None).await?;
    running.host.history(&running.connection).await?;
    tokio::time::sleep(QUIET_AFTER).await;
    println!("Watching an idle host for {} s.", work.idle_seconds);
    let (before, asked, transactions) = look(work, &running).await?;
    tokio::time::sleep(Duration::from_secs(work.idle_seconds)).await;
    let (after, asked_by_then, transactions_by_then) = look(work, &running).await?;
    let seconds = f64::from(u32::try_from(work.idle_seconds)?);
    let transactions = transactions.zip(transactions_by_then);
    let idle = Idle::between(
        seconds,
        (&before, &after),
        asked_by_then - asked,
        transactions.map(|(before, after)| after - before),
    );
    running.end()?;
    idle.tell();
    report.detail("idle", &idle)
}

/// What it did so far, how often it asked the shop, and its transactions where they are counted.
async fn look(work: &Work<'_>, running: &Running<'_>) -> anyhow::Result<(Did, f64, Option<f64>)> {
    let asked = running.shop.stats().await?["calls"].as_f64();
    let transactions = match work.cluster {
        None => None,
        Some(_) => {
            tool(work.programs, &["commits", "--store", &running.store])?["transactions"].as_f64()
        }
    };
    let did = did(running.host.id())?;
    Ok((did, asked.unwrap_or_default(), transactions))
}

impl Idle {
    fn between(
        seconds: f64,
        (before, after): (&Did, &Did),
        asked: f64,
        transactions: Option<f64>,
    ) -> Self {
        // A thread that ended took its sleeps with it: no figure falls below nothing.
        let each = |of: fn(&Did) -> f64| (of(after) - of(before)).max(0.0) / seconds;
        Self {
            seconds,
            cpu_s_per_minute: each(|did| did.cpu_s) * 60.0,
            wakes_per_s: each(|did| did.wakes),
            made_way_per_s: each(|did| did.made_way),
            calls_per_s: each(|did| did.calls),
            disk_bytes_per_minute: each(|did| did.disk_bytes) * 60.0,
            shop_requests_per_minute: asked / seconds * 60.0,
            transactions_per_minute: transactions.map(|count| count / seconds * 60.0),
        }
    }

    fn tell(&self) {
        println!(
            "  {} s of CPU and {} KiB to the disk a minute; {} wakes, {} calls that read or write a second; {} requests to the shop a minute{}",
            figure(self.cpu_s_per_minute),
            figure(self.disk_bytes_per_minute / 1_024.0),
            figure(self.wakes_per_s),
            figure(self.calls_per_s),
            figure(self.shop_requests_per_minute),
            self.transactions_per_minute
                .map(|count| format!("; {} transactions a minute", figure(count)))
                .unwrap_or_default()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_in_the_time_is_told_by_the_minute_or_the_second() {
        let before = Did {
            cpu_s: 1.0,
            wakes: 100.0,
            made_way: 9.0,
            ..Did::default()
        };
        let after = Did {
            cpu_s: 1.5,
            wakes: 400.0,
            made_way: 3.0,
            calls: 60.0,
            disk_bytes: 3_000.0,
        };
        let idle = Idle::between(30.0, (&before, &after), 2.0, Some(15.0));
        assert_eq!((idle.cpu_s_per_minute, idle.wakes_per_s), (1.0, 10.0));
        assert_eq!((idle.made_way_per_s, idle.calls_per_s), (0.0, 2.0));
        assert_eq!(idle.disk_bytes_per_minute, 6_000.0);
        assert_eq!(idle.shop_requests_per_minute, 4.0);
        assert_eq!(idle.transactions_per_minute, Some(30.0));
    }
}
