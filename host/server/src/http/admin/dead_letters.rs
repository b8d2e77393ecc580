//! What needs a person: receipts and effects that were set aside, each with its reason.
//!
//! Bodies stay out: they are personal. The receipt's id leads to them in the database.

use std::sync::Arc;

use axum::{Json, extract::State};
use ordercase_model::Instant;
use ordercase_store::{EffectState, ReceiptState};
use serde::Serialize;
use utoipa::ToSchema;

use super::Operator;
use crate::{
    app::App,
    http::problem::{Document, Problem},
};

/// One of them.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadLetter {
    tenant_id: String,
    /// `receipt` or `effect`.
    what: &'static str,
    id: String,
    /// Connection or desk.
    owner: String,
    /// Kind of receipt or effect.
    kind: String,
    /// Topic of the receipt, or target of the effect.
    about: String,
    /// Why it was set aside.
    reason: String,
    attempts: u32,
    /// When it arrived or was decided.
    #[schema(value_type = String, format = DateTime)]
    since: Instant,
}

/// All of them, newest first per tenant.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadLetters {
    dead_letters: Vec<DeadLetter>,
}

/// Lists dead letters of all tenants.
#[utoipa::path(
    get, path = "/admin/v1/dead-letters", tag = "admin", security(("admin" = [])),
    responses(
        (status = 200, body = DeadLetters),
        (status = 401, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<Arc<App>>,
) -> Result<Json<DeadLetters>, Problem> {
    let mut dead_letters = Vec::new();
    for tenant in app.store.tenants().await? {
        let tenant_id = tenant.id.to_string();
        for receipt in app.store.receipts(&tenant.id, ReceiptState::Dead).await? {
            dead_letters.push(DeadLetter {
                tenant_id: tenant_id.clone(),
                what: "receipt",
                id: receipt.id.to_string(),
                owner: receipt.owner.id().to_owned(),
                kind: receipt.kind.as_str().to_owned(),
                about: receipt.topic,
                reason: receipt.reason.unwrap_or_default(),
                attempts: receipt.attempts,
                since: receipt.received_at,
            });
        }
        for effect in app.store.effects_in(&tenant.id, EffectState::Dead).await? {
            dead_letters.push(DeadLetter {
                tenant_id: tenant_id.clone(),
                what: "effect",
                id: effect.id.to_string(),
                owner: effect.desk.desk.to_string(),
                kind: effect.kind,
                about: effect.target,
                reason: effect.last_error.unwrap_or_default(),
                attempts: effect.attempts,
                since: effect.created_at,
            });
        }
    }
    Ok(Json(DeadLetters { dead_letters }))
}
