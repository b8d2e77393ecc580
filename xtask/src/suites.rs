//! The suites: what each runs, and how its tests are counted.

use std::{fmt, process::Command, time::Instant};

use crate::{
    build,
    chaos::{self, Chaos, Database},
    demo::{self, Demo},
    run::{Kept, cargo, keeping, loudly},
    setup, simulate,
    table::Row,
};

/// A suite that can be run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Suite {
    /// rustfmt.
    Format,
    /// Licences, bans, sources.
    Deny,
    /// Clippy, warnings are errors.
    Clippy,
    /// Documentation without warnings.
    Docs,
    /// Unit, property, golden and in-process integration tests.
    Crates,
    /// Interleavings of the sync engine, and every guard turned off in turn.
    Simulation,
    /// Expected results for shared payloads, through the plugin's component.
    Vectors,
    /// Whole worlds: host, simulators, faults.
    E2e,
    /// A real Vendure, installed and seeded.
    Vendure,
    /// The demo's scenario.
    Demo,
    /// A short storm on each database.
    Chaos,
}

/// The suites of a whole run, cheapest first. Chaos searches for what is not known yet, so it runs alone.
pub(crate) const ALL: [Suite; 10] = [
    Suite::Format,
    Suite::Deny,
    Suite::Clippy,
    Suite::Docs,
    Suite::Crates,
    Suite::Simulation,
    Suite::Vectors,
    Suite::E2e,
    Suite::Vendure,
    Suite::Demo,
];

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "format",
            Self::Deny => "deny",
            Self::Clippy => "clippy",
            Self::Docs => "docs",
            Self::Crates => "crates",
            Self::Simulation => "simulation",
            Self::Vectors => "vectors",
            Self::E2e => "e2e",
            Self::Vendure => "vendure",
            Self::Demo => "demo",
            Self::Chaos => "chaos",
        })
    }
}

impl Suite {
    /// What it does, for people who wait.
    pub(crate) fn says(self) -> &'static str {
        match self {
            Self::Format => "is every file formatted?",
            Self::Deny => "may we ship every dependency?",
            Self::Clippy => "lints, warnings are errors",
            Self::Docs => "does the documentation build without a warning?",
            Self::Crates => {
                "unit, property, golden and in-process integration tests of every crate"
            }
            Self::Simulation => {
                "the sync engine under a seeded scheduler, and without each of its guards"
            }
            Self::Vectors => "shared payloads through the Shopify component",
            Self::E2e => "host and simulators as processes, with faults",
            Self::Vendure => "a real Vendure, installed, seeded and read through the component",
            Self::Demo => "the demo, read back from the simulated Zendesk",
            Self::Chaos => "a short storm on each database, then everything compared",
        }
    }
}

/// Runs one suite.
///
/// # Errors
/// When it could not be run at all; failed tests are rows, not errors.
pub(crate) fn run(suite: Suite) -> anyhow::Result<Vec<Row>> {
    let start = Instant::now();
    let check = |command: &mut Command, note: &str| {
        let ok = loudly(command).is_ok();
        Ok(vec![Row::check(
            &suite.to_string(),
            ok,
            start.elapsed(),
            note,
        )])
    };
    match suite {
        Suite::Format => check(&mut cargo(&["fmt", "--all", "--check"]), ""),
        Suite::Deny => {
            setup::cargo_deny()?;
            let mut checks = vec!["bans", "licenses", "sources"];
            let note = if setup::advisories() {
                checks.push("advisories");
                ""
            } else {
                println!("skipped: the database of advisories cannot be reached from here");
                "advisories skipped"
            };
            let deny = ["deny", "--log-level", "error", "check"];
            check(&mut cargo(&[&deny[..], &checks].concat()), note)
        }
        Suite::Clippy => check(
            &mut cargo(&[
                "clippy",
                "--quiet",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
            "",
        ),
        Suite::Docs => {
            let mut doc = cargo(&["doc", "--quiet", "--workspace", "--no-deps"]);
            doc.env("RUSTDOCFLAGS", "-D warnings");
            check(&mut doc, "")
        }
        Suite::Crates => {
            setup::postgres()?;
            // Plugins are inputs of some tests (the runtime's, the kit's).
            build::all()?;
            let kept = keeping(&mut cargo(&[
                "test",
                "--workspace",
                "--exclude",
                "ordercase-it",
                "--no-fail-fast",
                "--",
                "--format",
                "pretty",
            ]))?;
            Ok(counted_by_class(&kept, start))
        }
        Suite::Simulation => {
            let kept = keeping(&mut simulate::suite())?;
            let counted = Counted::of(&kept.output, |_| true);
            Ok(vec![counted.row(&suite.to_string(), &kept, start)])
        }
        Suite::Vectors => {
            build::all()?;
            tests(suite, start, &["--test", "vectors"])
        }
        Suite::E2e => {
            setup::chromium()?;
            setup::postgres()?;
            build::all()?;
            tests(suite, start, &["--test", "worlds"])
        }
        Suite::Vendure => {
            setup::node()?;
            build::all()?;
            let real_shop = ["--features", "ordercase-plugin-vendure/real-shop"];
            tests(
                suite,
                start,
                &[&real_shop[..], &["--test", "real_vendure"]].concat(),
            )
        }
        Suite::Demo => {
            build::all()?;
            // In this process: its own file on disk may be a newer build by now.
            let shown = demo::run(&Demo::of_built());
            if let Err(error) = &shown {
                println!("{error:#}");
            }
            let note = "three tickets, one shipment";
            let took = start.elapsed();
            Ok(vec![Row::check("demo", shown.is_ok(), took, note)])
        }
        Suite::Chaos => {
            build::all()?;
            let storms = [
                ("chaos on SQLite", Database::Sqlite),
                ("chaos on PostgreSQL", Database::Postgres),
            ];
            let storm = |(name, db)| {
                let start = Instant::now();
                let done = chaos::run(&Chaos::short(db));
                if let Err(error) = &done {
                    println!("{error:#}");
                }
                Row::check(name, done.is_ok(), start.elapsed(), "20 kills")
            };
            Ok(storms.map(storm).into())
        }
    }
}

fn tests(suite: Suite, start: Instant, arguments: &[&str]) -> anyhow::Result<Vec<Row>> {
    // Of the whole workspace: another set of packages would give dependencies other features, and compile
    // them again.
    let mut command = cargo(&["test", "--workspace"]);
    command
        .args(arguments)
        .args(["--", "--format", "pretty", "--nocapture"]);
    let kept = keeping(&mut command)?;
    let counted = Counted::of(&kept.output, |_| true);
    Ok(vec![counted.row(&suite.to_string(), &kept, start)])
}

/// Counts of tests whose names satisfy a condition.
struct Counted {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Counted {
    fn of(output: &str, wanted: impl Fn(&str) -> bool) -> Self {
        let mut counted = Self {
            passed: 0,
            failed: 0,
            skipped: 0,
        };
        for line in output.lines() {
            if line.contains("skipped: ") {
                counted.skipped += usize::from(wanted(line));
                continue;
            }
            let Some((name, outcome)) = line
                .strip_prefix("test ")
                .and_then(|rest| rest.rsplit_once(" ... "))
                .filter(|(name, _)| wanted(name))
            else {
                continue;
            };
            let _ = name;
            match outcome {
                "ok" => counted.passed += 1,
                "FAILED" => counted.failed += 1,
                _ => counted.skipped += 1,
            }
        }
        counted
    }

    fn row(&self, suite: &str, kept: &Kept, start: Instant) -> Row {
        Row {
            suite: suite.to_owned(),
            ok: kept.ok && self.failed == 0,
            passed: self.passed,
            failed: self.failed,
            skipped: self.skipped,
            took: start.elapsed(),
            note: String::new(),
        }
    }
}

/// One run of all crates, told apart by the names that our tests carry.
fn counted_by_class(kept: &Kept, start: Instant) -> Vec<Row> {
    let property = |name: &str| name.contains("propert");
    let golden = |name: &str| name.contains("golden") || name.contains("snapshot");
    let rows = [
        (
            "unit and integration",
            Counted::of(&kept.output, |n| !property(n) && !golden(n)),
        ),
        ("property", Counted::of(&kept.output, property)),
        ("golden", Counted::of(&kept.output, golden)),
    ];
    let mut rows: Vec<Row> = rows
        .iter()
        .map(|(name, counted)| counted.row(name, kept, start))
        .collect();
    // The classes ran together: only the first row carries the time and a failure to build.
    for row in rows.iter_mut().skip(1) {
        row.took = std::time::Duration::ZERO;
        row.ok = row.failed == 0;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_tell_classes_apart_and_skips_from_passes() {
        let output = "test guard::properties::newest_wins ... ok\n\
                      test map::golden::guest ... FAILED\n\
                      test plain ... ok\n\
                      skipped: ../shared is not here\n\
                      test result: FAILED. 2 passed; 1 failed\n";
        let kept = Kept {
            ok: false,
            output: output.to_owned(),
        };
        let rows = counted_by_class(&kept, Instant::now());
        let counts: Vec<_> = rows
            .iter()
            .map(|r| (r.passed, r.failed, r.skipped))
            .collect();
        assert_eq!(counts, [(1, 0, 1), (1, 0, 0), (0, 1, 0)]);
        assert!(rows.iter().any(|row| !row.ok));
    }
}
