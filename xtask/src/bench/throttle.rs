//! B7: how much of the shop's budget a backfill uses, and whether it is ever told to slow down.
//!
//! The shop's GraphQL budget is points: a bucket that holds some and gets so many back a second (100 on the standard
//! plan, 1,000 on Plus). The least time is what the paid points take to come back beyond those held at the start.

use std::{path::Path, time::Instant};

use serde_json::json;

use super::{
    build::Programs,
    host::Host,
    pairs::Several,
    report::{Goal, Report, figure},
    shop::Shop,
};

/// Plan, points held, points that return in a second, orders that take about forty seconds.
const PLANS: [(&str, f64, f64, u64); 2] = [
    ("standard plan", 2_000.0, 100.0, 1_000),
    ("Plus", 20_000.0, 1_000.0, 10_000),
];

/// Reads a shop under each plan.
///
/// # Errors
/// When something cannot be started or orders are missing.
pub(super) async fn measure(
    programs: &Programs,
    folder: &Path,
    seed: u64,
    quick: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    for (plan, holds, returns, orders) in PLANS {
        let orders = if quick { orders * 6 / 10 } else { orders };
        println!("Reading {orders} orders under the budget of the {plan}.");
        let points = format!("{holds}/{returns}");
        let shop = Shop::start(programs, orders, seed, &["--points", &points])?;
        let data = folder.join("throttled");
        let empty = Shop::start(programs, 0, seed, &[])?;
        let shops = [("warm", &empty), ("bench", &shop)];
        let host = Host::start(programs, &data, &shops, None).await?;
        let tenant = host.tenant()?;
        // The plugin is compiled once in its life, by a shop without orders.
        let warm = host.connect(&tenant, "warm")?;
        host.history(&warm).await?;
        let start = Instant::now();
        let connection = host.connect(&tenant, "bench")?;
        let read = host.history(&connection).await?;
        let took = start.elapsed().as_secs_f64();
        host.stop()?;
        std::fs::remove_dir_all(&data)?;
        anyhow::ensure!(read == orders, "ours read {read} orders of {orders}");
        let stats = shop.stats().await?;
        let number = |name: &str| stats[name].as_f64().unwrap_or_default();
        let least = (number("paid") - holds) / returns;
        println!(
            "  {} s, {} s is the least; {} points",
            figure(took),
            figure(least),
            number("paid")
        );
        let one = |value: f64| Several::of([value]);
        report.goal(Goal::at_most(
            "B7",
            &format!("time under the {plan}'s budget / least"),
            "<= 1.05x",
            1.05,
            one(took / least),
        ));
        report.goal(
            Goal::at_most(
                "B7",
                &format!("calls rejected, {plan}"),
                "0",
                0.0,
                one(number("rejected")),
            )
            .in_unit("calls"),
        );
        report.detail(
            &format!("throttled_{plan}"),
            &json!({"took_s": took, "least_s": least, "stats": stats}),
        )?;
    }
    Ok(())
}
