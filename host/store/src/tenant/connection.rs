//! Connections: one shop each, pinned to one plugin digest.

use ordercase_model::Instant;
use serde::Serialize;
use serde_json::Value;

use super::Activity;
use crate::{
    ConnectionId, ConnectionKey, Lane, Store, StoreError, StreamSpec, TenantId, View,
    db::{Conn, Row, Scope, args, statements},
    signal::Queue,
    stream, subscription,
};

/// A connection to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewConnection {
    /// Key.
    pub key: ConnectionKey,
    /// Name, unique within the tenant.
    pub name: String,
    /// Plugin.
    pub plugin_id: String,
    /// The digest it is pinned to; see [`crate::Store::put_plugin`].
    pub plugin_digest: String,
    /// Validated settings.
    pub settings: Value,
    /// The probe's facts.
    pub shop: Value,
    /// The operator's status mappings.
    pub overrides: Value,
    /// Streams to follow.
    pub streams: Vec<StreamSpec>,
    /// When changes are polled for the first time; history is read at once.
    pub first_poll_at: Instant,
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Connection {
    /// Key.
    pub key: ConnectionKey,
    /// Name, unique within the tenant.
    pub name: String,
    /// Plugin.
    pub plugin_id: String,
    /// The digest it is pinned to.
    pub plugin_digest: String,
    /// Settings.
    pub settings: Value,
    /// The probe's facts.
    pub shop: Value,
    /// The operator's status mappings.
    pub overrides: Value,
    /// Source fields whose words must all be mapped.
    pub required_mappings: Vec<String>,
    /// Moves with every change of the two.
    pub mappings_revision: u64,
    /// Whether it is worked for.
    pub activity: Activity,
    /// Since when.
    pub created_at: Instant,
    /// Last change.
    pub updated_at: Instant,
}

macro_rules! columns {
    () => {
        "tenant_id, connection_id, name, plugin_id, plugin_digest, settings, shop, overrides, \
         required_mappings, mappings_revision, state, paused_reason, created_at, updated_at"
    };
}

statements! {
    ADD = "INSERT INTO connections (tenant_id, connection_id, name, plugin_id, plugin_digest, settings, shop,
               overrides, state, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'active', $9, $9)";
    GET = concat!("SELECT ", columns!(), " FROM connections WHERE tenant_id = $1 AND connection_id = $2");
    FIND = concat!("SELECT ", columns!(), " FROM connections WHERE connection_id = $1");
    LIST = concat!("SELECT ", columns!(), " FROM connections WHERE CAST($1 AS TEXT) IS NULL OR tenant_id = $1
           ORDER BY tenant_id, created_at, connection_id");
    SHOP = "UPDATE connections SET shop = $3, updated_at = $4 WHERE tenant_id = $1 AND connection_id = $2";
    PIN = "UPDATE connections SET plugin_digest = $3, updated_at = $4 WHERE tenant_id = $1 AND connection_id = $2";
    /// A shop that is being disconnected stays so, whatever its last jobs found.
    STATE = "UPDATE connections SET state = CASE WHEN state IN ('leaving', 'left') THEN state ELSE $3 END,
                 paused_reason = CASE WHEN state IN ('leaving', 'left') THEN NULL ELSE $4 END, updated_at = $5
             WHERE tenant_id = $1 AND connection_id = $2";
}

impl Store {
    /// Adds a connection with its streams, whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when id or name is taken in the tenant.
    pub async fn add_connection(&self, new: NewConnection, now: Instant) -> Result<(), StoreError> {
        self.write(Scope::from(&new.key.tenant), move |tx| {
            Box::pin(async move {
                let args = args![
                    &new.key.tenant,
                    &new.key.connection,
                    &new.name,
                    &new.plugin_id,
                    &new.plugin_digest,
                    new.settings.to_string(),
                    new.shop.to_string(),
                    new.overrides.to_string(),
                    now
                ];
                let taken = |e: StoreError| e.or_exists("connection", &new.name);
                tx.conn.run(ADD, args).await.map_err(taken)?;
                subscription::open(tx, &new.key, now).await?;
                stream::open(tx, &new.key, &new.streams, now, new.first_poll_at).await
            })
        })
        .await
    }

    /// One connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection(&self, key: &ConnectionKey) -> Result<Option<Connection>, StoreError> {
        let mut conn = self.reader(&key.tenant).await?;
        one(&mut conn, &key.tenant, &key.connection).await
    }

    /// A connection by its id alone, in whichever tenant. For the operator's commands, and for webhooks:
    /// their address carries the id, and their signature proves the rest.
    ///
    /// # Errors
    /// When the database fails, or the id occurs in several tenants.
    pub async fn find_connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        match conn.all(FIND, args![id]).await?.as_slice() {
            [] => Ok(None),
            [row] => read(row).map(Some),
            _ => Err(StoreError::refused(format!(
                "several tenants have a connection `{id}`: name the tenant"
            ))),
        }
    }

    /// Connections of a tenant, or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections(
        &self,
        tenant: Option<&TenantId>,
    ) -> Result<Vec<Connection>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        list(&mut conn, tenant).await
    }

    /// Keeps what a probe said about the shop.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such connection.
    pub async fn set_shop(
        &self,
        key: &ConnectionKey,
        shop: &Value,
        now: Instant,
    ) -> Result<(), StoreError> {
        let args = args![&key.tenant, &key.connection, shop.to_string(), now];
        self.change(key, SHOP, args).await
    }

    /// Pins another digest.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such connection.
    pub async fn pin_plugin(
        &self,
        key: &ConnectionKey,
        digest: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.change(key, PIN, args![&key.tenant, &key.connection, digest, now])
            .await
    }

    /// Pauses or resumes a connection. While it is paused its work waits and nothing is asked of the shop. One
    /// that is being disconnected, or was, stays so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such connection.
    pub async fn set_connection_activity(
        &self,
        key: &ConnectionKey,
        activity: &Activity,
        now: Instant,
    ) -> Result<(), StoreError> {
        let (state, reason) = activity.columns();
        self.change(
            key,
            STATE,
            args![&key.tenant, &key.connection, state, reason, now],
        )
        .await
    }

    async fn change(
        &self,
        key: &ConnectionKey,
        sql: crate::db::Sql,
        args: Vec<crate::db::Arg>,
    ) -> Result<(), StoreError> {
        let missing = StoreError::missing("connection", &key.connection);
        self.write_admission(&key.tenant, move |tx| {
            Box::pin(async move {
                if tx.conn.run(sql, args).await? == 0 {
                    return Err(missing);
                }
                Lane::ALL
                    .into_iter()
                    .for_each(|lane| tx.touched.add(Queue::Lane(lane)));
                Ok(())
            })
        })
        .await
    }
}

impl View {
    /// One connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection(
        &mut self,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        one(&mut self.conn, &self.tenant, id).await
    }

    /// The tenant's connections.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections(&mut self) -> Result<Vec<Connection>, StoreError> {
        list(&mut self.conn, Some(&self.tenant)).await
    }
}

async fn one(
    conn: &mut Conn,
    tenant: &TenantId,
    id: &ConnectionId,
) -> Result<Option<Connection>, StoreError> {
    let row = conn.first(GET, args![tenant, id]).await?;
    row.as_ref().map(read).transpose()
}

async fn list(conn: &mut Conn, tenant: Option<&TenantId>) -> Result<Vec<Connection>, StoreError> {
    conn.all(LIST, args![tenant])
        .await?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &Row) -> Result<Connection, StoreError> {
    Ok(Connection {
        key: ConnectionKey {
            tenant: row.parse("tenant_id")?,
            connection: row.parse("connection_id")?,
        },
        name: row.text("name")?,
        plugin_id: row.text("plugin_id")?,
        plugin_digest: row.text("plugin_digest")?,
        settings: row.json("settings")?,
        shop: row.json("shop")?,
        overrides: row.json("overrides")?,
        required_mappings: row.json("required_mappings")?,
        mappings_revision: row.count("mappings_revision")?,
        activity: Activity::read(row)?,
        created_at: row.instant("created_at")?,
        updated_at: row.instant("updated_at")?,
    })
}
