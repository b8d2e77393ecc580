//! Records as the store hands them out, and where each fact of a context came from.

use std::collections::BTreeMap;

use ordercase_identity::RecordLink;
use ordercase_model::{Instant, Missing};
use serde::{Deserialize, Serialize};

/// Where a record came from and how fresh it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The record.
    pub record: RecordLink,
    /// What the merchant calls the connection.
    pub connection_name: String,
    /// When we saw it.
    pub observed_at: Instant,
    /// How we saw it, such as `webhook_refetch`, `poll`, `bulk`.
    pub path: String,
    /// When the source says that it changed.
    pub source_updated_at: Option<Instant>,
}

/// A record's body with its provenance.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced<T> {
    /// The canonical body.
    pub body: T,
    /// Where it came from.
    pub provenance: Provenance,
    /// Absent fields and groups, by path, with the reason.
    pub missing: BTreeMap<String, Missing>,
    /// Data-quality codes.
    pub warnings: Vec<String>,
}

impl<T> Sourced<T> {
    /// Why a field is absent: as its own path says, else the path around it.
    #[must_use]
    pub fn why_missing(&self, path: &str) -> Missing {
        let mut path = path;
        loop {
            if let Some(reason) = self.missing.get(path) {
                return *reason;
            }
            match path.rsplit_once('.') {
                Some((outer, _)) => path = outer,
                None => return Missing::NotReported,
            }
        }
    }

    /// Whether the field, or what it lies in, is named as missing.
    #[must_use]
    pub fn is_missing(&self, path: &str) -> bool {
        self.missing.keys().any(|key| {
            path == key
                || path
                    .strip_prefix(key.as_str())
                    .is_some_and(|r| r.starts_with('.'))
        })
    }
}

/// A source as the context shows it; facts point to it by its short name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceView {
    /// The connection.
    pub connection: String,
    /// What the merchant calls it.
    pub connection_name: String,
    /// The record's kind.
    pub kind: String,
    /// The record's id at its source.
    pub source_id: String,
    /// When we saw it.
    pub observed_at: Instant,
    /// Seconds between then and the making of this context.
    pub age_seconds: i64,
    /// When the source says that it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_updated_at: Option<Instant>,
    /// How we saw it.
    pub path: String,
}

/// Hands out short names of sources: `s1`, `s2` and so on, in the order of first use.
#[derive(Debug)]
pub(crate) struct Sources {
    now: Instant,
    names: BTreeMap<RecordLink, String>,
    views: BTreeMap<String, SourceView>,
}

impl Sources {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            now,
            names: BTreeMap::new(),
            views: BTreeMap::new(),
        }
    }

    /// The short name of a record's source.
    pub(crate) fn name(&mut self, provenance: &Provenance) -> String {
        if let Some(name) = self.names.get(&provenance.record) {
            return name.clone();
        }
        let name = format!("s{}", self.names.len() + 1);
        self.names.insert(provenance.record.clone(), name.clone());
        self.views.insert(
            name.clone(),
            SourceView {
                connection: provenance.record.connection.clone(),
                connection_name: provenance.connection_name.clone(),
                kind: provenance.record.kind.to_string(),
                source_id: provenance.record.source_id.clone(),
                observed_at: provenance.observed_at,
                age_seconds: self.now.seconds_since(provenance.observed_at).max(0),
                source_updated_at: provenance.source_updated_at,
                path: provenance.path.clone(),
            },
        );
        name
    }

    pub(crate) fn into_views(self) -> BTreeMap<String, SourceView> {
        self.views
    }
}
