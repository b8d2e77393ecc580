//! "A record changed": one receipt per ticket that shows the record or waits for one of its keys,
//! written in the transaction of the change, so that no ticket is forgotten when the process dies.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::{Instant, Kind};

use super::held::Held;
use crate::{
    ConnectionKey, DeskId, Lane, Owner, StoreError, TicketKey,
    db::{Tx, args, dialect, statements},
    id::digest,
    inbox::{ChangedRecord, NewReceipt, ReceiptKind, RecordChange, put_in, ticket_entity},
    limits::WOKEN_PER_CHANGE_MAX,
    mutation::mutated,
};

/// Stream in which record changes are counted.
pub(crate) const STREAM: &str = "record_changes";

statements! {
    /// Whether any ticket follows anything: a history is mostly read before there are tickets, and looking up each
    /// of its keys for nothing costs as much as storing them.
    FOLLOWED = "SELECT
            CAST(CASE WHEN EXISTS (SELECT 1 FROM ticket_records WHERE tenant_id = $1 AND connection_id = $2)
                THEN 1 ELSE 0 END AS BIGINT) AS shown,
            CAST(CASE WHEN EXISTS (SELECT 1 FROM ticket_watches WHERE tenant_id = $1)
                THEN 1 ELSE 0 END AS BIGINT) AS watched";
    SHOWING = dialect::pairs!(" SELECT t.desk_id, t.ticket_id, batch.a AS kind, batch.b AS source_id FROM batch",
            each "ticket_records" "t" on "t.tenant_id = $2 AND t.connection_id = $3
                AND t.kind = batch.a AND t.source_id = batch.b",
            "LIMIT $4");
    WATCHING = dialect::fours!(" SELECT t.desk_id, t.ticket_id, batch.c AS kind, batch.d AS source_id FROM batch",
            each "ticket_watches" "t" on "t.tenant_id = $2 AND t.key_kind = batch.a AND t.key_value = batch.b",
            "LIMIT $3");
    /// Of the records that a ticket shows, those that are not as they were looked at; of those that its keys find,
    /// those that were not there.
    MEANWHILE = dialect::fours!(" SELECT r.connection_id, r.kind, r.source_id, r.revision
            FROM ticket_records t JOIN batch ON batch.a = t.connection_id AND batch.b = t.kind
                AND batch.c = t.source_id",
            each "records" "r" on "r.tenant_id = $2 AND r.connection_id = t.connection_id
                AND r.kind = t.kind AND r.source_id = t.source_id",
            "WHERE t.tenant_id = $2 AND t.desk_id = $3 AND t.ticket_id = $4
                AND r.revision <> CAST(batch.d AS BIGINT)
            UNION SELECT r.connection_id, r.kind, r.source_id, r.revision
            FROM ticket_watches w",
            each "record_keys" "k" on "k.tenant_id = $2 AND k.key_kind = w.key_kind AND k.key_value = w.key_value",
            each "records" "r" on "r.tenant_id = $2 AND r.connection_id = k.connection_id
                AND r.kind = k.kind AND r.source_id = k.source_id",
            "WHERE w.tenant_id = $2 AND w.desk_id = $3 AND w.ticket_id = $4 AND r.body IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.a = r.connection_id AND b.b = r.kind
                    AND b.c = r.source_id)
            LIMIT $5");
}

/// Wakes the tickets of the changed records.
pub(crate) async fn wake(
    tx: &mut Tx,
    connection: &ConnectionKey,
    changed: &[&Held],
    lane: Lane,
    now: Instant,
) -> Result<(), StoreError> {
    if changed.is_empty() || mutated!(Wake) {
        return Ok(());
    }
    for ((desk, ticket_id), records) in tickets(tx, connection, changed).await? {
        let revisions: Vec<String> = changed
            .iter()
            .filter(|held| {
                records
                    .iter()
                    .any(|r| r.kind == held.kind && r.source_id == held.source_id)
            })
            .map(|held| format!("{}:{}:{}", held.kind, held.source_id, held.revision))
            .collect();
        let ticket = TicketKey {
            tenant: connection.tenant.clone(),
            desk,
            ticket_id,
        };
        tell(tx, &ticket, connection, records, &revisions, lane, now).await?;
    }
    Ok(())
}

/// Wakes a ticket that was just committed, for what changed between the look that the commit was decided on and the
/// commit itself. The same revision wakes a ticket once.
pub(crate) async fn wake_again(
    tx: &mut Tx,
    ticket: &TicketKey,
    looked_at: &[(ChangedRecord, u64)],
    now: Instant,
) -> Result<(), StoreError> {
    let looked_at: Vec<[String; 4]> = looked_at
        .iter()
        .map(|(record, revision)| {
            let ChangedRecord {
                connection,
                kind,
                source_id,
            } = record;
            let place = (connection.to_string(), kind.to_string(), source_id.clone());
            [place.0, place.1, place.2, revision.to_string()]
        })
        .collect();
    let looked_at = serde_json::to_string(&looked_at)
        .map_err(|error| StoreError::refused(error.to_string()))?;
    let number = i64::try_from(ticket.ticket_id).unwrap_or(i64::MAX);
    let args = args![
        looked_at,
        &ticket.tenant,
        &ticket.desk,
        number,
        WOKEN_PER_CHANGE_MAX
    ];
    for row in tx.conn.all(MEANWHILE, args).await? {
        let connection = ConnectionKey {
            tenant: ticket.tenant.clone(),
            connection: row.parse("connection_id")?,
        };
        let record = ChangedRecord {
            connection: connection.connection.clone(),
            kind: Kind::from_text(&row.text("kind")?),
            source_id: row.text("source_id")?,
        };
        let revision = format!(
            "{}:{}:{}",
            record.kind,
            record.source_id,
            row.int("revision")?
        );
        let records = BTreeSet::from([record]);
        tell(
            tx,
            ticket,
            &connection,
            records,
            &[revision],
            Lane::Live,
            now,
        )
        .await?;
    }
    Ok(())
}

async fn tell(
    tx: &mut Tx,
    ticket: &TicketKey,
    connection: &ConnectionKey,
    records: BTreeSet<ChangedRecord>,
    revisions: &[String],
    lane: Lane,
    now: Instant,
) -> Result<(), StoreError> {
    let ticket_id = ticket.ticket_id;
    let mut parts = vec!["record_change", connection.connection.as_str()];
    let number = ticket_id.to_string();
    parts.push(&number);
    parts.extend(revisions.iter().map(String::as_str));
    let body = serde_json::to_vec(&RecordChange {
        ticket_id,
        records: records.into_iter().collect(),
    })
    .map_err(|error| StoreError::refused(error.to_string()))?;
    let receipt = NewReceipt {
        tenant: ticket.tenant.clone(),
        owner: Owner::Desk(ticket.desk.clone()),
        stream: STREAM.to_owned(),
        kind: ReceiptKind::RecordChange,
        topic: "record_change".to_owned(),
        dedupe_key: digest(&parts),
        entity_key: ticket_entity(ticket_id),
        lane,
        headers: Vec::new(),
        body,
        occurred_at: None,
        received_at: now,
        dead: None,
    };
    put_in(tx, &receipt).await?;
    Ok(())
}

type Tickets = BTreeMap<(DeskId, u64), BTreeSet<ChangedRecord>>;

async fn tickets(
    tx: &mut Tx,
    connection: &ConnectionKey,
    changed: &[&Held],
) -> Result<Tickets, StoreError> {
    let asked = args![&connection.tenant, &connection.connection];
    let Some(followed) = tx.conn.first(FOLLOWED, asked).await? else {
        return Ok(Tickets::new());
    };
    let mut rows = Vec::new();
    if followed.flag("shown")? {
        let args = args![
            pairs(changed)?,
            &connection.tenant,
            &connection.connection,
            WOKEN_PER_CHANGE_MAX
        ];
        rows.extend(tx.conn.all(SHOWING, args).await?);
    }
    if followed.flag("watched")? {
        let args = args![keys(changed)?, &connection.tenant, WOKEN_PER_CHANGE_MAX];
        rows.extend(tx.conn.all(WATCHING, args).await?);
    }
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) >= WOKEN_PER_CHANGE_MAX {
        tracing::warn!(
            tenant.id = %connection.tenant, connection.id = %connection.connection,
            limit = WOKEN_PER_CHANGE_MAX,
            "more tickets follow these records than one change wakes; the others follow at their next event"
        );
    }
    let mut tickets = Tickets::new();
    for row in &rows {
        let record = ChangedRecord {
            connection: connection.connection.clone(),
            kind: Kind::from_text(&row.text("kind")?),
            source_id: row.text("source_id")?,
        };
        tickets
            .entry((row.parse("desk_id")?, row.count("ticket_id")?))
            .or_default()
            .insert(record);
    }
    Ok(tickets)
}

/// The records, as a batch of pairs.
fn pairs(changed: &[&Held]) -> Result<String, StoreError> {
    let pairs: Vec<[&str; 2]> = changed
        .iter()
        .map(|held| [held.kind.as_str(), held.source_id.as_str()])
        .collect();
    json(&pairs)
}

/// Their keys, each with its record, as a batch of fours.
fn keys(changed: &[&Held]) -> Result<String, StoreError> {
    let keys: Vec<[&str; 4]> = changed
        .iter()
        .flat_map(|held| {
            held.extracted.keys.iter().map(|key| {
                [
                    key.kind.as_str(),
                    key.value.as_str(),
                    held.kind.as_str(),
                    held.source_id.as_str(),
                ]
            })
        })
        .collect();
    json(&keys)
}

fn json<T: serde::Serialize>(batch: &T) -> Result<String, StoreError> {
    serde_json::to_string(batch).map_err(|error| StoreError::refused(error.to_string()))
}
