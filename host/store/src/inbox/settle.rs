//! Ending the work on a receipt: its state and its account move together, and only for the holder.

use ordercase_model::Instant;

use super::{ReceiptClaim, Settlement};
use crate::{
    Store, StoreError,
    account::{self, Moves, Via},
    db::{Scope, Tx, args, statements},
    limits::cut,
    mapping,
    mutation::mutated,
    signal::Queue,
};

statements! {
    SETTLE = "UPDATE receipts SET state = $4, reason = $5, settled_at = $6, holder = NULL, lease_until = NULL,
                  error_class = $7, mapping = $8, plugin_digest = (
                      SELECT c.plugin_digest FROM connections c
                      WHERE c.tenant_id = receipts.tenant_id AND c.connection_id = receipts.owner_id)
              WHERE tenant_id = $1 AND receipt_id = $2 AND holder = $3 AND state = 'pending'
              RETURNING owner_id, stream";
    RETRY = "UPDATE receipts SET due_at = $4, last_error = $5, failures = failures + 1, holder = NULL,
                 lease_until = NULL
             WHERE tenant_id = $1 AND receipt_id = $2 AND holder = $3 AND state = 'pending'
             RETURNING lane";
    RELEASE = "UPDATE receipts SET attempts = attempts - 1, holder = NULL, lease_until = NULL
               WHERE tenant_id = $1 AND receipt_id = $2 AND holder = $3 AND state = 'pending'
               RETURNING lane";
}

/// What a settlement that does not ask for its lease would do.
#[cfg(feature = "simulation")]
const STEAL: crate::db::Sql = crate::db::Sql::only_sqlite(
    "UPDATE receipts SET holder = $3 WHERE tenant_id = $1 AND receipt_id = $2",
);

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
            Box::pin(async move {
                let settlement = mapping::in_force(tx, &claim, settlement).await?;
                settle_in(tx, &claim, &settlement, now).await
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
    #[cfg(feature = "simulation")]
    if mutated!(LeaseAtSettle) {
        let thief = args![&claim.tenant, &claim.id, claim.holder.as_ref()];
        tx.conn.run(STEAL, thief).await?;
    }
    let mut moves = Moves {
        pending: -1,
        ..Moves::default()
    };
    let (mut class, mut mapping) = (None, None);
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
        Settlement::Dead(death) => {
            moves.dead = 1;
            class = Some(death.class.as_str());
            mapping = death.mapping_name();
            ("dead", Some(cut(&death.reason)))
        }
    };
    let args = args![
        &claim.tenant,
        &claim.id,
        claim.holder.as_ref(),
        state,
        reason,
        now,
        class,
        mapping
    ];
    let row = tx
        .conn
        .first(SETTLE, args)
        .await?
        .ok_or_else(|| lost(claim))?;
    if mutated!(Account) {
        return Ok(());
    }
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
