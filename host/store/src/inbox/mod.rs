//! The inbox: verified deliveries, stored before they are answered and worked off one at a time per
//! entity, most urgent lane first, in turn over tenants.

mod apply;
mod claim;
mod export;
mod gate;
mod park;
mod put;
mod settle;

pub(crate) use export::free as free_exports;
pub use export::{ExportCommit, ExportPosition, ExportTurn, ExportsDue};
pub(crate) use gate::Gate;
#[cfg(test)]
pub(crate) use gate::PUT_MANY;
#[cfg(test)]
pub(crate) use {
    claim::STATEMENTS as CLAIM_STATEMENTS, export::STATEMENTS as EXPORT_STATEMENTS,
    park::STATEMENTS as PARK_STATEMENTS, put::STATEMENTS as PUT_STATEMENTS,
    settle::STATEMENTS as SETTLE_STATEMENTS,
};
pub(crate) use {
    park::{PageRecord, park_in},
    put::put_in,
    settle::settle_in,
};

use base64::Engine as _;
use ordercase_model::{Instant, Kind, RecordRef};
use serde::{Deserialize, Serialize};

use crate::{ConnectionId, Death, HolderId, Lane, Owner, ReceiptId, StoreError, TenantId, db::Row};

/// Header under which a [`ReceiptKind::PageRecord`] keeps the source's id.
pub(crate) const SOURCE_ID_HEADER: &str = "source-id";

/// What a receipt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKind {
    /// A shop's webhook.
    Webhook,
    /// A help desk's event.
    DeskEvent,
    /// A record changed that a ticket shows or waits for; see [`RecordChange`].
    RecordChange,
    /// A record of a page that breaks a hard rule or lacks a mapping: dead on arrival, read again when it is put back to
    /// work.
    PageRecord,
}

impl ReceiptKind {
    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::DeskEvent => "desk_event",
            Self::RecordChange => "record_change",
            Self::PageRecord => "page_record",
        }
    }
}

impl std::str::FromStr for ReceiptKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [
            Self::Webhook,
            Self::DeskEvent,
            Self::RecordChange,
            Self::PageRecord,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| format!("`{text}` is no kind of receipt"))
    }
}

/// Where a receipt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// To be worked off.
    Pending,
    /// Changed something.
    Applied,
    /// Something newer was there.
    Superseded,
    /// Said what was known.
    Duplicate,
    /// Deliberately without consequence.
    Ignored,
    /// Waiting for a person.
    Dead,
}

impl ReceiptState {
    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Superseded => "superseded",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Dead => "dead",
        }
    }
}

impl std::str::FromStr for ReceiptState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [
            Self::Pending,
            Self::Applied,
            Self::Superseded,
            Self::Duplicate,
            Self::Ignored,
            Self::Dead,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| format!("`{text}` is no state of a receipt"))
    }
}

/// A delivery to be stored. It is verified already.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    /// Tenant.
    pub tenant: TenantId,
    /// Connection or desk that it came for.
    pub owner: Owner,
    /// Stream whose account it counts in, such as `webhooks` or `tickets`.
    pub stream: String,
    /// What it is.
    pub kind: ReceiptKind,
    /// The platform's topic or event type.
    pub topic: String,
    /// The same delivery twice has the same key, within the owner.
    pub dedupe_key: String,
    /// Receipts of one entity are worked off one at a time, within the owner.
    pub entity_key: String,
    /// Lane.
    pub lane: Lane,
    /// Headers that the work needs; never credentials.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// When it happened, says the sender.
    pub occurred_at: Option<Instant>,
    /// When it arrived.
    pub received_at: Instant,
    /// Stored as a dead letter at once, for this.
    pub dead: Option<Death>,
}

/// What became of [`crate::Store::put_receipt`]. Either way the delivery is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was new.
    Stored(ReceiptId),
    /// It was there; this is the first one.
    Duplicate(ReceiptId),
}

impl Put {
    /// The receipt's id.
    #[must_use]
    pub fn id(&self) -> &ReceiptId {
        match self {
            Self::Stored(id) | Self::Duplicate(id) => id,
        }
    }
}

/// A stored delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Id.
    pub id: ReceiptId,
    /// Tenant.
    pub tenant: TenantId,
    /// Connection or desk.
    pub owner: Owner,
    /// Stream whose account it counts in.
    pub stream: String,
    /// What it is.
    pub kind: ReceiptKind,
    /// Topic or event type.
    pub topic: String,
    /// Entity.
    pub entity_key: String,
    /// Lane.
    pub lane: Lane,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// When it happened, says the sender.
    pub occurred_at: Option<Instant>,
    /// When it arrived.
    pub received_at: Instant,
    /// Where it stands.
    pub state: ReceiptState,
    /// Why it is ignored or dead.
    pub reason: Option<String>,
    /// Deliveries after the first.
    pub repeats: u64,
    /// How often somebody took it, this time included.
    pub attempts: u32,
    /// How often it went wrong since it was due first, or since a person put it back to work.
    pub failures: u32,
    /// When it may be taken.
    pub due_at: Instant,
    /// Who has it.
    pub holder: Option<HolderId>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was settled.
    pub settled_at: Option<Instant>,
    /// Since when it is being tried: its arrival, or when a person put it back to work.
    pub tried_since: Instant,
}

impl Receipt {
    /// The record that a [`ReceiptKind::PageRecord`] is about, where the page named it.
    #[must_use]
    pub fn page_record(&self) -> Option<RecordRef> {
        let named = self
            .headers
            .iter()
            .find(|(name, _)| name == SOURCE_ID_HEADER);
        let (_, source_id) = named.filter(|(_, id)| !id.is_empty())?;
        Some(RecordRef {
            kind: Kind::from_text(&self.topic),
            source_id: source_id.clone(),
        })
    }

    /// The proof of the lease, for settling.
    #[must_use]
    pub fn claim(&self) -> ReceiptClaim {
        ReceiptClaim {
            tenant: self.tenant.clone(),
            id: self.id.clone(),
            holder: self.holder.clone(),
        }
    }
}

/// A lease on a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptClaim {
    /// Tenant.
    pub tenant: TenantId,
    /// Receipt.
    pub id: ReceiptId,
    /// Who holds it.
    pub holder: Option<HolderId>,
}

/// How the work on a receipt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It changed something.
    Applied,
    /// Something newer was there.
    Superseded,
    /// It said what was known.
    Duplicate,
    /// Nothing follows from it, for this reason.
    Ignored(String),
    /// A person must look, for this.
    Dead(Death),
    /// Not yet: again at `at`.
    Retry {
        /// When.
        at: Instant,
        /// What went wrong.
        error: String,
    },
    /// Given back untouched: the attempt does not count.
    Released,
}

/// What a worker asks for.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// Lane.
    pub lane: Lane,
    /// At most so many.
    pub limit: u32,
    /// Who asks.
    pub holder: HolderId,
    /// Now.
    pub now: Instant,
    /// Until when the work is its own.
    pub lease_until: Instant,
}

/// Body of a [`ReceiptKind::RecordChange`], JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordChange {
    /// The ticket that shows or waits for the records.
    pub ticket_id: u64,
    /// The records that changed.
    pub records: Vec<ChangedRecord>,
}

/// A record that changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChangedRecord {
    /// Connection.
    pub connection: ConnectionId,
    /// Kind.
    pub kind: Kind,
    /// The source's id.
    pub source_id: String,
}

/// The entity key of a ticket: events and record changes of one ticket never run side by side.
#[must_use]
pub fn ticket_entity(ticket_id: u64) -> String {
    format!("ticket:{ticket_id}")
}

macro_rules! receipt_columns {
    () => {
        "receipt_id, tenant_id, owner_kind, owner_id, stream, kind, topic, entity_key, lane, headers, \
         encoding, body, occurred_at, received_at, state, reason, repeats, attempts, failures, due_at, holder, \
         last_error, settled_at, tried_since"
    };
}
pub(crate) use receipt_columns;

pub(crate) fn encode(bytes: &[u8]) -> (&'static str, String) {
    match std::str::from_utf8(bytes) {
        // NUL is text to us but ends one in some databases.
        Ok(text) if !text.contains('\0') => ("text", text.to_owned()),
        _ => (
            "base64",
            base64::engine::general_purpose::STANDARD.encode(bytes),
        ),
    }
}

pub(crate) fn decode(encoding: &str, body: String) -> Result<Vec<u8>, StoreError> {
    match encoding {
        "text" => Ok(body.into_bytes()),
        _ => base64::engine::general_purpose::STANDARD
            .decode(body)
            .map_err(|error| StoreError::Corrupt {
                column: "body",
                reason: error.to_string(),
            }),
    }
}

pub(crate) fn read_receipt(row: &Row) -> Result<Receipt, StoreError> {
    let owner = Owner::read(&row.text("owner_kind")?, &row.text("owner_id")?).ok_or_else(|| {
        StoreError::Corrupt {
            column: "owner_kind",
            reason: "neither connection nor desk".to_owned(),
        }
    })?;
    Ok(Receipt {
        id: row.parse("receipt_id")?,
        tenant: row.parse("tenant_id")?,
        owner,
        stream: row.text("stream")?,
        kind: row.parse("kind")?,
        topic: row.text("topic")?,
        entity_key: row.text("entity_key")?,
        lane: row.parse("lane")?,
        headers: row.json("headers")?,
        body: decode(&row.text("encoding")?, row.text("body")?)?,
        occurred_at: row.opt_instant("occurred_at")?,
        received_at: row.instant("received_at")?,
        state: row.parse("state")?,
        reason: row.opt_text("reason")?,
        repeats: row.count("repeats")?,
        attempts: u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX),
        failures: u32::try_from(row.int("failures")?).unwrap_or(u32::MAX),
        due_at: row.instant("due_at")?,
        holder: row
            .opt_text("holder")?
            .and_then(|id| HolderId::new(id).ok()),
        last_error: row.opt_text("last_error")?,
        settled_at: row.opt_instant("settled_at")?,
        tried_since: match row.opt_instant("tried_since")? {
            Some(since) => since,
            None => row.instant("received_at")?,
        },
    })
}
