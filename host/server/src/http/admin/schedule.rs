//! How often a stream's tracks are read.

use std::{str::FromStr as _, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_store::{NewAudit, Track, TrackState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{ACTOR, Operator, connections::found};
use crate::{
    app::App,
    http::{
        bound::Bounded,
        problem::{Document, Kind, Problem},
    },
};

/// Longest pace, seconds: a year.
const EVERY_MAX: u32 = 366 * 86_400;

/// A track's pace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleBody {
    /// Seconds between two windows, 1 to 31622400; the host's own pace when absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 31_622_400)]
    every_seconds: Option<u32>,
    /// Whether it is switched off.
    #[serde(default)]
    off: bool,
}

/// A track as it is set now.
#[derive(Serialize, ToSchema)]
pub(super) struct TrackView {
    stream: String,
    track: &'static str,
    /// `pending`, `done`, `parked`, `off`.
    state: &'static str,
    /// Seconds between two windows; the host's own pace when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    every_seconds: Option<u32>,
}

/// Sets how often a track of a stream is read, or switches it off. What waits longer than the new pace begins at it.
#[utoipa::path(
    put, path = "/admin/v1/connections/{connection}/streams/{stream}/{track}", tag = "admin",
    security(("admin" = [])),
    params(
        ("connection" = String, Path, description = "Connection id"),
        ("stream" = String, Path, description = "Stream, such as `orders`"),
        ("track" = String, Path, description = "`poll`, `reconcile`, `sweep` or `reread`"),
    ),
    request_body = ScheduleBody,
    responses(
        (status = 200, body = TrackView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set(
    _: Operator,
    State(app): State<Arc<App>>,
    Path((connection, stream, track)): Path<(String, String, String)>,
    Bounded(body): Bounded<ScheduleBody>,
) -> Result<Json<TrackView>, Problem> {
    let key = found(&app, &connection).await?.key;
    let track = Track::from_str(&track)
        .ok()
        .filter(|track| *track != Track::Backfill)
        .ok_or_else(|| {
            let detail = "a track is poll, reconcile, sweep or reread; history is read once";
            Problem::new(Kind::Malformed, detail).at("track")
        })?;
    if body
        .every_seconds
        .is_some_and(|every| !(1..=EVERY_MAX).contains(&every))
    {
        let detail = format!("a pace has 1 to {EVERY_MAX} seconds");
        return Err(Problem::new(Kind::Malformed, detail).at("every_seconds"));
    }
    let now = app.clock.now();
    let next_at = match body.every_seconds {
        Some(every) => now.plus_seconds(i64::from(every)),
        None => now.plus_seconds(i64::from(EVERY_MAX)),
    };
    app.store
        .schedule_stream(&key, &stream, track, body.every_seconds, body.off, next_at)
        .await?;
    let audit = NewAudit {
        actor: ACTOR.to_owned(),
        action: "stream.scheduled".to_owned(),
        subject: format!("{}/{stream}/{}", key.connection, track.as_str()),
        detail: json!({ "every_seconds": body.every_seconds, "off": body.off }),
    };
    app.store.audit(&key.tenant, audit, now).await?;
    let tracks = app.store.streams(&key).await?;
    let set = tracks
        .iter()
        .find(|one| one.stream == stream && one.track == track);
    Ok(Json(TrackView {
        stream,
        track: track.as_str(),
        state: set.map_or(TrackState::Pending, |one| one.state).as_str(),
        every_seconds: body.every_seconds,
    }))
}
