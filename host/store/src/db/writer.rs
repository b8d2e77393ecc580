//! The one writer: a task that owns the only writing connection and commits jobs in groups.
//!
//! Callers send a job and wait. The writer takes all that wait, up to a bound, runs them in one
//! transaction with a savepoint each, commits once (one fsync for all), and only then answers, so an
//! answer means "on disk". A job that fails is rolled back to its savepoint and gets its own error;
//! its neighbours do not notice. When the commit itself fails, everyone is told and nothing is kept.

use futures::future::BoxFuture;
use sqlx::{Executor as _, SqlSafeStr as _};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{Conn, dialect};
use crate::{
    StoreError,
    limits::{WRITER_BATCH_JOBS_MAX, WRITER_QUEUE_JOBS_MAX},
    signal::{Signals, Touched},
    turn::Turns,
};

/// What a job works with: the connection inside the transaction, and which queues it fed.
pub(crate) struct Tx {
    pub(crate) conn: Conn,
    pub(crate) touched: Touched,
    pub(crate) turns: Turns,
}

/// What is left to do for a job once the transaction's end is known.
type Answer = Box<dyn FnOnce(Result<(), String>) + Send>;
type Job = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, (bool, Answer)> + Send>;

/// The sending end. Clones share one task, which ends when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the task.
    pub(crate) fn start(conn: Conn, signals: Signals) -> (Self, JoinHandle<Conn>) {
        let (jobs, queue) = mpsc::channel(WRITER_QUEUE_JOBS_MAX);
        let tx = Tx {
            conn,
            touched: Touched::default(),
            turns: Turns::new(),
        };
        (Self { jobs }, tokio::spawn(serve(tx, queue, signals)))
    }

    /// Runs a job in the next group and returns its outcome after the commit.
    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (send, outcome) = oneshot::channel();
        let boxed: Job = Box::new(move |tx| {
            Box::pin(async move {
                let result = job(tx).await;
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
        self.jobs
            .send(boxed)
            .await
            .map_err(|_| StoreError::Closed)?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }
}

async fn serve(mut tx: Tx, mut queue: mpsc::Receiver<Job>, signals: Signals) -> Conn {
    let mut jobs = Vec::with_capacity(WRITER_BATCH_JOBS_MAX);
    while queue.recv_many(&mut jobs, WRITER_BATCH_JOBS_MAX).await > 0 {
        let (answers, end) = group(&mut tx, jobs.drain(..)).await;
        let touched = std::mem::take(&mut tx.touched);
        for answer in answers {
            answer(end.clone());
        }
        if end.is_ok() {
            signals.raise(touched);
        }
    }
    tx.conn
}

async fn group(tx: &mut Tx, jobs: impl Iterator<Item = Job>) -> (Vec<Answer>, Result<(), String>) {
    let mut answers = Vec::new();
    let mut end = plain(tx, dialect::BEGIN).await;
    for job in jobs {
        if end.is_ok() {
            end = plain(tx, dialect::SAVEPOINT).await;
        }
        if end.is_err() {
            // Without a transaction the job would commit by itself; dropped, its caller learns that
            // the store is closed to it.
            continue;
        }
        let before = tx.touched;
        let (good, answer) = job(tx).await;
        answers.push(answer);
        if !good {
            tx.touched = before;
            end = plain(tx, dialect::ROLLBACK_JOB).await;
        }
        if end.is_ok() {
            end = plain(tx, dialect::RELEASE).await;
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

async fn plain(tx: &mut Tx, text: &'static str) -> Result<(), String> {
    tx.conn
        .sqlite()
        .execute(text.into_sql_str())
        .await
        .map(|_| ())
        .map_err(|error| error.to_string())
}
