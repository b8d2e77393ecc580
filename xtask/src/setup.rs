//! What a new machine lacks: the wasm target, Debian packages, `cargo deny`.
//!
//! Each step looks first, says what it installs, and does nothing where nothing is missing.

use std::{path::Path, process::Command};

use crate::run::{answers, cargo, loudly};

/// The target that plugins are built for.
pub(crate) const PLUGIN_TARGET: &str = "wasm32-unknown-unknown";

/// Where Debian puts PostgreSQL's programs; the tests look there.
const POSTGRES_PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// Makes sure that plugins can be built.
///
/// # Errors
/// When rustup cannot install the target.
pub(crate) fn wasm_target() -> anyhow::Result<()> {
    let listed = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    let there = listed.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .any(|line| line == PLUGIN_TARGET)
    });
    if there {
        return Ok(());
    }
    println!("Installing the Rust target {PLUGIN_TARGET}: plugins are built for it.");
    loudly(Command::new("rustup").args(["target", "add", PLUGIN_TARGET]))
}

/// Makes sure that Node.js and npm are there, for the real shop that tests run against.
///
/// # Errors
/// When the Debian packages cannot be installed.
pub(crate) fn node() -> anyhow::Result<()> {
    if answers("node", &["--version"]) && answers("npm", &["--version"]) {
        return Ok(());
    }
    debian(
        &["nodejs", "npm"],
        "the real shop in the tests runs on Node.js",
    )
}

/// Makes sure that a browser for the page's test is there.
///
/// # Errors
/// When Debian cannot install it.
pub(crate) fn chromium() -> anyhow::Result<()> {
    if answers("chromium", &["--version"]) {
        return Ok(());
    }
    debian(
        &["chromium"],
        "the context page is tested in a real browser",
    )
}

/// Makes sure that PostgreSQL's programs are there: tests start clusters of their own.
///
/// # Errors
/// When Debian cannot install it.
pub(crate) fn postgres() -> anyhow::Result<()> {
    if Path::new(POSTGRES_PROGRAMS).join("initdb").is_file() {
        return Ok(());
    }
    debian(
        &["postgresql-15"],
        "the store's tests run on it beside SQLite",
    )
}

/// Installs the load tool of the benchmarks.
///
/// # Errors
/// When Debian cannot install it.
pub(crate) fn wrk() -> anyhow::Result<()> {
    debian(&["wrk"], "benchmarks load the host and its peers with it")
}

/// Makes sure that `cargo deny` is there.
///
/// # Errors
/// When Cargo cannot install it.
pub(crate) fn cargo_deny() -> anyhow::Result<()> {
    if answers("cargo", &["deny", "--version"]) {
        return Ok(());
    }
    println!(
        "Installing cargo-deny: it checks licences, sources and bans. This takes some minutes, once."
    );
    loudly(&mut cargo(&[
        "install",
        "cargo-deny",
        "--locked",
        "--version",
        "^0.20",
    ]))
}

/// Whether the database of advisories is there and fresh; it is fetched, for a minute at most.
pub(crate) fn advisories() -> bool {
    answers("timeout", &["60", "cargo", "deny", "fetch", "db"])
}

fn debian(packages: &[&str], why: &str) -> anyhow::Result<()> {
    println!("Installing {}: {why}.", packages.join(", "));
    anyhow::ensure!(
        answers("apt-get", &["--version"]),
        "this machine has no apt-get: install {} by its own means, then run this again",
        packages.join(", ")
    );
    loudly(Command::new("apt-get").args(["update", "-q"]))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install
        .args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages);
    loudly(&mut install)
}
