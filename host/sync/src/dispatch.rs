//! One dispatcher per queue: claims due work, runs a bounded number of jobs, sleeps otherwise.
//!
//! It wakes when a commit fed its queue, when a job ended, when the next job is due, and
//! at the latest after [`IDLE_SECONDS_MAX`], because what another replica said may have been lost. So an idle
//! engine asks the database a few times a minute, and a busy one whenever a place is free.

use std::{future::Future, sync::Arc, time::Duration};

use ordercase_model::Instant;
use ordercase_store::{Lease, Queue, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    engine::Shared,
    limits::{BLOCKED_SECONDS, GRACE_SECONDS, IDLE_SECONDS_MAX, STORE_DOWN_SECONDS},
};

/// A kind of work.
pub(crate) trait Work: Send + Sync + 'static {
    /// What is claimed.
    type Job: Send + 'static;

    /// The queue whose signal wakes it.
    fn queue(&self) -> Queue;

    /// How many jobs may run at the same time.
    fn places(&self) -> usize;

    /// Takes due jobs.
    fn claim(
        &self,
        shared: &Shared,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Self::Job>, StoreError>> + Send;

    /// When the next job may be due.
    fn next_due(
        &self,
        shared: &Shared,
    ) -> impl Future<Output = Result<Option<Instant>, StoreError>> + Send;

    /// What is renewed while a job runs.
    fn lease(&self, job: &Self::Job) -> Lease;

    /// Runs a job to its settlement.
    fn run(
        &self,
        shared: &Shared,
        job: Self::Job,
        stop: &CancellationToken,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Serves a queue until told to stop; then gives running jobs a while to end. Those that do not end lose
/// their lease, and whoever comes next takes them over.
pub(crate) async fn serve<W: Work>(work: W, shared: Arc<Shared>, stop: CancellationToken) {
    let work = Arc::new(work);
    let mut signal = shared.store.signal(work.queue());
    let mut running: JoinSet<()> = JoinSet::new();
    while !stop.is_cancelled() {
        // Before claiming: whatever is fed from here on wakes us again.
        signal.mark_unchanged();
        let wake = fill(&work, &shared, &mut running, &stop).await;
        let room = running.len() < work.places();
        tokio::select! {
            // In this order, so that a run under the simulation can be repeated.
            biased;
            () = stop.cancelled() => break,
            Some(ended) = running.join_next(), if !running.is_empty() => note(ended),
            _fed = signal.changed(), if room => {}
            () = shared.clock.sleep_until(wake), if room => {}
        }
    }
    let grace = Duration::from_secs(GRACE_SECONDS.unsigned_abs());
    let drained = tokio::time::timeout(grace, async {
        while let Some(ended) = running.join_next().await {
            note(ended);
        }
    });
    if drained.await.is_err() {
        tracing::warn!(
            jobs = running.len(),
            "jobs did not end in time; their leases will run out"
        );
    }
}

/// Takes as many jobs as there is room for; returns until when to sleep if nothing else happens.
async fn fill<W: Work>(
    work: &Arc<W>,
    shared: &Arc<Shared>,
    running: &mut JoinSet<()>,
    stop: &CancellationToken,
) -> Instant {
    let now = shared.clock.now();
    let free = work.places().saturating_sub(running.len());
    let outcome = async {
        if free == 0 {
            return Ok(None);
        }
        let jobs = work
            .claim(shared, u32::try_from(free).unwrap_or(u32::MAX))
            .await?;
        for job in jobs {
            let (work, shared, stop) = (Arc::clone(work), Arc::clone(shared), stop.clone());
            running.spawn(async move {
                let lease = work.lease(&job);
                let ended = tokio::select! {
                    biased;
                    ended = work.run(&shared, job, &stop) => ended,
                    // Somebody else works on it: it is in good hands.
                    () = shared.keep(lease) => Ok(()),
                };
                match ended {
                    Ok(()) | Err(StoreError::LeaseLost { .. }) => {}
                    Err(error) => {
                        tracing::warn!(%error, "a job could not be settled; its lease will run out");
                    }
                }
            });
        }
        if running.len() >= work.places() {
            // Whoever ends wakes us; nobody waits for a moment.
            return Ok(None);
        }
        work.next_due(shared).await
    };
    match outcome.await {
        Ok(due) => {
            let idle = now.plus_seconds(IDLE_SECONDS_MAX);
            let due = due.unwrap_or(idle).min(idle);
            due.max(now.plus_seconds(if due <= now { BLOCKED_SECONDS } else { 0 }))
        }
        Err(error) => {
            tracing::error!(%error, "the queue cannot be read");
            now.plus_seconds(STORE_DOWN_SECONDS)
        }
    }
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a job broke off; its lease will run out");
    }
}
