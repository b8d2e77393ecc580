//! What a run prints and writes: goals as a table, everything as JSON.

use std::path::Path;

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use serde::Serialize;
use serde_json::{Value, json};

use super::{measure::load, pairs::Several};

/// How a goal of `performance.md` was met.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Goal {
    /// B1 to B17, or the requirement.
    pub(super) id: &'static str,
    /// What was measured.
    pub(super) what: String,
    /// Limit, in words.
    pub(super) goal: &'static str,
    /// What was measured: the middle decides.
    pub(super) measured: Several,
    /// Unit of the number.
    pub(super) unit: &'static str,
    /// Whether it is reached.
    pub(super) met: bool,
    /// How many times it was measured.
    pub(super) runs: usize,
}

impl Goal {
    /// A goal that is met at or below a limit.
    pub(super) fn at_most(
        id: &'static str,
        what: &str,
        goal: &'static str,
        limit: f64,
        measured: Several,
    ) -> Self {
        Self {
            id,
            what: what.to_owned(),
            goal,
            measured,
            unit: "x",
            met: measured.median <= limit,
            runs: 1,
        }
    }

    /// A goal that is met at or above a limit.
    pub(super) fn at_least(
        id: &'static str,
        what: &str,
        goal: &'static str,
        limit: f64,
        measured: Several,
    ) -> Self {
        Self {
            met: measured.median >= limit,
            ..Self::at_most(id, what, goal, limit, measured)
        }
    }

    /// In another unit than times.
    pub(super) fn in_unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// Measured so often.
    pub(super) fn runs(mut self, runs: usize) -> Self {
        self.runs = runs;
        self
    }
}

/// Whether a goal is reached: all that is measured of it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Verdict {
    id: &'static str,
    met: bool,
    /// What of it is not.
    missed: Vec<String>,
}

/// One for each goal, as they come.
fn verdicts(goals: &[Goal]) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::new();
    for goal in goals {
        let middle = figure(goal.measured.median);
        let missed = (!goal.met)
            .then(|| format!("{}: {middle} {}, goal {}", goal.what, goal.unit, goal.goal));
        match verdicts.iter_mut().find(|verdict| verdict.id == goal.id) {
            Some(verdict) => {
                verdict.met &= goal.met;
                verdict.missed.extend(missed);
            }
            None => verdicts.push(Verdict {
                id: goal.id,
                met: goal.met,
                missed: missed.into_iter().collect(),
            }),
        }
    }
    verdicts
}

/// All of a run.
pub(super) struct Report {
    head: Value,
    goals: Vec<Goal>,
    details: serde_json::Map<String, Value>,
}

impl Report {
    /// A report that begins with what was measured and where.
    pub(super) fn new(bench: &str, seed: u64, quick: bool, versions: &[String]) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        println!(
            "\nSeed {seed}, {cores} cores, load {:.1}; {}.",
            load(),
            versions.join("; ")
        );
        if quick {
            println!(
                "A quick run: it shows that everything works, its figures are not for publication."
            );
        }
        Self {
            head: json!({
                "bench": bench, "at": now().to_string(), "seed": seed, "quick": quick, "cores": cores,
                "load_at_start": load(), "versions": versions
            }),
            goals: Vec::new(),
            details: serde_json::Map::new(),
        }
    }

    /// Adds a goal and tells it at once.
    pub(super) fn goal(&mut self, goal: Goal) {
        println!(
            "  {} {}: {} (goal {})",
            goal.id,
            if goal.met { "reached" } else { "MISSED" },
            shown(&goal),
            goal.goal
        );
        self.goals.push(goal);
    }

    /// Keeps what lies behind the goals.
    ///
    /// # Errors
    /// When it does not turn into JSON.
    pub(super) fn detail(&mut self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        self.details
            .insert(name.to_owned(), serde_json::to_value(value)?);
        Ok(())
    }

    /// Prints the table and writes the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn end(self, file: Option<&Path>) -> anyhow::Result<()> {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN);
        table.set_header([
            "goal",
            "what",
            "limit",
            "measured (middle)",
            "range",
            "runs",
            "result",
        ]);
        for goal in &self.goals {
            table.add_row([
                goal.id.to_owned(),
                goal.what.clone(),
                goal.goal.to_owned(),
                format!("{} {}", figure(goal.measured.median), goal.unit),
                format!(
                    "{} to {}",
                    figure(goal.measured.min),
                    figure(goal.measured.max)
                ),
                goal.runs.to_string(),
                if goal.met { "reached" } else { "MISSED" }.to_owned(),
            ]);
        }
        if let Some(column) = table.column_mut(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        println!("\n{table}");
        let verdicts = verdicts(&self.goals);
        for Verdict { id, missed, .. } in &verdicts {
            if missed.is_empty() {
                println!("{id} is reached.");
            } else {
                println!("{id} is MISSED: {}.", missed.join("; "));
            }
        }
        if let Some(file) = file {
            let mut all = self.head;
            all["load_at_end"] = json!(load());
            all["goals"] = serde_json::to_value(&self.goals)?;
            all["verdicts"] = serde_json::to_value(&verdicts)?;
            all["details"] = Value::Object(self.details);
            std::fs::write(file, serde_json::to_vec_pretty(&all)?)?;
            println!("Written: {}", file.display());
        }
        Ok(())
    }
}

fn shown(goal: &Goal) -> String {
    let Several { min, median, max } = goal.measured;
    format!(
        "{} {} [{} to {}], {}",
        figure(median),
        goal.unit,
        figure(min),
        figure(max),
        goal.what
    )
}

/// Three digits that count.
pub(super) fn figure(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        small if small < 10.0 => format!("{number:.3}"),
        middling if middling < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// Now, for the seed of the day and the head of a report.
pub(super) fn now() -> jiff::Timestamp {
    #[expect(clippy::disallowed_methods, reason = "a benchmark runs by wall time")]
    jiff::Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_reached_when_all_that_is_measured_of_it_is() {
        let at = |value: f64| Several::of([value]);
        let goals = [
            Goal::at_least("B9", "answers a second", ">= 4x", 4.0, at(4.2)),
            Goal::at_most("B9", "99th percentile", "<= 0.25x", 0.25, at(0.31)),
            Goal::at_most("B7", "time", "<= 1.05x", 1.05, at(1.05)),
        ];
        let [b9, b7] = &verdicts(&goals)[..] else {
            panic!("one verdict for each goal");
        };
        assert_eq!((b9.id, b9.met), ("B9", false));
        assert_eq!(b9.missed, ["99th percentile: 0.310 x, goal <= 0.25x"]);
        assert_eq!((b7.id, b7.met, b7.missed.len()), ("B7", true, 0));
    }

    #[test]
    fn what_was_not_measured_is_not_reached() {
        let nothing = Several::of([]);
        assert!(!Goal::at_least("B9", "answers", ">= 4x", 4.0, nothing).met);
        let broken = Several::of([f64::NAN]);
        assert!(!Goal::at_most("B9", "tail", "<= 0.25x", 0.25, broken).met);
    }
}
