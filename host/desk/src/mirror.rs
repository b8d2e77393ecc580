//! What the desk remembers of a ticket: `ticket_mirrors.body`.
//!
//! Enough to decide again without reading the ticket, when a record changes; and enough to know our
//! own writes when they come back. Only our own fields and tags are kept, and no comment texts.

use std::collections::BTreeMap;

use ordercase_context::Quote;
use ordercase_identity::{EmailProof, MatchClass, RecordLink};
use ordercase_model::Instant;
use ordercase_store::MirrorWrite;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{DeskError, Question, limits::OPS_MAX};

/// Schema of [`Mirror`].
pub(crate) const MIRROR_SCHEMA: &str = "desk-mirror/1";

/// What the desk remembers of a ticket. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Mirror {
    pub(crate) schema: String,
    /// The ticket as last read.
    pub(crate) ticket: TicketFacts,
    /// What the ticket claims.
    pub(crate) asked: Asked,
    /// Newest entry of the ticket's history that was looked at.
    pub(crate) seen_audit: Option<u64>,
    /// Op ids of our own writes, oldest first.
    pub(crate) ops: Vec<String>,
    /// Those of them that carried a note.
    pub(crate) note_ops: Vec<String>,
    /// Writes of the case that the ticket has not shown yet.
    pub(crate) sent: Vec<Sent>,
    /// What the ticket was last told to show.
    pub(crate) projected: Option<Projected>,
    /// Orders that have their note.
    pub(crate) noted: Vec<RecordLink>,
    /// Records of the person whom an agent confirmed.
    pub(crate) confirmed: Vec<RecordLink>,
    /// The last search at the shops.
    pub(crate) searched: Option<Searched>,
}

/// The ticket as last read, as far as deciding again needs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TicketFacts {
    pub(crate) status: String,
    pub(crate) created_at: Option<Instant>,
    pub(crate) updated_stamp: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) channel: String,
    /// Our fields, by the help desk's id.
    pub(crate) fields: BTreeMap<String, Value>,
    /// Our tags.
    pub(crate) tags: Vec<String>,
}

/// What the ticket claims, and what it quotes. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) email: Option<String>,
    pub(crate) proof: EmailProof,
    pub(crate) phone: Option<String>,
    pub(crate) quotes: Vec<Quote>,
}

/// A write of the case that is on its way to the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// Its op id.
    pub(crate) op_id: String,
    /// The case's revision behind it.
    pub(crate) case_revision: u64,
    /// What the ticket was told.
    pub(crate) outgoing: ordercase_cases::Outgoing,
    /// What the case said.
    pub(crate) case_status: ordercase_cases::CaseStatus,
    pub(crate) case_priority: Option<ordercase_cases::CasePriority>,
    /// The ticket's `updated_at` when this was decided. Once the ticket moved on, the executor may drop
    /// the write as stale, so it is decided anew.
    pub(crate) stamp: Option<String>,
}

/// What the ticket was last told to show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Projected {
    /// Counts up with every change of what follows.
    pub(crate) rev: u64,
    pub(crate) class: MatchClass,
    pub(crate) order: Option<RecordLink>,
    /// Values by the help desk's field id.
    pub(crate) fields: BTreeMap<String, Option<String>>,
}

/// A search at the shops that was made for this ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Searched {
    pub(crate) question: Question,
    pub(crate) at: Instant,
}

impl Mirror {
    pub(crate) fn read(body: &Value, ticket_id: u64) -> Result<Self, DeskError> {
        serde_json::from_value(body.clone()).map_err(|error| DeskError::Unreadable {
            what: "mirror",
            ticket_id,
            reason: error.to_string(),
        })
    }

    /// The row to be written.
    pub(crate) fn write(&self, class: &str) -> Result<MirrorWrite, DeskError> {
        let body = serde_json::to_value(self).map_err(|error| {
            DeskError::Refused(format!("the mirror cannot be written: {error}"))
        })?;
        Ok(MirrorWrite {
            class: class.to_owned(),
            body,
        })
    }

    /// Remembers an op id of ours.
    pub(crate) fn remember(&mut self, op_id: &str) {
        self.ops.push(op_id.to_owned());
        let surplus = self.ops.len().saturating_sub(OPS_MAX);
        self.ops.drain(..surplus);
    }
}
