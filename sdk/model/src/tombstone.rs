//! What is gone at the source (canonical-model §4.12).

use crate::{Instant, Kind, model, open_enum};

open_enum! {
    /// Why a record is gone.
    pub enum TombstoneReason {
        /// Deleted.
        Deleted = "deleted",
        /// A person asked to be forgotten: personal fields go.
        PurgedByPrivacyRequest = "purged_by_privacy_request",
        /// The source does not know it.
        NotFound = "not_found",
        /// Merged into another.
        Merged = "merged",
    }
}

model! {
    /// Says that a record is gone.
    pub struct Tombstone {
        /// Kind of the record.
        pub kind: Kind,
        /// Its source id.
        pub source_id: String,
        /// Since when.
        pub at: Option<Instant>,
        /// Why.
        #[serde(default)]
        pub reason: TombstoneReason,
        /// The record it was merged into.
        pub merged_into: Option<String>,
    }
}
