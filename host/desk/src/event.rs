//! What goes into the desk and what comes out.

use ordercase_cases::{CasePriority, CaseStatus};
use ordercase_store::{CaseRow, ChangedRecord, ReceiptClaim, Settlement, TicketKey};
use serde::{Deserialize, Serialize};

/// Something happened to a ticket. Only a hint: the ticket is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketEvent {
    /// The ticket.
    pub ticket: TicketKey,
    /// The receipt to settle with what follows, in the same transaction.
    pub receipt: Option<ReceiptClaim>,
}

/// Records changed that a ticket shows or waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordsChanged {
    /// The ticket.
    pub ticket: TicketKey,
    /// The records.
    pub records: Vec<ChangedRecord>,
    /// The receipt to settle with what follows, in the same transaction.
    pub receipt: Option<ReceiptClaim>,
}

/// What became of an event. A receipt that was handed in is settled already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Handled {
    /// Something followed: a case, a comment, an effect, another class.
    Applied,
    /// It told what was known.
    Unchanged,
    /// It was the echo of our own write.
    Echo,
    /// The ticket is not at the help desk any more.
    Gone,
    /// No ticket of ours shows the record.
    NotOurs,
}

impl Handled {
    /// How the receipt ends.
    #[must_use]
    pub fn settlement(self) -> Settlement {
        let ignored = |why: &str| Settlement::Ignored(why.to_owned());
        match self {
            Self::Applied => Settlement::Applied,
            Self::Unchanged => Settlement::Duplicate,
            Self::Echo => ignored("echo of our own write"),
            Self::Gone => ignored("the ticket is not at the help desk any more"),
            Self::NotOurs => ignored("no ticket shows the record"),
        }
    }
}

/// A change of a case. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CasePatch {
    /// New status.
    pub status: Option<CaseStatus>,
    /// New priority.
    pub priority: Option<CasePriority>,
    /// A comment to add.
    pub comment: Option<String>,
    /// Whether the requester sees the comment; not, unless said.
    pub public: bool,
}

/// What became of a change of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseChanged {
    /// The case as it stands now.
    pub case: CaseRow,
    /// Whether the ticket will be told.
    pub sent: bool,
    /// Why not, where there was something to tell.
    pub not_sent_because: Option<String>,
}
