//! Deliveries that wait for the same commit are written together: a few statements for all of them instead of a few
//! for each, and one movement of each account.
//!
//! The first that comes starts the next round; whoever comes before that round's transaction is open goes with it. So
//! nobody waits for company, and the more come at once the less each costs. When a round fails, each of it is written
//! alone, so that one that cannot be stored never takes another with it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

use super::{NewReceipt, Put, encode, put::dedupe_key, put_in};
use crate::{
    ReceiptId, Store, StoreError, TenantId,
    account::{self, Moves, Via},
    db::{Many, Scope, Tx, Urgency, args},
    signal::Queue,
};

/// Receipts that are to be worked off.
pub(crate) static PUT_MANY: Many = Many::new(
    "INSERT INTO receipts (tenant_id, receipt_id, owner_kind, owner_id, stream, kind, topic, dedupe_key,
        entity_key, lane, headers, encoding, body, occurred_at, received_at, due_at, state)",
    17,
    "ON CONFLICT (tenant_id, owner_id, dedupe_key) DO UPDATE SET repeats = receipts.repeats + 1
        RETURNING receipt_id, repeats, stream",
);

/// Where an answer goes.
type Answer = oneshot::Sender<Result<Put, StoreError>>;

/// Who waits for the next round, by tenant.
#[derive(Default)]
pub(crate) struct Gate(Mutex<HashMap<TenantId, Waiting>>);

#[derive(Default)]
struct Waiting {
    receipts: Vec<NewReceipt>,
    answers: Vec<Answer>,
}

/// Those that went together.
struct Group {
    receipts: Arc<Vec<NewReceipt>>,
    answers: Vec<Answer>,
}

impl Gate {
    /// Whether it is the first of its tenant, who has to open the gate.
    fn enter(&self, receipt: NewReceipt, answer: Answer) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_tenant = waiting.entry(receipt.tenant.clone()).or_default();
        of_tenant.receipts.push(receipt);
        of_tenant.answers.push(answer);
        of_tenant.receipts.len() == 1
    }

    /// All that wait; whoever comes next is the first again.
    fn open(&self, tenant: &TenantId) -> Group {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = waiting.remove(tenant).unwrap_or_default();
        Group {
            receipts: Arc::new(taken.receipts),
            answers: taken.answers,
        }
    }
}

impl Store {
    /// Stores a delivery with whatever else waits for its tenant.
    pub(super) async fn put_together(&self, receipt: NewReceipt) -> Result<Put, StoreError> {
        let (answer, told) = oneshot::channel();
        let tenant = receipt.tenant.clone();
        if self.gate().enter(receipt, answer) {
            let store = self.clone();
            // On its own: the others of the round must be answered even when this caller has gone.
            tokio::spawn(async move { store.round(tenant).await });
        }
        told.await.map_err(|_| StoreError::Closed)?
    }

    async fn round(&self, tenant: TenantId) {
        let group: Arc<Mutex<Option<Group>>> = Arc::default();
        let (gate, kept, of) = (Arc::clone(self.gate()), Arc::clone(&group), tenant.clone());
        let written = self.write_as(Scope::from(&tenant), Urgency::Delivery, move |tx| {
            Box::pin(async move {
                let opened = gate.open(&of);
                let receipts = Arc::clone(&opened.receipts);
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
                put_all(tx, &receipts).await
            })
        });
        let written = written.await;
        let taken = group.lock().unwrap_or_else(PoisonError::into_inner).take();
        // No transaction was opened at all: those that wait learn it one by one.
        let group = taken.unwrap_or_else(|| self.gate().open(&tenant));
        match written {
            Ok(puts) => {
                for (answer, put) in group.answers.into_iter().zip(puts) {
                    let _gone = answer.send(Ok(put));
                }
            }
            Err(error) => {
                tracing::debug!(%error, receipts = group.receipts.len(), "each is stored alone");
                for (answer, receipt) in group.answers.into_iter().zip(group.receipts.iter()) {
                    let _gone = answer.send(self.put_alone(receipt.clone()).await);
                }
            }
        }
    }

    async fn put_alone(&self, receipt: NewReceipt) -> Result<Put, StoreError> {
        self.write_as(Scope::from(&receipt.tenant), Urgency::Delivery, move |tx| {
            Box::pin(async move { put_in(tx, &receipt).await })
        })
        .await
    }
}

/// Stores receipts of one tenant; the outcomes stand in their order.
async fn put_all(tx: &mut Tx, receipts: &[NewReceipt]) -> Result<Vec<Put>, StoreError> {
    let mut outcomes = Vec::with_capacity(receipts.len());
    let mut keys = BTreeSet::new();
    let (mut rows, mut together, mut later) = (Vec::new(), HashMap::new(), Vec::new());
    for (at, receipt) in receipts.iter().enumerate() {
        let owner = receipt.owner.id();
        let key = dedupe_key(receipt);
        let id = ReceiptId::of(&[receipt.tenant.as_str(), owner, &key]);
        outcomes.push(Put::Duplicate(id.clone()));
        // A dead letter takes more columns, and a statement may not meet a row twice.
        if receipt.dead.is_some() || !keys.insert((owner, key.clone())) {
            later.push(at);
            continue;
        }
        let (encoding, body) = encode(&receipt.body);
        rows.extend(args![
            &receipt.tenant,
            &id,
            receipt.owner.kind(),
            owner,
            &receipt.stream,
            receipt.kind.as_str(),
            &receipt.topic,
            key.into_owned(),
            &receipt.entity_key,
            receipt.lane.as_str(),
            serde_json::to_string(&receipt.headers)
                .map_err(|error| StoreError::refused(format!("headers: {error}")))?,
            encoding,
            body,
            receipt.occurred_at,
            receipt.received_at,
            receipt.received_at,
            "pending",
        ]);
        together.insert(id.to_string(), at);
    }
    let mut moves: BTreeMap<(String, String), Moves> = BTreeMap::new();
    for row in PUT_MANY.rows(&mut tx.conn, rows).await? {
        let id = row.text("receipt_id")?;
        let Some((at, receipt)) = together
            .get(&id)
            .and_then(|at| Some((*at, receipts.get(*at)?)))
        else {
            continue;
        };
        // A repeat counts where the first one counts, whatever stream it claims.
        let moved = moves
            .entry((receipt.owner.id().to_owned(), row.text("stream")?))
            .or_default();
        moved.received += 1;
        if row.int("repeats")? == 0 {
            moved.pending += 1;
            tx.touched.add(Queue::Lane(receipt.lane));
            if let Some(outcome) = outcomes.get_mut(at) {
                *outcome = Put::Stored(outcome.id().clone());
            }
        } else {
            moved.duplicate += 1;
        }
    }
    if let Some(first) = receipts.first() {
        for ((owner, stream), moves) in moves {
            let conn = &mut tx.conn;
            account::record(conn, &first.tenant, &owner, &stream, Via::Inbox, moves).await?;
        }
    }
    for at in later {
        if let (Some(receipt), Some(outcome)) = (receipts.get(at), outcomes.get_mut(at)) {
            *outcome = put_in(tx, receipt).await?;
        }
    }
    Ok(outcomes)
}
