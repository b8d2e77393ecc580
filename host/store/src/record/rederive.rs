//! Deriving stored records again from the answers they were made of: what a replay writes.
//!
//! It is the same reading of the source, told by the plugin as it is now. So the guard that orders readings
//! does not apply; another one does: the record must still be made of exactly that reading. Whatever came in
//! between, from the source or from another replay, stays. A record whose groups stem from several readings
//! cannot be told from their answers alone and is left as it is; the next reading of the source makes it one.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::{Group, Instant, Record, RecordRef};
use serde_json::{Value, json};

use super::{
    apply::{Desktop, Key, existing, target},
    guard::Stamp,
    held::{self, Arrival, Held, KEPT, Outcome},
    read::{self, record_columns},
    snapshot::Snapshot,
    wake,
};
use crate::{
    ConnectionKey, Lane, MappingName, NewAudit, RecordKey, Store, StoreError,
    account::{self, Moves, Via},
    db::{Conn, Scope, Tx, args, statements},
    id::sha256,
    limits::REDERIVED_PER_CALL_MAX,
    mapping,
    tenant::audit_in,
};

/// Stream in which a replay's records are counted.
const STREAM: &str = "replay";

/// Warnings about how the source was read. The answers alone do not tell them.
const OF_THE_READING: [&str; 1] = ["truncated_children"];

/// Which records of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// Only this one.
    pub entity: Option<RecordRef>,
    /// Read from the source at or after.
    pub since: Option<Instant>,
    /// Read from the source before.
    pub until: Option<Instant>,
    /// Made by that plugin.
    pub plugin_digest: Option<String>,
}

/// A stored record that may be derived again.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Key.
    pub key: RecordKey,
    /// The answers it was made of; see [`Store::raw_body`].
    pub raw: Vec<String>,
    /// Digest of the plugin that made it.
    pub plugin_digest: String,
    /// The reading it was made of; `None` when its groups stem from several.
    pub reading: Option<Stamp>,
}

/// A record as the plugin tells it now.
#[derive(Clone, Debug)]
pub struct Derived {
    /// What was stored when its answers were read.
    pub candidate: Candidate,
    /// As the plugin emitted it.
    pub record: Record,
}

/// Records to be written again.
#[derive(Clone, Debug)]
pub struct Rederivation {
    /// Whose.
    pub connection: ConnectionKey,
    /// Digest of the plugin that told them.
    pub plugin_digest: String,
    /// The records.
    pub records: Vec<Derived>,
}

/// What became, or would become, of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rederived {
    /// The record.
    pub key: RecordKey,
    /// `Applied` when it differs, `Duplicate` when it does not, `Superseded` when it is made of another
    /// reading by now, `Parked` when it would lose the meaning of a word that must be mapped: it stays as it is.
    pub outcome: Outcome,
    /// The body before, when it differs. **Personal.**
    pub before: Option<String>,
    /// The body after, when it differs. **Personal.**
    pub after: Option<String>,
}

statements! {
    PAGE = concat!("SELECT ", record_columns!(), " FROM records r
            WHERE r.tenant_id = $1 AND r.connection_id = $2 AND (r.kind, r.source_id) > ($3, $4)
                AND (CAST($5 AS BIGINT) IS NULL OR r.observed_at >= $5) AND (CAST($6 AS BIGINT) IS NULL OR r.observed_at < $6)
                AND (CAST($7 AS TEXT) IS NULL OR r.plugin_digest = $7) AND r.body IS NOT NULL
            ORDER BY r.kind, r.source_id LIMIT $8");
    ONE = concat!("SELECT ", record_columns!(), " FROM records r
            WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = $3 AND r.source_id = $4
                AND r.body IS NOT NULL");
}

impl Store {
    /// Records that a filter names, in the order of kind and id, after the given one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn candidates(
        &self,
        connection: &ConnectionKey,
        filter: &RecordFilter,
        after: Option<&RecordRef>,
        limit: u32,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        let (tenant, shop) = (&connection.tenant, &connection.connection);
        let rows = match &filter.entity {
            Some(entity) => {
                let kind = entity.kind.as_str();
                let args = args![tenant, shop, kind, &entity.source_id];
                conn.all(ONE, args).await?
            }
            None => {
                let args = args![
                    tenant,
                    shop,
                    after.map_or("", |after| after.kind.as_str()),
                    after.map_or("", |after| after.source_id.as_str()),
                    filter.since,
                    filter.until,
                    filter.plugin_digest.as_ref(),
                    limit.min(REDERIVED_PER_CALL_MAX)
                ];
                conn.all(PAGE, args).await?
            }
        };
        let held = rows.iter().map(read::held);
        held.map(|held| Ok(candidate(connection, &held?))).collect()
    }

    /// What [`Store::rederive`] would do. Writes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn preview_rederivation(
        &self,
        ask: &Rederivation,
        now: Instant,
    ) -> Result<Vec<Rederived>, StoreError> {
        let mut conn = self.reader(&ask.connection.tenant).await?;
        let mut desk = desktop(&mut conn, ask).await?;
        Ok(decide(&mut desk, ask, now))
    }

    /// Writes records as the plugin tells them now, wakes the tickets that show those that changed, and notes
    /// in the audit who replayed what, from which plugins to which.
    ///
    /// # Errors
    /// When there are too many, or the database fails; nothing is written then.
    pub async fn rederive(
        &self,
        ask: Rederivation,
        actor: &str,
        filter: Value,
        now: Instant,
    ) -> Result<Vec<Rederived>, StoreError> {
        let actor = actor.to_owned();
        self.write(Scope::from(&ask.connection.tenant), move |tx| {
            Box::pin(async move {
                let result = write(tx, &ask, now).await?;
                let audit = NewAudit {
                    actor,
                    action: "replay.records".to_owned(),
                    subject: ask.connection.connection.to_string(),
                    detail: deed(&ask, &result, &filter),
                };
                audit_in(&mut tx.conn, &ask.connection.tenant, &audit, now).await?;
                Ok(result)
            })
        })
        .await
    }
}

fn candidate(connection: &ConnectionKey, held: &Held) -> Candidate {
    Candidate {
        key: RecordKey {
            tenant: connection.tenant.clone(),
            connection: connection.connection.clone(),
            kind: held.kind,
            source_id: held.source_id.clone(),
        },
        raw: held.raw_refs.clone(),
        plugin_digest: held.plugin_digest.clone(),
        reading: held.one_reading().cloned(),
    }
}

async fn desktop(conn: &mut Conn, ask: &Rederivation) -> Result<Desktop, StoreError> {
    let most = usize::try_from(REDERIVED_PER_CALL_MAX).unwrap_or(usize::MAX);
    if ask.records.len() > most {
        return Err(StoreError::refused(format!(
            "a replay has {} records, {most} at a time are the limit",
            ask.records.len()
        )));
    }
    let wanted = ask.records.iter().map(key_of);
    let known = existing(conn, &ask.connection, wanted).await?;
    let required = mapping::required(conn, &ask.connection).await?;
    Ok(Desktop::over(known, required))
}

fn key_of(derived: &Derived) -> Key {
    let key = &derived.candidate.key;
    (key.kind, key.source_id.clone())
}

async fn write(
    tx: &mut Tx,
    ask: &Rederivation,
    now: Instant,
) -> Result<Vec<Rederived>, StoreError> {
    let mut desk = desktop(&mut tx.conn, ask).await?;
    let result = decide(&mut desk, ask, now);
    desk.save(tx, &ask.connection).await?;
    wake::wake(tx, &ask.connection, &desk.changed(), Lane::Poll, now).await?;
    let key = &ask.connection;
    let owner = key.connection.as_str();
    let moves = Moves::of_page(result.iter().map(|one| &one.outcome));
    account::record(&mut tx.conn, &key.tenant, owner, STREAM, Via::Page, moves).await?;
    Ok(result)
}

fn decide(desk: &mut Desktop, ask: &Rederivation, now: Instant) -> Vec<Rederived> {
    let records = ask.records.iter();
    records
        .map(|derived| decide_one(desk, derived, &ask.plugin_digest, now))
        .collect()
}

fn decide_one(
    desk: &mut Desktop,
    derived: &Derived,
    plugin_digest: &str,
    now: Instant,
) -> Rederived {
    let key = key_of(derived);
    let stored = desk.known.get(&key).cloned();
    let told = match stored.clone() {
        Some(held) => tell_again(held, derived, plugin_digest, now),
        None => Ok(None),
    };
    let mut result = Rederived {
        key: derived.candidate.key.clone(),
        outcome: Outcome::Superseded,
        before: None,
        after: None,
    };
    let (held, outcome) = match told {
        Ok(Some(told)) => told,
        Ok(None) => return result,
        Err(reason) => {
            result.outcome = Outcome::Refused(reason);
            return result;
        }
    };
    result.outcome = outcome;
    if stored.as_ref() == Some(&held) {
        return result;
    }
    if result.outcome == Outcome::Applied {
        if let Some(name) = forgotten(stored.as_ref(), &held, &desk.required) {
            result.outcome = Outcome::Parked(name);
            return result;
        }
        result.before = stored.and_then(|stored| stored.body);
        result.after.clone_from(&held.body);
        desk.changed.insert(key.clone());
    }
    desk.touched.insert(key.clone());
    desk.known.insert(key, held);
    result
}

/// A word of a required field that the record is told without now and was told with before. What was stored as unknown
/// may be told so again.
fn forgotten(stored: Option<&Held>, told: &Held, required: &[String]) -> Option<MappingName> {
    let missing = |held: &Held| mapping::missing(held.body.as_deref()?, required);
    let now = missing(told)?;
    (stored.and_then(missing).as_ref() != Some(&now)).then_some(now)
}

/// The record as it is told now; `None` when it is not made of that reading any more.
fn tell_again(
    mut held: Held,
    derived: &Derived,
    plugin_digest: &str,
    now: Instant,
) -> Result<Option<(Held, Outcome)>, String> {
    let seen = derived.candidate.reading.as_ref();
    let (Some(seen), Some(reading)) = (seen, held.one_reading().cloned()) else {
        return Ok(None);
    };
    if reading != *seen || held.raw_refs != derived.candidate.raw || held.is_purged() {
        return Ok(None);
    }
    let snapshot = snapshot(&held, &derived.record, &reading);
    let record = &snapshot.record;
    if target(&snapshot)? != key_of(derived) {
        return Err("the plugin tells of another record".to_owned());
    }
    let winners: BTreeSet<_> = held::offered(record.kind, &record.completeness)?
        .into_iter()
        .collect();
    let stamp = Stamp {
        version: record.source_version.clone(),
        hash: sha256(record.body.get().as_bytes()),
        ..reading
    };
    let before = held.face();
    held.body = match &held.body {
        Some(body) => Some(without_untold(body, &winners)?),
        None => None,
    };
    for group in &winners {
        held.stamps.insert(*group, stamp.clone());
    }
    let arrival = Arrival {
        plugin_digest,
        raw_refs: held.raw_refs.clone(),
        now,
    };
    held::replace(&mut held, &snapshot, &winners)?;
    held::describe(&mut held, &snapshot, &winners, &arrival);
    if same_json(before.0.as_deref(), held.body.as_deref()) {
        held.body.clone_from(&before.0);
    }
    held::finish(held, Some(&before), false, &arrival).map(Some)
}

/// The record as emitted, with what only the reading itself could tell.
fn snapshot(held: &Held, record: &Record, reading: &Stamp) -> Snapshot {
    let mut record = record.clone();
    record.api_version = record.api_version.or_else(|| held.api_version.clone());
    for warning in OF_THE_READING {
        let known = |warnings: &[String]| warnings.iter().any(|code| code == warning);
        if known(&held.warnings) && !known(&record.warnings) {
            record.warnings.push(warning.to_owned());
        }
    }
    Snapshot {
        record,
        // The verdict is not asked: it is the same reading.
        comparability: ordercase_model::Comparability::Equality,
        path: reading.path,
        observed_at: reading.observed_at,
        event_at: reading.event_at,
        raw: Vec::new(),
    }
}

/// What vanished at the source was told by earlier readings and stays; what this reading told and is not
/// told again was the plugin's mistake and goes.
fn without_untold(body: &str, told: &BTreeSet<Group>) -> Result<String, String> {
    let mut fields = held::fields(body)?;
    let vanished = |item: &Value| item.get("vanished") == Some(&Value::Bool(true));
    let mut removed = false;
    for (list, _) in KEPT.iter().filter(|(_, group)| told.contains(group)) {
        if let Some(Value::Array(items)) = fields.get_mut(*list) {
            let before = items.len();
            items.retain(vanished);
            removed |= items.len() < before;
        }
    }
    if removed {
        held::text(&fields)
    } else {
        Ok(body.to_owned())
    }
}

fn same_json(a: Option<&str>, b: Option<&str>) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    a == b
        || a.and_then(value)
            .is_some_and(|a| b.and_then(value) == Some(a))
}

/// The audit's detail: counts and plugins, nobody's data.
fn deed(ask: &Rederivation, result: &[Rederived], filter: &Value) -> Value {
    let mut from: BTreeMap<&str, u64> = BTreeMap::new();
    for derived in &ask.records {
        *from.entry(&derived.candidate.plugin_digest).or_default() += 1;
    }
    let count = |is: fn(&Outcome) -> bool| result.iter().filter(|one| is(&one.outcome)).count();
    json!({
        "filter": filter,
        "from_plugins": from,
        "to_plugin": ask.plugin_digest,
        "changed": count(|o| *o == Outcome::Applied),
        "same": count(|o| *o == Outcome::Duplicate),
        "newer_stored": count(|o| *o == Outcome::Superseded),
        "refused": count(|o| matches!(o, Outcome::Refused(_) | Outcome::Parked(_))),
    })
}
