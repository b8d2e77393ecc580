//! Leaving alone what does not answer (SB-105): after some failures in a row nobody asks for a while, then one request
//! tries whether it is back. Pure: time goes in as an argument, as an instant or as the time since some start.

use std::{
    ops::{Add, Sub},
    time::Duration,
};

/// When to leave something alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Failures in a row from which on.
    pub failures: u32,
    /// For how long at first; twice as long with every failure more.
    pub wait: Duration,
    /// For how long at most.
    pub wait_max: Duration,
}

/// Nobody asks for that long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Failures in a row.
    pub failures: u32,
    /// How long.
    pub wait: Duration,
}

/// What failed lately. Begin another when it answers.
#[derive(Clone, Copy, Debug)]
pub struct Breaker<T> {
    rules: Rules,
    failures: u32,
    /// Whoever asks first afterwards moves it on, so that only one tries.
    resting_until: T,
}

impl<T> Breaker<T>
where
    T: Copy + PartialOrd + Add<Duration, Output = T> + Sub<Output = Duration>,
{
    /// One that has not failed.
    #[must_use]
    pub fn new(rules: Rules, now: T) -> Self {
        Self {
            rules,
            failures: 0,
            resting_until: now,
        }
    }

    /// Lets a request through.
    ///
    /// # Errors
    /// [`Resting`] while nobody asks.
    pub fn enter(&mut self, now: T) -> Result<(), Resting> {
        if self.is_resting(now) {
            return Err(Resting {
                failures: self.failures,
                wait: self.resting_until - now,
            });
        }
        self.rest(now);
        Ok(())
    }

    /// Notes a failure.
    pub fn failed(&mut self, now: T) {
        self.failures = self.failures.saturating_add(1);
        self.rest(now);
    }

    /// Whether nobody asks.
    pub fn is_resting(&self, now: T) -> bool {
        self.resting_until > now
    }

    fn rest(&mut self, now: T) {
        let Some(more) = self.failures.checked_sub(self.rules.failures) else {
            return;
        };
        let doubled = 1_u32.checked_shl(more).unwrap_or(u32::MAX);
        let wait = self.rules.wait.saturating_mul(doubled);
        self.resting_until = now + wait.min(self.rules.wait_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        failures: 5,
        wait: Duration::from_secs(2),
        wait_max: Duration::from_secs(30),
    };
    const START: Duration = Duration::from_secs(100);

    fn failed(times: u32) -> Breaker<Duration> {
        let mut breaker = Breaker::new(RULES, START);
        for _ in 0..times {
            assert_eq!(breaker.enter(START), Ok(()));
            breaker.failed(START);
        }
        breaker
    }

    #[test]
    fn after_some_failures_in_a_row_nobody_asks_then_one_tries() {
        assert_eq!(failed(4).enter(START), Ok(()));
        let mut breaker = failed(5);
        let resting = Err(Resting {
            failures: 5,
            wait: RULES.wait,
        });
        assert_eq!(breaker.enter(START), resting);
        let later = START + RULES.wait;
        assert_eq!(breaker.enter(later), Ok(()));
        assert_eq!(breaker.enter(later), resting, "one tries, not all");
        // A try that never ends does not shut it for ever.
        assert_eq!(breaker.enter(later + RULES.wait), Ok(()));
    }

    #[test]
    fn it_rests_longer_each_time_up_to_the_longest() {
        let (mut breaker, mut now) = (failed(5), START);
        let mut waits = Vec::new();
        for _ in 0..100 {
            let wait = breaker.enter(now).unwrap_err().wait;
            waits.push(wait);
            now += wait;
            assert_eq!(breaker.enter(now), Ok(()));
            breaker.failed(now);
        }
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&RULES.wait_max));
    }
}
