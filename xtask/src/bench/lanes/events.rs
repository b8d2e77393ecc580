//! SB-27: live events while a long history is read, beside the same events without it.
//!
//! Both sides: a host of its own on a store of its own, the newest orders read before, a short warm-up, then signed
//! webhooks about those orders at a rate that does not wait. On one side that is all there is; on the other the same shop
//! has a million orders more, and the host reads on as fast as it can: the shop sets no limit, which is harder on the
//! events than a real one would be, and it renders what is read on the same cores. An event's time runs from when it was
//! due until what it told can be seen in the store (`tests/bench-shop/src/events` says by which clock).

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::{Running, Work};
use crate::bench::{
    hooks,
    measure::of_process,
    pairs::{Pair, Several, block, ratio, take, valid},
    report::{Goal, Report, figure},
    shop::tool,
};

/// Seconds of events before the measured ones.
const WARM_SECONDS: u64 = 2;

/// Percentiles, milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Times {
    count: u64,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

/// What the tool told of the events of one side.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Events {
    sent: u64,
    /// Not answered with 200.
    refused: u64,
    /// Not seen a minute after the last; their times are what was waited.
    not_seen: u64,
    ends: Ends,
    /// To the answer.
    answered_ms: Times,
    /// To the store.
    seen_ms: Times,
    /// How exact that is.
    between_looks_ms: Times,
}

/// How the receipts that were seen ended.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Ends {
    applied: u64,
}

/// One side of a pair.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Side {
    events: Events,
    /// Orders of the history read a second meanwhile.
    read_per_s: f64,
    /// Processor seconds of the host meanwhile.
    cpu_s: f64,
}

/// Takes pairs and tells whether the goal is kept.
///
/// # Errors
/// When something cannot be started, or the history was over before the events were.
pub(super) fn measure(work: &Work<'_>, report: &mut Report) -> anyhow::Result<()> {
    let of = |orders, name: &str| {
        let out = work.folder.join(name);
        hooks::newest(work.programs, &out, work.seed, work.known, orders)
    };
    let (alone, among) = (of(work.known, "alone.tsv")?, of(work.orders, "among.tsv")?);
    println!(
        "Taking {} pairs of {} events a second for {} s: without a history, and while one of {} orders is read.",
        work.pairs, work.rate, work.seconds, work.orders
    );
    let pairs = take(
        work.pairs,
        || work.native(),
        || block(side(work, work.known, &alone)),
        || block(side(work, work.orders, &among)),
    )?;
    pairs.iter().for_each(tell);
    let runs = valid(&pairs)?;
    let later = later(&pairs);
    report.goal(
        Goal::at_most(
            "SB-27",
            "99th percentile of live events while history is read / without",
            "<= 2x",
            2.0,
            later,
        )
        .runs(runs),
    );
    let lost = pairs.iter().map(|pair| {
        let lost = |side: &Side| side.events.refused + side.events.not_seen;
        u32::try_from(lost(&pair.ours) + lost(&pair.peer)).map_or(f64::INFINITY, f64::from)
    });
    report.goal(
        Goal::at_most(
            "SB-27",
            "events refused, or not seen within a minute",
            "0",
            0.0,
            Several::of([lost.sum()]),
        )
        .in_unit("events")
        .runs(pairs.len()),
    );
    report.detail("pairs_events", &pairs)
}

/// How many times as late the last hundredth is.
fn later(pairs: &[Pair<Side>]) -> Several {
    let p99 = |side: &Side| side.events.seen_ms.p99.unwrap_or(f64::INFINITY);
    ratio(pairs, |pair| p99(&pair.peer) / p99(&pair.ours))
}

async fn side(work: &Work<'_>, orders: u64, bodies: &Path) -> anyhow::Result<Side> {
    let long = orders > work.known;
    let running = work.start(orders, None).await?;
    if long {
        running.host.reads(&running.connection, work.known).await?;
    } else {
        running.host.history(&running.connection).await?;
    }
    send(work, &running, bodies, "warm", WARM_SECONDS)?;
    let before = (
        running.host.progress(&running.connection).await?,
        of_process(running.host.id())?,
        std::time::Instant::now(),
    );
    let events = send(work, &running, bodies, "measured", work.seconds)?;
    let (began, cpu_s, start) = before;
    let now = running.host.progress(&running.connection).await?;
    let (cpu_s, seconds) = (
        of_process(running.host.id())? - cpu_s,
        start.elapsed().as_secs_f64(),
    );
    running.end()?;
    anyhow::ensure!(
        now.over != long,
        "the history of {orders} orders was read before the events ended: raise --orders"
    );
    let read = u32::try_from(now.orders.saturating_sub(began.orders)).map_or(0.0, f64::from);
    Ok(Side {
        events,
        read_per_s: read / seconds,
        cpu_s,
    })
}

fn send(
    work: &Work<'_>,
    running: &Running<'_>,
    bodies: &Path,
    run: &str,
    seconds: u64,
) -> anyhow::Result<Events> {
    let url = format!(
        "{}/v1/webhooks/{}",
        running.host.address, running.connection
    );
    let told = tool(
        work.programs,
        &[
            "events",
            "--url",
            &url,
            "--hooks",
            &bodies.display().to_string(),
            "--rate",
            &work.rate.to_string(),
            "--seconds",
            &seconds.to_string(),
            "--run",
            run,
            "--tenant",
            &running.tenant,
            "--connection",
            &running.connection,
            "--store",
            &running.store,
        ],
    )?;
    let events: Events =
        serde_json::from_value(told.clone()).context("the tool told something else")?;
    let seen = events.sent - events.refused - events.not_seen;
    anyhow::ensure!(
        events.ends.applied == seen,
        "not every event changed its order, so their times are not those of one: {told}"
    );
    Ok(events)
}

fn tell(pair: &Pair<Side>) {
    let times = |side: &Side| {
        let of = |time: Option<f64>| figure(time.unwrap_or(f64::NAN));
        let seen = &side.events.seen_ms;
        format!(
            "p50 {}, p95 {}, p99 {} ms (to the answer p99 {})",
            of(seen.p50),
            of(seen.p95),
            of(seen.p99),
            of(side.events.answered_ms.p99)
        )
    };
    println!(
        "  alone {}; while {} orders a second are read {}; looks apart p99 {} and {} ms; native work {:.1} us; {}",
        times(&pair.ours),
        figure(pair.peer.read_per_s),
        times(&pair.peer),
        figure(pair.ours.events.between_looks_ms.p99.unwrap_or_default()),
        figure(pair.peer.events.between_looks_ms.p99.unwrap_or_default()),
        pair.native_us,
        pair.machine()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(p99: f64) -> Side {
        let mut side = Side::default();
        side.events.seen_ms.p99 = Some(p99);
        side
    }

    fn pair(alone: f64, among: f64, void: bool) -> Pair<Side> {
        Pair {
            ours: side(alone),
            peer: side(among),
            native_us: 1.0,
            load: 0.0,
            stolen: 0.0,
            void,
        }
    }

    #[test]
    fn the_ratio_is_of_the_last_hundredths_pair_by_pair() {
        let pairs = [
            pair(10.0, 15.0, false),
            pair(20.0, 20.0, false),
            pair(10.0, 18.0, false),
            pair(10.0, 90.0, true),
        ];
        let later = later(&pairs);
        assert_eq!((later.min, later.median, later.max), (1.0, 1.5, 1.8));
    }

    #[test]
    fn what_the_tool_tells_is_read() {
        let told = r#"{"sent": 3, "refused": 1, "not_seen": 0, "ends": {"applied": 2},
            "answered_ms": {"count": 2, "p50": 1.0, "p95": 2.0, "p99": 2.0, "max": 2.0},
            "seen_ms": {"count": 2, "p50": 3.0, "p95": 4.0, "p99": 4.0, "max": 4.0},
            "between_looks_ms": {"count": 0, "p50": null, "p95": null, "p99": null, "max": null}}"#;
        let events: Events = serde_json::from_str(told).unwrap();
        assert_eq!((events.ends.applied, events.seen_ms.p99), (2, Some(4.0)));
    }
}
