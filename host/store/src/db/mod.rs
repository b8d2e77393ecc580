//! The thin layer between our statements and a database: what a second one implements.
//!
//! A statement is a constant made by [`statements!`], so that a test can list and prepare them all.
//! Arguments are NULL, integer or text; rows are read by column name. `dialect.rs` holds the few
//! places where databases differ.

pub(crate) mod dialect;
mod row;
mod writer;

pub(crate) use row::Row;
pub(crate) use writer::{Tx, Writer};

use futures::TryStreamExt;
use ordercase_model::Instant;
use sqlx::{Sqlite, SqliteConnection, pool::PoolConnection, query::Query, sqlite::SqliteArguments};

use crate::StoreError;

/// SQL text; only [`statements!`] makes one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql(&'static str);

impl Sql {
    pub(crate) const fn declared(text: &'static str) -> Self {
        Self(text)
    }

    #[cfg(test)]
    pub(crate) fn text(self) -> &'static str {
        self.0
    }
}

/// Declares statements and the list of them that the preparing test reads.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* const $name: $crate::db::Sql = $crate::db::Sql::declared($text);)*
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, $crate::db::Sql)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

/// One argument.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    Null,
    Int(i64),
    Text(String),
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<u32> for Arg {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}
impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}
impl From<Instant> for Arg {
    fn from(value: Instant) -> Self {
        Self::Int(value.micros())
    }
}
impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}
impl<T: Into<Self>> From<Option<T>> for Arg {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
macro_rules! id_args {
    ($($name:ident)*) => { $(
        impl From<&crate::id::$name> for Arg {
            fn from(id: &crate::id::$name) -> Self {
                Self::Text(id.as_str().to_owned())
            }
        }
    )* };
}
id_args!(TenantId DeskId ConnectionId ReceiptId EffectId CaseId HolderId);

/// Builds the arguments of a statement, in the order of `$1`, `$2`, ...
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Arg::from($value)),*] };
}
pub(crate) use args;

/// A connection to the database. PostgreSQL will be two more variants here.
pub(crate) enum Conn {
    Writer(SqliteConnection),
    Reader(PoolConnection<Sqlite>),
}

impl Conn {
    fn sqlite(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Writer(conn) => conn,
            Self::Reader(conn) => conn,
        }
    }

    /// Runs a statement; returns how many rows it touched.
    pub(crate) async fn run(&mut self, sql: Sql, args: Vec<Arg>) -> Result<u64, StoreError> {
        let done = bound(sql, args).execute(self.sqlite()).await?;
        Ok(done.rows_affected())
    }

    /// All rows.
    pub(crate) async fn all(&mut self, sql: Sql, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        let rows = bound(sql, args).fetch(self.sqlite());
        Ok(rows.map_ok(Row::new).try_collect().await?)
    }

    /// The first row, if any.
    pub(crate) async fn first(
        &mut self,
        sql: Sql,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        let row = bound(sql, args).fetch_optional(self.sqlite()).await?;
        Ok(row.map(Row::new))
    }

    /// Closes the connection after everything is written back.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        match self {
            Self::Writer(conn) => {
                use sqlx::Connection as _;
                Ok(conn.close().await?)
            }
            Self::Reader(_) => Ok(()),
        }
    }

    #[cfg(test)]
    pub(crate) async fn prepare(&mut self, sql: Sql) -> Result<(), StoreError> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        self.sqlite().prepare(sql.0.into_sql_str()).await?;
        Ok(())
    }

    /// How the database would run a statement, a line per table.
    #[cfg(test)]
    pub(crate) async fn plan(&mut self, sql: Sql) -> Result<Vec<String>, StoreError> {
        use sqlx::Row as _;
        let text = format!("EXPLAIN QUERY PLAN {}", sql.0);
        let rows = sqlx::query(sqlx::AssertSqlSafe(text))
            .fetch_all(self.sqlite())
            .await?;
        Ok(rows.iter().map(|row| row.get("detail")).collect())
    }

    /// Runs any text; for tests that damage things on purpose.
    #[cfg(test)]
    pub(crate) async fn raw(&mut self, text: &'static str) -> Result<(), StoreError> {
        sqlx::query(text).execute(self.sqlite()).await?;
        Ok(())
    }
}

fn bound(sql: Sql, args: Vec<Arg>) -> Query<'static, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(sql.0);
    for arg in args {
        query = match arg {
            Arg::Null => query.bind(None::<i64>),
            Arg::Int(value) => query.bind(value),
            Arg::Text(value) => query.bind(value),
        };
    }
    query
}
