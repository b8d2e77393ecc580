//! SQLite: one file that one process has, found by its path.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Sqlite, SqlitePool,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use super::{Arg, Conn};
use crate::{
    StoreError,
    limits::{BUSY_TIMEOUT_MS, LOG_PAGES, PAGE_BYTES, READERS_MAX, WRITER_CACHE_KIB},
};

/// Takes the write lock at once, so that no job meets it half way.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Held while the store is open, so that a command without a server cannot write beside one.
pub(crate) struct Lock {
    _file: File,
}

/// An open file: the only connection that writes, and those that read.
pub(crate) struct Opened {
    pub(crate) writer: Conn,
    pub(crate) readers: SqlitePool,
    pub(crate) lock: Lock,
}

/// Takes the file, brings its schema up to date. File and folder are made when they are not there.
///
/// # Errors
/// [`StoreError::InUse`] when another process has it; else when it cannot be opened or migrated.
pub(crate) async fn open(path: &Path) -> Result<Opened, StoreError> {
    let lock = lock(path)?;
    let settings = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // For new files. A record with its body is five kilobytes: in smaller pages it overflows, and each page more
        // is written twice (decision 5).
        .page_size(PAGE_BYTES)
        .foreign_keys(true)
        .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
        .statement_cache_capacity(256)
        .disable_statement_logging();
    let writer = settings
        .clone()
        // A statement of many rows keeps what it changes until it ends: in a file that is written, in memory it is not.
        .pragma("temp_store", "MEMORY")
        // Keys lie anywhere in their index: without this their pages are read again for every batch.
        .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"))
        // The same pages are written by batch after batch: rarely into the file, always into the log.
        .pragma("wal_autocheckpoint", LOG_PAGES.to_string());
    let mut conn = writer.connect().await?;
    sqlx::migrate!("migrations/sqlite").run(&mut conn).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .min_connections(1)
        // A file does not go away: asking first would double the way of every read.
        .test_before_acquire(false)
        .connect_with(settings.create_if_missing(false).read_only(true))
        .await?;
    Ok(Opened {
        writer: Conn::SqliteWriter(conn),
        readers,
        lock,
    })
}

pub(super) fn bound(text: &'static str, args: Vec<Arg>) -> Query<'static, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(text);
    for arg in args {
        query = match arg {
            Arg::Null => query.bind(None::<i64>),
            Arg::Int(value) => query.bind(value),
            Arg::Text(value) => query.bind(value),
        };
    }
    query
}

fn lock(path: &Path) -> Result<Lock, StoreError> {
    let open = |source| StoreError::Open {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(open)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(name))
        .map_err(open)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: path.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(source)) => Err(open(source)),
    }
}
