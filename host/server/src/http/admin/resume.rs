//! Putting paused work back, with new credentials where the old ones had failed.
//!
//! The other side is asked first: who resumes with credentials that do not work learns it now, and nothing
//! changes.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_store::{Activity, Owner, TenantId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Operator, checked_secrets,
    connections::{self, ConnectionView},
    desks::{self, DeskView},
    put_secrets,
};
use crate::{
    app::App,
    http::{
        bound::Bounded,
        problem::{Document, Kind, Problem},
    },
    secret::Secret,
};

/// How to go on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResumeBody {
    /// Secrets that replace those of the same name; the others stay.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    secrets: BTreeMap<String, Secret>,
}

/// Resumes a connection: asks the shop who it is, then lets its waiting work go on.
#[utoipa::path(
    post, path = "/admin/v1/connections/{connection}/resume", tag = "admin", security(("admin" = [])),
    params(("connection" = String, Path, description = "Connection id")), request_body = ResumeBody,
    responses(
        (status = 200, body = ConnectionView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
        (status = 502, description = "The shop did not answer", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn connection(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
    Bounded(body): Bounded<ResumeBody>,
) -> Result<Json<ConnectionView>, Problem> {
    let found = connections::found(&app, &connection).await?;
    let key = &found.key;
    if found.activity.is_over() {
        let detail = "the shop was disconnected and its secrets are gone; connect it anew";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let owner = Owner::Connection(key.connection.clone());
    let plugin = app.plugins.get(&found.plugin_digest).await?;
    connections::known_slots(&plugin.manifest, &body.secrets)?;
    let slots = plugin.manifest.secrets.keys();
    let secrets = merged(&app, &key.tenant, &owner, slots, &body.secrets).await?;
    let shop = connections::probe(&app, &plugin, key, &found.settings, secrets).await?;
    let now = app.clock.now();
    put_secrets(&app, &key.tenant, &owner, &body.secrets, now).await?;
    app.store.set_shop(key, &shop, now).await?;
    app.store.resume_streams(key, now).await?;
    app.store
        .set_connection_activity(key, &Activity::Active, now)
        .await?;
    app.store.check_subscriptions_soon(key, now).await?;
    let resumed = connections::known_connection(&app, key).await?;
    connections::view(&app, &resumed).await.map(Json)
}

/// Resumes a desk: asks the account who the credentials are, then lets its waiting work go on.
#[utoipa::path(
    post, path = "/admin/v1/tenants/{tenant}/desks/{desk}/resume", tag = "admin", security(("admin" = [])),
    params(("tenant" = String, Path, description = "Tenant id"), ("desk" = String, Path, description = "Desk id")),
    request_body = ResumeBody,
    responses(
        (status = 200, body = DeskView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
        (status = 502, description = "The account did not answer", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn desk(
    _: Operator,
    State(app): State<Arc<App>>,
    Path((tenant, desk)): Path<(String, String)>,
    Bounded(body): Bounded<ResumeBody>,
) -> Result<Json<DeskView>, Problem> {
    let key = desks::desk_key(&app, &tenant, &desk).await?;
    let found = desks::known_desk(&app, &key).await?;
    let owner = Owner::Desk(key.desk.clone());
    checked_secrets(&body.secrets)?;
    if !body.secrets.is_empty() {
        desks::auth_of(&body.secrets)?;
    }
    let slots = desks::SLOTS.iter().copied();
    let secrets = merged(&app, &key.tenant, &owner, slots, &body.secrets).await?;
    let auth = desks::auth_of(&secrets)?;
    let plan = found.settings.get("plan").and_then(Value::as_str);
    let plan = plan.and_then(|plan| plan.parse().ok()).unwrap_or_default();
    app.desks.trial(&found.subdomain, auth, plan)?.me().await?;
    let now = app.clock.now();
    put_secrets(&app, &key.tenant, &owner, &body.secrets, now).await?;
    app.desks.forget(&key);
    app.store
        .set_desk_activity(&key, &Activity::Active, now)
        .await?;
    let resumed = desks::known_desk(&app, &key).await?;
    Ok(Json(DeskView::from(&resumed)))
}

/// What is stored, with what is given on top.
async fn merged(
    app: &App,
    tenant: &TenantId,
    owner: &Owner,
    slots: impl Iterator<Item = impl AsRef<str>>,
    given: &BTreeMap<String, Secret>,
) -> Result<BTreeMap<String, Secret>, Problem> {
    let mut secrets = given.clone();
    for slot in slots {
        let slot = slot.as_ref();
        if secrets.contains_key(slot) {
            continue;
        }
        if let Some(stored) = app.store.secret(tenant, owner, slot).await? {
            secrets.insert(slot.to_owned(), Secret::new(stored.expose().to_owned()));
        }
    }
    Ok(secrets)
}
