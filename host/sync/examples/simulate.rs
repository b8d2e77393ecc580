//! Runs interleavings and prints what came of them; `cargo xtask simulate` calls it.
//! Arguments: number of interleavings, first seed, threads, file for the figures (optional).
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks on standard output"
)]

use std::process::ExitCode;

use ordercase_sync::simulation::{Figures, campaign};

/// After so many violations there is enough to look at.
const VIOLATIONS_MAX: usize = 1;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise: u64| {
        arguments
            .get(at)
            .map_or(Some(otherwise), |text| text.parse().ok())
    };
    let (Some(count), Some(seed), Some(threads)) = (number(0, 10_000), number(1, 1), number(2, 2))
    else {
        eprintln!("give the number of interleavings, the first seed, the number of threads");
        return ExitCode::FAILURE;
    };
    let figures = match campaign(seed, count, threads, VIOLATIONS_MAX, &tell) {
        Ok(figures) => figures,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    for outcome in &figures.violations {
        println!("\nseed {}:", outcome.seed);
        for line in &outcome.trace {
            println!("{line}");
        }
        println!(
            "seed {}: {}",
            outcome.seed,
            outcome.violation.as_deref().unwrap_or_default()
        );
    }
    tell(&figures);
    if let Some(file) = arguments.get(3) {
        let written = serde_json::to_vec_pretty(&figures)
            .map_err(std::io::Error::other)
            .and_then(|json| std::fs::write(file, json));
        if let Err(error) = written {
            eprintln!("{file} cannot be written: {error}");
            return ExitCode::FAILURE;
        }
    }
    match figures.violations.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn tell(figures: &Figures) {
    println!(
        "{} interleavings, {} steps, {:.0} s, {:.0} a minute, {} violations",
        figures.interleavings,
        figures.steps,
        figures.seconds,
        figures.per_minute,
        figures.violations.len()
    );
}
