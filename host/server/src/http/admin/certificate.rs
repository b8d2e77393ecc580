//! What is proven complete of a connection.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_sync::Certificate;

use super::{Operator, connections::found};
use crate::{
    app::App,
    http::problem::{Document, Problem},
};

/// Writes the completeness certificate of a connection: what is proven, when, by which run, with which counts and
/// digests; holes that were found, their cause and repair; and why a stream is not complete.
#[utoipa::path(
    get, path = "/admin/v1/connections/{connection}/certificate", tag = "admin", security(("admin" = [])),
    params(("connection" = String, Path, description = "Connection id")),
    responses(
        (status = 200, body = serde_json::Value),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
) -> Result<Json<Certificate>, Problem> {
    let found = found(&app, &connection).await?;
    let now = app.clock.now();
    Ok(Json(Certificate::of(&app.store, &found.key, now).await?))
}
