//! Opening and closing: the lock, the schema, the writer, the readers.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use ordercase_model::Instant;
use sqlx::{
    ConnectOptions as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    StoreError,
    db::{Conn, Tx, Writer},
    limits::{BUSY_TIMEOUT_MS, READERS_MAX},
    secret::MasterKey,
    signal::{Queue, Signals},
};

/// What a store needs besides its path.
#[derive(Default)]
pub struct StoreOptions {
    /// Seals and opens secrets; without it those calls are refused.
    pub master_key: Option<MasterKey>,
}

/// The database. Clones are cheap and share one writer.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    shared: Arc<Shared>,
}

struct Shared {
    readers: SqlitePool,
    signals: Signals,
    master_key: Option<MasterKey>,
    task: std::sync::Mutex<Option<JoinHandle<Conn>>>,
    _lock: Lock,
}

/// Held while the store is open, so that a command without a server cannot write beside one.
struct Lock {
    _file: File,
}

impl Store {
    /// Takes the database: locks it, brings its schema up to date, starts the writer. The file and
    /// its folder are made when they are not there.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it; else when it cannot be opened or migrated.
    pub async fn open(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let lock = lock(path)?;
        let settings = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let mut conn = settings.connect().await?;
        sqlx::migrate!("migrations/sqlite").run(&mut conn).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .min_connections(1)
            .connect_with(settings.create_if_missing(false).read_only(true))
            .await?;
        let signals = Signals::new();
        let (writer, task) = Writer::start(Conn::Writer(conn), signals.clone());
        Ok(Self {
            writer,
            shared: Arc::new(Shared {
                readers,
                signals,
                master_key: options.master_key,
                task: std::sync::Mutex::new(Some(task)),
                _lock: lock,
            }),
        })
    }

    /// A counter that moves when a commit fed that queue.
    #[must_use]
    pub fn signal(&self, queue: Queue) -> watch::Receiver<u64> {
        self.shared.signals.subscribe(queue)
    }

    /// Writes everything back, ends the writer and gives the database free once all clones are gone.
    ///
    /// # Errors
    /// When the database cannot be closed in order; what was committed stays committed.
    pub async fn close(self) -> Result<(), StoreError> {
        let Self { writer, shared } = self;
        shared.readers.close().await;
        drop(writer);
        let task = shared.task.lock().ok().and_then(|mut task| task.take());
        if Arc::strong_count(&shared) == 1
            && let Some(task) = task
            && let Ok(conn) = task.await
        {
            conn.close().await?;
        }
        Ok(())
    }

    /// Frees what an earlier holder of this database had claimed when it was killed. Only this process
    /// has the database ([`Store::open`] locks it), so nobody works on any of it.
    ///
    /// Work that stays inside is free at once. An effect is free at `effects_from`: a request that its
    /// holder had sent may still be on its way, and whoever asks too early whether it happened hears no.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn take_over(&self, effects_from: Instant) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.conn.run(FREE_RECEIPTS, Vec::new()).await?;
                tx.conn.run(FREE_STREAMS, Vec::new()).await?;
                tx.conn.run(FREE_EFFECTS, vec![effects_from.into()]).await?;
                Ok(())
            })
        })
        .await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.reader().await?.first(PING, Vec::new()).await?;
        Ok(())
    }

    pub(crate) async fn reader(&self) -> Result<Conn, StoreError> {
        Ok(Conn::Reader(self.shared.readers.acquire().await?))
    }

    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.writer.write(job).await
    }

    pub(crate) fn master_key(&self) -> Result<&MasterKey, StoreError> {
        self.shared
            .master_key
            .as_ref()
            .ok_or_else(|| StoreError::refused("secrets need a master key; none was handed in"))
    }
}

crate::db::statements! {
    PING = "SELECT 1 AS one";
    FREE_RECEIPTS = "UPDATE receipts SET holder = NULL, lease_until = NULL
        WHERE state = 'pending' AND holder IS NOT NULL";
    FREE_STREAMS = "UPDATE streams SET holder = NULL, lease_until = NULL
        WHERE state = 'pending' AND holder IS NOT NULL";
    FREE_EFFECTS = "UPDATE outbox SET lease_until = $1
        WHERE state = 'pending' AND holder IS NOT NULL AND lease_until > $1";
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
