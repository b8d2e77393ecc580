//! A connection's webhooks at its platform: where each topic stands, and disconnecting the shop.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use ordercase_model::Instant;
use ordercase_store::{Condition, SubscriptionRow, SubscriptionState};
use ordercase_sync::Disconnected;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Operator, connections};
use crate::{
    app::App,
    http::problem::{Document, Problem},
    wiring::subscriptions::webhook_path,
};

/// How a connection's webhooks stand, in short.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookState {
    /// `unchecked`, `registered`, `incomplete`, `no_address`, `forwarder` or `failing`.
    state: &'static str,
    /// The same in words.
    says: &'static str,
    /// When the platform last answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    checked_at: Option<Instant>,
    /// When it is asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    next_check_at: Option<Instant>,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// Topics that stand at the platform.
    registered: usize,
    /// Topics that do not.
    missing: usize,
}

/// A connection's webhooks at its platform.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhooksView {
    connection_id: String,
    /// Where they are to go.
    address: String,
    #[serde(flatten)]
    state: WebhookState,
    topics: Vec<TopicView>,
}

/// A topic at the platform.
#[derive(Serialize, ToSchema)]
pub(super) struct TopicView {
    topic: String,
    /// `registered`, `missing`, `removed` or `left_behind`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// When it was last seen there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    checked_at: Option<Instant>,
    /// Since when it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    missing_since: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

impl From<&SubscriptionRow> for TopicView {
    fn from(row: &SubscriptionRow) -> Self {
        Self {
            topic: row.topic.clone(),
            state: row.state.as_str(),
            platform_id: row.platform_id.clone(),
            address: row.address.clone(),
            checked_at: row.checked_at,
            missing_since: row.missing_since,
            last_error: row.last_error.clone(),
        }
    }
}

const fn says(condition: Condition) -> &'static str {
    match condition {
        Condition::Unchecked => "the platform was not asked yet",
        Condition::Registered => "every topic is registered at the platform",
        Condition::Incomplete => {
            "some topics could not be registered; polling brings what they miss"
        }
        Condition::NoAddress => {
            "nothing is registered: nobody told the host its public address; start `ordercase serve` with \
             --public-url https://HOST"
        }
        Condition::Forwarder => {
            "the shop's own forwarder sends them; the platform has no way to register them"
        }
        Condition::Failing => "the platform could not be asked; polling goes on without it",
    }
}

/// How the webhooks of a connection stand.
pub(super) async fn state(
    app: &App,
    key: &ordercase_store::ConnectionKey,
) -> Result<(WebhookState, Vec<SubscriptionRow>), Problem> {
    let check = app.store.subscription_check(key).await?;
    let rows = app.store.subscriptions(key).await?;
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let condition = check.as_ref().map(|check| check.condition);
    let condition = condition.unwrap_or(Condition::Unchecked);
    let watched = check
        .as_ref()
        .filter(|check| check.state != ordercase_store::CheckState::Left);
    let state = WebhookState {
        state: condition.as_str(),
        says: says(condition),
        checked_at: check.as_ref().and_then(|check| check.checked_at),
        next_check_at: watched.map(|check| check.due_at),
        last_error: check.as_ref().and_then(|check| check.last_error.clone()),
        registered: count(SubscriptionState::Registered),
        missing: count(SubscriptionState::Missing),
    };
    Ok((state, rows))
}

/// Shows where each topic of a connection stands at its platform.
#[utoipa::path(
    get, path = "/admin/v1/connections/{connection}/webhooks", tag = "admin", security(("admin" = [])),
    params(("connection" = String, Path, description = "Connection id")),
    responses(
        (status = 200, body = WebhooksView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
) -> Result<Json<WebhooksView>, Problem> {
    let found = connections::found(&app, &connection).await?;
    let (state, rows) = state(&app, &found.key).await?;
    Ok(Json(WebhooksView {
        connection_id: found.key.connection.to_string(),
        address: app.public_url.join(&webhook_path(&found.key)),
        state,
        topics: rows.iter().map(TopicView::from).collect(),
    }))
}

/// What became of a disconnection.
#[derive(Serialize, ToSchema)]
pub(super) struct DisconnectedView {
    connection_id: String,
    /// `disconnected`, or `disconnecting` while webhooks are still to be removed.
    state: &'static str,
    /// What that means, and what is left to do.
    says: String,
    /// Webhooks removed at the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhooks_removed: Option<usize>,
    /// Topics that still stand at the platform: remove them there by hand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    webhooks_left_behind: Vec<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// When the removal is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    retry_at: Option<Instant>,
}

/// Disconnects a shop: stops its streams, removes its webhooks at the platform, deletes its secrets and tokens.
/// Records stay until retention takes them.
#[utoipa::path(
    delete, path = "/admin/v1/connections/{connection}", tag = "admin", security(("admin" = [])),
    params(("connection" = String, Path, description = "Connection id")),
    responses(
        (status = 200, description = "Done", body = DisconnectedView),
        (status = 202, description = "Stopped; webhooks are still to be removed", body = DisconnectedView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn disconnect(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
) -> Result<(StatusCode, Json<DisconnectedView>), Problem> {
    let found = connections::found(&app, &connection).await?;
    let outcome = app.subscriber.disconnect(&found.key).await?;
    let mut view = DisconnectedView {
        connection_id: found.key.connection.to_string(),
        state: "disconnecting",
        says: String::new(),
        webhooks_removed: None,
        webhooks_left_behind: Vec::new(),
        error: None,
        retry_at: None,
    };
    match outcome {
        Disconnected::Done {
            removed,
            left_behind,
            error,
        } => {
            view.state = "disconnected";
            view.says = if error.is_some() {
                "the webhooks could not be removed at the platform: remove them there by hand; secrets are deleted"
                    .to_owned()
            } else {
                "nothing is asked of the shop any more, and its secrets are deleted".to_owned()
            };
            view.webhooks_removed = Some(removed);
            view.webhooks_left_behind = left_behind;
            view.error = error;
        }
        Disconnected::Before => {
            view.state = "disconnected";
            view.says = "it was disconnected before".to_owned();
        }
        Disconnected::Retrying { at, error } => {
            view.says = "nothing is read any more; a running server goes on trying to remove the webhooks, then \
                         deletes the secrets"
                .to_owned();
            view.error = Some(error);
            view.retry_at = Some(at);
        }
        Disconnected::UnderWay => {
            view.says = "nothing is read any more; the webhooks are removed in a moment".to_owned();
        }
    }
    let status = match view.state {
        "disconnected" => StatusCode::OK,
        _ => StatusCode::ACCEPTED,
    };
    Ok((status, Json(view)))
}
