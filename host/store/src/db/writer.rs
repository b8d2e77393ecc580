//! Writing in groups: a task that owns a writing connection and commits jobs together.
//!
//! Callers send a job and wait. The task takes all that wait, up to a bound, runs them in one
//! transaction with a savepoint each, commits once (one fsync for all), and only then answers, so an
//! answer means "on disk". A job that fails is rolled back to its savepoint and gets its own error;
//! its neighbours do not notice. When the commit itself fails, everyone is told and nothing is kept.
//!
//! Deliveries stand in a line of their own: a shop waits for the answer. They are committed by themselves, then comes
//! a group of the rest, which ends once a delivery waits or after a moment, so that nobody waits for the work of many
//! others.
//!
//! SQLite has one such task. On PostgreSQL there are a few: a tenant always goes to the same one, claims have
//! one to themselves, and a transaction holds the jobs of one [`Scope`] only.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};

use super::{Conn, Notifier, Scope, dialect, postgres::Address};
use crate::{
    StoreError,
    limits::{WRITER_BATCH_JOBS_MAX, WRITER_GROUP_MS, WRITER_QUEUE_JOBS_MAX},
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
    urgency: Urgency,
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

/// Who waits for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Somebody outside, for an answer to a delivery.
    Delivery,
    /// The engine, or a person who changes something.
    Usual,
}

/// The sending ends of a task.
struct Line {
    deliveries: mpsc::Sender<Job>,
    usual: mpsc::Sender<Job>,
}

/// The receiving ends, and what was received and waits.
struct Queue {
    deliveries: mpsc::Receiver<Job>,
    usual: mpsc::Receiver<Job>,
    waiting: VecDeque<Job>,
    /// Whether a transaction holds the jobs of one scope only.
    apart: bool,
}

/// The sending ends. Clones share the tasks, which end when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Writer {
    lines: Arc<[Line]>,
}

impl Writer {
    /// Starts a task per seat.
    pub(crate) fn start(seats: Vec<Seat>, signals: &Signals) -> (Self, Vec<JoinHandle<Conn>>) {
        let (mut lines, mut tasks) = (Vec::new(), Vec::new());
        for seat in seats {
            let (deliveries, urgent) = mpsc::channel(WRITER_QUEUE_JOBS_MAX);
            let (usual, others) = mpsc::channel(WRITER_QUEUE_JOBS_MAX);
            let queue = Queue {
                deliveries: urgent,
                usual: others,
                waiting: VecDeque::new(),
                apart: seat.address.is_some(),
            };
            lines.push(Line { deliveries, usual });
            tasks.push(tokio::spawn(serve(seat, queue, signals.clone())));
        }
        let lines = lines.into();
        (Self { lines }, tasks)
    }

    /// Runs a job in the next group and returns its outcome after the commit.
    pub(crate) async fn write<T, F>(
        &self,
        scope: Scope,
        urgency: Urgency,
        job: F,
    ) -> Result<T, StoreError>
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
        let queue = match urgency {
            Urgency::Delivery => &line.deliveries,
            Urgency::Usual => &line.usual,
        };
        queue
            .send(Job {
                scope,
                urgency,
                run,
            })
            .await
            .map_err(|_| StoreError::Closed)?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// The first line is that of claims; a tenant always stands in the same of the others.
    fn line(&self, scope: &Scope) -> Option<&Line> {
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

impl Queue {
    /// Waits for a job; whether there is one. There is none once the last sender is gone.
    async fn filled(&mut self) -> bool {
        self.receive();
        if self.waiting.is_empty() {
            let job = tokio::select! {
                biased;
                Some(job) = self.deliveries.recv() => Some(job),
                Some(job) = self.usual.recv() => Some(job),
                else => None,
            };
            self.waiting.extend(job);
            self.receive();
        }
        !self.waiting.is_empty()
    }

    /// Takes in who waits, deliveries before others.
    fn receive(&mut self) {
        let mut first = VecDeque::new();
        while let Ok(job) = self.deliveries.try_recv() {
            first.push_back(job);
        }
        if !first.is_empty() {
            first.append(&mut self.waiting);
            self.waiting = first;
        }
        while self.waiting.len() < WRITER_BATCH_JOBS_MAX {
            match self.usual.try_recv() {
                Ok(job) => self.waiting.push_back(job),
                Err(_) => break,
            }
        }
    }

    /// Whose group is next: of who waits longest, deliveries before others or the other way round.
    fn first(&self, usual: bool) -> Option<(Scope, Urgency)> {
        let mut waiting = self.waiting.iter();
        let usual = waiting.find(|job| usual && job.urgency == Urgency::Usual);
        let job = usual.or(self.waiting.front())?;
        Some((job.scope.clone(), job.urgency))
    }

    /// The next that may go into a transaction of that scope.
    fn next(&mut self, scope: &Scope, urgency: Urgency) -> Option<Job> {
        let fits = |job: &Job| job.urgency == urgency && (!self.apart || job.scope == *scope);
        let at = self.waiting.iter().position(fits)?;
        self.waiting.remove(at)
    }

    /// Ends a scope's turn: what is left of it goes behind the others.
    fn turn(&mut self, scope: &Scope) {
        if self.apart {
            let (left, mut others): (VecDeque<Job>, VecDeque<Job>) =
                self.waiting.drain(..).partition(|job| job.scope == *scope);
            others.extend(left);
            self.waiting = others;
        }
    }
}

/// Ends when the last sender is gone.
async fn serve(seat: Seat, mut queue: Queue, signals: Signals) -> Conn {
    let mut tx = Tx {
        conn: seat.conn,
        touched: Touched::default(),
        turns: Turns::new(),
    };
    let mut of_delivery = false;
    while queue.filled().await {
        // Deliveries that never end do not keep out the rest: groups of both follow one another.
        let Some((scope, urgency)) = queue.first(of_delivery) else {
            continue;
        };
        of_delivery = urgency == Urgency::Delivery;
        let address = seat.address.as_ref();
        let (answers, end) = group(&mut tx, &scope, urgency, &mut queue, address).await;
        queue.turn(&scope);
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
    tx.conn
}

/// Commits jobs of one scope and urgency.
async fn group(
    tx: &mut Tx,
    scope: &Scope,
    urgency: Urgency,
    queue: &mut Queue,
    address: Option<&Address>,
) -> (Vec<Answer>, Result<(), String>) {
    let mut answers = Vec::new();
    let mut end = begin(tx, scope, address).await;
    let until = Instant::now() + Duration::from_millis(WRITER_GROUP_MS);
    while let Some(Job { run, .. }) = queue.next(scope, urgency) {
        if end.is_ok() && !answers.is_empty() {
            end = plain(tx, dialect::NEXT_JOB).await;
        }
        if let Err(reason) = &end {
            // Without a transaction the job would commit by itself.
            answers.push(run(Err(reason.clone())).await.1);
            continue;
        }
        let before = tx.touched;
        let (good, answer) = run(Ok(tx)).await;
        answers.push(answer);
        if !good {
            tx.touched = before;
            end = plain(tx, dialect::ROLLBACK_JOB).await;
        }
        let full = answers.len() >= WRITER_BATCH_JOBS_MAX || Instant::now() >= until;
        let others_wait = urgency == Urgency::Usual && !queue.deliveries.is_empty();
        if full || others_wait {
            break;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(apart: bool) -> (Line, Queue) {
        let (deliveries, urgent) = mpsc::channel(8);
        let (usual, others) = mpsc::channel(8);
        let queue = Queue {
            deliveries: urgent,
            usual: others,
            waiting: VecDeque::new(),
            apart,
        };
        (Line { deliveries, usual }, queue)
    }

    fn send(line: &Line, tenant: &str, urgency: Urgency) {
        let run: Run = Box::new(|_| Box::pin(async { (true, Box::new(|_| ()) as Answer) }));
        let scope = Scope::Tenant(crate::TenantId::new(tenant).unwrap());
        let to = match urgency {
            Urgency::Delivery => &line.deliveries,
            Urgency::Usual => &line.usual,
        };
        let job = Job {
            scope,
            urgency,
            run,
        };
        assert!(to.try_send(job).is_ok());
    }

    fn shown(scope: &Scope, urgency: Urgency) -> String {
        let Scope::Tenant(tenant) = scope else {
            return "all".to_owned();
        };
        format!("{} {urgency:?}", tenant.as_str())
    }

    /// Whose groups follow each other when a group takes that many jobs.
    fn groups(queue: &mut Queue, jobs: usize) -> Vec<String> {
        let (mut found, mut of_delivery) = (Vec::new(), false);
        while let Some((scope, urgency)) = queue.first(of_delivery) {
            of_delivery = urgency == Urgency::Delivery;
            found.push(shown(&scope, urgency));
            for _ in 0..jobs {
                queue.next(&scope, urgency);
            }
            queue.turn(&scope);
        }
        found
    }

    #[test]
    fn deliveries_go_first_whenever_they_came() {
        let (line, mut queue) = queue(false);
        send(&line, "a", Urgency::Usual);
        queue.receive();
        send(&line, "a", Urgency::Delivery);
        send(&line, "b", Urgency::Delivery);
        queue.receive();
        let (_, urgency) = queue.first(false).unwrap();
        let together = std::iter::from_fn(|| queue.next(&Scope::All, urgency));
        let together: Vec<String> = together.map(|job| shown(&job.scope, job.urgency)).collect();
        assert_eq!(together, ["a Delivery", "b Delivery"]);
        let rest = queue
            .first(true)
            .map(|(scope, urgency)| shown(&scope, urgency));
        assert_eq!(rest.as_deref(), Some("a Usual"));
    }

    #[test]
    fn neither_deliveries_nor_the_work_of_one_tenant_keep_out_another() {
        let (line, mut queue) = queue(true);
        for _ in 0..3 {
            send(&line, "busy", Urgency::Usual);
            send(&line, "busy", Urgency::Delivery);
        }
        send(&line, "calm", Urgency::Usual);
        queue.receive();
        let order = groups(&mut queue, 1);
        assert_eq!(
            order.iter().position(|group| group == "calm Usual"),
            Some(1),
            "{order:?}"
        );
        assert_eq!(order.len(), 7);
    }

    #[tokio::test]
    async fn a_queue_ends_with_its_last_sender() {
        let (line, mut queue) = queue(true);
        send(&line, "a", Urgency::Usual);
        drop(line);
        assert!(queue.filled().await);
        let first = queue.first(false);
        assert!(
            first
                .and_then(|(scope, urgency)| queue.next(&scope, urgency))
                .is_some()
        );
        assert!(!queue.filled().await);
    }
}
