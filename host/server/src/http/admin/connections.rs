//! Connections: one shop each, pinned to one plugin digest.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use ordercase_model::Instant;
use ordercase_runtime::{
    CallScope, CredentialError, Credentials, Export, Lane, Plugin, SecretText,
    package::{Manifest, SettingKind},
};
use ordercase_store::{
    Connection, ConnectionId, ConnectionKey, NewConnection, Owner, PluginRow, StreamSpec,
    StreamTrack, TenantId, TokenPurpose, Track, TrackState,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    Operator, checked_secrets,
    desks::{known_tenant, state},
    name, put_secrets,
    webhooks::{self, WebhookState},
};
use crate::{
    app::App,
    config::ShopTimes,
    http::{
        auth,
        bound::Bounded,
        problem::{Document, Kind, Problem},
    },
    ids, limits,
    secret::Secret,
    wiring::subscriptions::webhook_path,
};

/// A shop to be connected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewConnectionBody {
    /// Digest of an admitted plugin.
    plugin_digest: String,
    /// What people call the shop; unique within the tenant.
    name: String,
    /// Settings of the plugin's manifest; text is read as the type that the manifest wants.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    settings: Map<String, Value>,
    /// Secrets of the plugin's manifest.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    secrets: BTreeMap<String, Secret>,
}

/// A shop that was connected; its backfill has begun.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedConnection {
    #[serde(flatten)]
    connection: ConnectionView,
    /// Stands in for a signature where the shop cannot sign. Shown this once.
    webhook_token: String,
}

/// A connected shop.
#[derive(Serialize, ToSchema)]
pub(super) struct ConnectionView {
    tenant_id: String,
    connection_id: String,
    name: String,
    plugin_id: String,
    plugin_digest: String,
    /// Where the shop sends its webhooks.
    webhook_url: String,
    /// How its webhooks stand at the platform.
    webhooks: WebhookState,
    /// `active`, `paused`, `disconnecting` or `disconnected`.
    state: &'static str,
    /// Why it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_reason: Option<String>,
    /// What the shop said about itself.
    #[schema(value_type = serde_json::Value)]
    shop: Value,
    /// How far each stream is.
    streams: Vec<StreamView>,
}

/// How far a stream is.
#[derive(Serialize, ToSchema)]
pub(super) struct StreamView {
    stream: String,
    kind: String,
    /// `backfill`: history is being read; `live`: it is read, changes are followed; `parked`: a person
    /// must look; `off`: a person switched it off.
    phase: &'static str,
    /// Records of history that were stored.
    records: u64,
    /// How many there are, where the shop says.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    pages: u64,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Instant>,
    /// Newest change that the poll has seen, in the shop's own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_change: Option<String>,
}

impl StreamView {
    /// How far the history of one of a connection's streams is, and how far its poll.
    fn of(track: &StreamTrack, all: &[StreamTrack]) -> Self {
        let poll = all
            .iter()
            .find(|one| one.track == Track::Poll && one.stream == track.stream);
        Self {
            stream: track.stream.clone(),
            kind: track.kind.to_string(),
            phase: match track.state {
                TrackState::Pending => "backfill",
                TrackState::Done => "live",
                TrackState::Parked => "parked",
                TrackState::Off => "off",
            },
            records: track.records,
            total: track.total,
            pages: track.pages,
            last_error: track.last_error.clone(),
            finished_at: track.finished_at,
            newest_change: poll.and_then(|poll| poll.watermark_text.clone()),
        }
    }
}

/// Connects a shop: checks settings, asks the shop who it is, keeps everything, starts the backfill.
#[utoipa::path(
    post, path = "/admin/v1/tenants/{tenant}/connections", tag = "admin", security(("admin" = [])),
    params(("tenant" = String, Path, description = "Tenant id")), request_body = NewConnectionBody,
    responses(
        (status = 201, body = AddedConnection),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 409, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
        (status = 502, description = "The shop did not answer", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn add(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    Bounded(new): Bounded<NewConnectionBody>,
) -> Result<(StatusCode, Json<AddedConnection>), Problem> {
    let tenant = known_tenant(&app, &tenant).await?;
    let name = name(&new.name, "name")?;
    let plugin = app
        .plugins
        .get(&new.plugin_digest)
        .await
        .map_err(|error| Problem::new(Kind::NotFound, error.to_string()).at("plugin_digest"))?;
    let settings = checked_settings(&plugin.manifest, &new.settings)?;
    known_slots(&plugin.manifest, &new.secrets)?;
    no_slot_missing(&plugin.manifest, &new.secrets)?;
    let taken = app.store.connections(Some(&tenant)).await?;
    if taken.iter().any(|other| other.name == name) {
        let detail = format!("the tenant has a connection `{name}` already; choose another name");
        return Err(Problem::new(Kind::Conflict, detail).at("name"));
    }
    let key = ConnectionKey {
        tenant,
        connection: ConnectionId::mint(rand::random()),
    };
    // The shop is asked before anything is kept, so that a typing mistake leaves nothing behind.
    let shop = probe(&app, &plugin, &key, &settings, new.secrets.clone()).await?;
    let now = app.clock.now();
    let row = NewConnection {
        key: key.clone(),
        name,
        plugin_id: plugin.manifest.plugin.id.clone(),
        plugin_digest: plugin.digest.clone(),
        settings,
        shop,
        overrides: json!({}),
        streams: specs(&plugin.manifest),
        // The backfill begins now; what changes meanwhile comes by webhook and by the first poll.
        first_poll_at: now.plus_seconds(ShopTimes::seconds(app.shops.poll)),
    };
    let token = keep(&app, &plugin, row, &new.secrets, now).await?;
    let connection = view(&app, &known_connection(&app, &key).await?).await?;
    let added = AddedConnection {
        webhook_token: token.expose().to_owned(),
        connection,
    };
    Ok((StatusCode::CREATED, Json(added)))
}

/// The connection's row comes last: whoever is cut off before it has connected nothing.
async fn keep(
    app: &App,
    plugin: &Plugin,
    row: NewConnection,
    secrets: &BTreeMap<String, Secret>,
    now: Instant,
) -> Result<Secret, Problem> {
    let key = row.key.clone();
    let owner = Owner::Connection(key.connection.clone());
    let token = ids::token(auth::WEBHOOK);
    let manifest = serde_json::to_value(&plugin.manifest).map_err(|error| {
        Problem::new(Kind::Internal, "the plugin's manifest could not be kept").because(error)
    })?;
    app.store
        .put_plugin(&PluginRow {
            tenant: key.tenant.clone(),
            digest: plugin.digest.clone(),
            plugin_id: plugin.manifest.plugin.id.clone(),
            version: plugin.manifest.plugin.version.clone(),
            manifest,
            admitted_at: now,
        })
        .await?;
    put_secrets(app, &key.tenant, &owner, secrets, now).await?;
    app.store
        .put_token(
            &key.tenant,
            TokenPurpose::WebhookPath,
            &owner,
            token.expose(),
            now,
            None,
        )
        .await?;
    app.store.add_connection(row, now).await?;
    Ok(token)
}

fn specs(manifest: &Manifest) -> Vec<StreamSpec> {
    manifest
        .streams
        .iter()
        .map(|(name, stream)| StreamSpec {
            stream: name.clone(),
            kind: stream.kind,
            comparability: stream.version,
            page_limit: stream.page_limit,
        })
        .collect()
}

/// Settings as the manifest wants them. The command line only has text, so text is read as the type.
fn checked_settings(manifest: &Manifest, given: &Map<String, Value>) -> Result<Value, Problem> {
    if given.len() > limits::SETTINGS_MAX {
        let detail = format!("a connection has at most {} settings", limits::SETTINGS_MAX);
        return Err(Problem::new(Kind::Malformed, detail).at("settings"));
    }
    let typed = given.iter().map(|(name, value)| {
        let kind = manifest.settings.get(name).map(|setting| setting.kind);
        (name.clone(), typed(kind, value))
    });
    manifest
        .check_settings(&Value::Object(typed.collect()))
        .map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let path = problems
                .first()
                .map_or("settings".to_owned(), |p| format!("settings.{}", p.field));
            Problem::new(Kind::BadSettings, lines.join("; ")).at(path)
        })
}

fn typed(kind: Option<SettingKind>, value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    let read = match kind {
        Some(SettingKind::Integer) => text.parse::<i64>().ok().map(Value::from),
        Some(SettingKind::Boolean) => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    };
    read.unwrap_or_else(|| value.clone())
}

pub(super) fn known_slots(
    manifest: &Manifest,
    secrets: &BTreeMap<String, Secret>,
) -> Result<(), Problem> {
    checked_secrets(secrets)?;
    let known: Vec<&str> = manifest.secrets.keys().map(String::as_str).collect();
    if let Some(slot) = secrets.keys().find(|slot| !known.contains(&slot.as_str())) {
        let detail = format!(
            "the plugin has no secret `{slot}`; it has {}",
            known.join(", ")
        );
        return Err(Problem::new(Kind::BadSettings, detail).at(format!("secrets.{slot}")));
    }
    Ok(())
}

fn no_slot_missing(manifest: &Manifest, secrets: &BTreeMap<String, Secret>) -> Result<(), Problem> {
    let filled = secrets.keys().map(|slot| (slot.clone(), ())).collect();
    let missing = manifest.missing_secrets(&filled);
    if missing.is_empty() {
        return Ok(());
    }
    let detail = format!("give --secret {}=env:NAME|file:PATH", missing.join(", "));
    Err(Problem::new(Kind::BadSettings, detail).at("secrets"))
}

/// Secrets that are not stored yet.
struct Trial(BTreeMap<String, Secret>);

#[async_trait]
impl Credentials for Trial {
    async fn secret(&self, slot: &str) -> Result<SecretText, CredentialError> {
        let found = self
            .0
            .get(slot)
            .map(|secret| SecretText::new(secret.expose().to_owned()));
        found.ok_or_else(|| CredentialError::Missing {
            slot: slot.to_owned(),
        })
    }
}

pub(super) async fn probe(
    app: &App,
    plugin: &Plugin,
    key: &ConnectionKey,
    settings: &Value,
    secrets: BTreeMap<String, Secret>,
) -> Result<Value, Problem> {
    if !plugin.manifest.exports(Export::Probe) {
        return Ok(json!({}));
    }
    let scope = CallScope {
        tenant_id: key.tenant.to_string(),
        connection_id: key.connection.to_string(),
        settings: settings.clone(),
        shop: json!({}),
        overrides: json!({}),
        credentials: Arc::new(Trial(secrets)),
        lane: Lane::Agent,
    };
    let facts = app.runtime.probe(plugin, &scope).await?.value;
    serde_json::to_value(facts).map_err(|error| {
        Problem::new(Kind::Internal, "the shop's facts could not be kept").because(error)
    })
}

/// A tenant's shops.
#[derive(Serialize, ToSchema)]
pub(super) struct Connections {
    connections: Vec<ConnectionView>,
}

/// Lists a tenant's connections.
#[utoipa::path(
    get, path = "/admin/v1/tenants/{tenant}/connections", tag = "admin", security(("admin" = [])),
    params(("tenant" = String, Path, description = "Tenant id")),
    responses(
        (status = 200, body = Connections),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
) -> Result<Json<Connections>, Problem> {
    let tenant: TenantId = known_tenant(&app, &tenant).await?;
    let mut connections = Vec::new();
    for connection in app.store.connections(Some(&tenant)).await? {
        connections.push(view(&app, &connection).await?);
    }
    Ok(Json(Connections { connections }))
}

/// Shows one connection with the progress of its streams.
#[utoipa::path(
    get, path = "/admin/v1/connections/{connection}", tag = "admin", security(("admin" = [])),
    params(("connection" = String, Path, description = "Connection id")),
    responses(
        (status = 200, body = ConnectionView),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
) -> Result<Json<ConnectionView>, Problem> {
    let found = found(&app, &connection).await?;
    view(&app, &found).await.map(Json)
}

/// The connection with that id, in whichever tenant.
pub(super) async fn found(app: &App, connection: &str) -> Result<Connection, Problem> {
    let unknown = || {
        Problem::new(
            Kind::NotFound,
            format!("there is no connection `{connection}`"),
        )
    };
    let id = ConnectionId::new(connection).map_err(|_| unknown())?;
    app.store.find_connection(&id).await?.ok_or_else(unknown)
}

pub(super) async fn known_connection(
    app: &App,
    key: &ConnectionKey,
) -> Result<Connection, Problem> {
    app.store.connection(key).await?.ok_or_else(|| {
        Problem::new(
            Kind::NotFound,
            format!("there is no connection `{}`", key.connection),
        )
    })
}

pub(super) async fn view(app: &App, connection: &Connection) -> Result<ConnectionView, Problem> {
    let tracks = app.store.streams(&connection.key).await?;
    let history = tracks.iter().filter(|track| track.track == Track::Backfill);
    let streams = history
        .map(|track| StreamView::of(track, &tracks))
        .collect();
    let (state, paused_reason) = state(&connection.activity);
    Ok(ConnectionView {
        tenant_id: connection.key.tenant.to_string(),
        connection_id: connection.key.connection.to_string(),
        name: connection.name.clone(),
        plugin_id: connection.plugin_id.clone(),
        plugin_digest: connection.plugin_digest.clone(),
        webhook_url: app.public_url.join(&webhook_path(&connection.key)),
        webhooks: webhooks::state(app, &connection.key).await?.0,
        state,
        paused_reason,
        shop: connection.shop.clone(),
        streams,
    })
}
