//! The thin layer between our statements and the two databases.
//!
//! A statement is a constant made by [`statements!`], so that a test can list and prepare them all on both.
//! Arguments are NULL, integer or text; rows are read by column name. `dialect.rs` holds the few
//! places where the databases differ, `sqlite.rs` and `postgres.rs` how each is reached.

pub(crate) mod dialect;
mod many;
mod notify;
pub(crate) mod postgres;
mod row;
pub(crate) mod sqlite;
mod writer;

pub(crate) use many::Many;
pub(crate) use notify::{Messages, Notifier, tell_and_listen};
pub(crate) use postgres::Line;
pub(crate) use row::Row;
pub(crate) use writer::{Seat, Tx, Urgency, Writer};

use futures::TryStreamExt;
use ordercase_model::Instant;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction, pool::PoolConnection};

use crate::{StoreError, TenantId};

/// SQL text, as each database takes it; only [`statements!`] makes one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

/// What [`statements!`] makes a statement of: one text for both, or `[SQLite's, PostgreSQL's]` by a macro of
/// `dialect.rs`.
pub(crate) struct Declared<T>(pub(crate) T);

#[cfg(feature = "simulation")]
impl Sql {
    /// A statement of the simulation, which runs on SQLite.
    pub(crate) const fn only_sqlite(text: &'static str) -> Self {
        Self {
            sqlite: text,
            postgres: "",
        }
    }

    pub(crate) const fn sqlite(self) -> &'static str {
        self.sqlite
    }
}

impl Declared<&'static str> {
    pub(crate) const fn sql(self) -> Sql {
        Sql {
            sqlite: self.0,
            postgres: self.0,
        }
    }
}

impl Declared<[&'static str; 2]> {
    pub(crate) const fn sql(self) -> Sql {
        let [sqlite, postgres] = self.0;
        Sql { sqlite, postgres }
    }
}

/// Declares statements and the list of them that the preparing test reads.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* const $name: $crate::db::Sql = $crate::db::Declared($text).sql();)*
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, $crate::db::Sql)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

/// Whose rows a connection works on. PostgreSQL lets it see no others, and writes of one tenant stand in one
/// line there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One tenant's.
    Tenant(TenantId),
    /// Everybody's: claims, the operator's lists, tokens and ids that alone name their tenant.
    All,
}

impl From<&TenantId> for Scope {
    fn from(tenant: &TenantId) -> Self {
        Self::Tenant(tenant.clone())
    }
}
impl From<Option<&TenantId>> for Scope {
    fn from(tenant: Option<&TenantId>) -> Self {
        tenant.map_or(Self::All, Self::from)
    }
}

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
id_args!(TenantId DeskId ConnectionId ReceiptId EffectId CaseId HolderId RunId);

/// Builds the arguments of a statement, in the order of `$1`, `$2`, ...
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Arg::from($value)),*] };
}
pub(crate) use args;

/// A connection to the database.
pub(crate) enum Conn {
    SqliteWriter(SqliteConnection),
    SqliteReader(PoolConnection<Sqlite>),
    PostgresWriter(PgConnection),
    PostgresReader(PoolConnection<Postgres>),
    /// Sees what was there when it first looked; ends when it is dropped.
    SqliteView(Transaction<'static, Sqlite>),
    /// The same.
    PostgresView(Transaction<'static, Postgres>),
}

/// The same, borrowed, whoever owns it.
enum Side<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Conn {
    fn side(&mut self) -> Side<'_> {
        match self {
            Self::SqliteWriter(conn) => Side::Sqlite(conn),
            Self::SqliteReader(conn) => Side::Sqlite(conn),
            Self::PostgresWriter(conn) => Side::Postgres(conn),
            Self::PostgresReader(conn) => Side::Postgres(conn),
            Self::SqliteView(view) => Side::Sqlite(view),
            Self::PostgresView(view) => Side::Postgres(view),
        }
    }

    /// Whether it leads to PostgreSQL.
    fn is_postgres(&mut self) -> bool {
        matches!(self.side(), Side::Postgres(_))
    }

    /// Runs a statement; returns how many rows it touched.
    pub(crate) async fn run(&mut self, sql: Sql, args: Vec<Arg>) -> Result<u64, StoreError> {
        #[cfg(feature = "simulation")]
        let _busy = crate::simulation::busy();
        Ok(match self.side() {
            Side::Sqlite(conn) => sqlite::bound(sql.sqlite, args)
                .execute(conn)
                .await?
                .rows_affected(),
            Side::Postgres(conn) => postgres::bound(sql.postgres, args)
                .execute(conn)
                .await?
                .rows_affected(),
        })
    }

    /// All rows.
    pub(crate) async fn all(&mut self, sql: Sql, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        #[cfg(feature = "simulation")]
        let _busy = crate::simulation::busy();
        Ok(match self.side() {
            Side::Sqlite(conn) => {
                let rows = sqlite::bound(sql.sqlite, args).fetch(conn);
                rows.map_ok(Row::Sqlite).try_collect().await?
            }
            Side::Postgres(conn) => {
                let rows = postgres::bound(sql.postgres, args).fetch(conn);
                rows.map_ok(Row::Postgres).try_collect().await?
            }
        })
    }

    /// The first row, if any.
    pub(crate) async fn first(
        &mut self,
        sql: Sql,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        #[cfg(feature = "simulation")]
        let _busy = crate::simulation::busy();
        Ok(match self.side() {
            Side::Sqlite(conn) => {
                let row = sqlite::bound(sql.sqlite, args).fetch_optional(conn);
                row.await?.map(Row::Sqlite)
            }
            Side::Postgres(conn) => {
                let row = postgres::bound(sql.postgres, args).fetch_optional(conn);
                row.await?.map(Row::Postgres)
            }
        })
    }

    /// Runs text that is no statement of ours: the frame of a transaction.
    async fn frame(&mut self, text: &'static str) -> Result<(), sqlx::Error> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        match self.side() {
            Side::Sqlite(conn) => conn.execute(text.into_sql_str()).await.map(|_| ()),
            Side::Postgres(conn) => conn.execute(text.into_sql_str()).await.map(|_| ()),
        }
    }

    /// Closes the connection after everything is written back.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        use sqlx::Connection as _;
        match self {
            Self::SqliteWriter(conn) => Ok(conn.close().await?),
            Self::PostgresWriter(conn) => Ok(conn.close().await?),
            Self::SqliteReader(_)
            | Self::PostgresReader(_)
            | Self::SqliteView(_)
            | Self::PostgresView(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod test_support;
