//! The hosts' database, looked into behind their back: every value as text, on SQLite and PostgreSQL alike.

use std::{collections::BTreeMap, time::Duration};

use sqlx::{
    Connection as _, PgConnection, Row as _, SqliteConnection, sqlite::SqliteConnectOptions,
};

use crate::{Database, World};

/// How long a reader waits for a writer.
const BUSY: Duration = Duration::from_secs(30);

/// A value as text; absent where it is null.
pub type Cell = Option<String>;

/// A connection that only reads.
#[derive(Debug)]
pub enum StoreReader {
    /// To the file of the one host.
    Sqlite(SqliteConnection),
    /// To the replicas' database.
    Postgres(PgConnection),
}

impl StoreReader {
    /// Connects to a world's database.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn open(world: &World) -> anyhow::Result<Self> {
        match world.database() {
            Database::Sqlite => {
                let options = SqliteConnectOptions::new()
                    .filename(world.data().join("host").join("ordercase.db"))
                    .busy_timeout(BUSY)
                    .read_only(true);
                Ok(Self::Sqlite(
                    SqliteConnection::connect_with(&options).await?,
                ))
            }
            Database::Postgres { url, .. } => {
                let mut connection = PgConnection::connect(url).await?;
                // The wall between tenants: `*` sees all of them.
                sqlx::query("SELECT set_config('ordercase.tenant', '*', false)")
                    .execute(&mut connection)
                    .await?;
                Ok(Self::Postgres(connection))
            }
        }
    }

    /// The rows of a statement whose columns are all texts.
    ///
    /// # Errors
    /// When the database refuses it.
    pub async fn rows(
        &mut self,
        sql: &'static str,
        values: &[&str],
    ) -> anyhow::Result<Vec<Vec<Cell>>> {
        macro_rules! rows {
            ($connection:expr) => {{
                let mut query = sqlx::query(sql);
                for value in values {
                    query = query.bind((*value).to_owned());
                }
                let rows = query.fetch_all($connection).await?;
                rows.iter().map(texts).collect()
            }};
        }
        match self {
            Self::Sqlite(connection) => {
                fn texts(row: &sqlx::sqlite::SqliteRow) -> anyhow::Result<Vec<Cell>> {
                    let columns = 0..row.len();
                    columns.map(|at| Ok(row.try_get(at)?)).collect()
                }
                rows!(connection)
            }
            Self::Postgres(connection) => {
                fn texts(row: &sqlx::postgres::PgRow) -> anyhow::Result<Vec<Cell>> {
                    let columns = 0..row.len();
                    columns.map(|at| Ok(row.try_get(at)?)).collect()
                }
                rows!(connection)
            }
        }
    }

    /// Kind and source id of every record of a tenant, with its body; none for one that is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn records(
        &mut self,
        tenant: &str,
    ) -> anyhow::Result<BTreeMap<(String, String), Cell>> {
        let sql = "SELECT kind, source_id, CASE WHEN deleted = 0 THEN body END AS body
            FROM records WHERE tenant_id = $1";
        let rows = self.rows(sql, &[tenant]).await?;
        let keyed = rows.into_iter().map(|row| {
            let mut cells = row.into_iter();
            let mut text = || cells.next().flatten();
            let key = (text().unwrap_or_default(), text().unwrap_or_default());
            (key, text())
        });
        Ok(keyed.collect())
    }
}
