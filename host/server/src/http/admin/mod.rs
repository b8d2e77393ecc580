//! `/admin/v1`: what the operator does. One file per noun; the command line calls nothing else.

mod accounts;
mod cases;
mod certificate;
mod checks;
mod connections;
mod cursor;
mod dead_letters;
mod desks;
mod mappings;
mod plugins;
mod replay;
mod resume;
mod retention;
mod runs;
mod schedule;
mod tenants;
mod tickets;
mod webhooks;

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::FromRequestParts;
use http::request::Parts;
use ordercase_model::Instant;
use ordercase_store::{Owner, SecretValue, TenantId};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::problem::{Kind, Problem};
use crate::{app::App, limits, secret::Secret};

/// The routes with small bodies.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(tenants::add, tenants::list))
        .routes(routes!(desks::add, desks::list))
        .routes(routes!(desks::set))
        .routes(routes!(desks::install))
        .routes(routes!(connections::add, connections::list))
        .routes(routes!(connections::show, webhooks::disconnect))
        .routes(routes!(webhooks::show))
        .routes(routes!(mappings::show, mappings::set))
        .routes(routes!(resume::connection))
        .routes(routes!(resume::desk))
        .routes(routes!(cases::set))
        .routes(routes!(tickets::show))
        .routes(routes!(accounts::show))
        .routes(routes!(certificate::show))
        .routes(routes!(runs::list))
        .routes(routes!(runs::events))
        .routes(routes!(schedule::set))
        .routes(routes!(retention::show, retention::set))
        .routes(routes!(replay::run))
        .merge(dead_letters::routes())
        .routes(routes!(checks::run))
}

/// The route that takes a whole plugin.
pub fn plugin_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(plugins::admit))
}

/// Who did it, in the audit.
const ACTOR: &str = "admin";

/// Proof that the operator is asking. Taken before a body is read.
pub struct Operator;

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        app.admin.check(&parts.headers)?;
        Ok(Self)
    }
}

/// A name that people gave: trimmed, not empty, not a novel.
fn name(text: &str, path: &str) -> Result<String, Problem> {
    let text = text.trim();
    let fits = !text.is_empty()
        && text.chars().count() <= limits::NAME_CHARS_MAX
        && !text.chars().any(char::is_control);
    if fits {
        return Ok(text.to_owned());
    }
    Err(Problem::new(
        Kind::Malformed,
        format!("a name has 1 to {} characters", limits::NAME_CHARS_MAX),
    )
    .at(path))
}

/// Secrets of a request, each within bounds.
fn checked_secrets(secrets: &BTreeMap<String, Secret>) -> Result<(), Problem> {
    for (slot, secret) in secrets {
        let bytes = u64::try_from(secret.expose().len()).unwrap_or(u64::MAX);
        if bytes == 0 || bytes > limits::SECRET_BYTES_MAX {
            return Err(Problem::new(
                Kind::Malformed,
                format!("a secret has 1 to {} bytes", limits::SECRET_BYTES_MAX),
            )
            .at(format!("secrets.{slot}")));
        }
    }
    Ok(())
}

/// Keeps secrets under their owner, sealed.
async fn put_secrets(
    app: &App,
    tenant: &TenantId,
    owner: &Owner,
    secrets: &BTreeMap<String, Secret>,
    now: Instant,
) -> Result<(), Problem> {
    for (slot, secret) in secrets {
        let secret = SecretValue::new(secret.expose().to_owned());
        app.store
            .put_secret(tenant, owner, slot, &secret, now)
            .await?;
    }
    Ok(())
}
