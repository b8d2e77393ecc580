//! What only tests ask of a connection.

use sqlx::{AssertSqlSafe, Executor as _, Row as _, SqlSafeStr as _};

use super::{Conn, Side, Sql};
use crate::StoreError;

impl Sql {
    /// The text for SQLite.
    pub(crate) fn text(self) -> &'static str {
        self.sqlite
    }
}

impl Conn {
    pub(crate) async fn prepare(&mut self, sql: Sql) -> Result<(), StoreError> {
        match self.side() {
            Side::Sqlite(conn) => drop(conn.prepare(sql.sqlite.into_sql_str()).await?),
            Side::Postgres(conn) => drop(conn.prepare(sql.postgres.into_sql_str()).await?),
        }
        Ok(())
    }

    /// How the database would run a statement with arguments that it does not know yet, a line per step.
    pub(crate) async fn plan(&mut self, sql: Sql) -> Result<Vec<String>, StoreError> {
        match self.side() {
            Side::Sqlite(conn) => {
                let text = format!("EXPLAIN QUERY PLAN {}", sql.sqlite);
                let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(conn).await?;
                Ok(rows.iter().map(|row| row.get("detail")).collect())
            }
            Side::Postgres(conn) => {
                // A text, a number and JSON; of `NULL` it is known that no partition holds it.
                let ones = vec!["'1'"; arguments(sql.postgres)].join(", ");
                let asked = if ones.is_empty() {
                    ones
                } else {
                    format!("({ones})")
                };
                // An empty table is always read whole unless that is made to look dear.
                let frame = format!(
                    "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; PREPARE asked AS {}",
                    sql.postgres
                );
                conn.execute(AssertSqlSafe(frame)).await?;
                let text = format!("EXPLAIN EXECUTE asked {asked}");
                let rows = sqlx::raw_sql(AssertSqlSafe(text))
                    .fetch_all(&mut *conn)
                    .await?;
                conn.execute("DEALLOCATE asked").await?;
                Ok(rows.iter().map(|row| row.get(0)).collect())
            }
        }
    }

    /// Runs any text; for tests that damage things on purpose.
    pub(crate) async fn raw(&mut self, text: &'static str) -> Result<(), StoreError> {
        Ok(self.frame(text).await?)
    }

    /// One value of any query.
    pub(crate) async fn ask<T>(&mut self, text: &'static str) -> Result<T, StoreError>
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
        T: Send + Unpin,
    {
        Ok(match self.side() {
            Side::Sqlite(conn) => sqlx::query(text).fetch_one(conn).await?.get(0),
            Side::Postgres(conn) => sqlx::query(text).fetch_one(conn).await?.get(0),
        })
    }
}

/// How many arguments a text has: the highest `$n`.
fn arguments(text: &str) -> usize {
    text.split('$')
        .skip(1)
        .filter_map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        })
        .max()
        .unwrap_or(0)
}
