//! Handing effects out and noting how they ended. The journal's line is written with the claim, before
//! anything is sent: a line without an end says that somebody began and never came back.

use ordercase_model::Instant;
use serde_json::Value;

use super::{Attempt, Effect, EffectRequest, EffectSettlement, EffectState, effect_columns, read};
#[cfg(feature = "simulation")]
use crate::mutation::mutated;
use crate::{
    Death, DeskKey, EffectId, Store, StoreError, TenantId,
    db::{Line, Scope, Sql, Tx, args, dialect, statements},
    limits::{LIST_ROWS_MAX, cut},
    signal::Queue,
    turn::Round,
};

statements! {
    TENANTS = "SELECT DISTINCT tenant_id AS id FROM outbox
            WHERE state = 'pending' AND due_at <= $1 ORDER BY tenant_id";
    /// Only the first of a target may go: what follows waits, even while the first waits for its retry. One that a
    /// person put back to work is the first again, and waits for a later one that is on its way.
    CLAIM = dialect::claim!("SELECT e.effect_id FROM outbox e
                WHERE e.tenant_id = $1 AND e.state = 'pending' AND e.due_at <= $2
                    AND (e.lease_until IS NULL OR e.lease_until <= $2)
                    AND NOT EXISTS (
                        SELECT 1 FROM outbox b
                        WHERE b.tenant_id = e.tenant_id AND b.desk_id = e.desk_id AND b.target = e.target
                            AND b.state = 'pending' AND (b.seq < e.seq OR b.lease_until > $2))
                    AND NOT EXISTS (
                        SELECT 1 FROM desks d
                        WHERE d.tenant_id = e.tenant_id AND d.desk_id = e.desk_id AND d.state = 'paused')
                ORDER BY e.due_at, e.effect_id LIMIT $5", of "e",
            "UPDATE outbox SET holder = $3, lease_until = $4, attempts = attempts + 1
                WHERE tenant_id = $1 AND effect_id IN (SELECT effect_id FROM due)
            RETURNING ", effect_columns!());
    BEGIN = "INSERT INTO journal (tenant_id, effect_id, attempt, holder, started_at) VALUES ($1, $2, $3, $4, $5)";
    END = "UPDATE journal SET ended_at = $4, outcome = $5, detail = $6
            WHERE tenant_id = $1 AND effect_id = $2 AND attempt = $3";
    UNBEGIN = "DELETE FROM journal WHERE tenant_id = $1 AND effect_id = $2 AND attempt = $3";
    SETTLE = "UPDATE outbox SET state = $4, outcome = $5, last_error = COALESCE($6, last_error), settled_at = $7,
                error_class = $8, holder = NULL, lease_until = NULL
            WHERE tenant_id = $1 AND effect_id = $2 AND holder = $3 AND state = 'pending'";
    RETRY = "UPDATE outbox SET due_at = $4, last_error = COALESCE($5, last_error), attempts = attempts - $6,
                failures = failures + 1 - $6, holder = NULL, lease_until = NULL
            WHERE tenant_id = $1 AND effect_id = $2 AND holder = $3 AND state = 'pending'";
    /// Of those that are the first of their target: the others wait for them, not for a moment.
    NEXT_DUE = "SELECT MIN(CASE WHEN e.lease_until > e.due_at THEN e.lease_until ELSE e.due_at END) AS at
            FROM outbox e WHERE e.state = 'pending'
                AND NOT EXISTS (
                    SELECT 1 FROM outbox b
                    WHERE b.tenant_id = e.tenant_id AND b.desk_id = e.desk_id AND b.target = e.target
                        AND b.state = 'pending' AND b.seq < e.seq)
                AND NOT EXISTS (
                    SELECT 1 FROM desks d
                    WHERE d.tenant_id = e.tenant_id AND d.desk_id = e.desk_id AND d.state = 'paused')";
    BY_TARGET = concat!("SELECT ", effect_columns!(), " FROM outbox
            WHERE tenant_id = $1 AND desk_id = $2 AND target = $3 ORDER BY seq DESC LIMIT $4");
    BY_STATE = concat!("SELECT ", effect_columns!(), " FROM outbox
            WHERE tenant_id = $1 AND state = $2 ORDER BY created_at DESC, effect_id LIMIT $3");
    JOURNAL = "SELECT attempt, started_at, ended_at, outcome, detail FROM journal
            WHERE tenant_id = $1 AND effect_id = $2 ORDER BY attempt";
}

/// What a settlement that does not ask for its lease would do.
#[cfg(feature = "simulation")]
const STEAL: Sql =
    Sql::only_sqlite("UPDATE outbox SET holder = $3 WHERE tenant_id = $1 AND effect_id = $2");

impl Store {
    /// Takes due effects: one per target, in turn over tenants. The attempt is journalled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_effects(&self, ask: EffectRequest) -> Result<Vec<Effect>, StoreError> {
        self.write(Scope::All, move |tx| {
            Box::pin(async move { claim(tx, &ask).await })
        })
        .await
    }

    /// Ends an attempt.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it by now.
    pub async fn settle_effect(
        &self,
        effect: &Effect,
        settlement: EffectSettlement,
        now: Instant,
    ) -> Result<(), StoreError> {
        let effect = effect.clone();
        self.write(Scope::from(&effect.desk.tenant), move |tx| {
            Box::pin(async move { settle(tx, &effect, &settlement, now).await })
        })
        .await
    }

    /// When the next effect may be due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_effect_due(&self) -> Result<Option<Instant>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        match conn.first(NEXT_DUE, Vec::new()).await? {
            Some(row) => row.opt_instant("at"),
            None => Ok(None),
        }
    }

    /// Effects on a target, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn effects_of(
        &self,
        desk: &DeskKey,
        target: &str,
    ) -> Result<Vec<Effect>, StoreError> {
        let mut conn = self.reader(&desk.tenant).await?;
        let args = args![&desk.tenant, &desk.desk, target, LIST_ROWS_MAX];
        conn.all(BY_TARGET, args).await?.iter().map(read).collect()
    }

    /// Effects of a tenant in a state, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn effects_in(
        &self,
        tenant: &TenantId,
        state: EffectState,
    ) -> Result<Vec<Effect>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        conn.all(BY_STATE, args![tenant, state.as_str(), LIST_ROWS_MAX])
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// The attempts at an effect.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn journal(
        &self,
        tenant: &TenantId,
        id: &EffectId,
    ) -> Result<Vec<Attempt>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        let rows = conn.all(JOURNAL, args![tenant, id]).await?;
        rows.iter()
            .map(|row| {
                Ok(Attempt {
                    attempt: u32::try_from(row.int("attempt")?).unwrap_or(u32::MAX),
                    started_at: row.instant("started_at")?,
                    ended_at: row.opt_instant("ended_at")?,
                    outcome: row.opt_text("outcome")?,
                    detail: row.opt_text("detail")?,
                })
            })
            .collect()
    }
}

fn due() -> Sql {
    #[cfg(feature = "simulation")]
    if mutated!(OneEffectPerTarget) {
        return crate::simulation::without(CLAIM, "AND NOT EXISTS (");
    }
    CLAIM
}

async fn claim(tx: &mut Tx, ask: &EffectRequest) -> Result<Vec<Effect>, StoreError> {
    let mut round = Round::begin(tx, "outbox", ask.limit, TENANTS, args![ask.now]).await?;
    let mut taken = Vec::new();
    while let Some((tenant, most)) = round.next() {
        if !tx.conn.alone(&tenant, Line::Effects).await? {
            continue;
        }
        let args = args![&tenant, ask.now, &ask.holder, ask.lease_until, most];
        let rows = tx.conn.all(due(), args).await?;
        round.took(&mut tx.turns, &tenant, rows.len());
        for row in &rows {
            let effect = read(row)?;
            let line = args![&tenant, &effect.id, effect.attempts, &ask.holder, ask.now];
            tx.conn.run(BEGIN, line).await?;
            taken.push(effect);
        }
    }
    Ok(taken)
}

async fn settle(
    tx: &mut Tx,
    effect: &Effect,
    settlement: &EffectSettlement,
    now: Instant,
) -> Result<(), StoreError> {
    let tenant = &effect.desk.tenant;
    #[cfg(feature = "simulation")]
    if mutated!(LeaseAtSettle) {
        let thief = args![tenant, &effect.id, effect.holder.as_ref()];
        tx.conn.run(STEAL, thief).await?;
    }
    let mut proof = args![tenant, &effect.id, effect.holder.as_ref()];
    let ended = |state: EffectState, outcome: Option<&Value>, death: Option<&Death>| {
        let (error, class) = (
            death.map(|death| cut(&death.reason)),
            death.map(|death| death.class.as_str()),
        );
        args![
            state.as_str(),
            outcome.map(Value::to_string),
            error,
            now,
            class
        ]
    };
    let back = |at: Instant, error: Option<String>, untaken: i64| args![at, error, untaken];
    let (sql, rest, word, detail) = match settlement {
        EffectSettlement::Done(outcome) => {
            let rest = ended(EffectState::Done, Some(outcome), None);
            (SETTLE, rest, "done", None)
        }
        EffectSettlement::AlreadyDone(outcome) => (
            SETTLE,
            ended(EffectState::Done, Some(outcome), None),
            "already_done",
            None,
        ),
        EffectSettlement::Dead(death) => (
            SETTLE,
            ended(EffectState::Dead, None, Some(death)),
            "dead",
            Some(cut(&death.reason)),
        ),
        EffectSettlement::Retry { at, error } => (
            RETRY,
            back(*at, Some(cut(error)), 0),
            "retry",
            Some(cut(error)),
        ),
        EffectSettlement::Released => (RETRY, back(effect.due_at, None, 1), "released", None),
    };
    proof.extend(rest);
    if tx.conn.run(sql, proof).await? == 0 {
        return Err(StoreError::LeaseLost {
            what: "effect",
            id: effect.id.to_string(),
        });
    }
    // Whatever waits behind it may go now.
    tx.touched.add(Queue::Outbox);
    let line = args![tenant, &effect.id, effect.attempts];
    if *settlement == EffectSettlement::Released {
        tx.conn.run(UNBEGIN, line).await?;
        return Ok(());
    }
    let mut line = line;
    line.extend(args![now, word, detail]);
    tx.conn.run(END, line).await?;
    Ok(())
}
