//! PostgreSQL: one database that many replicas share.
//!
//! **Writes of one tenant stand in one line.** A transaction belongs to one tenant and first takes that
//! tenant's advisory lock, so what a job reads is what it decides on, as with SQLite's one writer; tenants go
//! in parallel, and nothing can deadlock, because a transaction waits for one lock only and before it holds
//! any row. Claims stand in no line: they take rows that nobody else is taking.
//!
//! **A tenant's transaction sees that tenant's rows.** The role is bound by row-level security: what is
//! forgotten in a statement's `WHERE` is still not answered.

use sqlx::{
    ConnectOptions as _, Encode, PgConnection, PgPool, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{
        PgArgumentBuffer, PgArguments, PgConnectOptions, PgPoolOptions, PgTypeInfo, types::Oid,
    },
    query::Query,
};

use super::{Arg, Conn, Scope, Sql, dialect};
use crate::{
    StoreError,
    limits::{IDLE_IN_TRANSACTION_SECONDS, LOCK_WAIT_SECONDS, READERS_MAX, STATEMENT_SECONDS},
};

/// Lines that advisory locks keep apart, each per tenant.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub(crate) enum Line {
    /// Whoever writes the tenant's rows.
    Writes = 1,
    /// Whoever hands out the tenant's receipts.
    Receipts = 2,
    /// Whoever hands out the tenant's effects.
    Effects = 3,
}

impl From<Line> for Arg {
    fn from(line: Line) -> Self {
        Self::Int(line as i64)
    }
}

/// Begins a view: what it reads is of one moment, and it writes nothing.
pub(crate) const BEGIN_VIEW: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// From here on the connection sees these rows; a transaction of one tenant also waits for its turn.
const ENTER_LINE: Sql = only(
    "SELECT set_config('ordercase.tenant', $1, true), pg_advisory_xact_lock(hashtextextended($1, $2))",
);
const ENTER_ALL: Sql = only("SELECT set_config('ordercase.tenant', '*', true)");
const SEE: Sql = only("SELECT set_config('ordercase.tenant', $1, false)");
const TRY_LINE: Sql =
    only("SELECT pg_try_advisory_xact_lock(hashtextextended($1, $2))::int::bigint AS mine");
const BYPASSES: Sql = only(
    "SELECT (rolsuper OR rolbypassrls)::int::bigint AS bypasses FROM pg_roles WHERE rolname = current_user",
);

const fn only(text: &'static str) -> Sql {
    Sql {
        sqlite: "",
        postgres: text,
    }
}

/// Where the database is. Has no form that shows the password.
#[derive(Clone)]
pub(crate) struct Address {
    settings: PgConnectOptions,
}

impl Address {
    /// # Errors
    /// When it is no address of a PostgreSQL database.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let known = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let settings = known
            .then(|| url.parse::<PgConnectOptions>().ok())
            .flatten()
            .ok_or(StoreError::Address)?;
        Ok(Self {
            settings: settings
                .application_name("ordercase")
                .statement_cache_capacity(256)
                .disable_statement_logging(),
        })
    }

    /// The address without its password, for people.
    pub(crate) fn shown(&self) -> String {
        let host = self.settings.get_socket().map_or_else(
            || format!("{}:{}", self.settings.get_host(), self.settings.get_port()),
            |socket| socket.display().to_string(),
        );
        let name = self.settings.get_database().unwrap_or_default();
        format!("postgres://{}@{host}/{name}", self.settings.get_username())
    }

    fn unreachable(&self, source: sqlx::Error) -> StoreError {
        StoreError::Unreachable {
            database: self.shown(),
            source,
        }
    }

    /// A writer that hangs is cut off, so that nobody waits for its locks for ever. Statements are planned once
    /// per connection: they go along an index whatever their arguments are, and planning over partitions costs
    /// more than running. None is compiled: what a planner without statistics thinks dear takes a fifth of a second to
    /// compile and a millisecond to run.
    fn bounded(&self) -> PgConnectOptions {
        let seconds = |n: u32| format!("{n}s");
        self.settings.clone().options([
            (
                "idle_in_transaction_session_timeout",
                seconds(IDLE_IN_TRANSACTION_SECONDS),
            ),
            ("lock_timeout", seconds(LOCK_WAIT_SECONDS)),
            ("statement_timeout", seconds(STATEMENT_SECONDS)),
            ("plan_cache_mode", "force_generic_plan".to_owned()),
            ("jit", "off".to_owned()),
        ])
    }

    /// A connection of one's own.
    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        self.bounded().connect().await
    }

    /// Brings the schema up to date. Replicas that start together wait for the first.
    ///
    /// # Errors
    /// When the database cannot be reached or is newer than this build.
    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        // A migration is about the rows of every tenant; behind the wall it would see none.
        let settings = self.settings.clone().options([("ordercase.tenant", "*")]);
        let conn = settings.connect().await;
        let mut conn = conn.map_err(|error| self.unreachable(error))?;
        sqlx::migrate!("migrations/postgres").run(&mut conn).await?;
        let mut conn = Conn::PostgresWriter(conn);
        let role = conn.first(BYPASSES, Vec::new()).await?;
        if role.is_some_and(|row| row.flag("bypasses").unwrap_or(false)) {
            tracing::warn!(
                database = self.shown(),
                "this role bypasses row-level security; give Ordercase a role that does not"
            );
        }
        conn.close().await
    }

    /// Connections for reading.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub(crate) async fn readers(&self) -> Result<PgPool, StoreError> {
        PgPoolOptions::new()
            .max_connections(READERS_MAX)
            .min_connections(1)
            .connect_with(self.bounded())
            .await
            .map_err(|error| self.unreachable(error))
    }

    /// A pool of one connection that is made when it is needed, again and again.
    pub(crate) fn lazy(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(self.settings.clone())
    }
}

impl Conn {
    /// Begins a transaction: no job of the scope runs at the same time, here or on another replica.
    pub(super) async fn begin(&mut self, scope: &Scope) -> Result<(), StoreError> {
        if self.is_postgres() {
            self.frame("BEGIN").await?;
            match scope {
                Scope::Tenant(tenant) => {
                    let args = vec![tenant.into(), Line::Writes.into()];
                    self.first(ENTER_LINE, args).await?;
                }
                Scope::All => {
                    self.first(ENTER_ALL, Vec::new()).await?;
                }
            }
        } else {
            self.frame(super::sqlite::BEGIN).await?;
        }
        self.frame(dialect::SAVEPOINT).await?;
        Ok(())
    }

    /// Lets a reading connection see the rows of the scope, and no others.
    pub(crate) async fn see(&mut self, scope: &Scope) -> Result<(), StoreError> {
        if self.is_postgres() {
            let seen = match scope {
                Scope::Tenant(tenant) => Arg::from(tenant),
                Scope::All => Arg::from("*"),
            };
            self.first(SEE, vec![seen]).await?;
        }
        Ok(())
    }

    /// Whether this transaction alone stands in that line of the tenant, as whoever hands work out must: two that
    /// look at the same time would not see each other's leases. Never waits.
    pub(crate) async fn alone(&mut self, tenant: &str, line: Line) -> Result<bool, StoreError> {
        if !self.is_postgres() {
            return Ok(true);
        }
        let args = vec![tenant.into(), line.into()];
        match self.first(TRY_LINE, args).await? {
            Some(row) => row.flag("mine"),
            None => Ok(false),
        }
    }
}

/// NULL of the type that the statement asks for.
struct Untyped;

impl Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(&self, _buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

pub(super) fn bound(text: &'static str, args: Vec<Arg>) -> Query<'static, Postgres, PgArguments> {
    let mut query = sqlx::query(text);
    for arg in args {
        query = match arg {
            Arg::Null => query.bind(Untyped),
            Arg::Int(value) => query.bind(value),
            // PostgreSQL holds no NUL in a text. Bodies never have one; what a stranger named may.
            Arg::Text(value) if value.contains('\0') => query.bind(value.replace('\0', "\u{fffd}")),
            Arg::Text(value) => query.bind(value),
        };
    }
    query
}
