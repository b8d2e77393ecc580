//! The words of both sides and what a case remembers of its ticket.

use serde::{Deserialize, Serialize};

/// Why a text is no word of an axis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {axis}: use one of {allowed}")]
pub struct WordError {
    axis: &'static str,
    text: String,
    allowed: String,
}

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident $axis:literal { $($(#[$doc:meta])* $variant:ident = $text:literal $(| $also:literal)*,)* })*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in JSON, SQL and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = WordError;
            fn from_str(text: &str) -> Result<Self, WordError> {
                match text.to_ascii_lowercase().as_str() {
                    $($text $(| $also)* => Ok(Self::$variant),)*
                    _ => Err(WordError {
                        axis: $axis,
                        text: text.chars().take(64).collect(),
                        allowed: [$($text),*].join(", "),
                    }),
                }
            }
        }
    )* };
}

words! {
    /// Where a case stands.
    CaseStatus "case status" {
        /// Somebody must act.
        Open = "open",
        /// Waiting for the customer.
        InProgress = "in_progress" | "in-progress" | "pending",
        /// Answered, may come back.
        Resolved = "resolved" | "solved",
        /// Over.
        Closed = "closed",
    }

    /// How urgent a case is.
    CasePriority "case priority" {
        /// Can wait.
        Low = "low",
        /// As usual.
        Normal = "normal",
        /// Before others.
        High = "high",
    }

    /// Where a ticket stands.
    TicketStatus "ticket status" {
        /// Nobody has looked at it.
        New = "new",
        /// An agent must act.
        Open = "open",
        /// Waiting for the requester.
        Pending = "pending",
        /// Waiting for somebody else.
        Hold = "hold",
        /// Answered, may come back.
        Solved = "solved",
        /// Over: the help desk refuses every write.
        Closed = "closed",
    }

    /// How urgent a ticket is.
    TicketPriority "ticket priority" {
        /// Can wait.
        Low = "low",
        /// As usual.
        Normal = "normal",
        /// Before others.
        High = "high",
        /// At once.
        Urgent = "urgent",
    }
}

/// What a ticket says, as far as its case follows it. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketFields {
    /// Subject.
    pub subject: String,
    /// First comment.
    pub description: String,
    /// Status; absent when the help desk uses a word that we do not know.
    pub status: Option<TicketStatus>,
    /// Priority; absent when none is set.
    pub priority: Option<TicketPriority>,
    /// Type, verbatim.
    pub kind: Option<String>,
    /// Who asks, by the help desk's id.
    pub requester: Option<u64>,
    /// Who filed it.
    pub submitter: Option<u64>,
    /// Who works on it.
    pub assignee: Option<u64>,
    /// Who follows it.
    pub followers: Vec<u64>,
}

/// What a case says. **Personal.**
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFields {
    /// Subject.
    pub subject: String,
    /// Description; the help desk's is fixed once written, so it only ever flows in.
    pub description: String,
    /// Status.
    pub status: CaseStatus,
    /// Priority; absent when the ticket never had one.
    pub priority: Option<CasePriority>,
    /// The ticket's type, verbatim.
    pub kind: Option<String>,
    /// Who asks, by the help desk's id.
    pub requester: Option<u64>,
    /// Who filed it.
    pub submitter: Option<u64>,
    /// Who works on it.
    pub assignee: Option<u64>,
    /// Who follows it.
    pub followers: Vec<u64>,
}

/// What both sides last agreed on: the ticket as it was read, the case as it was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The ticket.
    pub ticket: TicketFields,
    /// The case.
    pub case: CaseFields,
}
