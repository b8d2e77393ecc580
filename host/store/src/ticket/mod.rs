//! The help desk's side: what was last seen of a ticket, its case, the case's comments, the records it
//! shows. Written by one call, [`crate::Store::commit_ticket`]: state and intent together.

mod commit;
mod read;

#[cfg(test)]
pub(crate) use {commit::STATEMENTS as COMMIT_STATEMENTS, read::STATEMENTS as READ_STATEMENTS};

use ordercase_model::Instant;
use serde::Serialize;
use serde_json::Value;

use crate::{
    CaseId, ChangedRecord, EffectPut, LookupKey, NewAudit, NewEffect, ReceiptClaim, Settlement,
    TicketKey,
};

/// What was last seen of a ticket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TicketMirror {
    /// Ticket.
    pub ticket: TicketKey,
    /// Match class.
    pub class: String,
    /// The desk's own document.
    pub body: Value,
    /// Counts the commits of this ticket.
    pub revision: u64,
    /// First commit.
    pub created_at: Instant,
    /// Last commit.
    pub updated_at: Instant,
}

/// A case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseRow {
    /// Id; stands for the ticket's key.
    pub id: CaseId,
    /// Its ticket.
    pub ticket: TicketKey,
    /// Counts up per desk.
    pub number: u64,
    /// Subject.
    pub subject: String,
    /// Status.
    pub status: String,
    /// Priority.
    pub priority: Option<String>,
    /// The desk's own document: fields, people, merge base.
    pub body: Value,
    /// When it was opened.
    pub created_at: Instant,
    /// Last change.
    pub updated_at: Instant,
    /// When it was closed.
    pub closed_at: Option<Instant>,
}

/// A comment of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommentRow {
    /// Identity on both sides, made by the desk.
    pub key: String,
    /// The ticket's comment, once known.
    pub remote_id: Option<u64>,
    /// Where it was written: `ticket` or `case`.
    pub origin: String,
    /// Who wrote it.
    pub author: String,
    /// What.
    pub body: String,
    /// Whether the requester sees it.
    pub public: bool,
    /// The desk's own document.
    pub detail: Value,
    /// When it was written.
    pub created_at: Instant,
    /// When the row last changed.
    pub updated_at: Instant,
}

/// Everything stored about a ticket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TicketState {
    /// Mirror.
    pub mirror: TicketMirror,
    /// Case.
    pub case: Option<CaseRow>,
    /// Comments, oldest first.
    pub comments: Vec<CommentRow>,
    /// Records it shows.
    pub shown: Vec<ChangedRecord>,
}

/// The mirror to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct MirrorWrite {
    /// Match class.
    pub class: String,
    /// The desk's own document.
    pub body: Value,
}

/// The case to be written. Opened when there is none; its number and id stay.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseWrite {
    /// Subject.
    pub subject: String,
    /// Status.
    pub status: String,
    /// Priority.
    pub priority: Option<String>,
    /// The desk's own document.
    pub body: Value,
    /// When it was closed.
    pub closed_at: Option<Instant>,
}

/// A comment to be written; the one with the same key is replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct CommentWrite {
    /// Identity on both sides.
    pub key: String,
    /// The ticket's comment, once known.
    pub remote_id: Option<u64>,
    /// Where it was written: `ticket` or `case`.
    pub origin: String,
    /// Who wrote it.
    pub author: String,
    /// What.
    pub body: String,
    /// Whether the requester sees it.
    pub public: bool,
    /// The desk's own document.
    pub detail: Value,
    /// When it was written.
    pub created_at: Instant,
}

/// All that follows from one look at a ticket. One transaction: everything or nothing.
#[derive(Clone, Debug)]
pub struct TicketCommit {
    /// Ticket.
    pub ticket: TicketKey,
    /// Revision of the mirror that the decision was made on; 0 when there was none.
    pub expected_revision: u64,
    /// Mirror; `None` leaves it, but its revision counts up.
    pub mirror: Option<MirrorWrite>,
    /// Case; `None` leaves it.
    pub case: Option<CaseWrite>,
    /// Comments.
    pub comments: Vec<CommentWrite>,
    /// What is to happen outside.
    pub effects: Vec<NewEffect>,
    /// The records that it shows from now on; `None` leaves them.
    pub shown: Option<Vec<ChangedRecord>>,
    /// The keys that it waits for from now on; `None` leaves them.
    pub watched: Option<Vec<LookupKey>>,
    /// The records that the decision was made on, each with its revision then. What this ticket follows and what
    /// changed since, or came in since, wakes it: nobody else would, before it is known what it follows. `None`
    /// asks for nothing.
    pub looked_at: Option<Vec<(ChangedRecord, u64)>>,
    /// The receipt that this settles.
    pub settle: Option<(ReceiptClaim, Settlement)>,
    /// Deeds to be noted.
    pub audit: Vec<NewAudit>,
}

impl TicketCommit {
    /// A commit that changes nothing but the revision.
    #[must_use]
    pub fn new(ticket: TicketKey, expected_revision: u64) -> Self {
        Self {
            ticket,
            expected_revision,
            mirror: None,
            case: None,
            comments: Vec::new(),
            effects: Vec::new(),
            shown: None,
            watched: None,
            looked_at: None,
            settle: None,
            audit: Vec::new(),
        }
    }
}

/// What a commit led to.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketCommitted {
    /// The mirror's revision now.
    pub revision: u64,
    /// The case as it stands, when one was written.
    pub case: Option<CaseRow>,
    /// What became of each effect, in their order.
    pub effects: Vec<EffectPut>,
}
