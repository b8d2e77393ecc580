//! Ending the work on a receipt: its state and its account move together, and only for the holder.

use ordercase_model::Instant;

use super::{ReceiptClaim, Settlement};
use crate::{
    ReceiptId, Store, StoreError, TenantId,
    account::{self, Moves, Via},
    db::{Scope, Tx, args, statements},
    limits::cut,
    signal::Queue,
};

statements! {
    SETTLE = "UPDATE receipts SET state = $4, reason = $5, settled_at = $6, holder = NULL, lease_until = NULL
              WHERE tenant_id = $1 AND receipt_id = $2 AND holder = $3 AND state = 'pending'
              RETURNING owner_id, stream";
    RETRY = "UPDATE receipts SET due_at = $4, last_error = $5, holder = NULL, lease_until = NULL
             WHERE tenant_id = $1 AND receipt_id = $2 AND holder = $3 AND state = 'pending'
             RETURNING lane";
    RELEASE = "UPDATE receipts SET attempts = attempts - 1, holder = NULL, lease_until = NULL
               WHERE tenant_id = $1 AND receipt_id = $2 AND holder = $3 AND state = 'pending'
               RETURNING lane";
    REVIVE = "UPDATE receipts SET state = 'pending', reason = NULL, settled_at = NULL, attempts = 0, due_at = $3
              WHERE tenant_id = $1 AND receipt_id = $2 AND state = 'dead' AND kind <> 'page_record'
              RETURNING owner_id, stream, lane";
}

impl Store {
    /// Ends the work on a claimed receipt.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it by now.
    pub async fn settle_receipt(
        &self,
        claim: ReceiptClaim,
        settlement: Settlement,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(Scope::from(&claim.tenant), move |tx| {
            Box::pin(async move { settle_in(tx, &claim, &settlement, now).await })
        })
        .await
    }

    /// Puts a dead letter back to work.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such dead letter that can be worked off.
    pub async fn revive_receipt(
        &self,
        tenant: &TenantId,
        id: &ReceiptId,
        now: Instant,
    ) -> Result<(), StoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.write(Scope::from(&tenant), move |tx| {
            Box::pin(async move {
                let row = tx
                    .conn
                    .first(REVIVE, args![&tenant, &id, now])
                    .await?
                    .ok_or_else(|| StoreError::missing("dead letter", &id))?;
                let moves = Moves {
                    dead: -1,
                    pending: 1,
                    ..Moves::default()
                };
                let (owner, stream) = (row.text("owner_id")?, row.text("stream")?);
                tx.touched.add(Queue::Lane(row.parse("lane")?));
                account::record(&mut tx.conn, &tenant, &owner, &stream, Via::Inbox, moves).await
            })
        })
        .await
    }
}

pub(crate) async fn settle_in(
    tx: &mut Tx,
    claim: &ReceiptClaim,
    settlement: &Settlement,
    now: Instant,
) -> Result<(), StoreError> {
    let mut moves = Moves {
        pending: -1,
        ..Moves::default()
    };
    let (state, reason) = match settlement {
        Settlement::Retry { at, error } => {
            let args = args![
                &claim.tenant,
                &claim.id,
                claim.holder.as_ref(),
                *at,
                cut(error)
            ];
            return back(tx, claim, RETRY, args).await;
        }
        Settlement::Released => {
            let args = args![&claim.tenant, &claim.id, claim.holder.as_ref()];
            return back(tx, claim, RELEASE, args).await;
        }
        Settlement::Applied => {
            moves.applied = 1;
            ("applied", None)
        }
        Settlement::Superseded => {
            moves.superseded = 1;
            ("superseded", None)
        }
        Settlement::Duplicate => {
            moves.duplicate = 1;
            ("duplicate", None)
        }
        Settlement::Ignored(reason) => {
            moves.ignored = 1;
            ("ignored", Some(cut(reason)))
        }
        Settlement::Dead(reason) => {
            moves.dead = 1;
            ("dead", Some(cut(reason)))
        }
    };
    let args = args![
        &claim.tenant,
        &claim.id,
        claim.holder.as_ref(),
        state,
        reason,
        now
    ];
    let row = tx
        .conn
        .first(SETTLE, args)
        .await?
        .ok_or_else(|| lost(claim))?;
    let (owner, stream) = (row.text("owner_id")?, row.text("stream")?);
    account::record(
        &mut tx.conn,
        &claim.tenant,
        &owner,
        &stream,
        Via::Inbox,
        moves,
    )
    .await
}

/// Gives a receipt back to its lane.
async fn back(
    tx: &mut Tx,
    claim: &ReceiptClaim,
    sql: crate::db::Sql,
    args: Vec<crate::db::Arg>,
) -> Result<(), StoreError> {
    let row = tx.conn.first(sql, args).await?.ok_or_else(|| lost(claim))?;
    tx.touched.add(Queue::Lane(row.parse("lane")?));
    Ok(())
}

fn lost(claim: &ReceiptClaim) -> StoreError {
    StoreError::LeaseLost {
        what: "receipt",
        id: claim.id.to_string(),
    }
}
