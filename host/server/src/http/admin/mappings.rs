//! What the words of a shop's statuses mean, which of its fields must be mapped, and what waits for a mapping.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_model::Instant;
use ordercase_store::{Connection, Mappings, MappingsCommit, Overrides, Waiting};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ACTOR, Operator,
    connections::{found, known_connection},
};
use crate::{
    app::App,
    http::{
        bound::Bounded,
        problem::{Document, Kind, Problem},
    },
};

/// The mappings of a connection, all of them: what is left out is gone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingsBody {
    /// Source field, the shop's word, axis, canonical value:
    /// `{"state": {"OnHold": {"order": "open", "payment": "paid"}}}`.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    overrides: Overrides,
    /// Source fields whose words must all be mapped; a record with another word waits.
    required: Vec<String>,
    /// Only when this is still the revision; anyhow when absent.
    #[serde(default)]
    revision: Option<u64>,
}

/// The mappings of a connection and what waits for one.
#[derive(Serialize, ToSchema)]
pub(super) struct MappingsView {
    /// Source field, the shop's word, axis, canonical value.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    overrides: serde_json::Value,
    /// Source fields whose words must all be mapped.
    required: Vec<String>,
    /// Moves with every change.
    revision: u64,
    /// Mappings that are not there and that something waits for, by name; the first 500.
    missing: Vec<MissingMapping>,
    /// How much went back to work with this change.
    #[serde(skip_serializing_if = "Option::is_none")]
    released: Option<u64>,
}

/// A mapping that something waits for.
#[derive(Serialize, ToSchema)]
pub(super) struct MissingMapping {
    /// `FIELD=WORD`.
    mapping: String,
    /// How many dead letters wait for it.
    waiting: u64,
    /// Since when the first of them.
    #[schema(value_type = String, format = DateTime)]
    since: Instant,
}

impl From<Waiting> for MissingMapping {
    fn from(waiting: Waiting) -> Self {
        Self {
            mapping: waiting.mapping.to_string(),
            waiting: waiting.letters,
            since: waiting.since,
        }
    }
}

/// Shows the mappings of a connection and what waits for one.
#[utoipa::path(
    get, path = "/admin/v1/connections/{connection}/mappings", tag = "admin", security(("admin" = [])),
    params(("connection" = String, Path, description = "Connection id")),
    responses(
        (status = 200, body = MappingsView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
) -> Result<Json<MappingsView>, Problem> {
    let found = found(&app, &connection).await?;
    view(&app, found, None).await.map(Json)
}

/// Sets the mappings of a connection. What waits for one that is there now, or required no longer, goes back to work.
#[utoipa::path(
    put, path = "/admin/v1/connections/{connection}/mappings", tag = "admin", security(("admin" = [])),
    params(("connection" = String, Path, description = "Connection id")), request_body = MappingsBody,
    responses(
        (status = 200, body = MappingsView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else changed them in between, or the shop was disconnected", body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
    Bounded(body): Bounded<MappingsBody>,
) -> Result<Json<MappingsView>, Problem> {
    let Connection { key, activity, .. } = found(&app, &connection).await?;
    if activity.is_over() {
        let detail = "the shop was disconnected: nothing is read of it any more";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let mut mappings = Mappings {
        overrides: body.overrides,
        required: body.required,
    };
    mappings.required.sort_unstable();
    mappings.required.dedup();
    mappings
        .check()
        .map_err(|error| Problem::new(Kind::Malformed, error.to_string()).at(error.path))?;
    let commit = MappingsCommit {
        connection: key.clone(),
        mappings,
        expected: body.revision,
        actor: ACTOR.to_owned(),
        now: app.clock.now(),
    };
    let released = app.store.set_mappings(commit).await?;
    let changed = known_connection(&app, &key).await?;
    view(&app, changed, Some(released)).await.map(Json)
}

async fn view(
    app: &App,
    connection: Connection,
    released: Option<u64>,
) -> Result<MappingsView, Problem> {
    let waiting = app.store.waiting_for_mappings(&connection.key).await?;
    Ok(MappingsView {
        overrides: connection.overrides,
        required: connection.required_mappings,
        revision: connection.mappings_revision,
        missing: waiting.into_iter().map(MissingMapping::from).collect(),
        released,
    })
}
