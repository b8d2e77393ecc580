//! Executing effects: one at a time per target, in order. Every attempt but the first asks whether an earlier
//! one did it, so an answer that was lost on the way never leads to a second note. What was claimed a while ago
//! is only sent when it is still ours: the database may have been slow to hand it out.

use ordercase_model::Instant;
use ordercase_store::{
    Activity, Death, Effect, EffectRequest, EffectSettlement, Lease, Queue, StoreError,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    EffectFailure,
    dispatch::Work,
    engine::Shared,
    failure::{Decision, Tried, class_of_effect, classify_effect},
    mutation::mutated,
};

/// Times that more time is asked for before an effect is sent; a database that is slower than that is down.
const RENEWALS_MAX: u32 = 3;

/// The work of the outbox.
pub(crate) struct Effects {
    pub(crate) places: usize,
}

/// A claimed effect.
pub(crate) struct Taken {
    effect: Effect,
    /// When it was asked for: the lease counts from then.
    asked_at: Instant,
}

impl Work for Effects {
    type Job = Taken;

    fn queue(&self) -> Queue {
        Queue::Outbox
    }

    fn places(&self) -> usize {
        self.places
    }

    async fn claim(&self, shared: &Shared, limit: u32) -> Result<Vec<Taken>, StoreError> {
        let now = shared.clock.now();
        let ask = EffectRequest {
            limit,
            holder: shared.holder(),
            now,
            lease_until: shared.lease_from(now),
        };
        let effects = shared.store.claim_effects(ask).await?;
        let taken = effects.into_iter().map(|effect| Taken {
            effect,
            asked_at: now,
        });
        Ok(taken.collect())
    }

    async fn next_due(&self, shared: &Shared) -> Result<Option<Instant>, StoreError> {
        shared.store.next_effect_due().await
    }

    fn lease(&self, taken: &Taken) -> Lease {
        Lease::from(&taken.effect)
    }

    async fn run(
        &self,
        shared: &Shared,
        taken: Taken,
        _stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        let effect = &taken.effect;
        let end = match shared.within(attempt(shared, &taken)).await {
            Some(Ok(end)) => end,
            Some(Err(NotDone::Failed(failure))) => end_of(shared, effect, &failure).await?,
            Some(Err(NotDone::Store(error))) => return Err(error),
            None => {
                let failure = EffectFailure::Unavailable("it took too long".to_owned());
                let end = end_of(shared, effect, &failure).await?;
                not_before(end, shared.lease_from(shared.clock.now()))
            }
        };
        shared
            .store
            .settle_effect(effect, end, shared.clock.now())
            .await
    }
}

/// A request that was given up may still be on its way: whoever asks too early whether it happened hears no. So the
/// next attempt waits as long as it would after the death of this process.
fn not_before(end: EffectSettlement, earliest: Instant) -> EffectSettlement {
    match end {
        EffectSettlement::Retry { at, error } => EffectSettlement::Retry {
            at: at.max(earliest),
            error,
        },
        other => other,
    }
}

/// Why an attempt did not do it.
enum NotDone {
    Failed(EffectFailure),
    /// It is not ours any more, or the database cannot say.
    Store(StoreError),
}

impl From<EffectFailure> for NotDone {
    fn from(failure: EffectFailure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for NotDone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

async fn attempt(shared: &Shared, taken: &Taken) -> Result<EffectSettlement, NotDone> {
    let effect = &taken.effect;
    if effect.attempts > 1
        && !mutated!(DidItHappen)
        && let Some(answer) = shared.executor.did_it_happen(effect).await?
    {
        return Ok(EffectSettlement::AlreadyDone(answer));
    }
    still_ours(shared, taken).await?;
    let answer: Value = shared.executor.execute(effect).await?;
    Ok(EffectSettlement::Done(answer))
}

/// Nothing is sent under a lease that may have run out: while the claim waited for the database, or this process
/// for the processor, another may have begun. Asking for more time may take as long, so its answer counts from
/// when it was asked for, too.
async fn still_ours(shared: &Shared, taken: &Taken) -> Result<(), StoreError> {
    let lease = Lease::from(&taken.effect);
    let mut asked_at = taken.asked_at;
    for _ in 0..RENEWALS_MAX {
        let now = shared.clock.now();
        let fresh = now.seconds_since(asked_at) < shared.renewal_seconds();
        if fresh || mutated!(LeaseBeforeSending) {
            return Ok(());
        }
        if !shared
            .store
            .renew(&lease, now, shared.lease_from(now))
            .await?
        {
            break;
        }
        asked_at = now;
    }
    Err(StoreError::LeaseLost {
        what: "effect",
        id: taken.effect.id.to_string(),
    })
}

async fn end_of(
    shared: &Shared,
    effect: &Effect,
    failure: &EffectFailure,
) -> Result<EffectSettlement, StoreError> {
    tracing::info!(
        tenant.id = %effect.desk.tenant, desk.id = %effect.desk.desk, effect.id = %effect.id,
        effect.kind = effect.kind, attempt = effect.attempts, %failure, "an effect did not happen"
    );
    let now = shared.clock.now();
    let tried = Tried {
        attempt: effect.failures + 1,
        since: effect.tried_since,
        now,
        seed: effect.id.as_str(),
        ends: true,
    };
    let error = failure.to_string();
    Ok(match classify_effect(failure, &tried) {
        Decision::Retry { at } | Decision::Restart { at } => EffectSettlement::Retry { at, error },
        Decision::Gone | Decision::GiveUp => {
            EffectSettlement::Dead(Death::new(class_of_effect(failure), error))
        }
        Decision::Pause => {
            let paused = Activity::Paused(error);
            shared
                .store
                .set_desk_activity(&effect.desk, &paused, now)
                .await?;
            EffectSettlement::Released
        }
    })
}
