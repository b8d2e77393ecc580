//! Leaving an account alone that does not answer (SB-105): after some failures in a row nobody asks for a while, then
//! one request tries whether it is back.

use std::time::Duration;

use super::Admission;
use crate::limits::{BREAKER_FAILURES, BREAKER_WAIT, BREAKER_WAIT_MAX};

/// How the account answered lately.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Failures in a row.
    failures: u32,
    /// Nobody asks until then. Whoever asks first afterwards moves it on, so that only one tries.
    resting_until: Duration,
}

impl Health {
    /// Lets a request through, or says how long nobody asks.
    pub(super) fn enter(&mut self, now: Duration) -> Admission {
        if self.failures < BREAKER_FAILURES {
            return Admission::Go;
        }
        if self.resting_until > now {
            return Admission::Rest {
                failures: self.failures,
                wait: self.resting_until - now,
            };
        }
        self.resting_until = now + self.rest();
        Admission::Go
    }

    /// An answer came, whatever it says.
    pub(super) fn answered(&mut self) {
        self.failures = 0;
    }

    /// None came, or one that says that the other side is ill.
    pub(super) fn failed(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.resting_until = now + self.rest();
    }

    /// Twice as long with every failure more.
    fn rest(&self) -> Duration {
        let more = self.failures.saturating_sub(BREAKER_FAILURES);
        let doubled = 1_u32.checked_shl(more).unwrap_or(u32::MAX);
        BREAKER_WAIT.saturating_mul(doubled).min(BREAKER_WAIT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ill(failures: u32, now: Duration) -> Health {
        let mut health = Health::default();
        for _ in 0..failures {
            assert_eq!(health.enter(now), Admission::Go);
            health.failed(now);
        }
        health
    }

    #[test]
    fn after_some_failures_in_a_row_nobody_asks_then_one_tries() {
        let now = Duration::from_secs(100);
        let mut health = ill(BREAKER_FAILURES, now);
        let rest = Admission::Rest {
            failures: BREAKER_FAILURES,
            wait: BREAKER_WAIT,
        };
        assert_eq!(health.enter(now), rest);
        let later = now + BREAKER_WAIT;
        assert_eq!(health.enter(later), Admission::Go);
        assert_eq!(health.enter(later), rest, "one tries, not all");
        health.answered();
        assert_eq!(health.enter(later), Admission::Go);
    }

    #[test]
    fn an_answer_in_between_begins_the_count_again() {
        let now = Duration::from_secs(100);
        let mut health = ill(BREAKER_FAILURES - 1, now);
        health.answered();
        for _ in 0..BREAKER_FAILURES {
            assert_eq!(health.enter(now), Admission::Go);
            health.failed(now);
        }
    }

    #[test]
    fn it_rests_longer_each_time_up_to_the_longest() {
        let mut now = Duration::from_secs(100);
        let mut health = ill(BREAKER_FAILURES, now);
        let mut waits = Vec::new();
        for _ in 0..100 {
            let Admission::Rest { wait, .. } = health.enter(now) else {
                panic!("it rests");
            };
            waits.push(wait);
            now += wait;
            assert_eq!(health.enter(now), Admission::Go);
            health.failed(now);
        }
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&BREAKER_WAIT_MAX));
    }
}
