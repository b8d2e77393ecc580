//! Whether every receipt is accounted for.

use std::sync::Arc;

use axum::{Json, extract::State};
use ordercase_store::AccountRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::Operator;
use crate::{
    app::App,
    http::problem::{Document, Problem},
};

/// The accounts: received = applied + superseded + duplicate + ignored + dead + pending, in each line.
#[derive(Serialize, ToSchema)]
pub(super) struct Accounts {
    /// Whether every line adds up and every stored receipt is counted.
    adds_up: bool,
    /// One line per owner, stream and way in.
    #[schema(value_type = Vec<serde_json::Value>)]
    accounts: Vec<AccountRow>,
}

/// Shows the accounts of all tenants.
#[utoipa::path(
    get, path = "/admin/v1/accounts", tag = "admin", security(("admin" = [])),
    responses(
        (status = 200, body = Accounts),
        (status = 401, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    _: Operator,
    State(app): State<Arc<App>>,
) -> Result<Json<Accounts>, Problem> {
    Ok(Json(Accounts {
        adds_up: app.store.accounts_add_up(None).await?,
        accounts: app.store.accounts(None).await?,
    }))
}
