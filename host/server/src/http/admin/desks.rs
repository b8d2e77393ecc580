//! Desks: one Zendesk account each.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use ordercase_store::{
    Activity, Desk, DeskId, DeskKey, NewDesk, Owner, SecretValue, TenantId, TokenPurpose,
};
use ordercase_zendesk::{Plan, auth::LEGACY_TOKEN_END};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Operator, checked_secrets, put_secrets};
use crate::{
    app::App,
    http::{
        auth,
        bound::Bounded,
        problem::{Document, Kind, Problem},
        v1::event::is_subdomain,
    },
    ids,
    secret::Secret,
    wiring::{desks, install},
};

pub(super) const SLOTS: [&str; 3] = [desks::OAUTH_TOKEN, desks::EMAIL, desks::API_TOKEN];

/// A desk to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDeskBody {
    /// `{subdomain}.zendesk.com`.
    subdomain: String,
    /// Number of the account; learnt by the installer when absent.
    #[serde(default)]
    account_id: Option<u64>,
    /// Whether the host writes internal notes.
    #[serde(default)]
    note_rule: bool,
    /// `team`, `growth`, `professional` or `enterprise`.
    #[serde(default)]
    plan: Option<String>,
    /// `oauth_token`, or `email` and `api_token`.
    #[schema(value_type = BTreeMap<String, String>)]
    secrets: BTreeMap<String, Secret>,
}

/// A desk that was added.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedDesk {
    #[serde(flatten)]
    desk: DeskView,
    /// What its flows send to the host. Shown this once; the installer puts it into the account.
    event_token: String,
    /// Where events go.
    events_url: String,
    /// What to know, such as the end of old API tokens.
    notices: Vec<String>,
}

/// A desk.
#[derive(Serialize, ToSchema)]
pub(super) struct DeskView {
    tenant_id: String,
    desk_id: String,
    subdomain: String,
    account_id: Option<String>,
    note_rule: bool,
    /// Whether fields and bundle were installed.
    installed: bool,
    /// `active` or `paused`.
    state: &'static str,
    /// Why it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_reason: Option<String>,
}

impl From<&Desk> for DeskView {
    fn from(desk: &Desk) -> Self {
        let setting = |key: &str| desk.settings.get(key);
        let (state, paused_reason) = state(&desk.activity);
        Self {
            tenant_id: desk.key.tenant.to_string(),
            desk_id: desk.key.desk.to_string(),
            subdomain: desk.subdomain.clone(),
            account_id: desk.account_id.clone(),
            note_rule: setting("note_rule")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            installed: setting("fields")
                .and_then(Value::as_object)
                .is_some_and(|f| !f.is_empty()),
            state,
            paused_reason,
        }
    }
}

/// `active` or `paused`, and why; a shop may also be `disconnecting` or `disconnected`.
pub(super) fn state(activity: &Activity) -> (&'static str, Option<String>) {
    match activity {
        Activity::Active => ("active", None),
        Activity::Paused(reason) => ("paused", Some(reason.clone())),
        Activity::Leaving => ("disconnecting", None),
        Activity::Left => ("disconnected", None),
    }
}

/// Adds a desk.
#[utoipa::path(
    post, path = "/admin/v1/tenants/{tenant}/desks", tag = "admin", security(("admin" = [])),
    params(("tenant" = String, Path, description = "Tenant id")), request_body = NewDeskBody,
    responses(
        (status = 201, body = AddedDesk),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 409, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn add(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    Bounded(new): Bounded<NewDeskBody>,
) -> Result<(StatusCode, Json<AddedDesk>), Problem> {
    let tenant = known_tenant(&app, &tenant).await?;
    let plan = check(&new)?;
    let now = app.clock.now();
    let key = DeskKey {
        tenant: tenant.clone(),
        desk: DeskId::mint(rand::random()),
    };
    let owner = Owner::Desk(key.desk.clone());
    let token = ids::token(auth::DESK);
    let settings = json!({ "note_rule": new.note_rule, "plan": plan });
    let row = NewDesk {
        key: key.clone(),
        subdomain: new.subdomain.clone(),
        account_id: new.account_id.map(|account| account.to_string()),
        settings,
    };
    // Asked first, so that a subdomain that is taken leaves no token behind; the row comes last, so that
    // whoever is cut off before it has added nothing.
    let taken = app.store.desks(Some(&tenant)).await?;
    if taken.iter().any(|desk| desk.subdomain == new.subdomain) {
        let detail = format!("the tenant has a desk `{}` already", new.subdomain);
        return Err(Problem::new(Kind::Conflict, detail).at("subdomain"));
    }
    put_secrets(&app, &tenant, &owner, &new.secrets, now).await?;
    // The installer writes it into the account's connection, so it is kept, sealed, besides its hash.
    let sealed = SecretValue::new(token.expose().to_owned());
    app.store
        .put_secret(&tenant, &owner, desks::EVENT_TOKEN, &sealed, now)
        .await?;
    app.store
        .put_token(
            &tenant,
            TokenPurpose::DeskEvents,
            &owner,
            token.expose(),
            now,
            None,
        )
        .await?;
    app.store.add_desk(row, now).await?;
    let mut notices = Vec::new();
    if new.secrets.contains_key(desks::API_TOKEN) && !new.secrets.contains_key(desks::OAUTH_TOKEN) {
        notices.push(format!(
            "this desk uses an old API token; Zendesk ends them on {LEGACY_TOKEN_END}, so give it an \
             `oauth_token` before"
        ));
    }
    let added = AddedDesk {
        desk: DeskView::from(&known_desk(&app, &key).await?),
        event_token: token.expose().to_owned(),
        events_url: app.public_url.join("/v1/events/zendesk"),
        notices,
    };
    Ok((StatusCode::CREATED, Json(added)))
}

fn check(new: &NewDeskBody) -> Result<String, Problem> {
    let wrong = |kind, detail: &str, path: &str| Err(Problem::new(kind, detail).at(path));
    if !is_subdomain(&new.subdomain) {
        return wrong(
            Kind::Malformed,
            "must be a Zendesk subdomain in lower case, without `.zendesk.com`",
            "subdomain",
        );
    }
    checked_secrets(&new.secrets)?;
    auth_of(&new.secrets)?;
    let plan = new.plan.as_deref().unwrap_or("team");
    plan.parse::<Plan>()
        .map_err(|error| Problem::new(Kind::Malformed, error).at("plan"))?;
    Ok(plan.to_owned())
}

/// The credential that secrets of a request make up.
pub(super) fn auth_of(
    secrets: &BTreeMap<String, Secret>,
) -> Result<ordercase_zendesk::Auth, Problem> {
    let wanted = |path: String| Problem::new(Kind::BadSettings, desks::CREDENTIALS_WANTED).at(path);
    if let Some(slot) = secrets.keys().find(|slot| !SLOTS.contains(&slot.as_str())) {
        return Err(wanted(format!("secrets.{slot}")));
    }
    let [oauth, email, token] = SLOTS.map(|slot| {
        let secret = secrets.get(slot)?;
        Some(ordercase_zendesk::Secret::new(secret.expose()))
    });
    desks::auth(oauth, email, token).ok_or_else(|| wanted("secrets".to_owned()))
}

/// A tenant's desks.
#[derive(Serialize, ToSchema)]
pub(super) struct Desks {
    desks: Vec<DeskView>,
}

/// Lists a tenant's desks.
#[utoipa::path(
    get, path = "/admin/v1/tenants/{tenant}/desks", tag = "admin", security(("admin" = [])),
    params(("tenant" = String, Path, description = "Tenant id")),
    responses(
        (status = 200, body = Desks),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
) -> Result<Json<Desks>, Problem> {
    let tenant = known_tenant(&app, &tenant).await?;
    let desks = app.store.desks(Some(&tenant)).await?;
    Ok(Json(Desks {
        desks: desks.iter().map(DeskView::from).collect(),
    }))
}

/// What to change about a desk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeskChange {
    /// Whether the host writes internal notes.
    note_rule: bool,
}

/// Changes a desk.
#[utoipa::path(
    patch, path = "/admin/v1/tenants/{tenant}/desks/{desk}", tag = "admin", security(("admin" = [])),
    params(("tenant" = String, Path, description = "Tenant id"), ("desk" = String, Path, description = "Desk id")),
    request_body = DeskChange,
    responses(
        (status = 200, body = DeskView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set(
    _: Operator,
    State(app): State<Arc<App>>,
    Path((tenant, desk)): Path<(String, String)>,
    Bounded(change): Bounded<DeskChange>,
) -> Result<Json<DeskView>, Problem> {
    let key = desk_key(&app, &tenant, &desk).await?;
    let mut settings = known_desk(&app, &key).await?.settings;
    if let Some(settings) = settings.as_object_mut() {
        settings.insert("note_rule".to_owned(), change.note_rule.into());
    }
    app.store
        .set_desk_settings(&key, &settings, app.clock.now())
        .await?;
    Ok(Json(DeskView::from(&known_desk(&app, &key).await?)))
}

/// What to install.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InstallBody {
    /// Another bundle than the one that is compiled in.
    #[serde(default)]
    bundle: Option<Value>,
}

/// Installs fields, connection, bundle and job specs into the account, and reads them back.
#[utoipa::path(
    post, path = "/admin/v1/tenants/{tenant}/desks/{desk}/install", tag = "admin", security(("admin" = [])),
    params(("tenant" = String, Path, description = "Tenant id"), ("desk" = String, Path, description = "Desk id")),
    request_body = InstallBody,
    responses(
        (status = 200, description = "What was there, what changed, what was read back", body = serde_json::Value),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
        (status = 502, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn install(
    _: Operator,
    State(app): State<Arc<App>>,
    Path((tenant, desk)): Path<(String, String)>,
    Bounded(body): Bounded<InstallBody>,
) -> Result<Json<Value>, Problem> {
    let key = desk_key(&app, &tenant, &desk).await?;
    let desk = known_desk(&app, &key).await?;
    install::run(&app, &desk, body.bundle).await.map(Json)
}

/// A tenant that is there.
pub(super) async fn known_tenant(app: &App, tenant: &str) -> Result<TenantId, Problem> {
    let unknown = || {
        Problem::new(
            Kind::NotFound,
            format!("there is no tenant `{tenant}`; see `ordercase tenant list`"),
        )
    };
    let id = TenantId::new(tenant).map_err(|_| unknown())?;
    app.store.tenant(&id).await?.ok_or_else(unknown)?;
    Ok(id)
}

pub(super) async fn desk_key(app: &App, tenant: &str, desk: &str) -> Result<DeskKey, Problem> {
    let tenant = known_tenant(app, tenant).await?;
    let unknown = || {
        Problem::new(
            Kind::NotFound,
            format!("the tenant has no desk `{desk}`; see `ordercase desk list {tenant}`"),
        )
    };
    let desk = DeskId::new(desk).map_err(|_| unknown())?;
    Ok(DeskKey { tenant, desk })
}

pub(super) async fn known_desk(app: &App, key: &DeskKey) -> Result<Desk, Problem> {
    app.store.desk(key).await?.ok_or_else(|| {
        Problem::new(
            Kind::NotFound,
            format!("the tenant has no desk `{}`", key.desk),
        )
    })
}
