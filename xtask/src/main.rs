//! Everything a person runs: `cargo xtask demo`, `test`, `bench`, `chaos`, `simulate`, `build`.
//!
//! Each command does its own set-up, says what it does before it does it, and can be run again.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool talks on standard output"
)]

#[expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value gives null, it does not panic"
)]
mod bench;
mod build;
mod chaos;
mod demo;
mod run;
mod setup;
mod simulate;
mod suites;
mod table;
mod test;

use clap::{Parser, Subcommand};

/// Runs Ordercase's demo, tests and benchmarks, and builds what they need.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the main job: a ticket in Zendesk gets the right customer and order of a shop.
    ///
    /// Starts a simulated Zendesk, a simulated shop and the host on free loopback ports, installs the
    /// bundle, connects the shop, reads its orders, files three tickets and shows each before and
    /// after. Ends by itself unless `--keep` is given.
    Demo(demo::Demo),
    /// Runs every check and test, and prints one table at the end.
    Test(test::Test),
    /// Runs the sync engine through interleavings of its steps, each from a seed.
    Simulate(simulate::Simulate),
    /// Kills hosts while everything else goes wrong, then checks that nothing was lost or done twice.
    ///
    /// Shop, Zendesk, database and hosts misbehave at the same time until a host was killed that often; then all is
    /// quiet, and everything is compared. A failed run prints its seed and says where it left its state.
    Chaos(chaos::Chaos),
    /// Measures the host beside what people would use instead.
    Bench(bench::Bench),
    /// Builds the programs and plugins that demo and tests start.
    Build,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Demo(demo) => demo::run(&demo),
        Command::Test(test) => test::run(&test),
        Command::Simulate(simulate) => simulate::run(&simulate),
        Command::Chaos(chaos) => chaos::run(&chaos),
        Command::Bench(bench) => bench::run(&bench),
        Command::Build => build::all(),
    }
}
