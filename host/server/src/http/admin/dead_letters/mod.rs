//! What needs a person: receipts and effects that were set aside, each with what decides about it.
//!
//! Bodies are shown masked: structure, ids, states and times stay, what tells who somebody is goes.

mod act;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_model::Instant;
use ordercase_store::{DeadCursor, DeadFilter, DeadId, ErrorClass, Inspected, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Operator, cursor, desks::known_tenant};
use crate::{
    app::App,
    http::{
        bound::Asked,
        problem::{Document, Kind, Problem},
    },
    limits,
};

/// The routes of this noun.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(act::retry))
        .routes(routes!(act::discard))
}

/// One of them.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadLetter {
    tenant_id: String,
    /// `receipt` or `effect`.
    what: &'static str,
    id: String,
    /// Connection or desk: where it came from, or where it was to go.
    owner: String,
    /// Stream whose account it counts in; effects have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    /// Kind of receipt or effect.
    kind: String,
    /// Topic of the receipt, or key of the effect.
    topic: String,
    /// What it is about.
    entity_key: String,
    attempts: u32,
    /// Class of what went wrong.
    class: &'static str,
    /// `FIELD=WORD`: the mapping that it waits for; it goes back to work when that is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<String>,
    /// Why it was set aside.
    reason: String,
    /// When it arrived or was decided.
    #[schema(value_type = String, format = DateTime)]
    first_at: Instant,
    /// When it was set aside.
    #[schema(value_type = String, format = DateTime)]
    last_at: Instant,
    /// The plugin that was pinned then.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<String>,
    /// Its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin_digest: Option<String>,
}

impl From<ordercase_store::DeadLetter> for DeadLetter {
    fn from(letter: ordercase_store::DeadLetter) -> Self {
        Self {
            tenant_id: letter.tenant.to_string(),
            what: letter.id.what(),
            id: letter.id.to_string(),
            owner: letter.owner.id().to_owned(),
            stream: letter.stream,
            kind: letter.kind,
            topic: letter.topic,
            entity_key: letter.entity_key,
            attempts: letter.attempts,
            class: letter.class.as_str(),
            mapping: letter.mapping.map(|name| name.to_string()),
            reason: letter.reason,
            first_at: letter.first_at,
            last_at: letter.last_at,
            plugin: letter.plugin,
            plugin_digest: letter.plugin_digest,
        }
    }
}

/// A page of them, the one that died last first.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadLetters {
    dead_letters: Vec<DeadLetter>,
    /// Where to go on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Which of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Of that tenant
    tenant: Option<String>,
    /// Of that stream
    stream: Option<String>,
    /// Of that class
    class: Option<String>,
    /// Where the page before ended: its `next`
    after: Option<String>,
    /// At most so many
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Lists dead letters, of all tenants or of one.
#[utoipa::path(
    get, path = "/admin/v1/dead-letters", tag = "admin", security(("admin" = [])), params(Which),
    responses(
        (status = 200, body = DeadLetters),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<Arc<App>>,
    Asked(which): Asked<Which>,
) -> Result<Json<DeadLetters>, Problem> {
    let class = which.class.as_deref();
    let filter = filter(&app, which.tenant.as_deref(), which.stream, class).await?;
    let after = which.after.as_deref().map(after).transpose()?;
    let limit = which
        .limit
        .unwrap_or(limits::LIST_ROWS_DEFAULT)
        .clamp(1, limits::LIST_ROWS_MAX);
    let letters = app
        .store
        .dead_letters(&filter, after.as_ref(), limit)
        .await?;
    let full = u32::try_from(letters.len()).is_ok_and(|found| found == limit);
    let next = letters.last().filter(|_| full).map(next);
    Ok(Json(DeadLetters {
        dead_letters: letters.into_iter().map(DeadLetter::from).collect(),
        next,
    }))
}

/// The filter that a request names.
async fn filter(
    app: &App,
    tenant: Option<&str>,
    stream: Option<String>,
    class: Option<&str>,
) -> Result<DeadFilter, Problem> {
    Ok(DeadFilter {
        tenant: known(app, tenant).await?,
        stream,
        class: class.map(class_of).transpose()?,
    })
}

async fn known(app: &App, tenant: Option<&str>) -> Result<Option<TenantId>, Problem> {
    match tenant {
        Some(tenant) => known_tenant(app, tenant).await.map(Some),
        None => Ok(None),
    }
}

pub(super) fn class_of(text: &str) -> Result<ErrorClass, Problem> {
    text.parse()
        .map_err(|error: String| Problem::new(Kind::Malformed, error).at("class"))
}

fn next(letter: &ordercase_store::DeadLetter) -> String {
    let cursor = letter.cursor();
    cursor::write_moment(cursor.died_at, &cursor.id)
}

fn after(text: &str) -> Result<DeadCursor, Problem> {
    let (died_at, id) = cursor::read_moment(text)?;
    Ok(DeadCursor { died_at, id })
}

/// The id of a dead letter.
fn dead_id(text: &str) -> Result<DeadId, Problem> {
    DeadId::read(text).ok_or_else(|| unknown(text))
}

fn unknown(id: &str) -> Problem {
    let id: String = id.chars().take(limits::ID_CHARS_MAX).collect();
    Problem::new(
        Kind::NotFound,
        format!("there is no dead letter `{id}`; see `ordercase dead-letters list`"),
    )
}

/// A dead letter with what may be shown of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Shown {
    #[serde(flatten)]
    letter: DeadLetter,
    /// Headers that came with it, masked.
    headers: Vec<Header>,
    /// Its body, masked.
    body: Body,
}

/// A header.
#[derive(Serialize, ToSchema)]
struct Header {
    name: String,
    value: String,
}

/// A masked body.
#[derive(Serialize, ToSchema)]
struct Body {
    /// `json`, `text` (readable, but no JSON) or `binary`.
    form: &'static str,
    /// Length of the original.
    bytes: usize,
    /// Its structure; of a text its outline.
    view: serde_json::Value,
    /// Whether the view leaves something out for its size.
    cut: bool,
}

impl From<Inspected> for Shown {
    fn from(seen: Inspected) -> Self {
        let header = |(name, value)| Header { name, value };
        Self {
            letter: seen.letter.into(),
            headers: seen.headers.into_iter().map(header).collect(),
            body: Body {
                form: seen.body.form,
                bytes: seen.body.bytes,
                view: seen.body.view,
                cut: seen.body.cut,
            },
        }
    }
}

/// Whose dead letter it must be.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// Only when it is that tenant's
    tenant: Option<String>,
}

/// Shows a dead letter, its headers and body masked.
#[utoipa::path(
    get, path = "/admin/v1/dead-letters/{id}", tag = "admin", security(("admin" = [])),
    params(("id" = String, Path, description = "Id of the receipt or effect"), Whose),
    responses(
        (status = 200, body = Shown),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Asked(whose): Asked<Whose>,
) -> Result<Json<Shown>, Problem> {
    let tenant = known(&app, whose.tenant.as_deref()).await?;
    let found = app
        .store
        .dead_letter(tenant.as_ref(), &dead_id(&id)?)
        .await?;
    found
        .map(|seen| Json(Shown::from(seen)))
        .ok_or_else(|| unknown(&id))
}
