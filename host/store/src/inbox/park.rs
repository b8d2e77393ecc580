//! Records of a page that wait for a mapping: one letter per record, however often the source shows it. What is shown
//! again while the letter waits is a repeat with newer content; what is shown again after the letter was worked off
//! opens it anew. Shown while somebody works on it, what that one read may be older: its lease is taken back, so the
//! letter is read once more. A letter that a person put away stays away until the source says something else.

use ordercase_model::{Instant, RecordRef};

use super::{
    NewReceipt, ReceiptKind, ReceiptState, SOURCE_ID_HEADER, encode, put::dedupe_key, put_in,
};
use crate::{
    ConnectionKey, Death, Lane, MissingMapping, Owner, ReadPath, Store, StoreError, TenantId,
    account::{self, Moves, Via},
    db::{Row, Scope, Tx, args, statements},
    id::sha256,
    limits::{RECEIPT_BYTES_MAX, SOURCE_ID_CHARS_MAX, cut},
    mapping,
    record::{Snapshot, lane_of},
    signal::Queue,
};

statements! {
    STANDING = "SELECT receipt_id, stream, state, lane, error_class, mapping, body FROM receipts
                WHERE tenant_id = $1 AND owner_id = $2 AND dedupe_key = $3";
    REPEAT = "UPDATE receipts SET repeats = repeats + 1 WHERE tenant_id = $1 AND receipt_id = $2";
    /// Whoever works on it read it before this: their settlement finds the lease gone and writes nothing.
    RECALL = "UPDATE receipts SET repeats = repeats + 1, encoding = $3, body = $4, occurred_at = $5,
                  holder = NULL, lease_until = NULL
              WHERE tenant_id = $1 AND receipt_id = $2 AND state = 'pending'";
    /// Since when it waits stays, where it waited already.
    OPEN = "UPDATE receipts SET repeats = repeats + 1, state = $3, reason = $4, error_class = $5, mapping = $6,
                settled_at = CASE WHEN $3 = 'pending' THEN NULL WHEN state = 'dead' THEN settled_at ELSE CAST($7 AS BIGINT) END,
                encoding = $8, body = $9, occurred_at = $10, lane = $11, attempts = 0, failures = 0, due_at = $7,
                tried_since = $7, plugin_digest = CASE WHEN $3 = 'pending' THEN NULL ELSE (
                    SELECT c.plugin_digest FROM connections c
                    WHERE c.tenant_id = receipts.tenant_id AND c.connection_id = receipts.owner_id) END
            WHERE tenant_id = $1 AND receipt_id = $2";
}

/// What is kept of a record that was not stored.
#[derive(Clone, Debug)]
pub(crate) struct PageRecord {
    target: RecordRef,
    lane: Lane,
    body: Vec<u8>,
    changed_at: Option<Instant>,
}

impl PageRecord {
    /// As a plugin emitted it.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let record = &snapshot.record;
        let body = record.body.get().as_bytes();
        let kept = body.len().min(RECEIPT_BYTES_MAX);
        Self {
            target: RecordRef {
                kind: record.kind,
                source_id: record.source_id.clone(),
            },
            lane: lane_of(snapshot.path),
            body: body.get(..kept).unwrap_or_default().to_vec(),
            changed_at: record.source_updated_at,
        }
    }

    /// The receipt that is known again by its record.
    pub(crate) fn receipt(
        self,
        connection: &ConnectionKey,
        stream: &str,
        now: Instant,
    ) -> NewReceipt {
        let RecordRef { kind, source_id } = self.target;
        let entity = format!("record:{kind}:{}", sha256(source_id.as_bytes()));
        NewReceipt {
            tenant: connection.tenant.clone(),
            owner: Owner::Connection(connection.connection.clone()),
            stream: stream.to_owned(),
            kind: ReceiptKind::PageRecord,
            topic: kind.as_str().to_owned(),
            dedupe_key: format!("parked:{entity}"),
            entity_key: entity,
            lane: self.lane,
            headers: vec![(SOURCE_ID_HEADER.to_owned(), whole(source_id))],
            body: self.body,
            occurred_at: self.changed_at,
            received_at: now,
            dead: None,
        }
    }
}

/// An id that is too long is left out: a part of it would name another record.
fn whole(source_id: String) -> String {
    match source_id.chars().count() {
        0..=SOURCE_ID_CHARS_MAX => source_id,
        _ => String::new(),
    }
}

impl Store {
    /// Parks a record that the plugin cannot tell of without a mapping. Counted in the account of `stream`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn park_record(
        &self,
        connection: &ConnectionKey,
        stream: &str,
        target: &RecordRef,
        path: ReadPath,
        missing: MissingMapping,
        now: Instant,
    ) -> Result<(), StoreError> {
        let (connection, stream) = (connection.clone(), stream.to_owned());
        let record = PageRecord {
            target: target.clone(),
            lane: lane_of(path),
            body: Vec::new(),
            changed_at: None,
        };
        self.write(Scope::from(&connection.tenant), move |tx| {
            Box::pin(async move { park_in(tx, &connection, &stream, record, missing, now).await })
        })
        .await
    }
}

/// Parks a record of a page. When the mappings changed since it was read, it is to be read again instead.
pub(crate) async fn park_in(
    tx: &mut Tx,
    connection: &ConnectionKey,
    stream: &str,
    record: PageRecord,
    missing: MissingMapping,
    now: Instant,
) -> Result<(), StoreError> {
    let current = mapping::revision(&mut tx.conn, connection).await?;
    let dead = (current == missing.revision).then(|| Death::parked(missing));
    let receipt = NewReceipt {
        dead,
        ..record.receipt(connection, stream, now)
    };
    let key = dedupe_key(&receipt);
    let args = args![&receipt.tenant, receipt.owner.id(), key.as_ref()];
    match tx.conn.first(STANDING, args).await? {
        None => put_in(tx, &receipt).await.map(|_| ()),
        Some(row) => again(tx, &receipt, &row).await,
    }
}

/// The record is shown again.
async fn again(tx: &mut Tx, receipt: &NewReceipt, row: &Row) -> Result<(), StoreError> {
    let state: ReceiptState = row.parse("state")?;
    let mapping = row.opt_text("mapping")?;
    let (encoding, body) = encode(&receipt.body);
    let dead = receipt.dead.as_ref();
    // Only what would wait for the same again: what is to be read again may have its mapping by now.
    let put_away = state == ReceiptState::Ignored
        && row.opt_text("error_class")?.is_some()
        && dead.is_some_and(|death| death.mapping_name() == mapping.as_deref())
        && row.text("body")? == body;
    let mut moves = Moves {
        received: 1,
        duplicate: 1,
        ..Moves::default()
    };
    let (tenant, id) = (&receipt.tenant, row.text("receipt_id")?);
    if put_away {
        tx.conn.run(REPEAT, args![tenant, &id]).await?;
        return count(tx, tenant, receipt, row, moves).await;
    }
    if state == ReceiptState::Pending {
        let args = args![tenant, &id, encoding, body, receipt.occurred_at];
        tx.conn.run(RECALL, args).await?;
        tx.touched.add(Queue::Lane(row.parse("lane")?));
        return count(tx, tenant, receipt, row, moves).await;
    }
    *moves.of(state) -= 1;
    let opened = match dead {
        Some(_) => ReceiptState::Dead,
        None => ReceiptState::Pending,
    };
    *moves.of(opened) += 1;
    let args = args![
        tenant,
        &id,
        opened.as_str(),
        dead.map(|death| cut(&death.reason)),
        dead.map(|death| death.class.as_str()),
        dead.and_then(Death::mapping_name),
        receipt.received_at,
        encoding,
        body,
        receipt.occurred_at,
        receipt.lane.as_str()
    ];
    tx.conn.run(OPEN, args).await?;
    if dead.is_none() {
        tx.touched.add(Queue::Lane(receipt.lane));
    }
    count(tx, tenant, receipt, row, moves).await
}

async fn count(
    tx: &mut Tx,
    tenant: &TenantId,
    receipt: &NewReceipt,
    row: &Row,
    moves: Moves,
) -> Result<(), StoreError> {
    let (owner, stream) = (receipt.owner.id(), row.text("stream")?);
    account::record(&mut tx.conn, tenant, owner, &stream, Via::Inbox, moves).await
}
