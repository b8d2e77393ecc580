//! From rows to records: [`StoredRecord`] for readers, [`Held`] for the merge.

use std::collections::BTreeMap;

use ordercase_model::{
    Completeness, Group, Instant, Kind, Record, RecordRef, SCHEMA, TombstoneReason,
};
use serde::{Deserialize, Serialize};

use super::{
    guard::{ReadPath, Stamp},
    held::{Gone, Held, groups_of},
    keys::{Extracted, extract},
};
use crate::{ConnectionId, RecordKey, StoreError, TenantId, db::Row};

macro_rules! record_columns {
    () => {
        "r.tenant_id, r.connection_id, r.kind, r.source_id, r.parent_kind, r.parent_id, r.schema_id, r.body, \
         r.completeness, r.missing, r.warnings, r.api_version, r.plugin_digest, r.raw_refs, r.source_version, \
         r.source_updated_at, r.observed_at, r.event_at, r.path, r.snapshot_hash, r.stamps, r.seen_at, \
         r.gone_at, r.gone_reason, r.merged_into, r.deleted, r.first_seen_at, r.changed_at, r.revision"
    };
}
pub(crate) use record_columns;

/// A record as it is stored, with where it came from and how old it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredRecord {
    /// Key.
    pub key: RecordKey,
    /// The canonical record; `record.read::<Order>()` reads its body.
    pub record: Record,
    /// Digest of the plugin that made it.
    pub plugin_digest: String,
    /// The way on which it came.
    pub path: ReadPath,
    /// When the first request behind it was sent: how old what it says is.
    pub observed_at: Instant,
    /// When the event behind it happened, where it came with a webhook's body.
    pub event_at: Option<Instant>,
    /// When it was first stored.
    pub first_seen_at: Instant,
    /// When what it says last changed here.
    pub changed_at: Instant,
    /// Counts its changes.
    pub revision: u64,
    /// Since when the source does not have it; absent while it does.
    pub deleted_at: Option<Instant>,
    /// Why it is gone.
    pub deleted_reason: Option<TombstoneReason>,
    /// The record that it was merged into.
    pub merged_into: Option<String>,
    /// The answers it was made of; see [`crate::Store::raw_body`].
    pub raw: Vec<String>,
}

impl StoredRecord {
    /// Whether the source does not have it any more.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }
}

fn corrupt(column: &'static str, reason: &impl ToString) -> StoreError {
    StoreError::Corrupt {
        column,
        reason: reason.to_string(),
    }
}

pub(crate) fn kind(row: &Row) -> Result<Kind, StoreError> {
    Ok(Kind::from_text(&row.text("kind")?))
}

fn parent(row: &Row) -> Result<Option<RecordRef>, StoreError> {
    let (kind, id) = (row.opt_text("parent_kind")?, row.opt_text("parent_id")?);
    Ok(kind.zip(id).map(|(kind, source_id)| RecordRef {
        kind: Kind::from_text(&kind),
        source_id,
    }))
}

fn completeness(text: &str) -> Completeness {
    match text.strip_prefix("partial:") {
        Some(groups) => Completeness::Partial(groups.split(',').map(Group::from_text).collect()),
        None => Completeness::Full,
    }
}

pub(crate) fn completeness_text(completeness: &Completeness) -> String {
    match completeness {
        Completeness::Full => "full".to_owned(),
        Completeness::Partial(groups) => {
            let groups: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
            format!("partial:{}", groups.join(","))
        }
    }
}

/// A row with a body.
pub(crate) fn stored(row: &Row) -> Result<StoredRecord, StoreError> {
    let body = serde_json::value::RawValue::from_string(row.text("body")?)
        .map_err(|error| corrupt("body", &error))?;
    let deleted = row.flag("deleted")?;
    let gone = |column: &'static str| {
        if deleted {
            row.opt_text(column)
        } else {
            Ok(None)
        }
    };
    Ok(StoredRecord {
        key: RecordKey {
            tenant: row.parse::<TenantId>("tenant_id")?,
            connection: row.parse::<ConnectionId>("connection_id")?,
            kind: kind(row)?,
            source_id: row.text("source_id")?,
        },
        record: Record {
            schema: row.text("schema_id")?,
            kind: kind(row)?,
            source_id: row.text("source_id")?,
            parent: parent(row)?,
            source_version: row.opt_text("source_version")?,
            source_updated_at: row.opt_instant("source_updated_at")?,
            api_version: row.opt_text("api_version")?,
            completeness: completeness(&row.text("completeness")?),
            missing: row.json("missing")?,
            warnings: row.json("warnings")?,
            body,
        },
        plugin_digest: row.text("plugin_digest")?,
        path: row.parse("path")?,
        observed_at: row.instant("observed_at")?,
        event_at: row.opt_instant("event_at")?,
        first_seen_at: row.instant("first_seen_at")?,
        changed_at: row.instant("changed_at")?,
        revision: row.count("revision")?,
        deleted_at: if deleted {
            row.opt_instant("gone_at")?
        } else {
            None
        },
        deleted_reason: gone("gone_reason")?.map(|reason| TombstoneReason::from_text(&reason)),
        merged_into: gone("merged_into")?,
        raw: row.json("raw_refs")?,
    })
}

/// Stamps as kept: the columns hold the one that stands for the record, JSON the whole map where the
/// groups differ.
pub(crate) fn stamps_text(held: &Held) -> Result<Option<String>, StoreError> {
    let base = held.base_stamp();
    let uniform = held.stamps.len() == groups_of(held.kind).len()
        && held.stamps.values().all(|stamp| Some(stamp) == base);
    if uniform {
        return Ok(None);
    }
    serde_json::to_string(&held.stamps)
        .map(Some)
        .map_err(|error| corrupt("stamps", &error))
}

pub(crate) fn held(row: &Row) -> Result<Held, StoreError> {
    let kind = kind(row)?;
    let source_id = row.text("source_id")?;
    let body = row.opt_text("body")?;
    let stamps: BTreeMap<Group, Stamp> = match row.opt_text("stamps")? {
        Some(text) => serde_json::from_str(&text).map_err(|error| corrupt("stamps", &error))?,
        None => {
            let stamp = Stamp {
                version: row.opt_text("source_version")?,
                path: row.parse("path")?,
                observed_at: row.instant("observed_at")?,
                event_at: row.opt_instant("event_at")?,
                hash: row.text("snapshot_hash")?,
            };
            groups_of(kind)
                .iter()
                .map(|group| (*group, stamp.clone()))
                .collect()
        }
    };
    let gone = row
        .opt_instant("gone_at")?
        .map(|at| -> Result<Gone, StoreError> {
            Ok(Gone {
                at,
                reason: TombstoneReason::from_text(
                    &row.opt_text("gone_reason")?.unwrap_or_default(),
                ),
                merged_into: row.opt_text("merged_into")?,
            })
        });
    let extracted = match &body {
        Some(body) => extract(kind, &source_id, body).map_err(|error| corrupt("body", &error))?,
        None => Extracted::default(),
    };
    Ok(Held {
        kind,
        source_id,
        parent: parent(row)?,
        schema: row
            .opt_text("schema_id")?
            .unwrap_or_else(|| SCHEMA.to_owned()),
        body,
        missing: row.json("missing")?,
        warnings: row.json("warnings")?,
        api_version: row.opt_text("api_version")?,
        plugin_digest: row.text("plugin_digest")?,
        raw_refs: row.json("raw_refs")?,
        stamps,
        source_updated_at: row.opt_instant("source_updated_at")?,
        // 0 stands for "never": a tombstone came first.
        seen_at: Some(row.instant("seen_at")?).filter(|at| at.micros() != 0),
        gone: gone.transpose()?,
        extracted,
        first_seen_at: row.instant("first_seen_at")?,
        changed_at: row.instant("changed_at")?,
        revision: row.int("revision")?,
    })
}
