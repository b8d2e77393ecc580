//! A small page over the context, for a browser: `GET /context`.
//!
//! Three static files, no framework, nothing from elsewhere. The tenant's token comes in the address's
//! fragment, which browsers never send, and is moved to memory at once.

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, header};

use crate::app::App;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'";

/// The page's files.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/context",
            get(|| async { file("text/html; charset=utf-8", include_str!("context.html")) }),
        )
        .route(
            "/context/page.js",
            get(|| async { file("text/javascript; charset=utf-8", include_str!("page.js")) }),
        )
        .route(
            "/context/page.css",
            get(|| async { file("text/css; charset=utf-8", include_str!("page.css")) }),
        )
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
