//! Plugins: admitted once, kept under their digest, pinned by connections.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Operator;
use crate::{
    app::App,
    http::{
        bound::RawBody,
        problem::{Document, Problem},
    },
};

/// A plugin that may be connected.
#[derive(Serialize, ToSchema)]
pub(super) struct Admitted {
    /// SHA-256 of the component; connections pin it.
    digest: String,
    /// Id in its manifest.
    id: String,
    /// Name in its manifest.
    name: String,
    /// Version in its manifest.
    version: String,
}

/// Admits a plugin: checks it in full, compiles it, starts it once with everything denied.
#[utoipa::path(
    post, path = "/admin/v1/plugins", tag = "admin", security(("admin" = [])),
    request_body(content = String, description = "The WebAssembly component", content_type = "application/wasm"),
    responses(
        (status = 201, body = Admitted),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 413, body = Document, content_type = "application/problem+json"),
        (status = 422, description = "Not admitted, and why", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn admit(
    _: Operator,
    State(app): State<Arc<App>>,
    RawBody(wasm): RawBody,
) -> Result<(StatusCode, Json<Admitted>), Problem> {
    let plugin = app.plugins.admit(wasm.to_vec()).await?;
    let info = &plugin.manifest.plugin;
    let admitted = Admitted {
        digest: plugin.digest.clone(),
        id: info.id.clone(),
        name: info.name.clone(),
        version: info.version.clone(),
    };
    Ok((StatusCode::CREATED, Json(admitted)))
}
