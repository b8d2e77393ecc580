//! `GET /v1/desks/{desk}/tickets/{ticket}/context`: what an agent needs to know about a ticket.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use ordercase_store::DeskId;

use crate::{
    app::App,
    http::{
        auth,
        problem::{Document, Kind, Problem},
    },
};

/// The support context of a ticket, made for this moment.
#[utoipa::path(
    get, path = "/v1/desks/{desk}/tickets/{ticket}/context", tag = "context",
    params(("desk" = String, Path, description = "Desk id"), ("ticket" = u64, Path, description = "Ticket number")),
    security(("tenant" = [])),
    responses(
        (status = 200, description = "`support-context/1`", body = serde_json::Value, content_type = "application/json"),
        (status = 401, description = "Nobody has this token", body = Document, content_type = "application/problem+json"),
        (status = 404, description = "The tenant has no such ticket", body = Document, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path((desk, ticket)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of_token(&auth::bearer(&headers)?).await?;
    let unknown = || {
        Problem::new(
            Kind::NotFound,
            "this tenant has no such ticket; it appears once its desk has told about it",
        )
    };
    let desk = DeskId::new(desk).map_err(|_| unknown())?;
    let ticket: u64 = ticket.parse().map_err(|_| unknown())?;
    let now = app.clock.now();
    let context = app
        .desk
        .context(&tenant, &desk, ticket, now)
        .await?
        .ok_or_else(unknown)?;
    let body = serde_json::to_vec(&context).map_err(|error| {
        Problem::new(Kind::Internal, "the context could not be written").because(error)
    })?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    Ok(response)
}
