//! B12: three times more than can be taken, for half a minute, then `kill -9`. What was answered with 200 must be in
//! the store; what was not taken must have been told so, and what was taken not have waited long.

use std::process::Command;

use serde_json::{Value, json};

use super::hooks::BODIES;
use super::{
    host::Host,
    pairs::Several,
    report::{Goal, Report, figure},
    shop::Shop,
    webhook::Work,
};

/// Floods a host and kills it.
///
/// # Errors
/// When something cannot be started.
pub(super) async fn measure(
    work: &Work<'_>,
    sustained: f64,
    quick: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let rate = (sustained.max(500.0) * 3.0) as u64;
    let seconds: u64 = if quick { 5 } else { 30 };
    println!("Sending {rate} webhooks a second for {seconds} s, then killing the host.");
    let shop = Shop::start(work.programs, BODIES, work.seed, &["--lazily"])?;
    let data = work.folder.join("flooded");
    let (host, url) = work.receiving(&data, &shop, None).await?;
    let taken = work.folder.join("taken.txt");
    let mut tool = Command::new(&work.programs.shop);
    tool.args([
        "flood",
        "--url",
        &url,
        "--hooks",
        &work.bodies,
        "--rate",
        &rate.to_string(),
    ])
    .args(["--seconds", &seconds.to_string(), "--taken"])
    .arg(&taken)
    .stdout(std::process::Stdio::piped());
    let flood = tool.spawn()?;
    // In the middle of the work: the kill comes while deliveries are on their way.
    std::thread::sleep(std::time::Duration::from_secs(seconds));
    host.kill()?;
    let output = flood.wait_with_output()?;
    let told: Value = serde_json::from_slice(&output.stdout)?;
    // Started again, as a supervisor would, so that the journal is played back.
    let host = Host::start(work.programs, &data, &[("bench", &shop)], None).await?;
    host.kill()?;
    let looked = work
        .node
        .command("acked.mjs")
        .arg(data.join("ordercase.db"))
        .arg(&taken)
        .output()?;
    anyhow::ensure!(
        looked.status.success(),
        "{}",
        String::from_utf8_lossy(&looked.stderr)
    );
    let looked: Value = serde_json::from_slice(&looked.stdout)?;
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let one = |value: f64| Several::of([value]);
    println!(
        "  {} taken (p50 {} ms), {} told to come later, {} broken by the kill",
        told["taken"],
        figure(number(&told["p50_ms"])),
        told["later"],
        told["broken"]
    );
    report.goal(
        Goal::at_most(
            "B12",
            "answered and not in the store after kill -9",
            "0",
            0.0,
            one(number(&looked["lost"])),
        )
        .in_unit("lost"),
    );
    let bad = number(&told["failed"]) + number(&told["later_without_time"]);
    report.goal(
        Goal::at_most(
            "B12",
            "5xx other than 503 with Retry-After",
            "0",
            0.0,
            one(bad),
        )
        .in_unit("answers"),
    );
    report.goal(
        Goal::at_most(
            "B12",
            "99th percentile of what was taken",
            "<= 1 s",
            1_000.0,
            one(number(&told["p99_ms"])),
        )
        .in_unit("ms"),
    );
    report.detail(
        "flood",
        &json!({"rate": rate, "seconds": seconds, "answers": told, "looked": looked}),
    )
}
