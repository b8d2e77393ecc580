//! What comes in: snapshots as plugins emit them, with what the host adds.

use ordercase_model::{
    Comparability, Completeness, Instant, Kind, Record, RecordRef, SCHEMA, Tombstone,
    TombstoneReason,
};

use super::guard::{ReadPath, Stamp};
use crate::{
    StoreError,
    id::{ConnectionKey, sha256},
};

/// One snapshot and how the host came by it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// As the plugin emitted it. A record of kind `tombstone` says that another record is gone.
    pub record: Record,
    /// How versions of this kind compare, says the manifest.
    pub comparability: Comparability,
    /// The way on which it came.
    pub path: ReadPath,
    /// When the first request behind it was sent; of a webhook's body, when it arrived.
    pub observed_at: Instant,
    /// Of a webhook's body: when the event happened, if it says so.
    pub event_at: Option<Instant>,
    /// Positions in [`Batch::raw`] of the answers it was made of.
    pub raw: Vec<usize>,
}

impl Snapshot {
    /// "The source does not have it": what a re-read that finds nothing leads to.
    ///
    /// # Errors
    /// When the tombstone cannot be written, which no input causes.
    pub fn gone(
        target: &RecordRef,
        reason: TombstoneReason,
        path: ReadPath,
        observed_at: Instant,
    ) -> Result<Self, StoreError> {
        let tombstone = Tombstone {
            kind: target.kind,
            source_id: target.source_id.clone(),
            at: Some(observed_at),
            reason,
            merged_into: None,
        };
        let body = serde_json::value::to_raw_value(&tombstone)
            .map_err(|error| StoreError::refused(format!("no tombstone: {error}")))?;
        Ok(Self {
            record: Record {
                schema: SCHEMA.to_owned(),
                kind: Kind::Tombstone,
                source_id: target.source_id.clone(),
                parent: None,
                source_version: None,
                source_updated_at: None,
                api_version: None,
                completeness: Completeness::Full,
                missing: std::collections::BTreeMap::new(),
                warnings: Vec::new(),
                body,
            },
            comparability: Comparability::Equality,
            path,
            observed_at,
            event_at: None,
            raw: Vec::new(),
        })
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            version: self.record.source_version.clone(),
            path: self.path,
            observed_at: self.observed_at,
            event_at: self.event_at,
            hash: sha256(self.record.body.get().as_bytes()),
        }
    }
}

/// One body of a raw set: an answer of the source as it came, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBody {
    /// The request's role in the plugin, or `webhook:<topic>`.
    pub role: String,
    /// As the source said.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Snapshots of one connection that are written together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Whose.
    pub connection: ConnectionKey,
    /// Digest of the plugin that emitted them.
    pub plugin_digest: String,
    /// The revision of the connection's mappings that it was told.
    pub mappings: u64,
    /// The answers behind them, each stored once.
    pub raw: Vec<RawBody>,
    /// The snapshots, in the order of the page.
    pub snapshots: Vec<Snapshot>,
}

/// The stamp that stays when two say the same: the later one, a read before a body.
pub(crate) fn later(stored: &Stamp, incoming: &Stamp) -> Stamp {
    let rank = |stamp: &Stamp| (stamp.tells_of(), stamp.path.is_read());
    if rank(incoming) > rank(stored) {
        incoming.clone()
    } else {
        stored.clone()
    }
}
