//! Taking a delivery in: one row, one movement of its account, in one transaction.

use std::borrow::Cow;

use super::{NewReceipt, Put, encode};
use crate::{
    Death, ReceiptId, Store, StoreError,
    account::{self, Moves, Via},
    db::{Tx, args, statements},
    limits::{RECEIPT_BYTES_MAX, cut},
    mutation::mutated,
    signal::Queue,
};

statements! {
    PUT = "INSERT INTO receipts (tenant_id, receipt_id, owner_kind, owner_id, stream, kind, topic, dedupe_key,
               entity_key, lane, headers, encoding, body, occurred_at, received_at, due_at, state, reason,
               settled_at, error_class, mapping, plugin_digest)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17, $18, $19, $20,
               CASE WHEN CAST($19 AS TEXT) IS NULL THEN NULL ELSE
                   (SELECT plugin_digest FROM connections WHERE tenant_id = $1 AND connection_id = $4) END)
           ON CONFLICT (tenant_id, owner_id, dedupe_key) DO UPDATE SET repeats = receipts.repeats + 1
           RETURNING receipt_id, repeats, stream";
}

impl Store {
    /// Stores a verified delivery durably, once. When this returns, it is on disk: answer the sender.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is too large; else when the database fails (answer 503).
    pub async fn put_receipt(&self, receipt: NewReceipt) -> Result<Put, StoreError> {
        if receipt.body.len() > RECEIPT_BYTES_MAX {
            return Err(StoreError::refused(format!(
                "the body has {} bytes, {RECEIPT_BYTES_MAX} are the limit",
                receipt.body.len()
            )));
        }
        self.put_together(receipt).await
    }
}

/// By what a delivery is known again.
pub(super) fn dedupe_key(receipt: &NewReceipt) -> Cow<'_, str> {
    if mutated!(Dedupe) {
        let moment = receipt.received_at.micros();
        return Cow::Owned(format!("{}{moment}", receipt.dedupe_key));
    }
    Cow::Borrowed(&receipt.dedupe_key)
}

pub(crate) async fn put_in(tx: &mut Tx, receipt: &NewReceipt) -> Result<Put, StoreError> {
    let owner = receipt.owner.id();
    let dedupe_key = dedupe_key(receipt);
    let id = ReceiptId::of(&[receipt.tenant.as_str(), owner, &dedupe_key]);
    let (encoding, body) = encode(&receipt.body);
    let headers = serde_json::to_string(&receipt.headers)
        .map_err(|error| StoreError::refused(format!("headers: {error}")))?;
    let dead = receipt.dead.as_ref();
    let args = args![
        &receipt.tenant,
        &id,
        receipt.owner.kind(),
        owner,
        &receipt.stream,
        receipt.kind.as_str(),
        &receipt.topic,
        dedupe_key.into_owned(),
        &receipt.entity_key,
        receipt.lane.as_str(),
        headers,
        encoding,
        body,
        receipt.occurred_at,
        receipt.received_at,
        if dead.is_some() { "dead" } else { "pending" },
        dead.map(|death| cut(&death.reason)),
        dead.map(|_| receipt.received_at),
        dead.map(|death| death.class.as_str()),
        dead.and_then(Death::mapping_name),
    ];
    let row = tx
        .conn
        .first(PUT, args)
        .await?
        .ok_or_else(|| StoreError::missing("receipt", &id))?;
    let first = row.int("repeats")? == 0;
    let moves = match (first, dead) {
        (false, _) => Moves {
            duplicate: 1,
            ..Moves::default()
        },
        (true, Some(_)) => Moves {
            dead: 1,
            ..Moves::default()
        },
        (true, None) => Moves {
            pending: 1,
            ..Moves::default()
        },
    };
    let moves = Moves {
        received: 1,
        ..moves
    };
    // A repeat counts where the first one counts, whatever stream it claims.
    let stream = row.text("stream")?;
    account::record(
        &mut tx.conn,
        &receipt.tenant,
        owner,
        &stream,
        Via::Inbox,
        moves,
    )
    .await?;
    if !first {
        return Ok(Put::Duplicate(id));
    }
    if dead.is_none() {
        tx.touched.add(Queue::Lane(receipt.lane));
    }
    Ok(Put::Stored(id))
}
