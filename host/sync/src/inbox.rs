//! Working off receipts. A webhook is read by its plugin, the records it hints at are read back, and what was
//! read is stored in the transaction that settles the receipt. What concerns tickets goes to the desk.

use std::collections::BTreeSet;

use ordercase_model::{RecordRef, TombstoneReason};
use ordercase_store::{
    Activity, Batch, ConnectionKey, Death, DeskKey, ErrorClass, Lane, Owner, ReadPath, Receipt,
    ReceiptKind, RecordChange, Settlement, Snapshot, StoreError, TicketKey,
};

use crate::{
    Clock, DeskFailure, Handled, Source, SourceFailure, WebhookReading,
    engine::Shared,
    failure::{Decision, Tried, class_of_desk, class_of_source, classify, classify_desk},
    limits::HINTS_PER_WEBHOOK_MAX,
};

/// Works off one receipt.
pub(crate) async fn work(shared: &Shared, receipt: &Receipt) -> Result<(), StoreError> {
    match (&receipt.owner, receipt.kind) {
        (Owner::Connection(connection), ReceiptKind::Webhook | ReceiptKind::PageRecord) => {
            let connection = ConnectionKey {
                tenant: receipt.tenant.clone(),
                connection: connection.clone(),
            };
            shop(shared, &connection, receipt).await
        }
        (Owner::Desk(desk), ReceiptKind::DeskEvent | ReceiptKind::RecordChange) => {
            let desk = DeskKey {
                tenant: receipt.tenant.clone(),
                desk: desk.clone(),
            };
            ticket(shared, &desk, receipt).await
        }
        (owner, kind) => {
            let reason = format!(
                "a {} of a {} cannot be worked off",
                kind.as_str(),
                owner.kind()
            );
            let death = Death::new(ErrorClass::Unsupported, reason);
            settle(shared, receipt, Settlement::Dead(death)).await
        }
    }
}

async fn settle(shared: &Shared, receipt: &Receipt, end: Settlement) -> Result<(), StoreError> {
    shared
        .store
        .settle_receipt(receipt.claim(), end, shared.clock.now())
        .await
}

fn tried<'a>(shared: &Shared, receipt: &'a Receipt) -> Tried<'a> {
    Tried {
        attempt: receipt.failures + 1,
        since: receipt.tried_since,
        now: shared.clock.now(),
        seed: receipt.id.as_str(),
        ends: true,
    }
}

/// What a receipt of a shop led to before anything is stored.
enum Read {
    Batches(Vec<Batch>),
    Ignored(String),
}

async fn shop(
    shared: &Shared,
    connection: &ConnectionKey,
    receipt: &Receipt,
) -> Result<(), StoreError> {
    let mut doubted = BTreeSet::new();
    loop {
        let read = shared
            .within(read(shared, connection, receipt, &doubted))
            .await
            .unwrap_or_else(|| Err(SourceFailure::Unavailable("it took too long".to_owned())));
        let batches = match read {
            Ok(Read::Batches(batches)) => batches,
            Ok(Read::Ignored(reason)) => {
                return settle(shared, receipt, Settlement::Ignored(reason)).await;
            }
            Err(failure) => return failed(shared, connection, receipt, &failure).await,
        };
        let now = shared.clock.now();
        let stored = shared.store.apply_receipt(receipt.claim(), batches, now);
        match stored.await {
            // What it told of is read; a record is doubted once at most, so this comes to an end.
            Err(StoreError::Doubtful { records, step }) => {
                tracing::debug!(receipt.id = %receipt.id, step, "a webhook is doubted");
                doubted.extend(records);
            }
            Err(StoreError::Refused { reason }) => {
                let death = Death::new(ErrorClass::Schema, reason);
                return settle(shared, receipt, Settlement::Dead(death)).await;
            }
            stored => return stored.map(|_| ()),
        }
    }
}

async fn failed(
    shared: &Shared,
    connection: &ConnectionKey,
    receipt: &Receipt,
    failure: &SourceFailure,
) -> Result<(), StoreError> {
    tracing::info!(
        tenant.id = %connection.tenant, connection.id = %connection.connection,
        receipt.id = %receipt.id, attempt = receipt.attempts, %failure,
        "a receipt of a shop could not be worked off"
    );
    let end = match classify(failure, &tried(shared, receipt)) {
        Decision::Pause => {
            let paused = Activity::Paused(failure.to_string());
            let now = shared.clock.now();
            shared
                .store
                .set_connection_activity(connection, &paused, now)
                .await?;
            Settlement::Released
        }
        decision => {
            parked(failure).unwrap_or_else(|| end_of(decision, class_of_source(failure), failure))
        }
    };
    settle(shared, receipt, end).await
}

/// What needs a mapping waits for it, under its name.
fn parked(failure: &SourceFailure) -> Option<Settlement> {
    let SourceFailure::Mapping(missing) = failure else {
        return None;
    };
    Some(Settlement::Dead(Death::parked(missing.clone())))
}

fn end_of(decision: Decision, class: ErrorClass, failure: &impl ToString) -> Settlement {
    let error = failure.to_string();
    match decision {
        Decision::Retry { at } | Decision::Restart { at } => Settlement::Retry { at, error },
        Decision::Gone => Settlement::Ignored(error),
        Decision::GiveUp => Settlement::Dead(Death::new(class, error)),
        Decision::Pause => Settlement::Released,
    }
}

/// Asks the plugin what the webhook means and reads back what it hints at, and what it tells of `doubted` records. A
/// record that broke a rule when a page brought it is read again: a person put it back to work because something was
/// mended.
async fn read(
    shared: &Shared,
    connection: &ConnectionKey,
    receipt: &Receipt,
    doubted: &BTreeSet<RecordRef>,
) -> Result<Read, SourceFailure> {
    if receipt.kind == ReceiptKind::PageRecord {
        let target = receipt.page_record().ok_or_else(|| {
            SourceFailure::Malformed("the page did not say which record it is".to_owned())
        })?;
        let batch = read_back(
            &*shared.source,
            &*shared.clock,
            connection,
            &target,
            ReadPath::OnDemand,
            receipt.lane,
        )
        .await;
        return batch.map(|batch| Read::Batches(vec![batch]));
    }
    let WebhookReading {
        hints,
        mut bodies,
        ignored,
    } = shared.source.receive(connection, receipt).await?;
    bodies
        .records
        .retain(|body| !doubted.contains(&body.target()));
    let mut batches = Vec::new();
    if !bodies.records.is_empty() {
        batches.push(bodies.into_batch(connection, ReadPath::WebhookBody, receipt.occurred_at));
    }
    // The same record twice is read once.
    let hinted = hints.into_iter().map(|hint| hint.target);
    let targets: BTreeSet<RecordRef> = hinted.chain(doubted.iter().cloned()).collect();
    if targets.len() > HINTS_PER_WEBHOOK_MAX {
        return Err(SourceFailure::Malformed(format!(
            "the webhook hints at {} records, {HINTS_PER_WEBHOOK_MAX} are the limit",
            targets.len()
        )));
    }
    for target in &targets {
        let lane = receipt.lane;
        let path = ReadPath::WebhookRefetch;
        let (source, clock) = (&*shared.source, &*shared.clock);
        batches.push(read_back(source, clock, connection, target, path, lane).await?);
    }
    if batches.is_empty() {
        let reason = ignored.unwrap_or_else(|| "the plugin draws nothing from it".to_owned());
        return Ok(Read::Ignored(reason));
    }
    Ok(Read::Batches(batches))
}

/// Reads one record. That the source does not have it is an answer too: a tombstone.
pub(crate) async fn read_back(
    source: &dyn Source,
    clock: &dyn Clock,
    connection: &ConnectionKey,
    target: &RecordRef,
    path: ReadPath,
    lane: Lane,
) -> Result<Batch, SourceFailure> {
    let asked_at = clock.now();
    match source.fetch(connection, target, lane).await {
        Ok(reading) => Ok(reading.into_batch(connection, path, None)),
        Err(SourceFailure::NotFound(_)) => {
            let gone = Snapshot::gone(target, TombstoneReason::NotFound, path, asked_at)
                .map_err(|error| SourceFailure::Malformed(error.to_string()))?;
            Ok(Batch {
                connection: connection.clone(),
                plugin_digest: String::new(),
                mappings: 0,
                raw: Vec::new(),
                snapshots: vec![gone],
            })
        }
        Err(failure) => Err(failure),
    }
}

async fn ticket(shared: &Shared, desk: &DeskKey, receipt: &Receipt) -> Result<(), StoreError> {
    let handled = shared
        .within(hand_over(shared, desk, receipt))
        .await
        .unwrap_or_else(|| Err(DeskFailure::Unavailable("it took too long".to_owned())));
    match handled {
        Ok(Handled::Settled) => Ok(()),
        Ok(Handled::Settle(end)) => settle(shared, receipt, end).await,
        Err(failure) => {
            tracing::info!(
                tenant.id = %desk.tenant, desk.id = %desk.desk, receipt.id = %receipt.id,
                attempt = receipt.attempts, %failure, "a ticket could not be worked on"
            );
            let end = match classify_desk(&failure, &tried(shared, receipt)) {
                Decision::Pause => {
                    let paused = Activity::Paused(failure.to_string());
                    let now = shared.clock.now();
                    shared.store.set_desk_activity(desk, &paused, now).await?;
                    Settlement::Released
                }
                decision => end_of(decision, class_of_desk(&failure), &failure),
            };
            settle(shared, receipt, end).await
        }
    }
}

async fn hand_over(
    shared: &Shared,
    desk: &DeskKey,
    receipt: &Receipt,
) -> Result<Handled, DeskFailure> {
    if receipt.kind == ReceiptKind::DeskEvent {
        return shared.desk.handle(receipt).await;
    }
    let change: RecordChange = serde_json::from_slice(&receipt.body).map_err(|error| {
        DeskFailure::Broken(format!("the receipt is no record change: {error}"))
    })?;
    let ticket = TicketKey {
        tenant: desk.tenant.clone(),
        desk: desk.desk.clone(),
        ticket_id: change.ticket_id,
    };
    shared.desk.record_changed(receipt, &ticket, &change).await
}
