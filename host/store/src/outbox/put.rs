//! Committing effects, inside the transaction of the state that caused them.

use ordercase_model::Instant;

use super::{EffectPut, NewEffect, coalesce::merge_payloads};
use crate::{
    DeskKey, EffectId, StoreError,
    db::{Sql, Tx, args, dialect, statements},
    limits::EFFECT_BYTES_MAX,
    mutation::mutated,
    signal::Queue,
};

statements! {
    BY_KEY = "SELECT effect_id FROM outbox WHERE tenant_id = $1 AND desk_id = $2 AND effect_key = $3";
    /// The newest effect that waits for the target: it may be merged when nobody ever took it.
    WAITING = dialect::locked!("SELECT effect_id, kind, coalesce_key, payload, attempts FROM outbox
               WHERE tenant_id = $1 AND desk_id = $2 AND target = $3 AND state = 'pending'
               ORDER BY seq DESC LIMIT 1");
    INSERT = "INSERT INTO outbox (tenant_id, desk_id, effect_id, effect_key, target, seq, coalesce_key, kind,
                  payload, state, due_at, created_at)
              SELECT $1, $2, $3, $4, $5,
                  (SELECT COALESCE(MAX(seq), 0) + 1 FROM outbox
                   WHERE tenant_id = $1 AND desk_id = $2 AND target = $5),
                  $6, $7, $8, 'pending', $9, $9";
    SUPERSEDE = "UPDATE outbox SET state = 'superseded', superseded_by = $3, settled_at = $4
                 WHERE tenant_id = $1 AND effect_id = $2 AND state = 'pending' AND attempts = 0";
}

fn supersede() -> Sql {
    #[cfg(feature = "simulation")]
    if mutated!(NotMergedInFlight) {
        return crate::simulation::without(SUPERSEDE, " AND attempts = 0");
    }
    SUPERSEDE
}

pub(crate) async fn put_in(
    tx: &mut Tx,
    desk: &DeskKey,
    effect: &NewEffect,
    now: Instant,
) -> Result<EffectPut, StoreError> {
    let known = args![&desk.tenant, &desk.desk, &effect.key];
    if let Some(row) = tx.conn.first(BY_KEY, known).await? {
        return Ok(EffectPut::Known(row.parse("effect_id")?));
    }
    let id = EffectId::of(&[desk.tenant.as_str(), desk.desk.as_str(), &effect.key]);
    let mut payload = effect.payload.clone();
    let mut superseded = None;
    let waiting = args![&desk.tenant, &desk.desk, &effect.target];
    if effect.coalesce_key.is_some()
        && let Some(row) = tx.conn.first(WAITING, waiting).await?
        && (row.int("attempts")? == 0 || mutated!(NotMergedInFlight))
        && row.text("kind")? == effect.kind
        && row.opt_text("coalesce_key")? == effect.coalesce_key
        && let Some(merged) = merge_payloads(&row.json("payload")?, &payload)
    {
        payload = merged;
        superseded = Some(row.parse::<EffectId>("effect_id")?);
    }
    let payload = payload.to_string();
    if payload.len() > EFFECT_BYTES_MAX {
        return Err(StoreError::refused(format!(
            "the effect `{}` has {} bytes, {EFFECT_BYTES_MAX} are the limit",
            effect.kind,
            payload.len()
        )));
    }
    if let Some(older) = &superseded {
        let args = args![&desk.tenant, older, &id, now];
        tx.conn.run(supersede(), args).await?;
    }
    let args = args![
        &desk.tenant,
        &desk.desk,
        &id,
        &effect.key,
        &effect.target,
        effect.coalesce_key.as_ref(),
        &effect.kind,
        payload,
        now
    ];
    tx.conn.run(INSERT, args).await?;
    tx.touched.add(Queue::Outbox);
    Ok(match superseded {
        Some(superseded) => EffectPut::Merged { id, superseded },
        None => EffectPut::Stored(id),
    })
}
