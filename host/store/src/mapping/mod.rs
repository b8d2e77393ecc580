//! A source's words that an operator maps, which fields must be mapped, and what waits for a mapping.
//!
//! A record that would change something, and whose status is `unknown` although the source sent a word of a required
//! field, is not stored: it is a dead letter under the mapping's name ([`MappingName`]). Changing the mappings puts
//! back to work, in the same transaction, what waits for a mapping that exists now or is required no longer. Every
//! change moves the connection's revision, and what a plugin read carries the revision that it was told: a record
//! that was read before the change and comes after it is read again instead of parked, so nothing waits for a mapping
//! that is there.

mod name;
mod rule;
mod words;

pub use name::{MappingName, MissingMapping};
pub(crate) use rule::missing;
pub use words::{Mappings, MappingsError, Meaning, Overrides};

use std::collections::BTreeMap;

use name::MISSING;
use ordercase_model::Instant;
use serde_json::json;

use crate::{
    Activity, ConnectionId, ConnectionKey, Lane, NewAudit, ReceiptClaim, Settlement, Store,
    StoreError, View,
    account::{self, Moves, Via},
    db::{Conn, Row, Scope, Tx, args, statements},
    limits::{LIST_ROWS_MAX, MAPPINGS_NOTED_MAX},
    signal::Queue,
    tenant::audit_in,
};

/// Mappings to be set.
#[derive(Clone, Debug)]
pub struct MappingsCommit {
    /// Whose.
    pub connection: ConnectionKey,
    /// All of them; what is not among them is gone.
    pub mappings: Mappings,
    /// Only when this is still the revision.
    pub expected: Option<u64>,
    /// Who.
    pub actor: String,
    /// Now.
    pub now: Instant,
}

/// What waits for a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub mapping: MappingName,
    /// How many dead letters.
    pub letters: u64,
    /// Since when the first of them.
    pub since: Instant,
}

statements! {
    REVISION = "SELECT mappings_revision FROM connections WHERE tenant_id = $1 AND connection_id = $2";
    REQUIRED = "SELECT required_mappings FROM connections
                WHERE tenant_id = $1 AND connection_id = $2 AND required_mappings <> '[]'";
    OF_RECEIPT = "SELECT c.mappings_revision FROM receipts r JOIN connections c
                      ON c.tenant_id = r.tenant_id AND c.connection_id = r.owner_id
                  WHERE r.tenant_id = $1 AND r.receipt_id = $2";
    BEFORE = "SELECT required_mappings, mappings_revision, state, paused_reason FROM connections
              WHERE tenant_id = $1 AND connection_id = $2";
    SET = "UPDATE connections SET overrides = $3, required_mappings = $4, mappings_revision = mappings_revision + 1,
               updated_at = $5
           WHERE tenant_id = $1 AND connection_id = $2";
    WAITING = "SELECT mapping, COUNT(*) AS letters, MIN(settled_at) AS since FROM receipts
               WHERE tenant_id = $1 AND owner_id = $2 AND state = 'dead' AND mapping > $3
               GROUP BY mapping ORDER BY mapping LIMIT $4";
    BY_STREAM = "SELECT stream, COUNT(*) AS n FROM receipts
                 WHERE tenant_id = $1 AND owner_id = $2 AND state = 'dead' AND mapping IS NOT NULL
                 GROUP BY stream ORDER BY stream";
    /// History waits for what just happened: it is worked off in the lane of polls.
    RELEASE = "UPDATE receipts SET state = 'pending', reason = NULL, error_class = NULL, mapping = NULL,
                   settled_at = NULL, attempts = 0, failures = 0, lane = $5, due_at = $4, tried_since = $4,
                   last_error = reason
               WHERE tenant_id = $1 AND owner_id = $2 AND state = 'dead' AND mapping = $3
               RETURNING stream";
    /// A page that a plugin could not read for want of a mapping is tried again at once; one that waits because the
    /// source asked to slow down is not.
    HASTEN = "UPDATE streams SET due_at = $3
              WHERE tenant_id = $1 AND connection_id = $2 AND state = 'pending' AND attempts > 0 AND due_at > $3
                  AND last_error LIKE $4";
}

impl View {
    /// How many dead letters of each of a connection's streams wait for a mapping.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_by_stream(
        &mut self,
        shop: &ConnectionId,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        self.count_by_stream(BY_STREAM, shop).await
    }
}

impl Store {
    /// What of a connection waits for a mapping, by its name; the first [`LIST_ROWS_MAX`] of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_for_mappings(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Vec<Waiting>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        waiting(&mut conn, connection, "").await
    }

    /// Sets the mappings of a connection, notes who did, and puts back to work what waits for a mapping that exists
    /// now or is required no longer: all of it or, when it fails, nothing. Returns how many letters went back.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when they are not what [`Mappings::check`] takes; [`StoreError::NotFound`] when there is
    /// no such connection; [`StoreError::Conflict`] when somebody else changed them in between, or the shop was
    /// disconnected.
    pub async fn set_mappings(&self, commit: MappingsCommit) -> Result<u64, StoreError> {
        let refused = |error: MappingsError| {
            StoreError::refused(format!("mappings at `{}`: {error}", error.path))
        };
        commit.mappings.check().map_err(refused)?;
        self.write(Scope::from(&commit.connection.tenant), move |tx| {
            Box::pin(async move { set(tx, &commit).await })
        })
        .await
    }
}

async fn set(tx: &mut Tx, commit: &MappingsCommit) -> Result<u64, StoreError> {
    let ConnectionKey { tenant, connection } = &commit.connection;
    let row = tx.conn.first(BEFORE, args![tenant, connection]).await?;
    let row = row.ok_or_else(|| StoreError::missing("connection", connection))?;
    let revision = row.count("mappings_revision")?;
    // What went back to work would never be worked off.
    let gone = Activity::read(&row)?.is_over();
    if gone || commit.expected.is_some_and(|expected| expected != revision) {
        return Err(StoreError::Conflict {
            what: "mappings of connection",
            id: connection.to_string(),
        });
    }
    let was_required: Vec<String> = row.json("required_mappings")?;
    let Mappings {
        overrides,
        required,
    } = &commit.mappings;
    let text = (json!(overrides).to_string(), json!(required).to_string());
    let args = args![tenant, connection, text.0, text.1, commit.now];
    tx.conn.run(SET, args).await?;
    let released = release_all(tx, commit, &was_required).await?;
    let late = args![tenant, connection, commit.now, format!("{MISSING}%")];
    tx.conn.run(HASTEN, late).await?;
    for lane in Lane::ALL {
        tx.touched.add(Queue::Lane(lane));
    }
    let audit = NewAudit {
        actor: commit.actor.clone(),
        action: "connection.mappings_set".to_owned(),
        subject: connection.to_string(),
        detail: json!({
            "revision": revision + 1,
            "overrides": overrides,
            "required": required,
            "was_required": was_required,
            "released": released.noted,
            "released_letters": released.letters,
        }),
    };
    audit_in(&mut tx.conn, tenant, &audit, commit.now).await?;
    Ok(released.letters)
}

/// What went back to work.
#[derive(Default)]
struct Released {
    letters: u64,
    /// By the mapping that they waited for: as many as an audit holds.
    noted: BTreeMap<String, u64>,
}

/// Puts back to work what waits for a mapping that exists now or is required no longer.
async fn release_all(
    tx: &mut Tx,
    commit: &MappingsCommit,
    was_required: &[String],
) -> Result<Released, StoreError> {
    let mut released = Released::default();
    let mut after = String::new();
    loop {
        let some = waiting(&mut tx.conn, &commit.connection, &after).await?;
        let Some(last) = some.last() else {
            return Ok(released);
        };
        last.mapping.as_str().clone_into(&mut after);
        for Waiting { mapping, .. } in some {
            let among = |fields: &[String]| fields.iter().any(|field| field == mapping.field());
            let waived = among(was_required) && !among(&commit.mappings.required);
            if waived || commit.mappings.has(&mapping) {
                let letters = release(tx, commit, &mapping).await?;
                released.letters += letters;
                if released.noted.len() < MAPPINGS_NOTED_MAX {
                    released.noted.insert(mapping.to_string(), letters);
                }
            }
        }
    }
}

async fn release(
    tx: &mut Tx,
    commit: &MappingsCommit,
    mapping: &MappingName,
) -> Result<u64, StoreError> {
    let ConnectionKey { tenant, connection } = &commit.connection;
    let args = args![
        tenant,
        connection,
        mapping.as_str(),
        commit.now,
        Lane::Poll.as_str()
    ];
    let mut letters: BTreeMap<String, i64> = BTreeMap::new();
    for row in tx.conn.all(RELEASE, args).await? {
        *letters.entry(row.text("stream")?).or_default() += 1;
    }
    for (stream, count) in &letters {
        let moves = Moves {
            dead: -count,
            pending: *count,
            ..Moves::default()
        };
        let conn = &mut tx.conn;
        account::record(conn, tenant, connection.as_str(), stream, Via::Inbox, moves).await?;
    }
    let all: i64 = letters.values().sum();
    Ok(u64::try_from(all).unwrap_or_default())
}

/// Mappings that something waits for, in the order of their names, after that one.
async fn waiting(
    conn: &mut Conn,
    connection: &ConnectionKey,
    after: &str,
) -> Result<Vec<Waiting>, StoreError> {
    let ConnectionKey { tenant, connection } = connection;
    let args = args![tenant, connection, after, LIST_ROWS_MAX];
    let rows = conn.all(WAITING, args).await?;
    let read = |row: &Row| {
        Ok(Waiting {
            mapping: row.parse("mapping")?,
            letters: row.count("letters")?,
            since: row.instant("since")?,
        })
    };
    rows.iter().map(read).collect()
}

/// The revision of a connection's mappings.
pub(crate) async fn revision(
    conn: &mut Conn,
    connection: &ConnectionKey,
) -> Result<u64, StoreError> {
    let args = args![&connection.tenant, &connection.connection];
    let row = conn.first(REVISION, args).await?;
    row.map_or(Ok(0), |row| row.count("mappings_revision"))
}

/// Source fields whose words must all be mapped.
pub(crate) async fn required(
    conn: &mut Conn,
    connection: &ConnectionKey,
) -> Result<Vec<String>, StoreError> {
    let args = args![&connection.tenant, &connection.connection];
    let row = conn.first(REQUIRED, args).await?;
    row.map_or_else(|| Ok(Vec::new()), |row| row.json("required_mappings"))
}

/// How the work on a receipt ends by the mappings as they are now: what was read before they changed is read again.
pub(crate) async fn in_force(
    tx: &mut Tx,
    claim: &ReceiptClaim,
    settlement: Settlement,
) -> Result<Settlement, StoreError> {
    let Settlement::Dead(death) = &settlement else {
        return Ok(settlement);
    };
    let Some(missing) = &death.mapping else {
        return Ok(settlement);
    };
    let row = tx
        .conn
        .first(OF_RECEIPT, args![&claim.tenant, &claim.id])
        .await?;
    let current = row.map_or(Ok(0), |row| row.count("mappings_revision"))?;
    if current == missing.revision {
        Ok(settlement)
    } else {
        Ok(Settlement::Released)
    }
}
