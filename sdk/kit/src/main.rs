//! `ordercase-kit`: what the author of a plugin runs.
//!
//! It uses the host's own runtime, so that what maps here maps in production. Results go to stdout as
//! JSON, one value a line; everything for people goes to stderr. Exit status: 0 done, 1 refused.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks on stdout and stderr"
)]

mod build;
mod encode;
mod limits;
mod map;
mod schema;
mod subscribe;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Build, run and check Ordercase plugins.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build a plugin into a component and print where it lies.
    ///
    /// Runs `cargo build --target wasm32-unknown-unknown --profile plugin`, wraps the module into a
    /// component, embeds `plugin.toml` and writes `<target dir>/ordercase/<id>.wasm`. Prints
    /// `{"plugin", "version", "path", "bytes", "digest"}`.
    Build(build::BuildArgs),
    /// Map source bodies into canonical records through the component, in the real runtime.
    ///
    /// Each FILE is one body of one call, in the order given; what it is, the plugin tells by its
    /// shape, or by `--role` where one is given. Prints one JSON line per record: `{"schema", "kind",
    /// "source_id", "parent", "source_version", "source_updated_at", "api_version", "completeness",
    /// "missing", "warnings", "body"}`. A body with nothing to emit, such as a draft, prints no line and
    /// is no error. A body that the plugin refuses is named on stderr with the reason; the others are
    /// still mapped, and the exit status is 1.
    Map(map::MapArgs),
    /// Print a JSON schema of the canonical model.
    Schema(schema::SchemaArgs),
    /// Check a plugin's `subscribe` against a recorded exchange: registered, listed, removed, gone.
    ///
    /// Prints one JSON line per rule: `{"rule", "ok", "why"}`; the exit status is 1 when one does not hold.
    CheckSubscribe(subscribe::SubscribeArgs),
    /// Read a `plugin.toml` as the host will, and report every problem.
    CheckManifest {
        /// The plugin's folder, or the file itself.
        #[arg(value_name = "PLUGIN")]
        plugin: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Build(args) => build::run(&args).and_then(|built| print_line(&built)),
        Command::Map(args) => map::run(&args),
        Command::Schema(args) => schema::run(&args).and_then(|schema| print_pretty(&schema)),
        Command::CheckSubscribe(args) => subscribe::run(&args),
        Command::CheckManifest { plugin } => {
            build::read_manifest(&plugin).and_then(|(manifest, _)| {
                print_line(&serde_json::json!({
                    "plugin": manifest.plugin.id,
                    "version": manifest.plugin.version,
                    "ok": true,
                }))
            })
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One JSON value on one line of stdout.
fn print_line(value: &impl serde::Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

fn print_pretty(value: &impl serde::Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}
