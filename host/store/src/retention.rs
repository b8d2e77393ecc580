//! Retention: what is finished expires by the tenant's policy, and nothing that is still needed goes with it.
//!
//! | What | Goes | Stays |
//! |---|---|---|
//! | receipts | row and body of settled ones | their counts, so the accounts add up; dead letters until a person decides |
//! | raw answers | their bytes | canonical records; what was told again since keeps its answers |
//! | effects | payload and outcome of finished ones, their journal | the row: its key says for ever that it happened |
//! | runs and holes | old ones | the last proven run of each track, and what is proven |
//! | audit | old lines | |
//!
//! A receipt is also what tells a second delivery from a first, so it is kept at least [`DEDUPE_DAYS_MIN`] days: no
//! platform repeats a delivery for longer (`commerce-apis.md` §0). Deleting goes in small steps, each a transaction.

use ordercase_model::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ConnectionKey, Store, StoreError, TenantId,
    db::{Row, Scope, Tx, args, statements},
    limits::EXPIRED_PER_STEP,
    subscription,
};

/// Shortest time for which settled receipts are kept, days.
pub const DEDUPE_DAYS_MIN: u32 = 7;
const DAYS_MAX: u32 = 3_660;

/// How long finished things are kept, days. Stored with the tenant's settings as `retention`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Settled receipts, [`DEDUPE_DAYS_MIN`] to 3660.
    pub receipts_days: u32,
    /// Raw answers of the source, from which records can be derived again; 1 to 3660.
    pub raw_days: u32,
    /// Payloads, outcomes and attempts of finished effects; 7 to 3660.
    pub effects_days: u32,
    /// Runs and holes; 31 to 3660.
    pub runs_days: u32,
    /// Audit; 31 to 3660.
    pub audit_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            receipts_days: 30,
            raw_days: 90,
            effects_days: 90,
            runs_days: 90,
            audit_days: 400,
        }
    }
}

/// A time that is too short or too long.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` is {days} days; {least} to {DAYS_MAX} are allowed")]
pub struct RetentionError {
    /// Which one.
    pub field: &'static str,
    days: u32,
    least: u32,
}

impl Retention {
    /// The policy in a tenant's settings; the usual one where there is none or it cannot be read.
    #[must_use]
    pub fn of(settings: &Value) -> Self {
        let own = settings.get("retention").cloned();
        let own = own.and_then(|own| serde_json::from_value::<Self>(own).ok());
        own.filter(|own| own.check().is_ok()).unwrap_or_default()
    }

    /// Whether every time is within its bounds.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), RetentionError> {
        for (field, days, least) in [
            ("receipts_days", self.receipts_days, DEDUPE_DAYS_MIN),
            ("raw_days", self.raw_days, 1),
            ("effects_days", self.effects_days, 7),
            ("runs_days", self.runs_days, 31),
            ("audit_days", self.audit_days, 31),
        ] {
            if !(least..=DAYS_MAX).contains(&days) {
                return Err(RetentionError { field, days, least });
            }
        }
        Ok(())
    }
}

/// What one step of retention removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Receipts.
    pub receipts: u64,
    /// Raw answers.
    pub raw_bodies: u64,
    /// Effects that were emptied.
    pub effects: u64,
    /// Attempts.
    pub attempts: u64,
    /// Runs.
    pub runs: u64,
    /// Holes.
    pub holes: u64,
    /// Lines of the audit.
    pub audit: u64,
}

impl Expired {
    /// Whether some may be left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let most = EXPIRED_PER_STEP.unsigned_abs();
        [
            self.receipts,
            self.raw_bodies,
            self.effects,
            self.attempts,
            self.runs,
            self.holes,
            self.audit,
        ]
        .into_iter()
        .any(|removed| removed >= most)
    }
}

statements! {
    /// Shops that left while a delivery was being let in.
    LEFT_BEHIND = "SELECT connection_id FROM connections c
            WHERE c.tenant_id = $1 AND c.state = 'left' AND EXISTS (
                SELECT 1 FROM receipts r
                WHERE r.tenant_id = c.tenant_id AND r.owner_id = c.connection_id AND r.state = 'pending')";
    RECEIPTS = "DELETE FROM receipts WHERE tenant_id = $1 AND receipt_id IN (
                SELECT receipt_id FROM receipts
                WHERE tenant_id = $1 AND state IN ('applied', 'superseded', 'duplicate', 'ignored')
                    AND settled_at < $2
                ORDER BY settled_at LIMIT $3)
            RETURNING owner_id, stream, state, repeats";
    KEEP = "INSERT INTO kept_accounts (tenant_id, owner_id, stream, received, applied, superseded, duplicate, ignored)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (tenant_id, owner_id, stream) DO UPDATE SET
                received = kept_accounts.received + excluded.received,
                applied = kept_accounts.applied + excluded.applied,
                superseded = kept_accounts.superseded + excluded.superseded,
                duplicate = kept_accounts.duplicate + excluded.duplicate,
                ignored = kept_accounts.ignored + excluded.ignored";
    RAW = "DELETE FROM raw_bodies WHERE tenant_id = $1 AND (connection_id, raw_id) IN (
                SELECT connection_id, raw_id FROM raw_bodies WHERE tenant_id = $1 AND stored_at < $2
                ORDER BY stored_at LIMIT $3)";
    /// Why a person put one away stays.
    EFFECTS = "UPDATE outbox SET payload = '{}', last_error = NULL,
                outcome = CASE WHEN state = 'discarded' THEN outcome ELSE NULL END
            WHERE tenant_id = $1 AND effect_id IN (
                SELECT effect_id FROM outbox
                WHERE tenant_id = $1 AND state IN ('done', 'superseded', 'discarded') AND settled_at < $2
                    AND payload <> '{}'
                ORDER BY settled_at LIMIT $3)";
    /// All of what is finished, none of what waits; of what is dead the last three stay, to say what was tried.
    JOURNAL = "DELETE FROM journal WHERE tenant_id = $1 AND (effect_id, attempt) IN (
                SELECT j.effect_id, j.attempt FROM journal j JOIN outbox o
                    ON o.tenant_id = j.tenant_id AND o.effect_id = j.effect_id
                WHERE j.tenant_id = $1 AND j.started_at < $2
                    AND (o.state IN ('done', 'superseded', 'discarded')
                        OR (o.state = 'dead' AND j.attempt <= o.attempts - 3))
                ORDER BY j.started_at LIMIT $3)";
    RUNS = "DELETE FROM runs WHERE tenant_id = $1 AND (connection_id, run_id) IN (
                SELECT r.connection_id, r.run_id FROM runs r
                WHERE r.tenant_id = $1 AND r.ended_at < $2
                    AND (r.proof IS NULL OR EXISTS (
                        SELECT 1 FROM runs n WHERE n.tenant_id = r.tenant_id AND n.connection_id = r.connection_id
                            AND n.stream = r.stream AND n.track = r.track AND n.proof IS NOT NULL
                            AND (n.started_at, n.run_id) > (r.started_at, r.run_id)))
                ORDER BY r.ended_at LIMIT $3)";
    HOLES = "DELETE FROM holes WHERE tenant_id = $1 AND (connection_id, run_id, kind, source_id) IN (
                SELECT connection_id, run_id, kind, source_id FROM holes WHERE tenant_id = $1 AND found_at < $2
                ORDER BY found_at LIMIT $3)";
    AUDIT = "DELETE FROM audit WHERE tenant_id = $1 AND (at, audit_id) IN (
                SELECT at, audit_id FROM audit WHERE tenant_id = $1 AND at < $2 ORDER BY at LIMIT $3)";
}

impl Store {
    /// Removes what has expired of a tenant, up to [`EXPIRED_PER_STEP`] rows of each kind, and settles as ignored what
    /// a shop sent in the moment in which it was disconnected.
    ///
    /// # Errors
    /// When the database fails; nothing is removed then.
    pub async fn expire(
        &self,
        tenant: &TenantId,
        policy: Retention,
        now: Instant,
    ) -> Result<Expired, StoreError> {
        let tenant = tenant.clone();
        self.write(Scope::from(&tenant), move |tx| {
            Box::pin(async move {
                for row in tx.conn.all(LEFT_BEHIND, args![&tenant]).await? {
                    let shop = ConnectionKey {
                        tenant: tenant.clone(),
                        connection: row.parse("connection_id")?,
                    };
                    subscription::ignore_waiting(tx, &shop, now).await?;
                }
                let before = |days: u32| now.plus_seconds(-i64::from(days) * 86_400);
                let receipts = receipts(tx, &tenant, before(policy.receipts_days)).await?;
                let mut removed = [0; 6];
                let steps = [
                    (RAW, policy.raw_days),
                    (EFFECTS, policy.effects_days),
                    (JOURNAL, policy.effects_days),
                    (RUNS, policy.runs_days),
                    (HOLES, policy.runs_days),
                    (AUDIT, policy.audit_days),
                ];
                for (count, (sql, days)) in removed.iter_mut().zip(steps) {
                    let args = args![&tenant, before(days), EXPIRED_PER_STEP];
                    *count = tx.conn.run(sql, args).await?;
                }
                let [raw_bodies, effects, attempts, runs, holes, audit] = removed;
                Ok(Expired {
                    receipts,
                    raw_bodies,
                    effects,
                    attempts,
                    runs,
                    holes,
                    audit,
                })
            })
        })
        .await
    }
}

/// Deletes settled receipts and keeps their counts.
async fn receipts(tx: &mut Tx, tenant: &TenantId, before: Instant) -> Result<u64, StoreError> {
    let rows = tx
        .conn
        .all(RECEIPTS, args![tenant, before, EXPIRED_PER_STEP])
        .await?;
    let mut kept: std::collections::BTreeMap<(String, String), [i64; 5]> =
        std::collections::BTreeMap::new();
    for row in &rows {
        count(&mut kept, row)?;
    }
    for ((owner, stream), [received, applied, superseded, duplicate, ignored]) in kept {
        let args = args![
            tenant, owner, stream, received, applied, superseded, duplicate, ignored
        ];
        tx.conn.run(KEEP, args).await?;
    }
    Ok(rows.len() as u64)
}

fn count(
    kept: &mut std::collections::BTreeMap<(String, String), [i64; 5]>,
    row: &Row,
) -> Result<(), StoreError> {
    let key = (row.text("owner_id")?, row.text("stream")?);
    let repeats = row.int("repeats")?;
    let [received, applied, superseded, duplicate, ignored] = kept.entry(key).or_default();
    *received += 1 + repeats;
    *duplicate += repeats;
    match row.text("state")?.as_str() {
        "applied" => *applied += 1,
        "superseded" => *superseded += 1,
        "duplicate" => *duplicate += 1,
        _ => *ignored += 1,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_keeps_its_bounds_and_a_broken_one_is_the_usual() {
        let own = json!({"retention": {"receipts_days": 7, "raw_days": 1}});
        let policy = Retention::of(&own);
        assert_eq!((policy.receipts_days, policy.raw_days), (7, 1));
        assert_eq!(policy.audit_days, Retention::default().audit_days);
        for broken in [
            json!({}),
            json!({"retention": 7}),
            json!({"retention": {"receipts_days": 6}}),
            json!({"retention": {"raw_days": 0}}),
            json!({"retention": {"unknown": 1}}),
        ] {
            assert_eq!(Retention::of(&broken), Retention::default(), "{broken}");
        }
    }
}
