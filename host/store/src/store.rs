//! Opening and closing: the lock, the schema, the writer, the readers.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::future::BoxFuture;
use ordercase_model::Instant;
use sqlx::{PgPool, SqlitePool};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    StoreError, TenantId,
    db::{
        Conn, Messages, Scope, Seat, Tx, Urgency, Writer,
        postgres::{Address, BEGIN_VIEW},
        sqlite::{self, Lock, Opened},
        tell_and_listen,
    },
    inbox::{self, Gate},
    limits::WRITERS,
    secret::MasterKey,
    signal::{Queue, Signals},
    subscription,
};

/// What a store needs besides its place.
#[derive(Default)]
pub struct StoreOptions {
    /// Seals and opens secrets; without it those calls are refused.
    pub master_key: Option<MasterKey>,
}

/// The database. Clones are cheap and share its writers.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    shared: Arc<Shared>,
    #[cfg(feature = "simulation")]
    pub(crate) gate: Gated,
}

/// Where the simulation stops every operation.
#[cfg(feature = "simulation")]
#[derive(Clone, Default)]
pub(crate) struct Gated(pub(crate) Option<Arc<dyn crate::simulation::Gate>>);

struct Shared {
    readers: Readers,
    signals: Signals,
    master_key: Option<MasterKey>,
    /// Where deliveries wait for the next commit.
    gate: Arc<Gate>,
    /// Moves with every change of what lets deliveries in.
    admission: AtomicU64,
    writers: std::sync::Mutex<Vec<JoinHandle<Conn>>>,
    /// Telling and hearing what replicas tell each other.
    messages: std::sync::Mutex<Option<Messages>>,
}

enum Readers {
    Sqlite {
        pool: SqlitePool,
        /// Held as long as the store is.
        _lock: Lock,
    },
    Postgres(PgPool),
}

impl Store {
    /// Takes an SQLite file: locks it, brings its schema up to date, starts the writer. The file and
    /// its folder are made when they are not there.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it; else when it cannot be opened or migrated.
    pub async fn open(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self, StoreError> {
        let Opened {
            writer,
            readers,
            lock,
        } = sqlite::open(path.as_ref()).await?;
        let seat = Seat {
            conn: writer,
            address: None,
            notifier: None,
        };
        let readers = Readers::Sqlite {
            pool: readers,
            _lock: lock,
        };
        Ok(Self::start(
            vec![seat],
            readers,
            Signals::new(),
            None,
            options,
        ))
    }

    /// Joins a PostgreSQL database that other replicas may use too: brings its schema up to date, starts the
    /// writers, listens for what the others store.
    ///
    /// # Errors
    /// [`StoreError::Address`] and [`StoreError::Unreachable`] when there is no such database; else when
    /// it cannot be migrated.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        address.migrate().await?;
        let readers = Readers::Postgres(address.readers().await?);
        let signals = Signals::new();
        let (notifier, messages) = tell_and_listen(&address, &signals);
        let mut seats = Vec::with_capacity(WRITERS);
        for _ in 0..WRITERS {
            seats.push(Seat {
                conn: Conn::PostgresWriter(address.connect().await?),
                address: Some(address.clone()),
                notifier: Some(notifier.clone()),
            });
        }
        Ok(Self::start(
            seats,
            readers,
            signals,
            Some(messages),
            options,
        ))
    }

    fn start(
        seats: Vec<Seat>,
        readers: Readers,
        signals: Signals,
        messages: Option<Messages>,
        options: StoreOptions,
    ) -> Self {
        let (writer, writers) = Writer::start(seats, &signals);
        Self {
            writer,
            shared: Arc::new(Shared {
                readers,
                signals,
                master_key: options.master_key,
                gate: Arc::default(),
                admission: AtomicU64::new(0),
                writers: std::sync::Mutex::new(writers),
                messages: std::sync::Mutex::new(messages),
            }),
            #[cfg(feature = "simulation")]
            gate: Gated::default(),
        }
    }

    /// A counter that moves when a commit fed that queue.
    #[must_use]
    pub fn signal(&self, queue: Queue) -> watch::Receiver<u64> {
        self.shared.signals.subscribe(queue)
    }

    /// Moves when what decides over a delivery was changed through this store: a connection or a secret. Whoever keeps
    /// what it read of them reads it again then. What other replicas change does not move it.
    #[must_use]
    pub fn admission_revision(&self) -> u64 {
        self.shared.admission.load(Ordering::Acquire)
    }

    /// Writes everything back, ends the writers and gives the database free once all clones are gone.
    ///
    /// # Errors
    /// When the database cannot be closed in order; what was committed stays committed.
    pub async fn close(self) -> Result<(), StoreError> {
        let Self { writer, shared, .. } = self;
        match &shared.readers {
            Readers::Sqlite { pool, .. } => pool.close().await,
            Readers::Postgres(pool) => pool.close().await,
        }
        drop(writer);
        let writers = shared
            .writers
            .lock()
            .map(|mut all| std::mem::take(&mut *all));
        let messages = shared.messages.lock().map(|mut all| all.take());
        if Arc::strong_count(&shared) == 1 {
            if let Ok(Some(messages)) = messages {
                messages.end().await;
            }
            for task in writers.unwrap_or_default() {
                if let Ok(conn) = task.await {
                    conn.close().await?;
                }
            }
        }
        Ok(())
    }

    /// Frees what an earlier holder of this database had claimed when it was killed. Only where this process
    /// alone has the database ([`Store::open`] locks it), so that nobody works on any of it; on PostgreSQL other
    /// replicas do, and a killed one's leases run out by themselves.
    ///
    /// Work that stays inside is free at once. An effect is free at `effects_from`: a request that its
    /// holder had sent may still be on its way, and whoever asks too early whether it happened hears no.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn take_over(&self, effects_from: Instant) -> Result<(), StoreError> {
        if matches!(self.shared.readers, Readers::Postgres(_)) {
            return Ok(());
        }
        self.write(Scope::All, move |tx| {
            Box::pin(async move {
                tx.conn.run(FREE_RECEIPTS, Vec::new()).await?;
                tx.conn.run(FREE_STREAMS, Vec::new()).await?;
                subscription::free(tx).await?;
                inbox::free_exports(tx).await?;
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
        self.reader(Scope::All)
            .await?
            .first(PING, Vec::new())
            .await?;
        Ok(())
    }

    pub(crate) async fn reader(&self, scope: impl Into<Scope>) -> Result<Conn, StoreError> {
        #[cfg(feature = "simulation")]
        self.gate.read().await?;
        #[cfg(feature = "simulation")]
        let _busy = crate::simulation::busy();
        let mut conn = match &self.shared.readers {
            Readers::Sqlite { pool, .. } => Conn::SqliteReader(pool.acquire().await?),
            Readers::Postgres(pool) => Conn::PostgresReader(pool.acquire().await?),
        };
        conn.see(&scope.into()).await?;
        Ok(conn)
    }

    /// A connection that sees what the tenant's rows are at one moment.
    pub(crate) async fn viewer(&self, tenant: &TenantId) -> Result<Conn, StoreError> {
        #[cfg(feature = "simulation")]
        self.gate.read().await?;
        #[cfg(feature = "simulation")]
        let _busy = crate::simulation::busy();
        let mut conn = match &self.shared.readers {
            Readers::Sqlite { pool, .. } => Conn::SqliteView(pool.begin().await?),
            Readers::Postgres(pool) => Conn::PostgresView(pool.begin_with(BEGIN_VIEW).await?),
        };
        conn.see(&tenant.into()).await?;
        Ok(conn)
    }

    pub(crate) async fn write<T, F>(&self, scope: impl Into<Scope>, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.write_as(scope, Urgency::Usual, job).await
    }

    /// The same, of what decides over a delivery; see [`Store::admission_revision`].
    pub(crate) async fn write_admission<T, F>(
        &self,
        scope: impl Into<Scope>,
        job: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let written = self.write(scope, job).await;
        self.shared.admission.fetch_add(1, Ordering::Release);
        written
    }

    /// The same as `write`, before what nobody outside waits for.
    pub(crate) async fn write_as<T, F>(
        &self,
        scope: impl Into<Scope>,
        urgency: Urgency,
        job: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let write = self.writer.write(scope.into(), urgency, job);
        #[cfg(feature = "simulation")]
        let write = self.gate.write(std::any::type_name::<F>(), write);
        write.await
    }

    /// Whether others write at the same time: other processes, or other tasks of this one.
    pub(crate) fn writes_apart(&self) -> bool {
        matches!(self.shared.readers, Readers::Postgres(_))
    }

    /// Whether a delivery came a moment ago.
    pub(crate) fn expects_deliveries(&self) -> bool {
        !self.writer.is_calm()
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.shared.gate
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
