//! `ordercase`: the host and its command line. See [`ordercase_server`].

use std::process::ExitCode;

use clap::Parser as _;
use ordercase_server::cli::{self, Cli};

// Guards that can be turned off have no place in the product: it does not even build with them.
const _: () = assert!(
    !ordercase_store::SIMULATED,
    "the program must be built without the feature `simulation`"
);

fn main() -> ExitCode {
    cli::run::main(Cli::parse())
}
