//! `cargo xtask simulate`: the engine under a virtual clock and a seeded scheduler. See `docs/simulation.md`.

use std::{path::PathBuf, process::Command};

use crate::run::{cargo, loudly};

/// Builds the simulation among the whole workspace, so that dependencies keep the features they have; our own
/// crates are optimised, because this is about many runs.
const BUILT: [&str; 5] = [
    "--workspace",
    "--features",
    "ordercase-sync/simulation",
    "--config",
    "profile.dev.opt-level=1",
];

/// Runs interleavings of the sync engine from a seed on. A violation prints its seed and every step; with
/// `--seed` of it and `--interleavings 1` it happens again.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// How many interleavings.
    #[arg(long, default_value_t = 10_000)]
    interleavings: u64,
    /// Seed of the first; the others follow it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; each has a database of its own.
    #[arg(long, default_value_t = 2)]
    threads: u64,
    /// Where the figures go, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Builds the simulation and runs it.
///
/// # Errors
/// When it cannot be built, or something was violated.
pub(crate) fn run(simulate: &Simulate) -> anyhow::Result<()> {
    let mut build = cargo(&["build", "--quiet", "--example", "simulate"]);
    loudly(build.args(BUILT))?;
    let mut runs = Command::new(crate::build::profile_dir()?.join("examples/simulate"));
    runs.args([
        simulate.interleavings.to_string(),
        simulate.seed.to_string(),
        simulate.threads.to_string(),
    ]);
    runs.args(&simulate.json);
    loudly(&mut runs)
}

/// The suite: every guard that is turned off is noticed, and a few thousand interleavings hold.
pub(crate) fn suite() -> Command {
    let mut command = cargo(&["test", "--test", "simulation"]);
    command.args(BUILT);
    command.args(["--", "--format", "pretty", "--nocapture"]);
    command
}
