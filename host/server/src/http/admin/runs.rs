//! Runs: every window of every track, with how far it is. Listed, and followed live as server-sent events.
//!
//! A follower is told of each run that moved since it was last told, and `idle` whenever nothing is under way. The
//! database is asked at a fixed pace while somebody follows, and not at all when nobody does.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, LazyLock},
};

use axum::{
    Json,
    extract::{Path, State},
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, StreamExt as _, stream};
use ordercase_model::Instant;
use ordercase_store::{ConnectionKey, Run, RunId};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::{IntoParams, ToSchema};

use super::{Operator, connections::found, cursor};
use crate::{
    app::App,
    http::{
        bound::Asked,
        problem::{Document, Kind, Problem},
    },
    limits,
};

/// A run with what follows from its counts.
#[derive(Serialize)]
struct RunView {
    #[serde(flatten)]
    run: Run,
    /// The moment of this view.
    now: Instant,
    /// Records per second since it began.
    rate: f64,
    /// When it will have read all, at that rate, where the source said how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_end: Option<Instant>,
}

impl RunView {
    fn of(run: Run, now: Instant) -> Self {
        let until = run.ended_at.unwrap_or(now);
        let micros = until
            .micros()
            .saturating_sub(run.started_at.micros())
            .max(1);
        let seconds = std::time::Duration::from_micros(micros.unsigned_abs()).as_secs_f64();
        let records = u32::try_from(run.records).map_or(f64::MAX, f64::from);
        let rate = (records / seconds * 100.0).round() / 100.0;
        let left = run
            .total
            .filter(|_| run.ended_at.is_none())
            .and_then(|total| u32::try_from(total.saturating_sub(run.records)).ok());
        let expected_end = left.filter(|_| rate > 0.0).and_then(|left| {
            let wait = std::time::Duration::try_from_secs_f64(f64::from(left) / rate).ok()?;
            Some(now.plus_seconds(i64::try_from(wait.as_secs()).ok()?))
        });
        Self {
            run,
            now,
            rate,
            expected_end,
        }
    }
}

/// A page of runs, the one that began last first.
#[derive(Serialize, ToSchema)]
pub(super) struct Runs {
    #[schema(value_type = Vec<serde_json::Value>)]
    runs: Vec<RunView>,
    /// Where to go on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Which of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Where the page before ended: its `next`
    after: Option<String>,
    /// At most so many
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Lists the runs of a connection: every backfill, poll, reconciliation, sweep and re-read that read anything.
#[utoipa::path(
    get, path = "/admin/v1/connections/{connection}/runs", tag = "admin", security(("admin" = [])),
    params(("connection" = String, Path, description = "Connection id"), Which),
    responses(
        (status = 200, body = Runs),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
    Asked(which): Asked<Which>,
) -> Result<Json<Runs>, Problem> {
    let key = found(&app, &connection).await?.key;
    let limit = which.limit.unwrap_or(limits::LIST_ROWS_DEFAULT);
    if !(1..=limits::LIST_ROWS_MAX).contains(&limit) {
        let detail = format!("a page has 1 to {} runs", limits::LIST_ROWS_MAX);
        return Err(Problem::new(Kind::Malformed, detail).at("limit"));
    }
    let before = which.after.as_deref().map(before).transpose()?;
    let runs = app.store.runs(&key, before, limit).await?;
    let full = u32::try_from(runs.len()).is_ok_and(|rows| rows == limit);
    let next = runs
        .last()
        .filter(|_| full)
        .map(|last| cursor::write_moment(last.started_at, last.id.as_str()));
    let now = app.clock.now();
    let runs = runs.into_iter().map(|run| RunView::of(run, now)).collect();
    Ok(Json(Runs { runs, next }))
}

fn before(text: &str) -> Result<(Instant, RunId), Problem> {
    let (at, id) = cursor::read_moment(text)?;
    Ok((at, RunId::new(id).map_err(|_| cursor::broken())?))
}

static FOLLOWERS: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(limits::RUN_FOLLOWERS_MAX)));

/// Follows the runs of a connection: `run` events with a run as it is now, `idle` when nothing is under way.
#[utoipa::path(
    get, path = "/admin/v1/connections/{connection}/runs/events", tag = "admin", security(("admin" = [])),
    params(("connection" = String, Path, description = "Connection id")),
    responses(
        (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 503, description = "Too many follow already", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn events(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let key = found(&app, &connection).await?.key;
    let place = Arc::clone(&FOLLOWERS).try_acquire_owned().map_err(|_| {
        let detail = format!("{} follow runs already", limits::RUN_FOLLOWERS_MAX);
        Problem::new(Kind::Busy, detail).retry_after(30)
    })?;
    let follower = Follower {
        app,
        key,
        told: BTreeMap::new(),
        idle: false,
        first: true,
        _place: place,
    };
    let events = stream::unfold(follower, Follower::next)
        .flat_map(stream::iter)
        .map(Ok)
        .take_until(tokio::time::sleep(limits::RUN_EVENTS_TIME_MAX));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Somebody who follows.
struct Follower {
    app: Arc<App>,
    key: ConnectionKey,
    /// When each run had moved last, as it was told.
    told: BTreeMap<RunId, Instant>,
    idle: bool,
    first: bool,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// What is to be told now; ends with the host.
    async fn next(mut self) -> Option<(Vec<Event>, Self)> {
        if !self.first {
            tokio::select! {
                () = self.app.tasks.stop().cancelled_owned() => return None,
                () = tokio::time::sleep(limits::RUN_EVENTS_INTERVAL) => {}
            }
        }
        let runs = self
            .app
            .store
            .runs(&self.key, None, limits::RUNS_FOLLOWED_MAX)
            .await;
        let runs = match runs {
            Ok(runs) => runs,
            Err(error) => {
                tracing::warn!(tenant.id = %self.key.tenant, connection.id = %self.key.connection, %error, "runs cannot be read");
                return None;
            }
        };
        let events = self.tell(runs);
        self.first = false;
        Some((events, self))
    }

    fn tell(&mut self, runs: Vec<Run>) -> Vec<Event> {
        let now = self.app.clock.now();
        let idle = runs.iter().all(|run| run.ended_at.is_some());
        let (first, mut events) = (self.first, Vec::new());
        let told = std::mem::take(&mut self.told);
        // Oldest first, as they happened.
        for run in runs.into_iter().rev() {
            let news = told.get(&run.id).is_none_or(|told| *told < run.updated_at);
            self.told.insert(run.id.clone(), run.updated_at);
            if news && !(first && run.ended_at.is_some()) {
                events.extend(
                    Event::default()
                        .event("run")
                        .json_data(RunView::of(run, now)),
                );
            }
        }
        if idle && (first || !self.idle) {
            events.push(Event::default().event("idle").data("{}"));
        }
        self.idle = idle;
        events
    }
}

#[cfg(test)]
mod tests {
    use ordercase_model::Kind;
    use ordercase_store::{ConnectionId, Phase, TenantId, Track};

    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000).unwrap()
    }

    fn run(records: u64, total: Option<u64>, ended_at: Option<i64>) -> Run {
        Run {
            connection: ConnectionKey {
                tenant: TenantId::new("t").unwrap(),
                connection: ConnectionId::new("c").unwrap(),
            },
            id: RunId::new("run_1").unwrap(),
            stream: "orders".to_owned(),
            track: Track::Backfill,
            kind: Kind::Order,
            phase: Phase::Reading,
            since: None,
            until: None,
            started_at: at(1_000),
            updated_at: at(1_050),
            ended_at: ended_at.map(at),
            pages: 1,
            records,
            total,
            changed: 0,
            holes: 0,
            gone: 0,
            warnings: Vec::new(),
            last_error: None,
            proof: None,
        }
    }

    #[test]
    fn a_run_is_expected_to_end_at_the_pace_it_has() {
        let view = |records, total, ended_at| {
            let view = RunView::of(run(records, total, ended_at), at(1_050));
            (
                view.rate,
                view.expected_end.map(|end| end.micros() / 1_000_000),
            )
        };
        assert_eq!(view(100, Some(400), None), (2.0, Some(1_200)));
        assert_eq!(view(400, Some(400), None), (8.0, Some(1_050)));
        // More than the source said at first.
        assert_eq!(view(450, Some(400), None), (9.0, Some(1_050)));
        assert_eq!(view(0, Some(400), None), (0.0, None), "no pace yet");
        assert_eq!(view(100, None, None), (2.0, None), "nobody knows how many");
        assert_eq!(view(100, Some(400), Some(1_025)), (4.0, None), "it is over");
    }
}
