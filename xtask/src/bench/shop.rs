//! The shop of benchmarks as a process, and the tools in its program.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;
use serde_json::Value;

use super::build::Programs;

/// A running shop; it ends when this is dropped.
pub(super) struct Shop {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub(super) address: String,
    /// Mean bytes of an order by form.
    pub(super) order_bytes: Value,
}

impl Shop {
    /// Starts one with `orders` of that seed, rendered before its port opens.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn start(
        programs: &Programs,
        orders: u64,
        seed: u64,
        more: &[&str],
    ) -> anyhow::Result<Self> {
        let mut child = Command::new(&programs.shop)
            .args([
                "serve",
                "--orders",
                &orders.to_string(),
                "--seed",
                &seed.to_string(),
            ])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the shop")?;
        let out = child.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line).context("the shop did not start")?;
        let address = ready["address"]
            .as_str()
            .context("the shop has no address")?;
        Ok(Self {
            child,
            address: address.to_owned(),
            order_bytes: ready["order_bytes"].clone(),
        })
    }

    /// Its port.
    pub(super) fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or_default()
    }

    /// Under which name the host reaches it, and its port.
    pub(super) fn reached_as(&self, name: &str) -> (String, String) {
        (format!("{name}.myshopify.com"), self.port().to_owned())
    }

    /// What it counted: calls, pages, bytes, rejections.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn stats(&self) -> anyhow::Result<Value> {
        let url = format!("{}/_stats", self.address);
        Ok(reqwest::get(url).await?.error_for_status()?.json().await?)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// Runs a tool of the shop's program and reads the line of JSON that it prints.
///
/// # Errors
/// When it fails.
pub(super) fn tool(programs: &Programs, arguments: &[&str]) -> anyhow::Result<Value> {
    let output = Command::new(&programs.shop).args(arguments).output()?;
    anyhow::ensure!(
        output.status.success(),
        "`bench-shop {}` failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    if output.stdout.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&output.stdout).context("the tool printed no JSON")
}

/// Microseconds of computing an order that such a tool measured.
///
/// # Errors
/// When it fails or measured nothing.
pub(super) fn floor(programs: &Programs, arguments: &[&str]) -> anyhow::Result<f64> {
    tool(programs, arguments)?["cpu_us_per_order"]
        .as_f64()
        .context("the tool measured nothing")
}

/// The native work that pairs are taken beside, microseconds an order.
///
/// # Errors
/// When it fails.
pub(super) fn native(programs: &Programs, seed: u64) -> anyhow::Result<f64> {
    let seed = seed.to_string();
    floor(
        programs,
        &["normalise", "--orders", "6000", "--seed", &seed],
    )
}
