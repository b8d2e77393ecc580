//! The one error type of the store, cut by what the caller does next.

use std::path::PathBuf;

use ordercase_model::RecordRef;

/// Why the store did not do what it was asked. Nothing of a failed call is kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the database: ask it, or stop it.
    #[error("{} is in use by a running server: send the command to it with --server, or stop it first", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The file, its folder or its lock cannot be opened: look at path and permissions.
    #[error("cannot open the database {}: {source}", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address is not one of a PostgreSQL database. Not repeated here: it holds a password.
    #[error(
        "the database address is not of the form postgres://USER:PASSWORD@HOST:PORT/NAME; percent-encode what is special in the password"
    )]
    Address,
    /// The server does not answer, or refuses us: look at address, name, password and `pg_hba.conf`.
    #[error(
        "cannot reach the database {database}: {source}. Check that it runs and accepts this user; see docs/postgresql.md"
    )]
    Unreachable {
        /// Its address, without the password.
        database: String,
        /// What was heard.
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date: the file is newer than this build, or damaged.
    #[error("cannot bring the database's schema up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// There is no such row in this tenant.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// There is one already.
    #[error("there is already a {what} `{id}`")]
    Exists {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// Somebody else changed it in between: read again, decide again.
    #[error("{what} `{id}` changed in between: read it again and decide again")]
    Conflict {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// A lease ran out and somebody else works on it: drop the work, it is in good hands.
    #[error("the lease on {what} `{id}` is lost: somebody else works on it")]
    LeaseLost {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// A webhook tells of steps that orders do not usually take: read these records and apply what the source says.
    #[error("{} records take an unusual step, such as {step}: read them", records.len())]
    Doubtful {
        /// The records.
        records: Vec<RecordRef>,
        /// The step of the first of them.
        step: String,
    },
    /// The input breaks a limit or a rule: do not try again with the same.
    #[error("refused: {reason}")]
    Refused {
        /// Which rule, and where.
        reason: String,
    },
    /// A secret does not open: wrong master key, or the row was changed or moved.
    #[error(
        "the secret `{slot}` of `{owner}` does not open: the master key is not the one it was sealed with, or the row was changed"
    )]
    SecretSealed {
        /// Connection or desk.
        owner: String,
        /// Slot.
        slot: String,
    },
    /// A row does not hold what this build wrote: restore or report.
    #[error("the database holds something unreadable in {column}: {reason}")]
    Corrupt {
        /// Column.
        column: &'static str,
        /// Why.
        reason: String,
    },
    /// The transaction could not be committed: try again, answer 503 meanwhile.
    #[error("the database could not commit: {0}")]
    NotCommitted(String),
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
    /// The database failed: try again, answer 503 meanwhile.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::NotCommitted(_)
                | Self::Database(_)
                | Self::Closed
                | Self::InUse { .. }
                | Self::Unreachable { .. }
        )
    }

    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused {
            reason: reason.into(),
        }
    }

    pub(crate) fn missing(what: &'static str, id: &(impl ToString + ?Sized)) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }

    /// A broken unique constraint becomes [`StoreError::Exists`].
    pub(crate) fn or_exists(self, what: &'static str, id: &(impl ToString + ?Sized)) -> Self {
        match &self {
            Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Self::Exists {
                    what,
                    id: id.to_string(),
                }
            }
            _ => self,
        }
    }
}
