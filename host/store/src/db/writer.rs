//! Writing in groups: a task that owns a writing connection and commits jobs together.
//!
//! Callers send a job and wait. The task takes all that wait, up to a bound, runs them in one
//! transaction with a savepoint each, commits once (one fsync for all), and only then answers, so an
//! answer means "on disk". A job that fails is rolled back to its savepoint and gets its own error;
//! its neighbours do not notice. When the commit itself fails, everyone is told and nothing is kept.
//!
//! SQLite has one such task. On PostgreSQL there are a few: a tenant always goes to the same one, claims have
//! one to themselves, and a transaction holds the jobs of one [`Scope`] only.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{Conn, Notifier, Scope, dialect, postgres::Address};
use crate::{
    StoreError,
    limits::{WRITER_BATCH_JOBS_MAX, WRITER_QUEUE_JOBS_MAX},
    signal::{Signals, Touched},
    turn::Turns,
};

/// PostgreSQL's word for a wait that took longer than `lock_timeout`.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// What a job works with: the connection inside the transaction, and which queues it fed.
pub(crate) struct Tx {
    pub(crate) conn: Conn,
    pub(crate) touched: Touched,
    pub(crate) turns: Turns,
}

/// What is left to do for a job once the transaction's end is known.
type Answer = Box<dyn FnOnce(Result<(), String>) + Send>;
/// Runs in a transaction, or learns why there is none. Says whether what it did is to be kept.
type Run =
    Box<dyn for<'t> FnOnce(Result<&'t mut Tx, String>) -> BoxFuture<'t, (bool, Answer)> + Send>;

struct Job {
    scope: Scope,
    run: Run,
}

/// Where a task writes.
pub(crate) struct Seat {
    pub(crate) conn: Conn,
    /// Where a connection that broke is made anew; a file has none.
    pub(crate) address: Option<Address>,
    /// Who else is to hear of what was written.
    pub(crate) notifier: Option<Notifier>,
}

/// The sending ends. Clones share the tasks, which end when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Writer {
    lines: Arc<[mpsc::Sender<Job>]>,
}

impl Writer {
    /// Starts a task per seat.
    pub(crate) fn start(seats: Vec<Seat>, signals: &Signals) -> (Self, Vec<JoinHandle<Conn>>) {
        let (mut lines, mut tasks) = (Vec::new(), Vec::new());
        for seat in seats {
            let (jobs, queue) = mpsc::channel(WRITER_QUEUE_JOBS_MAX);
            lines.push(jobs);
            tasks.push(tokio::spawn(serve(seat, queue, signals.clone())));
        }
        let lines = lines.into();
        (Self { lines }, tasks)
    }

    /// Runs a job in the next group and returns its outcome after the commit.
    pub(crate) async fn write<T, F>(&self, scope: Scope, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (send, outcome) = oneshot::channel();
        let line = self.line(&scope).ok_or(StoreError::Closed)?;
        let run: Run = Box::new(move |tx| {
            Box::pin(async move {
                let result = match tx {
                    Ok(tx) => job(tx).await,
                    Err(reason) => Err(StoreError::NotCommitted(reason)),
                };
                let good = result.is_ok();
                let answer: Answer = Box::new(move |end| {
                    let result = match end {
                        Ok(()) => result,
                        Err(reason) => result.and(Err(StoreError::NotCommitted(reason))),
                    };
                    // The caller may have gone; what was committed stays committed.
                    let _gone = send.send(result);
                });
                (good, answer)
            })
        });
        line.send(Job { scope, run })
            .await
            .map_err(|_| StoreError::Closed)?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// The first line is that of claims; a tenant always stands in the same of the others.
    fn line(&self, scope: &Scope) -> Option<&mpsc::Sender<Job>> {
        let others = self.lines.len().saturating_sub(1);
        let at = match scope {
            Scope::Tenant(tenant) if others > 0 => {
                let spread = tenant.as_str().bytes().fold(0_usize, |sum, byte| {
                    sum.wrapping_mul(31).wrapping_add(usize::from(byte))
                });
                1 + spread % others
            }
            _ => 0,
        };
        self.lines.get(at)
    }
}

async fn serve(seat: Seat, mut queue: mpsc::Receiver<Job>, signals: Signals) -> Conn {
    let mut jobs = Vec::with_capacity(WRITER_BATCH_JOBS_MAX);
    let mut tx = Tx {
        conn: seat.conn,
        touched: Touched::default(),
        turns: Turns::new(),
    };
    while queue.recv_many(&mut jobs, WRITER_BATCH_JOBS_MAX).await > 0 {
        for (scope, runs) in groups(jobs.drain(..), seat.address.is_some()) {
            let (answers, end) = group(&mut tx, &scope, runs, seat.address.as_ref()).await;
            let touched = std::mem::take(&mut tx.touched);
            for answer in answers {
                answer(end.clone());
            }
            if end.is_ok() {
                signals.raise(touched);
                if let Some(notifier) = &seat.notifier {
                    notifier.tell(touched);
                }
            }
        }
    }
    tx.conn
}

/// What is committed together, in the order of the first job of each: where `apart`, one scope each.
fn groups(jobs: impl Iterator<Item = Job>, apart: bool) -> Vec<(Scope, Vec<Run>)> {
    let mut groups: Vec<(Scope, Vec<Run>)> = Vec::new();
    for job in jobs {
        let same = groups
            .iter_mut()
            .find(|(scope, _)| !apart || *scope == job.scope);
        match same {
            Some((_, runs)) => runs.push(job.run),
            None => groups.push((job.scope, vec![job.run])),
        }
    }
    groups
}

async fn group(
    tx: &mut Tx,
    scope: &Scope,
    jobs: Vec<Run>,
    address: Option<&Address>,
) -> (Vec<Answer>, Result<(), String>) {
    let mut answers = Vec::with_capacity(jobs.len());
    let mut end = begin(tx, scope, address).await;
    let last = jobs.len().saturating_sub(1);
    for (at, job) in jobs.into_iter().enumerate() {
        if let Err(reason) = &end {
            // Without a transaction the job would commit by itself.
            answers.push(job(Err(reason.clone())).await.1);
            continue;
        }
        let before = tx.touched;
        let (good, answer) = job(Ok(tx)).await;
        answers.push(answer);
        if !good {
            tx.touched = before;
            end = plain(tx, dialect::ROLLBACK_JOB).await;
        }
        if end.is_ok() && at < last {
            end = plain(tx, dialect::NEXT_JOB).await;
        }
    }
    if end.is_ok() {
        end = plain(tx, "COMMIT").await;
    }
    if let Err(reason) = &end {
        tracing::error!(
            reason,
            jobs = answers.len(),
            "the group could not be committed"
        );
        // Fails when there is no transaction left, which is what we want to reach.
        let _already_over = plain(tx, "ROLLBACK").await;
    }
    (answers, end)
}

/// Begins the transaction. When the connection broke while it was idle, nothing was begun on it: a new one is
/// as good.
async fn begin(tx: &mut Tx, scope: &Scope, address: Option<&Address>) -> Result<(), String> {
    let first = tx.conn.begin(scope).await;
    let (Err(broken), Some(address)) = (&first, address) else {
        return first.map_err(|error| error.to_string());
    };
    if waited_in_vain(broken) {
        return first.map_err(|error| error.to_string());
    }
    tracing::warn!(%broken, "the connection is made anew");
    let conn = address.connect().await.map_err(|error| error.to_string())?;
    tx.conn = Conn::PostgresWriter(conn);
    tx.conn
        .begin(scope)
        .await
        .map_err(|error| error.to_string())
}

/// Whether the connection is well and somebody else holds the tenant's turn for too long.
fn waited_in_vain(error: &StoreError) -> bool {
    let StoreError::Database(sqlx::Error::Database(error)) = error else {
        return false;
    };
    error.code().is_some_and(|code| code == LOCK_NOT_AVAILABLE)
}

async fn plain(tx: &mut Tx, text: &'static str) -> Result<(), String> {
    tx.conn.frame(text).await.map_err(|error| error.to_string())
}
