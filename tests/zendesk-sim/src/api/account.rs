//! The account itself.

use axum::Extension;
use axum::extract::State;
use serde_json::json;

use super::Account;
use crate::http::answer::{Answer, ApiError, ok};
use crate::http::caller::Caller;

/// `GET /account/settings`, as far as an installer looks at it.
pub(crate) async fn settings(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
) -> Answer {
    caller.admin()?;
    ok(json!({ "settings": {
        "api": { "accepted_api_agreement": true, "api_password_access": "false", "api_token_access": "true" },
        "active_features": { "ticket_forms": false, "user_tagging": true, "ticket_tagging": true, "sandbox": false },
        "apps": { "use": true, "create_private": true, "create_public": false },
        "metrics": { "account_size": "xs" },
        "branding": { "header_color": "03363D" },
        "tickets": { "emoji_autocompletion": true, "comments_public_by_default": true },
        "users": { "tagging": true },
        "subdomain": shared.config.subdomain,
    }}))
}

/// `POST /api_tokens`: no account can make one since 2026-10-27.
pub(crate) async fn create_api_token() -> Answer {
    Err(ApiError::forbidden(
        "API tokens can no longer be created. Use OAuth access tokens instead.",
    ))
}
