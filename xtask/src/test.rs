//! `cargo xtask test`: every suite in turn, one table at the end.

use std::time::Instant;

use crate::{
    suites::{self, Suite},
    table::{self, Row},
};

/// Runs every check and test.
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Runs one suite only.
    #[arg(long, value_enum)]
    only: Option<Suite>,
}

/// Runs the suites, prints the table and the closing line.
///
/// # Errors
/// When a suite failed.
pub(crate) fn run(test: &Test) -> anyhow::Result<()> {
    let start = Instant::now();
    let wanted = match test.only {
        Some(suite) => vec![suite],
        None => suites::ALL.to_vec(),
    };
    let mut rows: Vec<Row> = Vec::new();
    for suite in wanted {
        println!("\n== {suite}: {}", suite.says());
        let begun = Instant::now();
        match suites::run(suite) {
            Ok(more) => rows.extend(more),
            Err(error) => {
                println!("{error:#}");
                rows.push(Row::check(
                    &suite.to_string(),
                    false,
                    begun.elapsed(),
                    "see above",
                ));
            }
        }
    }
    println!("\n{}", table::render(&rows));
    let sum = |count: fn(&Row) -> usize| rows.iter().map(count).sum::<usize>();
    let (passed, failed) = (sum(|row| row.passed), sum(|row| row.failed));
    println!("\nAll in {:.0} s.", start.elapsed().as_secs_f64());
    println!(
        "{passed} passed, {failed} failed, {} skipped",
        sum(|row| row.skipped)
    );
    anyhow::ensure!(rows.iter().all(|row| row.ok), "a suite failed");
    Ok(())
}
