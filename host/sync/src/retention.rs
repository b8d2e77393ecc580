//! Removing what has expired, hourly, tenant after tenant, in steps between which other writes go on. Replicas may do it
//! at the same time: a row is removed once.

use std::sync::Arc;

use ordercase_store::{Retention, StoreError, Tenant};
use tokio_util::sync::CancellationToken;

use crate::{engine::Shared, limits::RETENTION_INTERVAL_SECONDS};

/// Keeps to every tenant's policy until told to stop.
pub(crate) async fn keep(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        let next = shared.clock.now().plus_seconds(RETENTION_INTERVAL_SECONDS);
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.clock.sleep_until(next) => {}
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            swept = sweep(&shared) => if let Err(error) = swept {
                tracing::warn!(%error, "what has expired could not be removed; it is tried again in an hour");
            }
        }
    }
}

/// Removes what has expired of every tenant.
pub(crate) async fn sweep(shared: &Shared) -> Result<(), StoreError> {
    for tenant in shared.store.tenants().await? {
        of(shared, &tenant).await?;
    }
    Ok(())
}

async fn of(shared: &Shared, tenant: &Tenant) -> Result<(), StoreError> {
    let policy = Retention::of(&tenant.settings);
    let mut steps = 0_u32;
    loop {
        let now = shared.clock.now();
        let expired = shared.store.expire(&tenant.id, policy, now).await?;
        steps += 1;
        if !expired.is_full() {
            tracing::debug!(tenant.id = %tenant.id, steps, ?expired, "what had expired is removed");
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}
