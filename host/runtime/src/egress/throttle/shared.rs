//! The throttles of all connections, and waiting on one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{Report, Throttle};
use crate::{Lane, egress::Refusal, limits, package::RateLimit};

/// Tenant, connection, origin.
pub(crate) type Key = (String, String, String);

/// Every throttle in use.
#[derive(Default)]
pub(crate) struct Throttles(Mutex<HashMap<Key, Arc<Mutex<Throttle>>>>);

/// A request that was let through; settle it with its answer. Dropped without, it counts as spent.
pub(crate) struct Ticket {
    throttle: Arc<Mutex<Throttle>>,
    role: String,
    cost: f64,
    settled: bool,
}

impl Throttles {
    /// Waits for a place, at most until `deadline`.
    pub(crate) async fn enter(
        &self,
        key: Key,
        limit: Option<&RateLimit>,
        role: &str,
        lane: Lane,
        deadline: Instant,
    ) -> Result<Ticket, Refusal> {
        let throttle = self.of(key, limit);
        loop {
            let now = Instant::now();
            let taken = lock(&throttle).take(role, lane, now);
            match taken {
                Ok(cost) => {
                    return Ok(Ticket {
                        throttle,
                        role: role.to_owned(),
                        cost,
                        settled: false,
                    });
                }
                Err(wait) if now + wait > deadline => return Err(Refusal::RateLimited(Some(wait))),
                Err(wait) => sleep(wait.max(Duration::from_millis(1))).await,
            }
        }
    }

    fn of(&self, key: Key, limit: Option<&RateLimit>) -> Arc<Mutex<Throttle>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(throttle) = all.get(&key) {
            return Arc::clone(throttle);
        }
        let now = Instant::now();
        if all.len() >= limits::THROTTLES_MAX {
            all.retain(|_, throttle| !lock(throttle).is_idle(now));
        }
        let throttle = Arc::new(Mutex::new(Throttle::new(limit, now)));
        all.insert(key, Arc::clone(&throttle));
        throttle
    }
}

impl Ticket {
    /// Tells the throttle what the answer says.
    pub(crate) fn settle(mut self, report: &Report) {
        self.settled = true;
        lock(&self.throttle).settle(&self.role, self.cost, Some(report), Instant::now());
    }
}

impl Ticket {
    /// Ends a request that was never dialled: the source does not know of it.
    pub(crate) fn give_back(mut self) {
        self.settled = true;
        lock(&self.throttle).give_back(self.cost);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.settled {
            lock(&self.throttle).settle(&self.role, self.cost, None, Instant::now());
        }
    }
}

fn lock(throttle: &Mutex<Throttle>) -> std::sync::MutexGuard<'_, Throttle> {
    throttle.lock().unwrap_or_else(PoisonError::into_inner)
}
