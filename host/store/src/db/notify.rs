//! Replicas tell each other that a queue was fed. A message is a queue's name and nothing else; one that is
//! lost costs the listener the rest of its sleep, so messages are sent after the commit, together, and outside
//! of it: inside, `NOTIFY` would let only one transaction of the whole database commit at a time.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sqlx::{PgConnection, PgPool, Row as _, postgres::PgListener};
use tokio::{sync::Notify, task::JoinSet};

use super::postgres::Address;
use crate::signal::{Queue, Signals, Touched};

const CHANNEL: &str = "ordercase_work";
/// Pause before a broken connection is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Collects what was fed since the last message.
#[derive(Clone)]
pub(crate) struct Notifier(Arc<Pending>);

struct Pending {
    touched: Mutex<Touched>,
    wake: Notify,
    /// The server's number of our speaking connection, by which we know our own words.
    own: AtomicU32,
}

impl Notifier {
    /// Tells the other replicas, soon.
    pub(crate) fn tell(&self, touched: Touched) {
        if touched == Touched::default() {
            return;
        }
        if let Ok(mut waiting) = self.0.touched.lock() {
            waiting.join(touched);
        }
        self.0.wake.notify_one();
    }

    fn take(&self) -> Touched {
        self.0.touched.lock().map_or_else(
            |_| Touched::default(),
            |mut waiting| std::mem::take(&mut *waiting),
        )
    }
}

/// The two tasks; they end when this is dropped.
pub(crate) struct Messages {
    tasks: JoinSet<()>,
    listening: PgPool,
}

impl Messages {
    /// Ends them and their connections.
    pub(crate) async fn end(mut self) {
        self.tasks.shutdown().await;
        self.listening.close().await;
    }
}

/// Starts telling and listening.
pub(crate) fn tell_and_listen(address: &Address, signals: &Signals) -> (Notifier, Messages) {
    let notifier = Notifier(Arc::new(Pending {
        touched: Mutex::default(),
        wake: Notify::new(),
        own: AtomicU32::new(0),
    }));
    let mut tasks = JoinSet::new();
    tasks.spawn(speak(address.clone(), notifier.clone()));
    let listening = address.lazy();
    tasks.spawn(listen(listening.clone(), notifier.clone(), signals.clone()));
    (notifier, Messages { tasks, listening })
}

async fn speak(address: Address, notifier: Notifier) {
    let mut conn = None;
    loop {
        notifier.0.wake.notified().await;
        for queue in notifier.take().queues() {
            if let Err(error) = say(&mut conn, &address, &notifier, queue).await {
                tracing::debug!(%error, "the other replicas will find the work by time");
                conn = None;
            }
        }
    }
}

async fn say(
    conn: &mut Option<PgConnection>,
    address: &Address,
    notifier: &Notifier,
    queue: Queue,
) -> Result<(), sqlx::Error> {
    let conn = match conn {
        Some(conn) => conn,
        None => {
            let mut fresh = address.connect().await?;
            let row = sqlx::query("SELECT pg_backend_pid()").fetch_one(&mut fresh);
            let own: i32 = row.await?.try_get(0)?;
            notifier.0.own.store(own.unsigned_abs(), Ordering::Relaxed);
            conn.insert(fresh)
        }
    };
    sqlx::query("SELECT pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(queue.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

async fn listen(pool: PgPool, notifier: Notifier, signals: Signals) {
    loop {
        if let Err(error) = hear(&pool, &notifier, &signals).await {
            tracing::debug!(%error, "not listening to the other replicas");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Listens until the connection cannot be had again. Whatever was said while there was none may be work for
/// every queue.
async fn hear(pool: &PgPool, notifier: &Notifier, signals: &Signals) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    signals.raise(Touched::all());
    loop {
        match listener.try_recv().await? {
            None => signals.raise(Touched::all()),
            Some(said) if said.process_id() == notifier.0.own.load(Ordering::Relaxed) => {}
            Some(said) => signals.raise(Touched::named(said.payload())),
        }
    }
}
