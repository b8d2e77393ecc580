//! The clock of an engine: a thread of the operating system, so that no busy runtime can starve it. It ticks while calls
//! are under way and sleeps otherwise, and ends when the engine's owner is gone.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use wasmtime::Engine;

use crate::limits;

/// The clock, seen by those who need it.
pub(crate) struct Ticker(Arc<Shared>);

/// A call is under way: the clock ticks until the last of these is dropped.
pub(crate) struct Ticking(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    calls: usize,
    over: bool,
    /// Whether the thread sleeps until a call begins.
    resting: bool,
}

impl Ticker {
    /// Starts the clock of an engine.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let engine = engine.clone();
        Self::with(move || engine.increment_epoch())
    }

    fn with(tick: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("plugin-ticker".to_owned())
            .spawn(move || {
                while theirs.wait_for_a_call() {
                    thread::sleep(limits::TICK);
                    tick();
                }
            })?;
        Ok(Self(shared))
    }

    /// To be held for as long as a call is under way.
    pub(crate) fn call(&self) -> Ticking {
        self.0.lock().calls += 1;
        self.0.changed.notify_all();
        Ticking(Arc::clone(&self.0))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.changed.notify_all();
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.lock().calls -= 1;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns at once while a call is under way; `false` when nobody can begin one any more.
    fn wait_for_a_call(&self) -> bool {
        let mut state = self.lock();
        while state.calls == 0 && !state.over {
            state.resting = true;
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.resting = false;
        // A call that outlives the owner is ticked to its end.
        state.calls > 0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn until(what: &str, done: impl Fn() -> bool) {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !done() {
            assert!(std::time::Instant::now() < end, "{what}");
            thread::yield_now();
        }
    }

    #[test]
    fn it_ticks_while_a_call_is_under_way_and_rests_otherwise() {
        let ticks = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&ticks);
        let ticker = Ticker::with(move || {
            count.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
        let rests = || ticker.0.lock().resting;
        until("it rests before the first call", rests);
        assert_eq!(ticks.load(Ordering::SeqCst), 0);
        for _ in 0..2 {
            let before = ticks.load(Ordering::SeqCst);
            let (first, second) = (ticker.call(), ticker.call());
            until("it ticks", || ticks.load(Ordering::SeqCst) > before);
            drop(first);
            let one_ended = ticks.load(Ordering::SeqCst);
            until("it ticks for the other", || {
                ticks.load(Ordering::SeqCst) > one_ended + 1
            });
            drop(second);
            until("it rests after the last call", rests);
        }
        // Nobody holds the clock but its owner and its thread: when the owner goes, the thread ends.
        let shared = Arc::downgrade(&ticker.0);
        drop(ticker);
        until("it ends", || shared.upgrade().is_none());
    }
}
