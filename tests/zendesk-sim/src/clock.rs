//! The account's clock. It runs with the real one, may be scaled, and may be moved on.
//!
//! Whoever waits for it (a Wait state of a flow) wakes when it is moved, so a test does not wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
struct Hands {
    /// What the clock showed when it was last set.
    shown: Timestamp,
    /// When that was.
    set_at: Instant,
    /// Seconds of this clock per real second.
    scale: f64,
}

impl Hands {
    fn now(&self) -> Timestamp {
        let passed = self.set_at.elapsed().as_secs_f64() * self.scale;
        self.shown
            .saturating_add(SignedDuration::from_secs_f64(passed))
            .unwrap_or(self.shown)
    }
}

/// The clock of one simulated account.
#[derive(Debug)]
pub(crate) struct SimClock {
    hands: Mutex<Hands>,
    moved: Notify,
}

impl SimClock {
    /// A clock that is `ahead` of the real one and runs `scale` times as fast.
    pub(crate) fn new(ahead: SignedDuration, scale: f64) -> Self {
        let real = real_now();
        Self {
            hands: Mutex::new(Hands {
                shown: real.saturating_add(ahead).unwrap_or(real),
                set_at: Instant::now(),
                scale,
            }),
            moved: Notify::new(),
        }
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.hands().now()
    }

    /// Whole seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().as_second()
    }

    /// How far this clock is ahead of the real one.
    pub(crate) fn ahead(&self) -> SignedDuration {
        self.now().duration_since(real_now())
    }

    /// Moves the clock on.
    pub(crate) fn advance(&self, by: Duration) {
        let mut hands = self.hands();
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::ZERO);
        hands.shown = hands.now().saturating_add(by).unwrap_or(hands.shown);
        hands.set_at = Instant::now();
        drop(hands);
        self.moved.notify_waiters();
    }

    /// Changes how fast the clock runs.
    pub(crate) fn rescale(&self, scale: f64) {
        let mut hands = self.hands();
        hands.shown = hands.now();
        hands.set_at = Instant::now();
        hands.scale = scale;
        drop(hands);
        self.moved.notify_waiters();
    }

    /// Returns when that much time of this clock has passed.
    pub(crate) async fn wait(&self, duration: Duration) {
        let wanted = SignedDuration::try_from(duration).unwrap_or(SignedDuration::ZERO);
        let until = self.now().saturating_add(wanted).unwrap_or(Timestamp::MAX);
        loop {
            let moved = self.moved.notified();
            let hands = *self.hands();
            let left = until.duration_since(hands.now());
            if left <= SignedDuration::ZERO {
                return;
            }
            let real = left.as_secs_f64() / hands.scale.max(0.001);
            // A little more than exact, so that rounding never makes this loop spin.
            let pause = Duration::from_secs_f64(real) + Duration::from_millis(1);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = moved => {}
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulated account's clock starts from the real one; everything else takes it from here"
)]
fn real_now() -> Timestamp {
    Timestamp::now()
}

/// Unix seconds as Zendesk writes them.
pub(crate) fn iso(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_wakes_when_the_clock_is_moved() {
        let clock = std::sync::Arc::new(SimClock::new(SignedDuration::ZERO, 1.0));
        let waiting = {
            let clock = std::sync::Arc::clone(&clock);
            tokio::spawn(async move { clock.wait(Duration::from_secs(3600)).await })
        };
        // Until the waiter is parked, moving the clock would not reach it; it looks again anyway.
        while !waiting.is_finished() {
            clock.advance(Duration::from_secs(3600));
            tokio::task::yield_now().await;
        }
        assert!(clock.ahead() >= SignedDuration::from_secs(3600));
    }

    #[test]
    fn times_are_written_as_zendesk_writes_them() {
        assert_eq!(iso(1_790_000_000), "2026-09-21T14:13:20Z");
    }
}
