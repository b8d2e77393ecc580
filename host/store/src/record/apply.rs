//! Writing a batch of snapshots: read what is there, let the guard decide, write what changed, wake the
//! tickets that care. Runs inside the caller's transaction, so cursor, receipt and records agree.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::{Instant, Kind, RecordRef, Tombstone, TombstoneReason};

use super::{
    guard::ReadPath,
    held::{self, Arrival, Held, Outcome, body_hash},
    raw,
    read::{self, completeness_text, record_columns, stamps_text},
    snapshot::{Batch, Snapshot},
    transition, wake,
};
use crate::{
    ConnectionKey, Death, ErrorClass, Lane, RecordKey, Store, StoreError,
    account::{self, Moves, Via},
    db::{Arg, Conn, Many, Scope, Tx, args, dialect, statements},
    id::sha256,
    inbox::{NewReceipt, PageRecord, park_in, put_in},
    limits::{BATCH_SNAPSHOTS_MAX, BODY_BYTES_MAX, SOURCE_ID_CHARS_MAX},
    mapping::{self, MissingMapping},
    tenant::audit_in,
};

/// What became of one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The record: of a tombstone, the one it names.
    pub key: RecordKey,
    /// What became of it.
    pub outcome: Outcome,
}

statements! {
    EXISTING = dialect::pairs!(" SELECT ", record_columns!(), " FROM batch",
            each "records" "r" on "r.tenant_id = $2 AND r.connection_id = $3 AND r.kind = batch.a
                AND r.source_id = batch.b");
    KEYS = dialect::pairs!(" SELECT k.key_kind, k.key_value, k.kind, k.source_id FROM batch",
            each "record_keys" "k" on "k.tenant_id = $2 AND k.connection_id = $3 AND k.kind = batch.a
                AND k.source_id = batch.b");
    DROP_KEY = "DELETE FROM record_keys
            WHERE tenant_id = $1 AND connection_id = $2 AND key_kind = $3 AND key_value = $4 AND kind = $5
                AND source_id = $6";
}

/// The records of a batch.
pub(crate) static SAVE: Many = Many::new(
    "INSERT INTO records (tenant_id, connection_id, kind, source_id, parent_kind, parent_id, schema_id,
        body, body_hash, completeness, missing, warnings, api_version, plugin_digest, raw_refs,
        source_version, source_updated_at, observed_at, event_at, path, snapshot_hash, stamps,
        seen_at, gone_at, gone_reason, merged_into, purged, deleted, placed_at, state,
        first_seen_at, changed_at, revision)",
    33,
    "ON CONFLICT (tenant_id, connection_id, kind, source_id) DO UPDATE SET
        parent_kind = excluded.parent_kind, parent_id = excluded.parent_id,
        schema_id = excluded.schema_id, body = excluded.body, body_hash = excluded.body_hash,
        completeness = excluded.completeness, missing = excluded.missing,
        warnings = excluded.warnings, api_version = excluded.api_version,
        plugin_digest = excluded.plugin_digest, raw_refs = excluded.raw_refs,
        source_version = excluded.source_version, source_updated_at = excluded.source_updated_at,
        observed_at = excluded.observed_at, event_at = excluded.event_at, path = excluded.path,
        snapshot_hash = excluded.snapshot_hash, stamps = excluded.stamps,
        seen_at = excluded.seen_at, gone_at = excluded.gone_at, gone_reason = excluded.gone_reason,
        merged_into = excluded.merged_into, purged = excluded.purged, deleted = excluded.deleted,
        placed_at = excluded.placed_at, state = excluded.state, changed_at = excluded.changed_at,
        revision = excluded.revision",
);
/// Keys that they did not have before.
pub(crate) static ADD_KEYS: Many = Many::new(
    "INSERT INTO record_keys (tenant_id, connection_id, key_kind, key_value, kind, source_id)",
    6,
    "",
);

impl Store {
    /// Writes what an agent's question brought in (fetch, search). Counted in the account of `stream`.
    ///
    /// # Errors
    /// [`StoreError::Doubtful`] when a webhook's body in it tells of an unusual step; when the batch is too large or
    /// the database fails.
    pub async fn apply_batch(
        &self,
        batch: Batch,
        stream: &str,
        now: Instant,
    ) -> Result<Vec<Applied>, StoreError> {
        let stream = stream.to_owned();
        self.write(Scope::from(&batch.connection.tenant), move |tx| {
            Box::pin(async move {
                let raw = raw::keep(tx, &batch, now).await?;
                write_page(tx, &batch, &raw, &stream, now).await
            })
        })
        .await
    }
}

/// Writes a batch whose snapshots are receipts of their own: records of a page or an answer. `raw` names the answers
/// that were kept of it, see [`raw::keep`].
pub(crate) async fn write_page(
    tx: &mut Tx,
    batch: &Batch,
    raw: &[Option<String>],
    stream: &str,
    now: Instant,
) -> Result<Vec<Applied>, StoreError> {
    let applied = write_batch(tx, batch, raw, now).await?;
    let key = &batch.connection;
    for (snapshot, result) in batch.snapshots.iter().zip(&applied) {
        match &result.outcome {
            Outcome::Refused(reason) => {
                put_in(tx, &refused(key, stream, snapshot, reason, now)).await?;
            }
            Outcome::Parked(name) => {
                let missing = MissingMapping {
                    name: name.clone(),
                    revision: batch.mappings,
                };
                let record = PageRecord::of(snapshot);
                park_in(tx, key, stream, record, missing, now).await?;
            }
            Outcome::Applied | Outcome::Superseded | Outcome::Duplicate => {}
        }
    }
    let moves = Moves::of_page(applied.iter().map(|result| &result.outcome));
    let owner = key.connection.as_str();
    account::record(&mut tx.conn, &key.tenant, owner, stream, Via::Page, moves).await?;
    Ok(applied)
}

/// A record of a page that cannot be stored is a dead letter, not a hole.
fn refused(
    connection: &ConnectionKey,
    stream: &str,
    snapshot: &Snapshot,
    reason: &str,
    now: Instant,
) -> NewReceipt {
    let record = &snapshot.record;
    NewReceipt {
        dedupe_key: format!(
            "record:{}:{}:{}",
            record.kind,
            sha256(record.source_id.as_bytes()),
            sha256(record.body.get().as_bytes())
        ),
        entity_key: format!("record:{}", record.kind),
        dead: Some(Death::new(ErrorClass::Schema, reason)),
        ..PageRecord::of(snapshot).receipt(connection, stream, now)
    }
}

/// The lane in which what follows from a snapshot is worked off.
pub(crate) fn lane_of(path: ReadPath) -> Lane {
    match path {
        ReadPath::WebhookBody | ReadPath::WebhookRefetch | ReadPath::OnDemand => Lane::Live,
        ReadPath::Poll | ReadPath::Backfill | ReadPath::Reconcile => Lane::Poll,
    }
}

/// Writes a batch whose answers are kept already. The outcomes stand in the order of the snapshots. Where a webhook's
/// body tells of an unusual step, nothing is written: [`StoreError::Doubtful`].
pub(crate) async fn write_batch(
    tx: &mut Tx,
    batch: &Batch,
    raw: &[Option<String>],
    now: Instant,
) -> Result<Vec<Applied>, StoreError> {
    if batch.snapshots.len() > BATCH_SNAPSHOTS_MAX {
        return Err(StoreError::refused(format!(
            "a batch has {} snapshots, {BATCH_SNAPSHOTS_MAX} are the limit",
            batch.snapshots.len()
        )));
    }
    let wanted = batch.snapshots.iter().filter_map(|s| target(s).ok());
    let known = existing(&mut tx.conn, &batch.connection, wanted).await?;
    let required = mapping::required(&mut tx.conn, &batch.connection).await?;
    let mut desk = Desktop::over(known, required);
    let mut applied = Vec::with_capacity(batch.snapshots.len());
    for snapshot in &batch.snapshots {
        let raw_refs = snapshot
            .raw
            .iter()
            .filter_map(|at| raw.get(*at)?.clone())
            .collect();
        let arrival = Arrival {
            plugin_digest: &batch.plugin_digest,
            raw_refs,
            now,
        };
        let (kind, source_id, outcome) = desk.take(snapshot, &arrival);
        applied.push(Applied {
            key: RecordKey {
                tenant: batch.connection.tenant.clone(),
                connection: batch.connection.connection.clone(),
                kind,
                source_id,
            },
            outcome,
        });
    }
    if let Some((_, step)) = desk.doubted.first() {
        return Err(StoreError::Doubtful {
            step: step.clone(),
            records: desk.doubted.into_iter().map(|(record, _)| record).collect(),
        });
    }
    desk.save(tx, &batch.connection).await?;
    desk.note_steps(tx, &batch.connection, now).await?;
    let lane = batch
        .snapshots
        .first()
        .map_or(Lane::Live, |snapshot| lane_of(snapshot.path));
    wake::wake(tx, &batch.connection, &desk.changed(), lane, now).await?;
    raw::forget(tx, &batch.connection, &desk.forget).await?;
    Ok(applied)
}

pub(super) type Key = (Kind, String);

/// The records of a batch while it is applied.
pub(super) struct Desktop {
    pub(super) known: BTreeMap<Key, Held>,
    /// Source fields whose words must all be mapped.
    pub(super) required: Vec<String>,
    pub(super) touched: BTreeSet<Key>,
    fresh: BTreeSet<Key>,
    pub(super) changed: BTreeSet<Key>,
    forget: Vec<String>,
    /// Unusual steps that a webhook told of.
    doubted: Vec<(RecordRef, String)>,
    /// Unusual steps that the source confirmed.
    steps: Vec<(Key, String)>,
}

impl Desktop {
    pub(super) fn over(known: BTreeMap<Key, Held>, required: Vec<String>) -> Self {
        Self {
            known,
            required,
            touched: BTreeSet::new(),
            fresh: BTreeSet::new(),
            changed: BTreeSet::new(),
            forget: Vec::new(),
            doubted: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// The records that look different now.
    pub(super) fn changed(&self) -> Vec<&Held> {
        let changed = self.changed.iter();
        changed.filter_map(|key| self.known.get(key)).collect()
    }

    fn take(&mut self, snapshot: &Snapshot, arrival: &Arrival<'_>) -> (Kind, String, Outcome) {
        let record = &snapshot.record;
        let key = match target(snapshot) {
            Ok(key) => key,
            Err(reason) => {
                return (
                    record.kind,
                    record.source_id.clone(),
                    Outcome::Refused(reason),
                );
            }
        };
        let stored = self.known.get(&key).cloned();
        let old_raw = stored
            .as_ref()
            .map(|held| held.raw_refs.clone())
            .unwrap_or_default();
        let fresh = stored.is_none();
        let result = match tombstone(snapshot) {
            Some(Ok(tombstone)) => {
                let purge = tombstone.reason == TombstoneReason::PurgedByPrivacyRequest;
                let result = held::bury(stored, &tombstone, snapshot, arrival);
                if purge
                    && result
                        .as_ref()
                        .is_ok_and(|(held, _)| held.raw_refs.is_empty())
                {
                    self.forget.extend(old_raw);
                }
                result
            }
            Some(Err(reason)) => Err(reason),
            None => held::apply(stored, snapshot, arrival),
        };
        let missing = match &result {
            Ok((_, Outcome::Applied)) => mapping::missing(record.body.get(), &self.required),
            _ => None,
        };
        if let Some(name) = missing {
            return (key.0, key.1, Outcome::Parked(name));
        }
        let outcome = match result {
            Ok((held, outcome)) => {
                if outcome == Outcome::Applied {
                    let before = self.known.get(&key);
                    if let Some(step) = before.and_then(|b| transition::unusual(b, &held)) {
                        if transition::is_doubted(snapshot.path.is_read()) {
                            let record = RecordRef {
                                kind: held.kind,
                                source_id: held.source_id,
                            };
                            self.doubted.push((record, step));
                            // The batch is not written, whatever is said of it.
                            return (key.0, key.1, Outcome::Superseded);
                        }
                        self.steps.push((key.clone(), step));
                    }
                    self.changed.insert(key.clone());
                }
                if fresh {
                    self.fresh.insert(key.clone());
                }
                self.touched.insert(key.clone());
                self.known.insert(key.clone(), held);
                outcome
            }
            Err(reason) => Outcome::Refused(reason),
        };
        (key.0, key.1, outcome)
    }

    /// Notes the steps that the source confirmed.
    async fn note_steps(
        &self,
        tx: &mut Tx,
        connection: &ConnectionKey,
        now: Instant,
    ) -> Result<(), StoreError> {
        for (key, step) in &self.steps {
            if let Some(held) = self.known.get(key) {
                let audit = transition::noted(connection, held, step);
                audit_in(&mut tx.conn, &connection.tenant, &audit, now).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn save(
        &self,
        tx: &mut Tx,
        connection: &ConnectionKey,
    ) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(self.touched.len() * 33);
        for held in self.touched.iter().filter_map(|key| self.known.get(key)) {
            rows.extend(row(connection, held)?);
        }
        SAVE.run(&mut tx.conn, rows).await?;
        self.save_keys(tx, connection).await
    }

    /// Drops the keys that changed records do not have any more and adds those that they did not have: few of them
    /// change when an order does.
    async fn save_keys(&self, tx: &mut Tx, connection: &ConnectionKey) -> Result<(), StoreError> {
        let mut stored = self.stored_keys(tx, connection).await?;
        let ConnectionKey { tenant, connection } = connection;
        let mut rows = Vec::new();
        for held in self.changed() {
            for key in &held.extracted.keys {
                let key = [
                    key.kind.as_str(),
                    &key.value,
                    held.kind.as_str(),
                    &held.source_id,
                ];
                if !stored.remove(&key.map(str::to_owned)) {
                    let [key_kind, key_value, kind, source_id] = key;
                    rows.extend(args![
                        tenant, connection, key_kind, key_value, kind, source_id
                    ]);
                }
            }
        }
        for [key_kind, key_value, kind, source_id] in stored {
            let args = args![tenant, connection, key_kind, key_value, kind, source_id];
            tx.conn.run(DROP_KEY, args).await?;
        }
        ADD_KEYS.run(&mut tx.conn, rows).await
    }

    /// The keys of the changed records that were stored before.
    async fn stored_keys(
        &self,
        tx: &mut Tx,
        connection: &ConnectionKey,
    ) -> Result<BTreeSet<[String; 4]>, StoreError> {
        let known: Vec<[&str; 2]> = self
            .changed
            .iter()
            .filter(|key| !self.fresh.contains(*key))
            .map(|(kind, id)| [kind.as_str(), id.as_str()])
            .collect();
        if known.is_empty() {
            return Ok(BTreeSet::new());
        }
        let args = args![json(&known)?, &connection.tenant, &connection.connection];
        let rows = tx.conn.all(KEYS, args).await?;
        rows.iter()
            .map(|row| {
                Ok([
                    row.text("key_kind")?,
                    row.text("key_value")?,
                    row.text("kind")?,
                    row.text("source_id")?,
                ])
            })
            .collect()
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::refused(error.to_string()))
}

fn tombstone(snapshot: &Snapshot) -> Option<Result<Tombstone, String>> {
    (snapshot.record.kind == Kind::Tombstone).then(|| {
        snapshot
            .record
            .read::<Tombstone>()
            .map_err(|error| format!("the body is no tombstone: {error}"))
    })
}

/// The record that a snapshot is about, when it keeps the hard rules.
pub(super) fn target(snapshot: &Snapshot) -> Result<Key, String> {
    let record = &snapshot.record;
    if record.schema != ordercase_model::SCHEMA {
        let schema: String = record.schema.chars().take(32).collect();
        return Err(format!(
            "schema `{schema}` is not `{}`",
            ordercase_model::SCHEMA
        ));
    }
    if record.body.get().len() > BODY_BYTES_MAX {
        return Err(format!("the body is larger than {BODY_BYTES_MAX} bytes"));
    }
    let (kind, id) = match tombstone(snapshot) {
        Some(tombstone) => {
            let tombstone = tombstone?;
            (tombstone.kind, tombstone.source_id)
        }
        None => (record.kind, record.source_id.clone()),
    };
    if matches!(kind, Kind::Unknown | Kind::Tombstone) {
        return Err("the kind is not one that is stored".to_owned());
    }
    let length = id.chars().count();
    if !(1..=SOURCE_ID_CHARS_MAX).contains(&length) || id.contains('\0') {
        return Err(format!(
            "source_id has {length} characters, 1 to {SOURCE_ID_CHARS_MAX} are allowed"
        ));
    }
    Ok((kind, id))
}

/// What is stored of the records that a batch is about, by what they are.
pub(crate) async fn known(
    conn: &mut Conn,
    batch: &Batch,
) -> Result<BTreeMap<(Kind, String), Held>, StoreError> {
    let wanted = batch.snapshots.iter().filter_map(|s| target(s).ok());
    existing(conn, &batch.connection, wanted).await
}

pub(super) async fn existing(
    conn: &mut Conn,
    connection: &ConnectionKey,
    wanted: impl Iterator<Item = Key>,
) -> Result<BTreeMap<Key, Held>, StoreError> {
    let wanted: BTreeSet<Key> = wanted.collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let pairs: Vec<[&str; 2]> = wanted
        .iter()
        .map(|(kind, id)| [kind.as_str(), id.as_str()])
        .collect();
    let args = args![json(&pairs)?, &connection.tenant, &connection.connection];
    let rows = conn.all(EXISTING, args).await?;
    rows.iter()
        .map(|row| {
            let held = read::held(row)?;
            Ok(((held.kind, held.source_id.clone()), held))
        })
        .collect()
}

/// The values of a record, in the order of [`SAVE`].
fn row(connection: &ConnectionKey, held: &Held) -> Result<Vec<Arg>, StoreError> {
    let base = held.base_stamp();
    let gone = held.gone.as_ref();
    // A record of which only a tombstone is known was last looked for when it was not there.
    let observed = base
        .map(|s| s.observed_at)
        .or(gone.map(|g| g.at))
        .unwrap_or(held.changed_at);
    let purged = gone.is_some_and(|g| g.reason == TombstoneReason::PurgedByPrivacyRequest);
    Ok(args![
        &connection.tenant,
        &connection.connection,
        held.kind.as_str(),
        &held.source_id,
        held.parent.as_ref().map(|parent| parent.kind.as_str()),
        held.parent.as_ref().map(|parent| &parent.source_id),
        &held.schema,
        held.body.as_ref(),
        body_hash(held),
        completeness_text(&held.completeness()),
        json(&held.missing)?,
        json(&held.warnings)?,
        held.api_version.as_ref(),
        &held.plugin_digest,
        json(&held.raw_refs)?,
        base.and_then(|stamp| stamp.version.as_ref()),
        held.source_updated_at,
        observed,
        base.and_then(|stamp| stamp.event_at),
        base.map_or(ReadPath::OnDemand, |stamp| stamp.path).as_str(),
        base.map_or("", |stamp| stamp.hash.as_str()),
        stamps_text(held)?,
        held.seen_at.map_or(0, Instant::micros),
        gone.map(|gone| gone.at),
        gone.map(|gone| gone.reason.as_str()),
        gone.and_then(|gone| gone.merged_into.as_ref()),
        purged && held.is_deleted(),
        held.is_deleted(),
        held.extracted.placed_at,
        held.extracted.state.as_ref(),
        held.first_seen_at,
        held.changed_at,
        held.revision,
    ])
}
