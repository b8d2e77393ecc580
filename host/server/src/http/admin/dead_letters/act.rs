//! Putting dead letters back to work, and putting them away.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_store::{DeadId, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{after, dead_id, filter, known, next, unknown};
use crate::{
    app::App,
    http::{
        admin::{ACTOR, Operator},
        bound::Bounded,
        problem::{Document, Kind, Problem},
    },
    limits,
};

/// Which dead letters to try again: some by their ids, or those of a filter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::admin) struct RetryBody {
    /// These.
    #[serde(default)]
    ids: Vec<String>,
    /// Of that tenant; with ids: only when they are that tenant's.
    tenant: Option<String>,
    /// Without ids: of that stream.
    stream: Option<String>,
    /// Without ids: of that class.
    class: Option<String>,
    /// Without ids: where an earlier call ended.
    after: Option<String>,
}

/// What became of them.
#[derive(Serialize, ToSchema)]
pub(in crate::http::admin) struct Retried {
    /// Back at work.
    retried: Vec<String>,
    /// Not, each with the reason.
    refused: Vec<Refused>,
    /// Where to go on; absent when the filter names no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// One that stays where it is.
#[derive(Serialize, ToSchema)]
struct Refused {
    id: String,
    reason: String,
}

/// Puts dead letters back to work. What follows from a receipt passes the usual guards; an effect is first
/// asked for at the help desk, so it never happens twice.
#[utoipa::path(
    post, path = "/admin/v1/dead-letters/retry", tag = "admin", security(("admin" = [])),
    request_body = RetryBody,
    responses(
        (status = 200, body = Retried),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http::admin) async fn retry(
    _: Operator,
    State(app): State<Arc<App>>,
    Bounded(body): Bounded<RetryBody>,
) -> Result<Json<Retried>, Problem> {
    let tenant = known(&app, body.tenant.as_deref()).await?;
    let (ids, next) = chosen(&app, body).await?;
    let now = app.clock.now();
    let done = app
        .store
        .retry_dead_letters(tenant.as_ref(), ids, ACTOR, now)
        .await?;
    let refused = done.refused.into_iter().map(|(id, reason)| Refused {
        id: id.to_string(),
        reason,
    });
    Ok(Json(Retried {
        retried: done.retried.iter().map(ToString::to_string).collect(),
        refused: refused.collect(),
        next,
    }))
}

/// The ids that are named, or those of the filter and where it goes on.
async fn chosen(app: &App, body: RetryBody) -> Result<(Vec<DeadId>, Option<String>), Problem> {
    let wrong = |detail: &str| Err(Problem::new(Kind::Malformed, detail).at("ids"));
    let narrowed = body.stream.is_some() || body.class.is_some();
    if !body.ids.is_empty() {
        if narrowed || body.after.is_some() {
            return wrong("name ids or a filter, not both");
        }
        let ids: Result<Vec<DeadId>, Problem> = body.ids.iter().map(|id| dead_id(id)).collect();
        return Ok((ids?, None));
    }
    if !narrowed && body.tenant.is_none() {
        return wrong("name ids, or a tenant, a stream or a class");
    }
    let after = body.after.as_deref().map(after).transpose()?;
    let class = body.class.as_deref();
    let filter = filter(app, body.tenant.as_deref(), body.stream, class).await?;
    let limit = limits::LIST_ROWS_MAX;
    let letters = app
        .store
        .dead_letters(&filter, after.as_ref(), limit)
        .await?;
    let full = u32::try_from(letters.len()).is_ok_and(|found| found == limit);
    let next = letters.last().filter(|_| full).map(next);
    Ok((letters.into_iter().map(|letter| letter.id).collect(), next))
}

/// Why it is put away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::admin) struct DiscardBody {
    /// For whoever asks later; kept with it and in the audit.
    reason: String,
    /// Only when it is that tenant's.
    tenant: Option<String>,
}

/// That it was put away.
#[derive(Serialize, ToSchema)]
pub(in crate::http::admin) struct Discarded {
    discarded: String,
    reason: String,
}

/// Puts a dead letter away: a receipt counts as ignored from now on, an effect will not happen.
#[utoipa::path(
    post, path = "/admin/v1/dead-letters/{id}/discard", tag = "admin", security(("admin" = [])),
    params(("id" = String, Path, description = "Id of the receipt or effect")), request_body = DiscardBody,
    responses(
        (status = 200, body = Discarded),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http::admin) async fn discard(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Bounded(body): Bounded<DiscardBody>,
) -> Result<Json<Discarded>, Problem> {
    let reason = sentence(&body.reason)?;
    let tenant = known(&app, body.tenant.as_deref()).await?;
    let dead = dead_id(&id)?;
    let now = app.clock.now();
    let done = app
        .store
        .discard_dead_letter(tenant.as_ref(), &dead, &reason, ACTOR, now)
        .await;
    match done {
        Err(StoreError::NotFound { .. }) => Err(unknown(&id)),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(Json(Discarded {
            discarded: id,
            reason,
        })),
    }
}

fn sentence(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let fits = !text.is_empty()
        && text.chars().count() <= limits::DISCARD_REASON_CHARS_MAX
        && !text.chars().any(char::is_control);
    if fits {
        return Ok(text.to_owned());
    }
    Err(Problem::new(
        Kind::Malformed,
        format!(
            "a reason is one line of 1 to {} characters",
            limits::DISCARD_REASON_CHARS_MAX
        ),
    )
    .at("reason"))
}
