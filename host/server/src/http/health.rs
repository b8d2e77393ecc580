//! Whether the host lives (`/health`) and can work (`/ready`).

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::problem::{Document, Kind, Problem};
use crate::app::App;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(ready))
}

/// The process answers.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// Of this build.
    version: &'static str,
}

/// Whether the process lives. Says nothing about its database.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Health)))]
async fn health() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// What readiness found.
#[derive(Serialize, ToSchema)]
struct Ready {
    /// `ready`.
    status: &'static str,
    /// How often a task had to be started again.
    task_restarts: u64,
}

/// Whether the host can take work: its database answers and its engine runs.
#[utoipa::path(get, path = "/ready", tag = "health", responses(
    (status = 200, body = Ready),
    (status = 503, description = "Not now", body = Document, content_type = "application/problem+json"),
))]
async fn ready(State(app): State<Arc<App>>) -> Result<Json<Ready>, Problem> {
    app.store.ping().await.map_err(|error| {
        Problem::new(Kind::Busy, "the database does not answer")
            .because(error)
            .retry_after(5)
    })?;
    if !app.engine_runs() {
        return Err(Problem::new(Kind::Busy, "the engine does not run").retry_after(5));
    }
    Ok(Json(Ready {
        status: "ready",
        task_restarts: app.tasks.restarts(),
    }))
}
