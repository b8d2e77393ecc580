//! The arithmetic of one throttle.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::{Lane, limits, package::RateLimit};

/// What an answer says about the budget.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Report {
    /// How long the source asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Points that the request was reckoned at.
    pub(crate) requested: Option<f64>,
    /// Points left.
    pub(crate) available: Option<f64>,
    /// Points at most.
    pub(crate) maximum: Option<f64>,
    /// Points that return per second.
    pub(crate) restore_rate: Option<f64>,
}

/// The budget of one connection at one origin.
#[derive(Debug)]
pub(crate) struct Throttle {
    level: f64,
    maximum: f64,
    per_second: f64,
    reserve: f64,
    by_cost: bool,
    filled_at: Instant,
    blocked_until: Option<Instant>,
    /// Points of requests that are under way.
    under_way: f64,
    /// What requests of a role cost last.
    costs: HashMap<String, f64>,
}

/// Points that a request is reckoned at before the first answer of its role, of the maximum.
const FIRST_COST_SHARE: f64 = 0.1;
const ROLES_MAX: usize = 64;

impl Throttle {
    pub(crate) fn new(limit: Option<&RateLimit>, now: Instant) -> Self {
        let (maximum, per_second, reserve, by_cost) = match limit {
            None => (f64::INFINITY, 0.0, 0.0, false),
            Some(RateLimit::Bucket {
                capacity,
                refill_per_second,
                reserve,
            }) => {
                let capacity = f64::from(*capacity);
                let reserve = reserve.map_or((capacity / 4.0).floor(), f64::from);
                (
                    capacity,
                    *refill_per_second,
                    reserve.min(capacity - 1.0),
                    false,
                )
            }
            Some(RateLimit::Cost {
                start_maximum,
                start_restore_rate,
                reserve,
                ..
            }) => (*start_maximum, *start_restore_rate, *reserve, true),
        };
        Self {
            level: maximum,
            maximum,
            per_second,
            reserve,
            by_cost,
            filled_at: now,
            blocked_until: None,
            under_way: 0.0,
            costs: HashMap::new(),
        }
    }

    /// Takes what a request costs, or says how long to wait before asking again.
    pub(crate) fn take(&mut self, role: &str, lane: Lane, now: Instant) -> Result<f64, Duration> {
        if let Some(until) = self.blocked_until.filter(|until| *until > now) {
            return Err(until - now);
        }
        self.refill(now);
        let floor = match lane {
            Lane::Agent => 0.0,
            Lane::Live => self.reserve / 2.0,
            Lane::Poll | Lane::Backfill | Lane::Reconcile => self.reserve,
        };
        // A request that is dearer than the whole budget goes when the budget is full.
        let cost = self.cost(role).min((self.maximum - floor).max(0.0));
        let lacking = cost + floor - self.level;
        if lacking > 0.0 {
            let wait = Duration::try_from_secs_f64(lacking / self.per_second);
            let wait = wait.unwrap_or(limits::RETRY_AFTER_MAX);
            return Err(wait
                .max(Duration::from_millis(1))
                .min(limits::RETRY_AFTER_MAX));
        }
        self.level -= cost;
        self.under_way += cost;
        Ok(cost)
    }

    /// Ends a request that cost that much, with what its answer says.
    pub(crate) fn settle(&mut self, role: &str, cost: f64, report: Option<&Report>, now: Instant) {
        self.under_way = (self.under_way - cost).max(0.0);
        let Some(report) = report else {
            return;
        };
        if let Some(wait) = report.retry_after {
            let until = now + wait.min(limits::RETRY_AFTER_MAX);
            self.blocked_until = self.blocked_until.max(Some(until));
        }
        if !self.by_cost {
            return;
        }
        self.refill(now);
        if let Some(cost) = report.requested
            && (self.costs.len() < ROLES_MAX || self.costs.contains_key(role))
        {
            self.costs.insert(role.to_owned(), cost);
        }
        self.maximum = report.maximum.filter(|n| *n > 0.0).unwrap_or(self.maximum);
        self.per_second = report
            .restore_rate
            .filter(|n| *n > 0.0)
            .unwrap_or(self.per_second);
        self.reserve = self.reserve.min(self.maximum / 2.0);
        if let Some(available) = report.available {
            self.level = (available - self.under_way).min(self.maximum);
        }
    }

    /// Undoes a [`Self::take`] whose request never left.
    pub(crate) fn give_back(&mut self, cost: f64) {
        self.under_way = (self.under_way - cost).max(0.0);
        self.level = (self.level + cost).min(self.maximum);
    }

    /// Whether nothing would be lost by forgetting it.
    pub(crate) fn is_idle(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.under_way == 0.0
            && self.level >= self.maximum
            && self.blocked_until.is_none_or(|until| until <= now)
    }

    fn cost(&self, role: &str) -> f64 {
        if !self.by_cost {
            return 1.0;
        }
        let first = self.maximum * FIRST_COST_SHARE;
        self.costs.get(role).copied().unwrap_or(first).max(1.0)
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.maximum);
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(capacity: u32, refill: f64, reserve: u32, now: Instant) -> Throttle {
        let limit = RateLimit::Bucket {
            capacity,
            refill_per_second: refill,
            reserve: Some(reserve),
        };
        Throttle::new(Some(&limit), now)
    }

    fn cost(now: Instant) -> Throttle {
        let pointer = || "/x".to_owned();
        let limit = RateLimit::Cost {
            requested: pointer(),
            available: pointer(),
            maximum: pointer(),
            restore_rate: pointer(),
            start_maximum: 1000.0,
            start_restore_rate: 50.0,
            reserve: 100.0,
        };
        Throttle::new(Some(&limit), now)
    }

    const fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_bucket_empties_and_refills() {
        let now = Instant::now();
        let mut throttle = bucket(2, 0.5, 0, now);
        assert!(throttle.take("", Lane::Poll, now).is_ok());
        assert!(throttle.take("", Lane::Poll, now).is_ok());
        assert_eq!(throttle.take("", Lane::Poll, now), Err(secs(2)));
        assert!(throttle.take("", Lane::Poll, now + secs(2)).is_ok());
        assert!(throttle.take("", Lane::Poll, now + secs(2)).is_err());
    }

    #[test]
    fn history_leaves_the_reserve_to_agents_and_half_of_it_to_live_events() {
        let now = Instant::now();
        let mut throttle = bucket(4, 1.0, 2, now);
        assert!(throttle.take("", Lane::Backfill, now).is_ok());
        assert!(throttle.take("", Lane::Backfill, now).is_ok());
        assert_eq!(throttle.take("", Lane::Backfill, now), Err(secs(1)));
        assert!(throttle.take("", Lane::Live, now).is_ok());
        assert!(throttle.take("", Lane::Live, now).is_err());
        assert!(throttle.take("", Lane::Agent, now).is_ok());
        assert!(throttle.take("", Lane::Agent, now).is_err());
    }

    #[test]
    fn points_follow_what_the_answers_say() {
        let now = Instant::now();
        let mut throttle = cost(now);
        let taken = throttle.take("orders", Lane::Poll, now).unwrap();
        assert_eq!(taken, 100.0);
        let report = Report {
            requested: Some(400.0),
            available: Some(450.0),
            maximum: Some(2000.0),
            restore_rate: Some(100.0),
            ..Report::default()
        };
        throttle.settle("orders", taken, Some(&report), now);
        // 400 and the reserve of 100 are not there yet: 50 points lack, at 100 per second.
        assert_eq!(
            throttle.take("orders", Lane::Poll, now),
            Err(Duration::from_millis(500))
        );
        assert!(throttle.take("orders", Lane::Agent, now).is_ok());
    }

    #[test]
    fn points_of_requests_under_way_are_not_counted_twice() {
        let now = Instant::now();
        let mut throttle = cost(now);
        let first = throttle.take("a", Lane::Agent, now).unwrap();
        let second = throttle.take("a", Lane::Agent, now).unwrap();
        let report = Report {
            available: Some(990.0),
            requested: Some(10.0),
            ..Report::default()
        };
        throttle.settle("a", first, Some(&report), now);
        assert_eq!(throttle.level, 990.0 - second);
    }

    #[test]
    fn a_request_dearer_than_the_budget_goes_when_the_budget_is_full() {
        let now = Instant::now();
        let mut throttle = cost(now);
        throttle.costs.insert("huge".to_owned(), 5000.0);
        assert_eq!(throttle.take("huge", Lane::Agent, now), Ok(1000.0));
        assert_eq!(throttle.take("huge", Lane::Agent, now), Err(secs(20)));
    }

    #[test]
    fn a_request_that_never_left_costs_nothing() {
        let now = Instant::now();
        let mut throttle = bucket(1, 0.5, 0, now);
        let cost = throttle.take("", Lane::Agent, now).unwrap();
        throttle.give_back(cost);
        assert!(throttle.take("", Lane::Agent, now).is_ok());
        assert!(throttle.take("", Lane::Agent, now).is_err());
    }

    #[test]
    fn the_sources_word_holds_for_everyone() {
        let now = Instant::now();
        let mut throttle = Throttle::new(None, now);
        let report = Report {
            retry_after: Some(secs(7)),
            ..Report::default()
        };
        assert!(throttle.take("", Lane::Agent, now).is_ok());
        throttle.settle("", 1.0, Some(&report), now);
        assert_eq!(throttle.take("", Lane::Agent, now), Err(secs(7)));
        assert!(throttle.take("", Lane::Poll, now + secs(7)).is_ok());
        let mut greedy = Throttle::new(None, now);
        let report = Report {
            retry_after: Some(secs(1 << 40)),
            ..Report::default()
        };
        greedy.settle("", 0.0, Some(&report), now);
        assert_eq!(
            greedy.take("", Lane::Agent, now),
            Err(limits::RETRY_AFTER_MAX)
        );
    }
}
