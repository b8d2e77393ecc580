//! Envelopes that are the same twice: warnings and missing fields sorted, soft contradictions found
//! by the model, the body written once.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::{
    Completeness, Group, Instant, Kind, Missing, Order, Record, RecordRef, SCHEMA, SourceTime,
    soft_warnings,
};
use serde::Serialize;

use crate::{PluginError, limits};

/// Builds a [`Record`].
#[derive(Clone, Debug)]
#[must_use]
pub struct RecordBuilder {
    target: RecordRef,
    parent: Option<RecordRef>,
    source_version: Option<String>,
    source_updated_at: Option<Instant>,
    api_version: Option<String>,
    completeness: Completeness,
    missing: BTreeMap<String, Missing>,
    warnings: BTreeSet<String>,
}

impl RecordBuilder {
    /// A whole record of that kind and id.
    pub fn new(kind: Kind, source_id: &str) -> Self {
        Self {
            target: RecordRef {
                kind,
                source_id: source_id.to_owned(),
            },
            parent: None,
            source_version: None,
            source_updated_at: None,
            api_version: None,
            completeness: Completeness::Full,
            missing: BTreeMap::new(),
            warnings: BTreeSet::new(),
        }
    }

    /// The record that this one lies in.
    pub fn parent(mut self, kind: Kind, source_id: &str) -> Self {
        self.parent = Some(RecordRef {
            kind,
            source_id: source_id.to_owned(),
        });
        self
    }

    /// The source's own version; how it compares stands in the manifest.
    pub fn version(mut self, version: Option<String>) -> Self {
        self.source_version = version;
        self
    }

    /// When the source says it changed.
    pub fn updated(mut self, time: Option<&SourceTime>) -> Self {
        self.source_updated_at = time.and_then(|time| time.at);
        self
    }

    /// When the source says it changed, which is its version too (canonical-model §8.1). The version
    /// is written in UTC, so that two spellings of one instant are equal.
    pub fn versioned_by_time(self, time: Option<&SourceTime>) -> Self {
        let at = time.and_then(|time| time.at);
        self.version(at.map(|at| at.to_string())).updated(time)
    }

    /// The API version that the source says it served.
    pub fn api_version(mut self, version: Option<&str>) -> Self {
        self.api_version = version.map(str::to_owned);
        self
    }

    /// Only these groups were fetched.
    pub fn partial(mut self, groups: impl IntoIterator<Item = Group>) -> Self {
        let groups: BTreeSet<Group> = groups.into_iter().collect();
        self.completeness = Completeness::Partial(groups.into_iter().collect());
        self
    }

    /// A field is absent, and why.
    pub fn missing(mut self, field: &str, reason: Missing) -> Self {
        self.missing.insert(field.to_owned(), reason);
        self
    }

    /// A warning of canonical-model §9 that only the plugin can know.
    pub fn warn(mut self, code: &str) -> Self {
        self.warnings.insert(code.to_owned());
        self
    }

    /// Builds an order, with the contradictions that the model finds in it as warnings.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_order(mut self, order: &Order) -> Result<Record, PluginError> {
        let found = soft_warnings(order, None);
        self.warnings
            .extend(found.into_iter().map(|soft| soft.code().to_owned()));
        self.build(order)
    }

    /// Builds the record around a body.
    ///
    /// # Errors
    /// [`PluginError::Malformed`] when the id is empty or too long, [`PluginError::Internal`] when the
    /// body does not turn into JSON.
    pub fn build(self, body: &impl Serialize) -> Result<Record, PluginError> {
        let id = &self.target.source_id;
        if id.is_empty() || id.chars().count() > limits::SOURCE_ID_CHARS_MAX {
            return Err(PluginError::Malformed(format!(
                "the id of a {} has {} characters; 1 to {} are allowed",
                self.target.kind,
                id.chars().count(),
                limits::SOURCE_ID_CHARS_MAX
            )));
        }
        let body = serde_json::value::to_raw_value(body)
            .map_err(|error| PluginError::Internal(format!("body as JSON: {error}")))?;
        Ok(Record {
            schema: SCHEMA.to_owned(),
            kind: self.target.kind,
            source_id: self.target.source_id,
            parent: self.parent,
            source_version: self.source_version,
            source_updated_at: self.source_updated_at,
            api_version: self.api_version,
            completeness: self.completeness,
            missing: self.missing,
            warnings: self.warnings.into_iter().collect(),
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_and_groups_are_sorted_without_repeats() {
        let record = RecordBuilder::new(Kind::Order, "1")
            .warn("unknown_status")
            .warn("assumed_zone")
            .warn("unknown_status")
            .partial([Group::Refunds, Group::Core, Group::Refunds])
            .versioned_by_time(Some(&SourceTime::zoned("2026-01-31T10:05:00+01:00")))
            .build_order(&Order::default())
            .unwrap();
        assert_eq!(record.warnings, ["assumed_zone", "unknown_status"]);
        assert_eq!(
            record.completeness,
            Completeness::Partial(vec![Group::Core, Group::Refunds])
        );
        assert_eq!(
            record.source_version.as_deref(),
            Some("2026-01-31T09:05:00Z")
        );
    }

    #[test]
    fn an_empty_or_endless_id_is_refused() {
        let of = |id: &str| RecordBuilder::new(Kind::Order, id).build(&Order::default());
        assert!(matches!(of(""), Err(PluginError::Malformed(_))));
        assert!(matches!(
            of(&"x".repeat(256)),
            Err(PluginError::Malformed(_))
        ));
        assert!(of(&"é".repeat(255)).is_ok());
    }
}
