//! What the host knows about a ticket and did to it, for the operator.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_model::Instant;
use ordercase_store::{DeskId, EffectState, TicketKey};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Operator;
use crate::{
    app::App,
    http::problem::{Document, Kind, Problem},
};

/// A ticket as the host sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct TicketView {
    tenant_id: String,
    desk_id: String,
    ticket_id: u64,
    /// Class of the match.
    class: String,
    case: Option<CaseView>,
    /// Records that the ticket shows.
    #[schema(value_type = Vec<serde_json::Value>)]
    shown: Vec<ordercase_store::ChangedRecord>,
    /// What was, or will be, written to it, newest first.
    effects: Vec<EffectView>,
    /// Counts the host's looks at the ticket.
    revision: u64,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

/// The ticket's case.
#[derive(Serialize, ToSchema)]
struct CaseView {
    case_id: String,
    number: u64,
    subject: String,
    status: String,
    priority: Option<String>,
    comments: Vec<CommentView>,
}

/// A comment of the case.
#[derive(Serialize, ToSchema)]
struct CommentView {
    /// `ticket` or `case`.
    origin: String,
    author: String,
    body: String,
    public: bool,
    /// The ticket's comment, once known.
    remote_id: Option<u64>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
}

/// A write to the ticket.
#[derive(Serialize, ToSchema)]
struct EffectView {
    kind: String,
    #[schema(value_type = String)]
    state: EffectState,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    outcome: Option<Value>,
}

/// Shows a ticket.
#[utoipa::path(
    get, path = "/admin/v1/desks/{desk}/tickets/{ticket}", tag = "admin", security(("admin" = [])),
    params(("desk" = String, Path, description = "Desk id"), ("ticket" = u64, Path, description = "Ticket number")),
    responses(
        (status = 200, body = TicketView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    _: Operator,
    State(app): State<Arc<App>>,
    Path((desk, ticket)): Path<(String, String)>,
) -> Result<Json<TicketView>, Problem> {
    let no_desk = || Problem::new(Kind::NotFound, format!("there is no desk `{desk}`"));
    let id = DeskId::new(desk.as_str()).map_err(|_| no_desk())?;
    let found = app.store.find_desk(&id).await?.ok_or_else(no_desk)?;
    let unknown = || {
        Problem::new(
            Kind::NotFound,
            format!("the desk has told of no ticket {ticket} yet; its export is read regularly"),
        )
    };
    let key = TicketKey {
        tenant: found.key.tenant.clone(),
        desk: found.key.desk.clone(),
        ticket_id: ticket.parse().map_err(|_| unknown())?,
    };
    let state = app.store.ticket(&key).await?.ok_or_else(unknown)?;
    let target = ordercase_store::ticket_entity(key.ticket_id);
    let effects = app.store.effects_of(&found.key, &target).await?;
    let comments = state.comments.into_iter().map(|comment| CommentView {
        origin: comment.origin,
        author: comment.author,
        body: comment.body,
        public: comment.public,
        remote_id: comment.remote_id,
        created_at: comment.created_at,
    });
    let comments = comments.collect();
    Ok(Json(TicketView {
        tenant_id: key.tenant.to_string(),
        desk_id: key.desk.to_string(),
        ticket_id: key.ticket_id,
        class: state.mirror.class,
        case: state.case.map(|case| CaseView {
            case_id: case.id.to_string(),
            number: case.number,
            subject: case.subject,
            status: case.status,
            priority: case.priority,
            comments,
        }),
        shown: state.shown,
        effects: effects
            .into_iter()
            .map(|effect| EffectView {
                kind: effect.kind,
                state: effect.state,
                attempts: effect.attempts,
                last_error: effect.last_error,
                outcome: effect.outcome,
            })
            .collect(),
        revision: state.mirror.revision,
        updated_at: state.mirror.updated_at,
    }))
}
