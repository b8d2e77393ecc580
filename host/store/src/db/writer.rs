//! Writing in groups: a task that owns a writing connection and commits jobs together.
//!
//! Callers send a job and wait. The task takes all that wait, up to a bound, runs them in one
//! transaction with a savepoint each, commits once (one fsync for all), and only then answers, so an
//! answer means "on disk". A job that fails is rolled back to its savepoint and gets its own error;
//! its neighbours do not notice. When the commit itself fails, everyone is told and nothing is kept.
//!
//! Jobs stand in lines by [`Urgency`]: a shop waits for the answer to its delivery, what just happened waits for nothing
//! but its own, history may take its time. A group holds jobs of one urgency and ends once a more urgent one waits or
//! after a moment, so that nobody waits for the work of many others. Whoever waits has a turn after a few groups of
//! others.
//!
//! SQLite has one such task. On PostgreSQL there are a few: a tenant always goes to the same one, claims have
//! one to themselves, and a transaction holds the jobs of one [`Scope`] only.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};

use super::{Conn, Notifier, Scope, dialect, postgres::Address};
use crate::{
    StoreError,
    limits::{
        WRITER_BACKGROUND_PATIENCE, WRITER_BATCH_JOBS_MAX, WRITER_CALM_MS, WRITER_GROUP_MS,
        WRITER_QUEUE_JOBS_MAX,
    },
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

/// Who waits for a job; the first goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Somebody outside, for an answer to a delivery.
    Delivery,
    /// The engine, for what just happened, or a person who changes something.
    Usual,
    /// Nobody: history that is read or read again.
    Background,
}

impl Urgency {
    const ALL: [Self; 3] = [Self::Delivery, Self::Usual, Self::Background];

    /// That of three which is its own.
    fn of<T>(self, [delivery, usual, background]: [T; Self::ALL.len()]) -> T {
        match self {
            Self::Delivery => delivery,
            Self::Usual => usual,
            Self::Background => background,
        }
    }

    /// After how many groups of others it has its turn, so that work without end keeps nobody out.
    const fn patience(self) -> usize {
        match self {
            Self::Delivery | Self::Usual => 1,
            Self::Background => WRITER_BACKGROUND_PATIENCE,
        }
    }
}

/// The sending end of a task, by urgency.
type Line = [mpsc::Sender<Job>; Urgency::ALL.len()];

/// Jobs of one urgency.
struct Waiting {
    urgency: Urgency,
    arriving: mpsc::Receiver<Job>,
    jobs: VecDeque<Job>,
    /// Groups of others since one of these.
    passed: usize,
}

/// Who waits for a task, by urgency.
struct Queue {
    lines: [Waiting; Urgency::ALL.len()],
    /// Whether a transaction holds the jobs of one scope only.
    apart: bool,
}

/// The sending ends. Clones share the tasks, which end when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Writer {
    lines: Arc<[Line]>,
    began: Instant,
    /// When deliveries will not be expected any more, milliseconds after it began.
    calm_from: Arc<AtomicU64>,
}

impl Writer {
    /// Starts a task per seat.
    pub(crate) fn start(seats: Vec<Seat>, signals: &Signals) -> (Self, Vec<JoinHandle<Conn>>) {
        let (mut lines, mut tasks) = (Vec::new(), Vec::new());
        for seat in seats {
            let (line, queue) = Queue::new(seat.address.is_some(), WRITER_QUEUE_JOBS_MAX);
            lines.push(line);
            tasks.push(tokio::spawn(serve(seat, queue, signals.clone())));
        }
        let lines = lines.into();
        let writer = Self {
            lines,
            began: Instant::now(),
            calm_from: Arc::new(AtomicU64::new(0)),
        };
        (writer, tasks)
    }

    /// Whether no delivery came for a while.
    pub(crate) fn is_calm(&self) -> bool {
        self.now() >= self.calm_from.load(Ordering::Relaxed)
    }

    /// Milliseconds since it began.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
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
        if urgency == Urgency::Delivery {
            let calm_from = self.now().saturating_add(WRITER_CALM_MS);
            self.calm_from.store(calm_from, Ordering::Relaxed);
        }
        let line = urgency.of(line.each_ref());
        let sent = line.send(Job { scope, run }).await;
        sent.map_err(|_| StoreError::Closed)?;
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
    fn new(apart: bool, room: usize) -> (Line, Self) {
        let [delivery, usual, background] = Urgency::ALL.map(|urgency| {
            let (line, arriving) = mpsc::channel(room);
            let waiting = Waiting {
                urgency,
                arriving,
                jobs: VecDeque::new(),
                passed: 0,
            };
            (line, waiting)
        });
        let lines = [delivery.1, usual.1, background.1];
        ([delivery.0, usual.0, background.0], Self { lines, apart })
    }

    /// Waits for a job; whether there is one. There is none once the last sender is gone.
    async fn filled(&mut self) -> bool {
        self.receive();
        if self.lines.iter().all(|line| line.jobs.is_empty()) {
            let [delivery, usual, background] = &mut self.lines;
            let (line, job) = tokio::select! {
                biased;
                Some(job) = delivery.arriving.recv() => (delivery, job),
                Some(job) = usual.arriving.recv() => (usual, job),
                Some(job) = background.arriving.recv() => (background, job),
                else => return false,
            };
            line.jobs.push_back(job);
            self.receive();
        }
        true
    }

    /// Takes in who waits.
    fn receive(&mut self) {
        for line in &mut self.lines {
            while line.jobs.len() < WRITER_BATCH_JOBS_MAX
                && let Ok(job) = line.arriving.try_recv()
            {
                line.jobs.push_back(job);
            }
        }
    }

    /// Whose group is next: of those whose patience is over the longest, else of the most urgent.
    fn turn(&mut self) -> Option<(Scope, Urgency)> {
        let waiting = self.lines.iter().filter(|line| !line.jobs.is_empty());
        // Of equals the first, who is the most urgent.
        let next = waiting.min_by_key(|line| {
            let over = (line.passed + 1).saturating_sub(line.urgency.patience());
            std::cmp::Reverse(over)
        })?;
        let turn = (next.jobs.front()?.scope.clone(), next.urgency);
        for line in &mut self.lines {
            let passed = line.urgency != turn.1 && !line.jobs.is_empty();
            line.passed = if passed { line.passed + 1 } else { 0 };
        }
        Some(turn)
    }

    /// The next that may go into a transaction of that scope.
    fn next(&mut self, scope: &Scope, urgency: Urgency) -> Option<Job> {
        let apart = self.apart;
        let jobs = &mut urgency.of(self.lines.each_mut()).jobs;
        let at = jobs.iter().position(|job| !apart || job.scope == *scope)?;
        jobs.remove(at)
    }

    /// Whether somebody waits who goes before that urgency.
    fn is_awaited_before(&self, urgency: Urgency) -> bool {
        let mut before = self.lines.iter().take_while(|line| line.urgency != urgency);
        before.any(|line| !line.jobs.is_empty() || !line.arriving.is_empty())
    }

    /// Ends a scope's turn: what is left of it goes behind the others.
    fn end_turn(&mut self, scope: &Scope) {
        if self.apart {
            for line in &mut self.lines {
                let (left, mut others): (VecDeque<Job>, VecDeque<Job>) =
                    line.jobs.drain(..).partition(|job| job.scope == *scope);
                others.extend(left);
                line.jobs = others;
            }
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
    while queue.filled().await {
        let Some((scope, urgency)) = queue.turn() else {
            continue;
        };
        let address = seat.address.as_ref();
        let (answers, end) = group(&mut tx, &scope, urgency, &mut queue, address).await;
        queue.end_turn(&scope);
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
        if full || queue.is_awaited_before(urgency) {
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
        Queue::new(apart, 16)
    }

    fn send(line: &Line, tenant: &str, urgency: Urgency) {
        let run: Run = Box::new(|_| Box::pin(async { (true, Box::new(|_| ()) as Answer) }));
        let scope = Scope::Tenant(crate::TenantId::new(tenant).unwrap());
        let line = urgency.of(line.each_ref());
        assert!(line.try_send(Job { scope, run }).is_ok());
    }

    fn shown(scope: &Scope, urgency: Urgency) -> String {
        let Scope::Tenant(tenant) = scope else {
            return "all".to_owned();
        };
        format!("{} {urgency:?}", tenant.as_str())
    }

    /// Whose groups follow each other when a group takes that many jobs.
    fn groups(queue: &mut Queue, jobs: usize) -> Vec<String> {
        let mut found = Vec::new();
        while let Some((scope, urgency)) = queue.turn() {
            found.push(shown(&scope, urgency));
            for _ in 0..jobs {
                queue.next(&scope, urgency);
            }
            queue.end_turn(&scope);
        }
        found
    }

    #[test]
    fn the_most_urgent_go_first_whenever_they_came_and_together() {
        let (line, mut queue) = queue(false);
        send(&line, "a", Urgency::Background);
        queue.receive();
        send(&line, "a", Urgency::Usual);
        queue.receive();
        send(&line, "a", Urgency::Delivery);
        send(&line, "b", Urgency::Delivery);
        assert!(queue.is_awaited_before(Urgency::Usual));
        assert!(!queue.is_awaited_before(Urgency::Delivery));
        queue.receive();
        let order = groups(&mut queue, 2);
        assert_eq!(order, ["a Delivery", "a Usual", "a Background"]);
        assert!(!queue.is_awaited_before(Urgency::Background));
    }

    #[test]
    fn whoever_waits_has_a_turn_after_a_few_groups_of_others() {
        let (line, mut queue) = queue(false);
        for urgency in Urgency::ALL {
            for _ in 0..8 {
                send(&line, "a", urgency);
            }
        }
        queue.receive();
        let order = groups(&mut queue, 1);
        let first = |word: &str| order.iter().position(|group| group.ends_with(word));
        assert_eq!(first("Delivery"), Some(0), "{order:?}");
        assert_eq!(first("Usual"), Some(1), "{order:?}");
        assert_eq!(first("Background"), Some(5), "{order:?}");
        let background: Vec<usize> = order
            .iter()
            .enumerate()
            .filter_map(|(at, group)| group.ends_with("Background").then_some(at))
            .collect();
        assert!(
            background.windows(2).all(|two| two[1] - two[0] <= 6),
            "{order:?}"
        );
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
        let calm = order.iter().position(|group| group == "calm Usual");
        assert_eq!(calm, Some(1), "{order:?}");
        assert_eq!(order.len(), 7);
    }

    #[tokio::test]
    async fn a_queue_ends_with_its_last_sender() {
        let (line, mut queue) = queue(true);
        send(&line, "a", Urgency::Usual);
        drop(line);
        assert!(queue.filled().await);
        let first = queue.turn();
        assert!(
            first
                .and_then(|(scope, urgency)| queue.next(&scope, urgency))
                .is_some()
        );
        assert!(!queue.filled().await);
    }
}
