//! Working stored receipts off again: a replay of what came in. Each goes back to pending with its account in
//! one transaction; due moments are spread, so that a replay of a whole day is no storm, and the work survives
//! a restart like any other. What follows from it passes the usual guards, and effects have their keys.

use std::collections::BTreeMap;

use ordercase_model::Instant;
use serde_json::{Value, json};

use super::ErrorClass;
use crate::{
    ConnectionKey, Lane, NewAudit, ReceiptId, ReceiptState, Store, StoreError,
    account::{self, Moves, Via},
    db::{Row, Scope, Tx, args, statements},
    limits::RETRIED_PER_CALL_MAX,
    signal::Queue,
    tenant::audit_in,
};

/// Which receipts of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptFilter {
    /// Only this one.
    pub id: Option<ReceiptId>,
    /// Received at or after.
    pub since: Option<Instant>,
    /// Received before.
    pub until: Option<Instant>,
    /// Dead ones of that class.
    pub class: Option<ErrorClass>,
}

/// After which receipt a replay goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptCursor {
    /// When it came.
    pub received_at: Instant,
    /// Its id.
    pub id: String,
}

/// A settled receipt that may be worked off again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reworked {
    /// Id.
    pub id: ReceiptId,
    /// Its topic.
    pub topic: String,
    /// When it came.
    pub received_at: Instant,
    /// Where it stood.
    pub state: ReceiptState,
    /// Why it was dead.
    pub class: Option<ErrorClass>,
    /// The plugin that was pinned when it was settled.
    pub plugin_digest: Option<String>,
}

impl Reworked {
    /// Where a replay that ended with it goes on.
    #[must_use]
    pub fn cursor(&self) -> ReceiptCursor {
        ReceiptCursor {
            received_at: self.received_at,
            id: self.id.to_string(),
        }
    }
}

/// Receipts to be worked off again.
#[derive(Clone, Debug)]
pub struct Rework {
    /// Whose.
    pub connection: ConnectionKey,
    /// Which; of those that settled meanwhile differently nothing is asked.
    pub receipts: Vec<Reworked>,
    /// At most so many become due in a second.
    pub per_second: u32,
    /// The filter that named them, for the audit.
    pub filter: Value,
}

statements! {
    /// What a person discarded is ignored with a class; it comes back only when it is named.
    FIND = "SELECT receipt_id, topic, received_at, state, error_class, plugin_digest FROM receipts
            WHERE tenant_id = $1 AND owner_id = $2 AND kind = 'webhook' AND state <> 'pending'
                AND (CAST($3 AS TEXT) IS NULL OR receipt_id = $3)
                AND (CAST($3 AS TEXT) IS NOT NULL OR state <> 'ignored' OR error_class IS NULL)
                AND (CAST($4 AS BIGINT) IS NULL OR received_at >= $4) AND (CAST($5 AS BIGINT) IS NULL OR received_at < $5)
                AND (CAST($6 AS TEXT) IS NULL OR (state = 'dead' AND error_class = $6))
                AND (CAST($7 AS BIGINT) IS NULL OR (received_at, receipt_id) > ($7, $8))
            ORDER BY received_at, receipt_id LIMIT $9";
    AGAIN = "UPDATE receipts SET state = 'pending', reason = NULL, error_class = NULL, mapping = NULL, settled_at = NULL,
                 attempts = 0, failures = 0, lane = $5, due_at = $4, tried_since = $4
             WHERE tenant_id = $1 AND receipt_id = $2 AND state = $3
             RETURNING owner_id, stream";
}

impl Store {
    /// Settled webhooks of a connection, oldest first, after the given one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settled_receipts(
        &self,
        connection: &ConnectionKey,
        filter: &ReceiptFilter,
        after: Option<&ReceiptCursor>,
        limit: u32,
    ) -> Result<Vec<Reworked>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        let args = args![
            &connection.tenant,
            &connection.connection,
            filter.id.as_ref(),
            filter.since,
            filter.until,
            filter.class.map(ErrorClass::as_str),
            after.map(|cursor| cursor.received_at),
            after.map(|cursor| cursor.id.as_str()),
            limit.min(u32::try_from(RETRIED_PER_CALL_MAX).unwrap_or(u32::MAX))
        ];
        conn.all(FIND, args).await?.iter().map(read).collect()
    }

    /// Puts settled receipts back to work and notes it in the audit. Returns how many there were; one that
    /// somebody else put back in between is left alone.
    ///
    /// # Errors
    /// When there are too many at once, or the database fails; nothing is changed then.
    pub async fn rework_receipts(
        &self,
        ask: Rework,
        actor: &str,
        now: Instant,
    ) -> Result<u64, StoreError> {
        if ask.receipts.len() > RETRIED_PER_CALL_MAX {
            return Err(StoreError::refused(format!(
                "{} receipts, {RETRIED_PER_CALL_MAX} at a time are the limit",
                ask.receipts.len()
            )));
        }
        let actor = actor.to_owned();
        self.write(Scope::from(&ask.connection.tenant), move |tx| {
            Box::pin(async move { rework(tx, &ask, actor, now).await })
        })
        .await
    }
}

async fn rework(tx: &mut Tx, ask: &Rework, actor: String, now: Instant) -> Result<u64, StoreError> {
    let step = 1_000_000 / i64::from(ask.per_second.max(1));
    let (mut again, mut due) = (0, now.micros());
    for receipt in &ask.receipts {
        let at = Instant::from_micros(due).unwrap_or(now);
        if put_back(tx, &ask.connection, receipt, at).await? {
            again += 1;
            due = due.saturating_add(step);
        }
    }
    tx.touched.add(Queue::Lane(Lane::Poll));
    let audit = NewAudit {
        actor,
        action: "replay.receipts".to_owned(),
        subject: ask.connection.connection.to_string(),
        detail: json!({ "filter": ask.filter, "again": again, "from_plugins": plugins(ask) }),
    };
    audit_in(&mut tx.conn, &ask.connection.tenant, &audit, now).await?;
    Ok(again)
}

fn plugins(ask: &Rework) -> BTreeMap<&str, u64> {
    let mut plugins = BTreeMap::new();
    for digest in ask
        .receipts
        .iter()
        .filter_map(|r| r.plugin_digest.as_deref())
    {
        *plugins.entry(digest).or_default() += 1;
    }
    plugins
}

/// History waits for what just happened: it is worked off in the lane of polls.
async fn put_back(
    tx: &mut Tx,
    connection: &ConnectionKey,
    receipt: &Reworked,
    due_at: Instant,
) -> Result<bool, StoreError> {
    let mut moves = Moves {
        pending: 1,
        ..Moves::default()
    };
    if receipt.state == ReceiptState::Pending {
        return Ok(false);
    }
    *moves.of(receipt.state) -= 1;
    let args = args![
        &connection.tenant,
        &receipt.id,
        receipt.state.as_str(),
        due_at,
        Lane::Poll.as_str()
    ];
    let Some(row) = tx.conn.first(AGAIN, args).await? else {
        return Ok(false);
    };
    let (owner, stream) = (row.text("owner_id")?, row.text("stream")?);
    let tenant = &connection.tenant;
    account::record(&mut tx.conn, tenant, &owner, &stream, Via::Inbox, moves).await?;
    Ok(true)
}

fn read(row: &Row) -> Result<Reworked, StoreError> {
    Ok(Reworked {
        id: row.parse("receipt_id")?,
        topic: row.text("topic")?,
        received_at: row.instant("received_at")?,
        state: row.parse("state")?,
        class: row.opt_parse("error_class")?,
        plugin_digest: row.opt_text("plugin_digest")?,
    })
}
