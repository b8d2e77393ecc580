//! Verbs about reading shops.

use std::time::Duration;

use anyhow::{Context as _, bail};
use http::Method;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressStyle};
use ordercase_model::Instant;
use serde_json::{Value, json};

use super::{
    Certificate, RunVerb, StreamSet,
    run::{Answer, segment},
    transport::Admin,
};
use crate::limits;

/// Prints a certificate; good when it says so.
pub(super) async fn certificate(admin: &Admin, which: &Certificate) -> anyhow::Result<Answer> {
    let connection = segment(&which.connection)?;
    let path = format!("/admin/v1/connections/{connection}/certificate");
    let document = admin.get(&path).await?;
    let good = document.get("complete").and_then(Value::as_bool) == Some(true);
    Ok(Answer { document, good })
}

/// Sets a track's pace.
pub(super) async fn stream_set(admin: &Admin, set: &StreamSet) -> anyhow::Result<Value> {
    let (connection, stream) = (segment(&set.connection)?, segment(&set.stream)?);
    let track = set.track.as_str();
    let path = format!("/admin/v1/connections/{connection}/streams/{stream}/{track}");
    let body = json!({ "every_seconds": set.every, "off": set.off });
    admin.call(Method::PUT, &path, body).await
}

/// Lists runs or follows them.
pub(super) async fn run(admin: &Admin, verb: RunVerb) -> anyhow::Result<Value> {
    match verb {
        RunVerb::List {
            connection,
            limit,
            after,
        } => {
            let mut path = format!(
                "/admin/v1/connections/{}/runs?limit={limit}",
                segment(&connection)?
            );
            if let Some(after) = after {
                path.push_str("&after=");
                path.push_str(segment(&after)?);
            }
            admin.get(&path).await
        }
        RunVerb::Follow { connection } => follow(admin, segment(&connection)?).await,
    }
}

/// Follows until nothing is under way; answers with the runs that ended meanwhile.
async fn follow(admin: &Admin, connection: &str) -> anyhow::Result<Value> {
    let path = format!("/admin/v1/connections/{connection}/runs/events");
    let mut answer = admin.events(&path).await?;
    let mut board = Board::default();
    let mut lines = Lines::default();
    while let Some(bytes) = answer
        .chunk()
        .await
        .context("the server broke off; what it reads goes on")?
    {
        for (event, data) in lines.take(&bytes)? {
            match event.as_str() {
                "run" => board.show(serde_json::from_str(&data).context("no run")?),
                "idle" => return Ok(board.ended()),
                _ => {}
            }
        }
    }
    Ok(board.ended())
}

/// Server-sent events as they come in pieces.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
    event: String,
    data: String,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) -> anyhow::Result<Vec<(String, String)>> {
        self.rest.extend_from_slice(bytes);
        if self.rest.len() > limits::ADMIN_BODY_BYTES_MAX {
            bail!("the server sends a line without end");
        }
        let mut events = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                if !self.event.is_empty() {
                    let event = std::mem::take(&mut self.event);
                    events.push((event, std::mem::take(&mut self.data)));
                }
            } else if let Some(name) = line.strip_prefix("event:") {
                name.trim_start().clone_into(&mut self.event);
            } else if let Some(data) = line.strip_prefix("data:") {
                self.data.push_str(data.trim_start());
            }
        }
        Ok(events)
    }
}

/// A progress bar per run.
#[derive(Default)]
struct Board {
    bars: MultiProgress,
    runs: std::collections::BTreeMap<String, (ProgressBar, Value)>,
}

impl Board {
    fn show(&mut self, run: Value) {
        let text = |field: &str| run.get(field).and_then(Value::as_str).unwrap_or_default();
        let number = |field: &str| run.get(field).and_then(Value::as_u64);
        let id = text("id").to_owned();
        let bars = &self.bars;
        let (bar, kept) = self.runs.entry(id).or_insert_with(|| {
            let bar = bars.add(ProgressBar::new_spinner());
            bar.set_prefix(format!("{} {}", text("stream"), text("track")));
            (bar, Value::Null)
        });
        let records = number("records").unwrap_or(0);
        match number("total") {
            Some(total) => {
                bar.set_style(style("{prefix:22} {bar:30} {pos}/{len} {wide_msg}"));
                bar.set_length(total.max(records));
            }
            None => bar.set_style(style("{prefix:22} {spinner} {pos} records {wide_msg}")),
        }
        bar.set_position(records);
        let words = words(&run);
        if text("ended_at").is_empty() {
            bar.set_message(words);
        } else {
            bar.finish_with_message(words);
        }
        *kept = run;
    }

    fn ended(self) -> Value {
        let runs: Vec<Value> = self.runs.into_values().map(|(_, run)| run).collect();
        json!({ "runs": runs })
    }
}

/// What stands beside a run's bar: phase, pace, how long it takes yet, what was mended, what a person should know.
fn words(run: &Value) -> String {
    let text = |field: &str| run.get(field).and_then(Value::as_str);
    let number = |field: &str| run.get(field).and_then(Value::as_u64);
    let rate = run.get("rate").and_then(Value::as_f64).unwrap_or(0.0);
    let mut words = vec![
        text("phase").unwrap_or_default().to_owned(),
        format!("{rate:.0}/s"),
    ];
    if let (Some(end), Some(now)) = (moment(run, "expected_end"), moment(run, "now")) {
        let left = Duration::from_micros(end.micros().abs_diff(now.micros()));
        words.push(format!("about {} left", HumanDuration(left)));
    }
    for (field, word) in [("holes", "holes mended"), ("gone", "gone")] {
        if let Some(count) = number(field).filter(|count| *count > 0) {
            words.push(format!("{count} {word}"));
        }
    }
    let warnings = run.get("warnings").and_then(Value::as_array);
    if let Some(newest) = warnings.and_then(|all| all.last()?.as_str()) {
        words.push(format!("warning: {newest}"));
    }
    words.extend(text("last_error").map(str::to_owned));
    words.join(", ")
}

/// A time of a run.
fn moment(run: &Value, field: &str) -> Option<Instant> {
    run.get(field)?.as_str()?.parse().ok()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::*;

    fn board() -> (Board, InMemoryTerm) {
        let terminal = InMemoryTerm::new(10, 140);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let board = Board {
            bars: MultiProgress::with_draw_target(target),
            ..Board::default()
        };
        (board, terminal)
    }

    #[test]
    fn a_terminal_shows_how_far_runs_are_and_when_they_end() {
        let (mut board, terminal) = board();
        let mut run = json!({
            "id": "run_1", "stream": "orders", "track": "backfill", "phase": "reading", "records": 100, "total": 400,
            "rate": 2.0, "now": "2026-11-29T10:00:00Z", "expected_end": "2026-11-29T10:02:30Z", "holes": 0,
            "warnings": ["the shop lists an order twice"],
        });
        board.show(run.clone());
        board.show(json!({
            "id": "run_2", "stream": "customers", "track": "poll", "phase": "reading", "records": 7, "rate": 0.4,
            "last_error": "the shop did not answer",
        }));
        let shown = terminal.contents();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(
            lines[0].starts_with("orders backfill") && lines[0].contains("100/400"),
            "{shown}"
        );
        let told = "reading, 2/s, about 3 minutes left, warning: the shop lists an order twice";
        assert!(shown.contains(told), "{shown}");
        assert!(
            shown.contains("7 records reading, 0/s, the shop did not answer"),
            "{shown}"
        );

        run["records"] = json!(400);
        run["phase"] = json!("done");
        run["holes"] = json!(3);
        run["ended_at"] = json!("2026-11-29T10:03:00Z");
        run["expected_end"] = Value::Null;
        run["warnings"] = json!([]);
        board.show(run);
        let shown = terminal.contents();
        assert!(
            shown.contains("400/400 done, 2/s, 3 holes mended"),
            "{shown}"
        );
        assert_eq!(board.ended()["runs"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = b"event: run\ndata: {\"a\":1}\n\n: keep\n\nevent: idle\r\ndata: {}\r\n\r\n";
        let expected = vec![
            ("run".to_owned(), "{\"a\":1}".to_owned()),
            ("idle".to_owned(), "{}".to_owned()),
        ];
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let mut events = Vec::new();
            for piece in text.chunks(size) {
                events.extend(lines.take(piece).unwrap());
            }
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }
}
