//! Executing effects: one at a time per target, in order. Every attempt but the first asks whether an earlier
//! one did it, so an answer that was lost on the way never leads to a second note.

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
};

/// The work of the outbox.
pub(crate) struct Effects {
    pub(crate) places: usize,
}

impl Work for Effects {
    type Job = Effect;

    fn queue(&self) -> Queue {
        Queue::Outbox
    }

    fn places(&self) -> usize {
        self.places
    }

    async fn claim(&self, shared: &Shared, limit: u32) -> Result<Vec<Effect>, StoreError> {
        let now = shared.clock.now();
        let ask = EffectRequest {
            limit,
            holder: shared.holder(),
            now,
            lease_until: shared.lease_from(now),
        };
        shared.store.claim_effects(ask).await
    }

    async fn next_due(&self, shared: &Shared) -> Result<Option<Instant>, StoreError> {
        shared.store.next_effect_due().await
    }

    fn lease(&self, effect: &Effect) -> Lease {
        Lease::from(effect)
    }

    async fn run(
        &self,
        shared: &Shared,
        effect: Effect,
        _stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        let end = match shared.within(attempt(shared, &effect)).await {
            Some(Ok(end)) => end,
            Some(Err(failure)) => end_of(shared, &effect, &failure).await?,
            None => {
                let failure = EffectFailure::Unavailable("it took too long".to_owned());
                end_of(shared, &effect, &failure).await?
            }
        };
        shared
            .store
            .settle_effect(&effect, end, shared.clock.now())
            .await
    }
}

async fn attempt(shared: &Shared, effect: &Effect) -> Result<EffectSettlement, EffectFailure> {
    if effect.attempts > 1
        && let Some(answer) = shared.executor.did_it_happen(effect).await?
    {
        return Ok(EffectSettlement::AlreadyDone(answer));
    }
    let answer: Value = shared.executor.execute(effect).await?;
    Ok(EffectSettlement::Done(answer))
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
        attempt: effect.attempts,
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
