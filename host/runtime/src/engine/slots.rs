//! Places in an engine. A call holds one from start to end, waiting for the source included.
//!
//! Three gates, from the narrowest: a tenant's own share, so that one merchant cannot take all
//! places; the share of everything but agents and live events, so that history cannot; and all
//! places. Agents and live events have a tenant share of their own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::{Lane, limits};

pub(crate) struct Slots {
    all: Arc<Semaphore>,
    patient: Arc<Semaphore>,
    per_tenant: usize,
    tenants: Mutex<HashMap<(String, bool), Arc<Semaphore>>>,
}

/// A place; given back when dropped.
pub(crate) struct Slot(#[expect(dead_code, reason = "held, not read")] Vec<OwnedSemaphorePermit>);

impl Slots {
    pub(super) fn new(places: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(places)),
            patient: Arc::new(Semaphore::new((places * 3 / 4).max(1))),
            per_tenant: (places / 4).max(1),
            tenants: Mutex::default(),
        }
    }

    /// Waits for a place, for as long as the lane may; `None` when none came free.
    pub(crate) async fn take(&self, tenant: &str, lane: Lane) -> Option<Slot> {
        let urgent = lane.is_urgent();
        let deadline = Instant::now() + wait(lane);
        let mut gates = vec![self.tenant(tenant, urgent)];
        if !urgent {
            gates.push(Arc::clone(&self.patient));
        }
        gates.push(Arc::clone(&self.all));
        let mut permits = Vec::with_capacity(gates.len());
        for gate in gates {
            permits.push(
                timeout_at(deadline, gate.acquire_owned())
                    .await
                    .ok()?
                    .ok()?,
            );
        }
        Some(Slot(permits))
    }

    fn tenant(&self, tenant: &str, urgent: bool) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits or runs holds a reference; the rest are as good as new.
        if tenants.len() >= TENANTS_KEPT {
            tenants.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        let fresh = || Arc::new(Semaphore::new(self.per_tenant));
        Arc::clone(
            tenants
                .entry((tenant.to_owned(), urgent))
                .or_insert_with(fresh),
        )
    }
}

const TENANTS_KEPT: usize = 1024;

/// How long a lane waits for a place.
pub(crate) const fn wait(lane: Lane) -> std::time::Duration {
    if lane.is_urgent() {
        limits::QUEUE_WAIT_AGENT
    } else {
        limits::QUEUE_WAIT
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn now_or_never(slots: &Slots, tenant: &str, lane: Lane) -> Option<Slot> {
        slots.take(tenant, lane).now_or_never().flatten()
    }

    #[tokio::test]
    async fn one_tenant_cannot_take_all_places_and_history_cannot_take_the_agents() {
        let slots = Slots::new(8);
        let mut held = Vec::new();
        for tenant in ["a", "b", "c"] {
            for _ in 0..2 {
                held.push(now_or_never(&slots, tenant, Lane::Backfill).unwrap());
            }
            assert!(
                now_or_never(&slots, tenant, Lane::Backfill).is_none(),
                "{tenant}"
            );
        }
        assert!(now_or_never(&slots, "d", Lane::Backfill).is_none());
        held.push(now_or_never(&slots, "a", Lane::Agent).unwrap());
        held.push(now_or_never(&slots, "d", Lane::Live).unwrap());
        assert!(now_or_never(&slots, "e", Lane::Agent).is_none());
        held.pop();
        assert!(now_or_never(&slots, "e", Lane::Agent).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends() {
        let slots = Slots::new(1);
        let _held = slots.take("a", Lane::Poll).await.unwrap();
        assert!(slots.take("b", Lane::Poll).await.is_none());
    }
}
