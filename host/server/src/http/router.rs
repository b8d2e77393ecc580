//! Routes and layers, put together once.
//!
//! Layers, from outside in: request id and log, panic net, work bound, then per group of routes a time
//! limit and a body limit. A group's limit is the smallest that its routes can live with.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json, Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::Method;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::{OpenApi as _, openapi::OpenApi as Document};
use utoipa_axum::router::OpenApiRouter;

use super::{
    admin, boundary, health,
    openapi::Api,
    page,
    problem::{Kind, Problem},
    v1,
};
use crate::{app::App, limits};

/// The whole service over one application.
pub fn router(app: Arc<App>) -> Router {
    let (routes, document) = describe().split_for_parts();
    routes
        .merge(page::routes())
        .route("/openapi.json", axum::routing::get(openapi))
        .layer(Extension(Arc::new(document)))
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(
            boundary::places(),
            boundary::bound_in_flight,
        ))
        .layer(CatchPanicLayer::custom(boundary::panicked))
        .layer(from_fn(boundary::name_and_log))
        .with_state(app)
}

/// The description of the API.
#[must_use]
pub fn document() -> Document {
    describe().split_for_parts().1
}

fn describe() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Api::openapi())
        .merge(bounded(
            // A panic becomes a 500 first, and any 500 then a 503.
            v1::event_routes()
                .layer(CatchPanicLayer::custom(boundary::panicked))
                .layer(from_fn(boundary::never_500)),
            limits::EVENT_TIMEOUT,
            limits::EVENT_BODY_BYTES_MAX,
        ))
        .merge(bounded(
            v1::webhook_routes(),
            limits::WEBHOOK_TIMEOUT,
            limits::WEBHOOK_BODY_BYTES_MAX,
        ))
        .merge(bounded(
            v1::context_routes().merge(health::routes()),
            limits::READ_TIMEOUT,
            limits::EVENT_BODY_BYTES_MAX,
        ))
        .merge(bounded(
            admin::plugin_routes(),
            limits::ADMIN_TIMEOUT,
            limits::PLUGIN_BYTES_MAX,
        ))
        .merge(bounded(
            admin::routes(),
            limits::ADMIN_TIMEOUT,
            limits::ADMIN_BODY_BYTES_MAX,
        ))
}

fn bounded(
    routes: OpenApiRouter<Arc<App>>,
    time: Duration,
    body_bytes: usize,
) -> OpenApiRouter<Arc<App>> {
    routes
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(from_fn_with_state(body_bytes, boundary::bound_length))
        .layer(from_fn_with_state(time, boundary::bound_time))
}

async fn openapi(Extension(document): Extension<Arc<Document>>) -> Json<Document> {
    Json(Document::clone(&document))
}

async fn nothing_here() -> Response {
    Problem::new(Kind::NoRoute, "see /openapi.json for what is here").into_response()
}

async fn other_method(method: Method) -> Response {
    Problem::new(
        Kind::MethodNotAllowed,
        format!("`{method}` is not taken here; see /openapi.json"),
    )
    .into_response()
}
