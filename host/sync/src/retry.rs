//! When to try again: exponential with full jitter, a pure function of attempt and seed, so that a schedule
//! can be asserted and a replay waits as the original did.

use ordercase_model::Instant;
use sha2::{Digest, Sha256};

use crate::{
    clock::plus_ms,
    limits::{RETRY_AFTER_MAX_MS, RETRY_BASE_MS, RETRY_CAP_MS},
};

/// A schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Upper bound of the first wait, milliseconds; doubles with every attempt.
    pub base_ms: u64,
    /// Upper bound of every wait, milliseconds.
    pub cap_ms: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base_ms: RETRY_BASE_MS,
            cap_ms: RETRY_CAP_MS,
        }
    }
}

impl Backoff {
    /// The wait after the given failed attempt (from 1), milliseconds: anywhere from nothing to the bound,
    /// decided by `seed`.
    #[must_use]
    pub fn wait_ms(&self, attempt: u32, seed: &str) -> u64 {
        let doublings = attempt.saturating_sub(1).min(40);
        let bound = self.base_ms.saturating_mul(1 << doublings).min(self.cap_ms);
        random(attempt, seed) % bound.saturating_add(1)
    }

    /// The moment of the next attempt: the wait, or what the other side asked for when that is longer.
    #[must_use]
    pub fn next(&self, now: Instant, attempt: u32, seed: &str, asked_ms: Option<u64>) -> Instant {
        let asked = asked_ms.unwrap_or(0).min(RETRY_AFTER_MAX_MS);
        // Everybody was told the same moment: come a little later, not together.
        let jitter = random(attempt, seed) % (asked / 10).max(1);
        let wait = self.wait_ms(attempt, seed);
        plus_ms(
            now,
            if asked > 0 {
                wait.max(asked + jitter)
            } else {
                wait
            },
        )
    }
}

/// A number that is the same for the same attempt and seed.
pub(crate) fn random(attempt: u32, seed: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.as_bytes());
    hash.update(attempt.to_be_bytes());
    hash.finalize()
        .iter()
        .take(8)
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_schedule_is_exact() {
        let schedule: Vec<u64> = (1..=12)
            .map(|n| Backoff::default().wait_ms(n, "rcp_1"))
            .collect();
        insta::assert_json_snapshot!(schedule);
    }

    #[test]
    fn what_the_source_asks_for_is_kept_within_bounds() {
        let now = Instant::from_micros(0).unwrap();
        let ms = |asked| Backoff::default().next(now, 1, "s", asked).micros() / 1_000;
        assert!((60_000..66_000).contains(&ms(Some(60_000))));
        assert!(ms(Some(u64::MAX)) <= 66 * 60 * 1_000);
        assert!(ms(None) <= 1_000);
    }

    #[test]
    fn waits_fill_the_whole_range() {
        let backoff = Backoff::default();
        let waits: Vec<u64> = (0..1_000)
            .map(|n| backoff.wait_ms(1, &n.to_string()))
            .collect();
        let tenth = |n: u64| {
            let part = n * RETRY_BASE_MS / 10..=(n + 1) * RETRY_BASE_MS / 10;
            waits.iter().filter(|wait| part.contains(wait)).count()
        };
        let tenths: Vec<usize> = (0..10).map(tenth).collect();
        assert!(tenths.iter().all(|count| *count > 50), "{tenths:?}");
    }

    proptest! {
        #[test]
        fn waits_stay_within_their_bounds(attempt in any::<u32>(), seed in ".{0,20}") {
            let wait = Backoff::default().wait_ms(attempt, &seed);
            prop_assert!(wait <= RETRY_CAP_MS);
            prop_assert_eq!(wait, Backoff::default().wait_ms(attempt, &seed));
        }

        #[test]
        fn two_that_fail_together_do_not_come_back_together(attempt in 4u32..20) {
            let waits: std::collections::BTreeSet<u64> =
                (0..20).map(|n| Backoff::default().wait_ms(attempt, &format!("rcp_{n}"))).collect();
            prop_assert!(waits.len() > 15);
        }
    }
}
