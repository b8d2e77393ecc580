//! Zendesk Integration Services: the registry, connections, and flows run by the emulator.
//!
//! Which credential may do what follows what integrators observed: an API token registers, uploads
//! and installs but touches no connection; an OAuth token never uploads a bundle; a token belongs to
//! one integration.

pub(crate) mod bundles;
pub(crate) mod connections;
pub(crate) mod events;
pub(crate) mod job_specs;
pub(crate) mod registry;
pub(crate) mod run;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};
use http::StatusCode;

use crate::http::answer::ApiError;
use crate::http::caller::{Caller, Credential};
use crate::shared::Shared;

/// All ZIS routes.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    let registry = Router::new()
        .route("/integrations", get(registry::list))
        .route("/{integration}", post(registry::register))
        .route(
            "/{integration}/bundles",
            get(bundles::list).post(bundles::upload),
        )
        .route(
            "/{integration}/bundles/{uuid}",
            get(bundles::show).delete(bundles::delete),
        )
        .route("/{integration}/job_specs", get(job_specs::list))
        .route(
            "/job_specs/install",
            post(job_specs::install).delete(job_specs::uninstall),
        );
    let connections = Router::new()
        .route("/{integration}/connections/all", get(connections::list))
        .route(
            "/{integration}/connections/bearer_token",
            post(connections::create_bearer),
        )
        .route(
            "/{integration}/connections/basic_auth",
            post(connections::create_basic),
        )
        .route(
            "/{integration}/connections/{kind}/{name}",
            delete(connections::delete),
        );
    Router::new()
        .nest("/api/services/zis/registry", registry)
        .nest("/api/services/zis/integrations", connections)
}

/// Refuses accounts whose plan has no ZIS, and whoever is no admin.
pub(crate) fn admit(shared: &Shared, caller: &Caller) -> Result<(), ApiError> {
    if !shared.config.plan.has_zis() {
        return Err(refuse(
            StatusCode::FORBIDDEN,
            "ZIS is not available on this plan",
        ));
    }
    if !caller.is_admin() {
        return Err(refuse(StatusCode::FORBIDDEN, "Only admin user is allowed"));
    }
    Ok(())
}

/// For the registry: an API token, or the integration's own OAuth token.
pub(crate) fn admit_registry(
    shared: &Shared,
    caller: &Caller,
    integration: &str,
) -> Result<(), ApiError> {
    admit(shared, caller)?;
    match &caller.credential {
        Credential::ApiToken => Ok(()),
        Credential::OAuth {
            integration: own, ..
        } if own.as_deref() == Some(integration) => Ok(()),
        Credential::OAuth { .. } => Err(mismatch()),
    }
}

/// For connections: the integration's own OAuth token only.
pub(crate) fn admit_connections(
    shared: &Shared,
    caller: &Caller,
    integration: &str,
) -> Result<(), ApiError> {
    admit(shared, caller)?;
    match &caller.credential {
        Credential::ApiToken => Err(refuse(StatusCode::FORBIDDEN, "API token is not supported")),
        Credential::OAuth {
            integration: own, ..
        } if own.as_deref() == Some(integration) => Ok(()),
        Credential::OAuth { .. } => Err(mismatch()),
    }
}

pub(crate) fn mismatch() -> ApiError {
    refuse(
        StatusCode::UNAUTHORIZED,
        "Authorization failed due to integration mismatch",
    )
}

/// A refusal as ZIS words it.
pub(crate) fn refuse(status: StatusCode, detail: &str) -> ApiError {
    ApiError::listed(status, status.as_str(), detail)
}

/// A refusal because the integration does not exist: to ZIS a matter of authorization.
pub(crate) fn unknown_integration() -> ApiError {
    mismatch()
}

/// An id of the registry.
pub(crate) fn uuid() -> String {
    let bytes: [u8; 16] = rand::random();
    hex::encode(bytes)
}
