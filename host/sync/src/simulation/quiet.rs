//! Knowing when everybody stands still.
//!
//! The replicas run on one thread. When that thread has nothing left to do and no operation of the store is under
//! way in SQLite's own thread, then every task waits for a gate, for a signal, or for another task: nothing will
//! happen until a gate is opened. Tokio says when its thread is about to sleep.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
};

use ordercase_store::simulation::is_busy;

/// Wakes whoever waits for quiet.
#[derive(Clone, Default)]
pub(super) struct Quiet(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    waker: Option<Waker>,
    reached: bool,
}

impl Quiet {
    /// To be called whenever the runtime's thread is about to sleep.
    pub(super) fn on_thread_park(&self) {
        if is_busy() {
            return;
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waker) = waiting.waker.take() {
            waiting.reached = true;
            waker.wake();
        }
    }

    /// Returns when everybody stands still.
    pub(super) async fn reached(&self) {
        let mut begun = false;
        std::future::poll_fn(|cx| {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if begun && waiting.reached {
                waiting.reached = false;
                return Poll::Ready(());
            }
            begun = true;
            waiting.reached = false;
            waiting.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
