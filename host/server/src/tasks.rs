//! The task supervisor: what runs beside the requests, under a name, until the host stops.
//!
//! A task that panics or returns early is logged, counted and started again after a growing pause. So
//! one bad page cannot stop synchronisation for good, and nobody has to notice first.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::FutureExt as _;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::limits;

/// Starts tasks and waits for them.
#[derive(Clone, Debug)]
pub struct Supervisor {
    tracker: TaskTracker,
    stop: CancellationToken,
    restarts: Arc<AtomicU64>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new(CancellationToken::new())
    }
}

impl Supervisor {
    /// Runs tasks until `stop`.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            tracker: TaskTracker::new(),
            stop,
            restarts: Arc::new(AtomicU64::new(0)),
        }
    }

    /// The signal that ends every task.
    #[must_use]
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// How often a task had to be started again.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Keeps `run` going under `name`. `run` gets the stop signal and returns soon after it.
    pub fn keep<F, Fut>(&self, name: &'static str, run: F)
    where
        F: Fn(CancellationToken) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send,
    {
        let (stop, restarts) = (self.stop.clone(), Arc::clone(&self.restarts));
        self.tracker.spawn(async move {
            let mut pause = limits::TASK_RESTART_FIRST;
            while !stop.is_cancelled() {
                let ended = AssertUnwindSafe(run(stop.clone())).catch_unwind().await;
                if stop.is_cancelled() {
                    return;
                }
                restarts.fetch_add(1, Ordering::Relaxed);
                let how = if ended.is_err() { "panicked" } else { "ended" };
                tracing::error!(
                    task = name,
                    pause_ms = millis(pause),
                    "task `{name}` {how}; it starts again"
                );
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(limits::TASK_RESTART_MAX);
            }
        });
    }

    /// Asks every task to end and waits for them, at most [`limits::DRAIN_TIMEOUT`].
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(limits::DRAIN_TIMEOUT, self.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                "tasks did not end in time; their work is kept in the database and goes on at the next start"
            );
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_starts_again() {
        let supervisor = Supervisor::default();
        let (sender, mut runs) = tokio::sync::mpsc::channel(8);
        supervisor.keep("fragile", move |_| {
            let sender = sender.clone();
            async move {
                sender.send(()).await.unwrap();
                panic!("planted");
            }
        });
        for _ in 0..3 {
            runs.recv().await.unwrap();
        }
        supervisor.shut_down().await;
        assert!(supervisor.restarts() >= 2);
    }

    #[tokio::test]
    async fn stopping_ends_a_waiting_task() {
        let supervisor = Supervisor::default();
        supervisor.keep("patient", |stop| async move { stop.cancelled().await });
        supervisor.shut_down().await;
        assert_eq!(supervisor.restarts(), 0);
    }
}
