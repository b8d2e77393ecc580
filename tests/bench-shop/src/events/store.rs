//! The host's receipts, looked into from outside: one statement a look, by the index of their delivery keys.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use sqlx::{
    Connection as _, PgConnection, Row as _, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

use super::Events;

/// How long a look waits for a writer.
const BUSY: Duration = Duration::from_secs(10);
const SETTLED_SQLITE: &str = "SELECT dedupe_key, state FROM receipts
    WHERE tenant_id = $1 AND owner_id = $2 AND dedupe_key IN (SELECT value FROM json_each($3)) AND state <> 'pending'";
const SETTLED_POSTGRES: &str = "SELECT dedupe_key, state FROM receipts
    WHERE tenant_id = $1 AND owner_id = $2 AND dedupe_key = ANY($3) AND state <> 'pending'";

/// A connection that only reads.
pub(super) struct Store {
    connection: Connection,
    tenant: String,
    owner: String,
}

enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Store {
    /// Opens the host's database.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(super) async fn open(events: &Events) -> anyhow::Result<Self> {
        let connection = if events.store.starts_with("postgres://") {
            // Planned once: a look must cost the host's server little.
            let options: PgConnectOptions = events.store.parse()?;
            let options = options.options([("plan_cache_mode", "force_generic_plan")]);
            let mut connection = PgConnection::connect_with(&options).await?;
            sqlx::query("SELECT set_config('ordercase.tenant', $1, false)")
                .bind(&events.tenant)
                .execute(&mut connection)
                .await?;
            Connection::Postgres(connection)
        } else {
            let options = SqliteConnectOptions::new()
                .filename(&events.store)
                .busy_timeout(BUSY)
                .read_only(true);
            Connection::Sqlite(SqliteConnection::connect_with(&options).await?)
        };
        Ok(Self {
            connection,
            tenant: events.tenant.clone(),
            owner: events.connection.clone(),
        })
    }

    /// Which of these deliveries are settled, and how they ended.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn settled(
        &mut self,
        keys: &[String],
    ) -> anyhow::Result<HashMap<String, String>> {
        let (tenant, owner) = (self.tenant.as_str(), self.owner.as_str());
        let rows: Vec<(String, String)> = match &mut self.connection {
            Connection::Sqlite(connection) => {
                let query = sqlx::query(SETTLED_SQLITE).bind(tenant).bind(owner);
                let rows = query
                    .bind(serde_json::to_string(keys)?)
                    .fetch_all(connection)
                    .await?;
                rows.iter()
                    .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
                    .collect::<sqlx::Result<_>>()
            }
            Connection::Postgres(connection) => {
                let query = sqlx::query(SETTLED_POSTGRES).bind(tenant).bind(owner);
                let rows = query.bind(keys).fetch_all(connection).await?;
                rows.iter()
                    .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
                    .collect::<sqlx::Result<_>>()
            }
        }
        .context("the receipts cannot be read")?;
        Ok(rows.into_iter().collect())
    }
}
