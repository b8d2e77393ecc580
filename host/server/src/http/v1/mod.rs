//! Version 1 of what other systems call.

mod context;
pub mod event;
mod events;
mod webhooks;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// Stream under which a desk's receipts are counted.
pub use events::STREAM as EVENTS_STREAM;

/// Desk events.
pub fn event_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(events::receive))
}

/// Shops' webhooks.
pub fn webhook_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(webhooks::receive))
        .routes(routes!(webhooks::receive_with_token))
}

/// What agents read.
pub fn context_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(context::show))
}
