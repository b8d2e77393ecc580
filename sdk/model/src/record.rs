//! The envelope: what ordering, deduplication and checkpoints need (canonical-model §3).
//!
//! A plugin fills everything here; the host adds connection, plugin digest, path, `observed_at` and
//! the raw set when it stores the record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Instant, open_enum};

open_enum! {
    /// What a record is.
    pub enum Kind {
        /// [`crate::Customer`].
        Customer = "customer",
        /// [`crate::Order`].
        Order = "order",
        /// [`crate::Shipment`] on its own.
        Shipment = "shipment",
        /// [`crate::Refund`] on its own.
        Refund = "refund",
        /// [`crate::Return`] on its own.
        Return = "return",
        /// [`crate::Payment`] on its own.
        Payment = "payment",
        /// [`crate::Product`].
        Product = "product",
        /// [`crate::Tombstone`].
        Tombstone = "tombstone",
    }

    /// A group of fields that a partial snapshot may bring.
    pub enum Group {
        /// States, totals, times, buyer.
        Core = "core",
        /// Lines.
        Lines = "lines",
        /// Addresses.
        Addresses = "addresses",
        /// Payments.
        Payments = "payments",
        /// Shipments.
        Shipments = "shipments",
        /// Refunds.
        Refunds = "refunds",
        /// Returns.
        Returns = "returns",
        /// History.
        Events = "events",
    }

    /// Why a field is absent.
    pub enum Missing {
        /// The source does not tell.
        NotReported = "not_reported",
        /// The token may not read it.
        NotPermitted = "not_permitted",
        /// This reading did not ask.
        NotFetched = "not_fetched",
        /// The source blanked it.
        Redacted = "redacted",
    }
}

/// A record of the same connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecordRef {
    /// Kind.
    pub kind: Kind,
    /// Source id, 1 to 255 characters.
    pub source_id: String,
}

/// Whether a snapshot is the whole record or named groups of it. A group that is not named was not
/// fetched; it is never empty because of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// The whole record.
    Full,
    /// These groups only.
    Partial(Vec<Group>),
}

/// A snapshot of one record, as a plugin emits it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// [`crate::SCHEMA`].
    pub schema: String,
    /// What the body is.
    pub kind: Kind,
    /// Unique within (connection, kind), 1 to 255 characters.
    pub source_id: String,
    /// The record that this one lies in.
    pub parent: Option<RecordRef>,
    /// The source's own version; the manifest says how it compares.
    pub source_version: Option<String>,
    /// When the source says it changed.
    pub source_updated_at: Option<Instant>,
    /// The API version that the source says it served.
    pub api_version: Option<String>,
    /// Whole or partial.
    pub completeness: Completeness,
    /// Absent fields, by path in the body, with the reason.
    #[serde(default)]
    pub missing: BTreeMap<String, Missing>,
    /// Codes of canonical-model §9, sorted, without repeats.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The canonical body.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    pub body: Box<RawValue>,
}

impl Record {
    /// Reads the body as the type of its kind.
    ///
    /// # Errors
    /// When the body does not have that type's shape.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.body.get())
    }
}
