//! The table at the end of a test run.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

/// How one suite went.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) suite: String,
    pub(crate) ok: bool,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    pub(crate) took: Duration,
    pub(crate) note: String,
}

impl Row {
    /// A suite that is one check.
    pub(crate) fn check(suite: &str, ok: bool, took: Duration, note: &str) -> Self {
        Self {
            suite: suite.to_owned(),
            ok,
            passed: usize::from(ok),
            failed: usize::from(!ok),
            skipped: 0,
            took,
            note: note.to_owned(),
        }
    }
}

/// The rows as a table.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header([
        "suite", "result", "passed", "failed", "skipped", "seconds", "note",
    ]);
    for row in rows {
        table.add_row([
            row.suite.clone(),
            if row.ok { "ok" } else { "FAILED" }.to_owned(),
            row.passed.to_string(),
            row.failed.to_string(),
            row.skipped.to_string(),
            format!("{:.1}", row.took.as_secs_f64()),
            row.note.clone(),
        ]);
    }
    for column in 2..=5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}
