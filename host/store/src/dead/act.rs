//! What a person does with a dead letter: put it back to work, or put it away with a reason.

use ordercase_model::{Instant, Kind};
use serde_json::json;

use super::{DeadId, ErrorClass, class_of};
use crate::{
    NewAudit, ReceiptKind, Store, StoreError, TenantId,
    account::{self, Moves, Via},
    db::{Row, Scope, Sql, Tx, args, statements},
    inbox::SOURCE_ID_HEADER,
    limits::{RETRIED_PER_CALL_MAX, cut},
    signal::{Lane, Queue},
    tenant::audit_in,
};

const NO_SUCH: &str = "there is no such dead letter";

/// What became of a request to try again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// Back at work.
    pub retried: Vec<DeadId>,
    /// Not: there is no such dead letter, or it cannot be worked off; the reason.
    pub refused: Vec<(DeadId, String)>,
}

statements! {
    RECEIPT = "SELECT tenant_id, owner_id, stream, kind, topic, headers, lane, reason, error_class FROM receipts
               WHERE receipt_id = $2 AND state = 'dead' AND (CAST($1 AS TEXT) IS NULL OR tenant_id = $1)";
    EFFECT = "SELECT tenant_id, kind, last_error AS reason, error_class FROM outbox
              WHERE effect_id = $2 AND state = 'dead' AND (CAST($1 AS TEXT) IS NULL OR tenant_id = $1)";
    REVIVE_RECEIPT = "UPDATE receipts SET state = 'pending', reason = NULL, error_class = NULL, mapping = NULL, settled_at = NULL,
                          attempts = 0, failures = 0, due_at = $3, tried_since = $3, last_error = $4
                      WHERE tenant_id = $1 AND receipt_id = $2 AND state = 'dead'";
    /// The journal stays, so the next attempt first asks whether it happened.
    REVIVE_EFFECT = "UPDATE outbox SET state = 'pending', settled_at = NULL, error_class = NULL, failures = 0,
                         due_at = $3, tried_since = $3
                     WHERE tenant_id = $1 AND effect_id = $2 AND state = 'dead'";
    DISCARD_RECEIPT = "UPDATE receipts SET state = 'ignored', reason = $4, last_error = $5, settled_at = $3
                       WHERE tenant_id = $1 AND receipt_id = $2 AND state = 'dead'";
    DISCARD_EFFECT = "UPDATE outbox SET state = 'discarded', outcome = $4, settled_at = $3
                      WHERE tenant_id = $1 AND effect_id = $2 AND state = 'dead'";
}

impl Store {
    /// Puts dead letters back to work, one after the other, each with its line in the audit. With a tenant,
    /// another's are not found.
    ///
    /// # Errors
    /// When there are too many at once: nothing is changed then. When the database fails: those before are back
    /// at work, and asking again is harmless.
    pub async fn retry_dead_letters(
        &self,
        tenant: Option<&TenantId>,
        ids: Vec<DeadId>,
        actor: &str,
        now: Instant,
    ) -> Result<Retried, StoreError> {
        if ids.len() > RETRIED_PER_CALL_MAX {
            return Err(StoreError::refused(format!(
                "{} dead letters, {RETRIED_PER_CALL_MAX} at a time are the limit",
                ids.len()
            )));
        }
        let mut result = Retried::default();
        for id in ids {
            match self.retry_dead_letter(tenant, &id, actor, now).await? {
                Ok(()) => result.retried.push(id),
                Err(reason) => result.refused.push((id, reason)),
            }
        }
        Ok(result)
    }

    async fn retry_dead_letter(
        &self,
        tenant: Option<&TenantId>,
        id: &DeadId,
        actor: &str,
        now: Instant,
    ) -> Result<Result<(), String>, StoreError> {
        let Some(tenant) = self.owner_of(tenant, id).await? else {
            return Ok(Err(NO_SUCH.to_owned()));
        };
        let (id, actor) = (id.clone(), actor.to_owned());
        self.write(Scope::from(&tenant), move |tx| {
            Box::pin(async move { retry(tx, &tenant, &id, &actor, now).await })
        })
        .await
    }

    /// Whose dead letter it is, among those that the asker may see.
    async fn owner_of(
        &self,
        tenant: Option<&TenantId>,
        id: &DeadId,
    ) -> Result<Option<TenantId>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        let row = conn.first(one(id), args![tenant, id.as_str()]).await?;
        row.map(|row| row.parse("tenant_id")).transpose()
    }

    /// Puts a dead letter away: a receipt is settled as ignored, an effect will not happen. The reason stays
    /// with it and in the audit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such dead letter, or it is another tenant's.
    pub async fn discard_dead_letter(
        &self,
        tenant: Option<&TenantId>,
        id: &DeadId,
        reason: &str,
        actor: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        let tenant = self.owner_of(tenant, id).await?;
        let tenant = tenant.ok_or_else(|| StoreError::missing("dead letter", id))?;
        let (id, reason, actor) = (id.clone(), cut(reason), actor.to_owned());
        self.write(Scope::from(&tenant), move |tx| {
            Box::pin(async move { discard(tx, &tenant, &id, &reason, &actor, now).await })
        })
        .await
    }
}

fn one(id: &DeadId) -> Sql {
    match id {
        DeadId::Receipt(_) => RECEIPT,
        DeadId::Effect(_) => EFFECT,
    }
}

async fn retry(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &DeadId,
    actor: &str,
    now: Instant,
) -> Result<Result<(), String>, StoreError> {
    let Some(row) = tx.conn.first(one(id), args![tenant, id.as_str()]).await? else {
        return Ok(Err(NO_SUCH.to_owned()));
    };
    match id {
        DeadId::Effect(effect) => {
            tx.conn
                .run(REVIVE_EFFECT, args![tenant, effect, now])
                .await?;
            tx.touched.add(Queue::Outbox);
        }
        DeadId::Receipt(receipt) => {
            if let Err(reason) = workable(&row)? {
                return Ok(Err(reason));
            }
            let args = args![tenant, receipt, now, row.opt_text("reason")?];
            tx.conn.run(REVIVE_RECEIPT, args).await?;
            tx.touched.add(Queue::Lane(row.parse::<Lane>("lane")?));
            let moves = Moves {
                dead: -1,
                pending: 1,
                ..Moves::default()
            };
            count(tx, tenant, &row, moves).await?;
        }
    }
    note(tx, tenant, id, &row, ("retry", actor), None, now).await?;
    Ok(Ok(()))
}

/// Whether anything can come of it. A record that a page brought is read again by its id.
fn workable(row: &Row) -> Result<Result<(), String>, StoreError> {
    if row.parse::<ReceiptKind>("kind")? != ReceiptKind::PageRecord {
        return Ok(Ok(()));
    }
    let headers: Vec<(String, String)> = row.json("headers")?;
    let named = headers
        .iter()
        .any(|(name, id)| name == SOURCE_ID_HEADER && !id.is_empty());
    let stored = !matches!(
        Kind::from_text(&row.text("topic")?),
        Kind::Unknown | Kind::Tombstone
    );
    if named && stored {
        return Ok(Ok(()));
    }
    Ok(Err(
        "the page did not say which record it is, so it cannot be read again: discard it"
            .to_owned(),
    ))
}

async fn discard(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &DeadId,
    reason: &str,
    actor: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let row = tx.conn.first(one(id), args![tenant, id.as_str()]).await?;
    let row = row.ok_or_else(|| StoreError::missing("dead letter", id))?;
    match id {
        DeadId::Effect(effect) => {
            let outcome = json!({ "discarded": reason }).to_string();
            tx.conn
                .run(DISCARD_EFFECT, args![tenant, effect, now, outcome])
                .await?;
        }
        DeadId::Receipt(receipt) => {
            let why = format!("discarded: {reason}");
            let args = args![tenant, receipt, now, cut(&why), row.opt_text("reason")?];
            tx.conn.run(DISCARD_RECEIPT, args).await?;
            let moves = Moves {
                dead: -1,
                ignored: 1,
                ..Moves::default()
            };
            count(tx, tenant, &row, moves).await?;
        }
    }
    note(tx, tenant, id, &row, ("discard", actor), Some(reason), now).await
}

async fn count(tx: &mut Tx, tenant: &TenantId, row: &Row, moves: Moves) -> Result<(), StoreError> {
    let (owner, stream) = (row.text("owner_id")?, row.text("stream")?);
    account::record(&mut tx.conn, tenant, &owner, &stream, Via::Inbox, moves).await
}

async fn note(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &DeadId,
    row: &Row,
    (verb, actor): (&str, &str),
    why: Option<&str>,
    now: Instant,
) -> Result<(), StoreError> {
    let class: ErrorClass = class_of(row)?;
    let audit = NewAudit {
        actor: actor.to_owned(),
        action: format!("dead_letter.{verb}"),
        subject: id.to_string(),
        detail: json!({
            "what": id.what(),
            "kind": row.text("kind")?,
            "class": class,
            "died_of": row.opt_text("reason")?,
            "reason": why,
        }),
    };
    audit_in(&mut tx.conn, tenant, &audit, now).await
}
