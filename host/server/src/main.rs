//! `ordercase`: the host and its command line. See [`ordercase_server`].

use std::process::ExitCode;

use clap::Parser as _;
use ordercase_server::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run::main(Cli::parse())
}
