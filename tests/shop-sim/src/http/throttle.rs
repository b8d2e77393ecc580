//! The leaky bucket of one app and shop.

use std::time::Instant;

use serde_json::{Value, json};

use crate::Plan;

/// Points that are left, and how fast they come back.
#[derive(Debug)]
pub(crate) struct Throttle {
    maximum: f64,
    restore: f64,
    available: f64,
    at: Instant,
}

impl Throttle {
    pub(crate) fn of(plan: Plan) -> Self {
        let (maximum, restore) = plan.bucket();
        Self {
            maximum,
            restore,
            available: maximum,
            at: Instant::now(),
        }
    }

    /// Whether a query of that price may run now; it is charged after it ran.
    pub(crate) fn admits(&mut self, requested: u32) -> bool {
        self.refill(Instant::now());
        self.available >= f64::from(requested)
    }

    pub(crate) fn charge(&mut self, actual: u32) {
        self.available = (self.available - f64::from(actual)).max(0.0);
    }

    pub(crate) fn empty(&mut self) {
        self.available = 0.0;
        self.at = Instant::now();
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.available = (self.available + passed * self.restore).min(self.maximum);
        self.at = now;
    }

    pub(crate) fn status(&self) -> Value {
        json!({
            "maximumAvailable": self.maximum,
            "currentlyAvailable": self.available.floor(),
            "restoreRate": self.restore,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_empty_bucket_refills_at_the_plans_rate_and_no_higher_than_full() {
        let mut throttle = Throttle::of(Plan::Basic);
        throttle.charge(2_000);
        let start = throttle.at;
        throttle.refill(start + Duration::from_secs(3));
        assert!((throttle.available - 300.0).abs() < 0.001);
        throttle.refill(start + Duration::from_secs(300));
        assert!((throttle.available - 2_000.0).abs() < 0.001);
    }
}
