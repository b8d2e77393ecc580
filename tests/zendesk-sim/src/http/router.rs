//! Which path leads where. Paths are matched without `.json`; the API takes both forms.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::routing::{any, delete, get, post, put};
use http::Uri;
use tower::Layer as _;
use tower::util::MapRequestLayer;

use super::answer::ApiError;
use super::gate::gate;
use crate::api::oauth::manage;
use crate::api::{account, audits, comments, export, fields, oauth, search, tags, tickets, users};
use crate::limits::BODY_BYTES_MAX;
use crate::shared::Shared;
use crate::{admin, zis};

/// A router behind the rewriting of paths.
pub(crate) type App = tower::util::MapRequest<Router, fn(Request) -> Request>;

/// All routes.
pub(crate) fn app(shared: &Arc<Shared>) -> App {
    let api = Router::new()
        .merge(support())
        .merge(oauth_routes())
        .merge(zis::routes())
        .fallback(any(async || ApiError::no_endpoint()))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(shared),
            gate,
        ));
    let router = Router::new()
        .nest(
            "/_sim",
            admin::routes().layer(axum::middleware::from_fn_with_state(
                Arc::clone(shared),
                admin::guard,
            )),
        )
        .merge(api)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::clone(shared));
    let rewrite: fn(Request) -> Request = without_suffix;
    MapRequestLayer::new(rewrite).layer(router)
}

fn support() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v2/tickets", get(tickets::list).post(tickets::create))
        .route("/api/v2/tickets/count", get(tickets::count))
        .route("/api/v2/tickets/show_many", get(tickets::show_many))
        .route(
            "/api/v2/tickets/{id}",
            get(tickets::show)
                .put(tickets::update)
                .delete(tickets::delete),
        )
        .route("/api/v2/tickets/{id}/comments", get(comments::list))
        .route("/api/v2/tickets/{id}/audits", get(audits::list))
        .route(
            "/api/v2/tickets/{id}/tags",
            get(tags::list)
                .put(tags::add)
                .post(tags::set)
                .delete(tags::remove),
        )
        .route("/api/v2/incremental/tickets/cursor", get(export::tickets))
        .route("/api/v2/users", get(users::list).post(users::create))
        .route("/api/v2/users/me", get(users::me))
        .route("/api/v2/users/search", get(users::search))
        .route("/api/v2/users/show_many", get(users::show_many))
        .route("/api/v2/users/{id}", get(users::show))
        .route("/api/v2/users/{id}/identities", get(users::identities))
        .route(
            "/api/v2/ticket_fields",
            get(fields::list).post(fields::create),
        )
        .route(
            "/api/v2/ticket_fields/{id}",
            get(fields::show).delete(fields::delete),
        )
        .route("/api/v2/search", get(search::search))
        .route("/api/v2/account/settings", get(account::settings))
        .route("/api/v2/api_tokens", post(account::create_api_token))
}

fn oauth_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/oauth/authorizations/new", get(oauth::authorize))
        .route("/oauth/tokens", post(oauth::grant))
        .route(
            "/api/v2/oauth/clients",
            get(manage::list_clients).post(manage::create_client),
        )
        .route("/api/v2/oauth/clients/{id}", delete(manage::delete_client))
        .route(
            "/api/v2/oauth/tokens",
            get(manage::list_tokens).post(manage::create_token),
        )
        .route(
            "/api/v2/oauth/tokens/current",
            delete(manage::revoke_current),
        )
        .route("/api/v2/oauth/tokens/{id}", delete(manage::revoke))
        .route(
            "/api/v2/oauth/clients/{id}/generate_secret",
            put(manage::generate_secret),
        )
}

/// Takes `.json` off the path.
fn without_suffix(mut request: Request) -> Request {
    let uri = request.uri();
    if let Some(path) = uri.path().strip_suffix(".json") {
        let text = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        if let Ok(uri) = text.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request
}
