//! What the desk asks of a help desk, in neutral words: one whole ticket, read at once.
//!
//! The server implements [`HelpDesk`] over the Zendesk client. A snapshot must be complete: every
//! comment and the newest audits belong to it, because case comments, echo detection and the
//! at-most-once note all reason from what the ticket itself shows.

use std::collections::BTreeMap;

use ordercase_model::Instant;
use ordercase_store::DeskKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Reads tickets of a help desk.
#[async_trait::async_trait]
pub trait HelpDesk: Send + Sync {
    /// Reads one ticket whole: its fields, people, all comments and the newest audits.
    ///
    /// # Errors
    /// By what to do next, see [`HelpDeskError`].
    async fn read_ticket(
        &self,
        desk: &DeskKey,
        ticket_id: u64,
    ) -> Result<TicketSnapshot, HelpDeskError>;
}

/// Why a ticket could not be read, by what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelpDeskError {
    /// Deleted, or never there: nothing to keep in step.
    #[error("ticket {0} is not at the help desk")]
    Gone(u64),
    /// Over a limit or unavailable: try again, after that many seconds where the answer said so.
    #[error("the help desk is not answering now: {reason}")]
    Later {
        /// What happened, without personal data.
        reason: String,
        /// Seconds to wait, where the answer said so.
        after_seconds: Option<u64>,
    },
    /// Credentials refused or withdrawn: pause the desk until somebody renews them.
    #[error("the help desk refuses our credentials: {0}")]
    Refused(String),
    /// An answer that does not have the documented shape: park it, with where.
    #[error("the help desk's answer has an unexpected shape: {0}")]
    Shape(String),
}

/// A person's part at the help desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes in as a customer.
    #[default]
    EndUser,
    /// Answers.
    Agent,
    /// Answers and administers.
    Admin,
}

/// A user of the help desk. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The help desk's id.
    pub id: u64,
    /// Name as shown.
    pub name: String,
    /// Primary address.
    pub email: Option<String>,
    /// Whether the help desk verified that address.
    pub email_verified: bool,
    /// Number of a direct line; a shared line is left out.
    pub phone: Option<String>,
    /// The person's part.
    pub role: Role,
}

/// Why a comment's sender may not be who it seems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// The help desk does not trust it, and does not say why.
    Untrusted,
    /// The author takes no part in the conversation.
    AuthorNotInConversation,
    /// The author was not signed in.
    AuthorNotSignedIn,
    /// Somebody wrote on behalf of the author.
    OnBehalf,
    /// The sender's address may be forged.
    Spoofed,
    /// The help desk held back what it would have done.
    ActionsSuspended,
    /// Sender and reply address differ.
    ReplyToDiffers,
    /// The sender's address is not verified.
    AddressUnverified,
}

impl Suspicion {
    /// The meaning of a comment flag's number (zendesk-api §2.4); `None` for flags that say nothing
    /// about who wrote, such as a cut attachment.
    #[must_use]
    pub fn from_flag(flag: u32) -> Option<Self> {
        Some(match flag {
            0 => Self::Untrusted,
            2 => Self::AuthorNotInConversation,
            3 => Self::AuthorNotSignedIn,
            11 => Self::OnBehalf,
            14 => Self::Spoofed,
            20 => Self::ActionsSuspended,
            21 => Self::ReplyToDiffers,
            22 => Self::AddressUnverified,
            _ => return None,
        })
    }
}

/// One comment of a ticket. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketComment {
    /// The help desk's id.
    pub id: u64,
    /// Who wrote it; one of [`TicketSnapshot::people`].
    pub author_id: u64,
    /// Plain text.
    pub body: String,
    /// Whether the requester sees it.
    pub public: bool,
    /// When.
    pub created_at: Option<Instant>,
    /// The audit that it came in with.
    pub audit_id: Option<u64>,
    /// How it came in, such as `email`, `web`, `api`.
    pub channel: String,
    /// The sender's address, for comments that came by e-mail.
    pub from_address: Option<String>,
    /// Doubts of the help desk about the sender.
    pub suspicion: Vec<Suspicion>,
}

/// One entry of a ticket's history, as far as recognising our own writes needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditMark {
    /// The help desk's id.
    pub id: u64,
    /// When.
    pub created_at: Option<Instant>,
    /// The op id of our own write: `metadata.custom.ordercase_op`.
    pub op_id: Option<String>,
}

/// A ticket as it stands, read whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketSnapshot {
    /// The help desk's id.
    pub id: u64,
    /// Subject.
    pub subject: String,
    /// Text of the first comment.
    pub description: String,
    /// `new`, `open`, `pending`, `hold`, `solved` or `closed`.
    pub status: String,
    /// `low`, `normal`, `high` or `urgent`.
    pub priority: Option<String>,
    /// `problem`, `incident`, `question` or `task`.
    pub kind: Option<String>,
    /// How the ticket came in, such as `email`, `web`, `api`.
    pub channel: String,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// When it last changed.
    pub updated_at: Option<Instant>,
    /// `updated_at` as sent, for a write that must not overtake another.
    pub updated_stamp: Option<String>,
    /// Another system's id of the ticket.
    pub external_id: Option<String>,
    /// Who asks. Absent when the help desk no longer knows the user.
    pub requester: Option<Person>,
    /// Who filed it.
    pub submitter_id: Option<u64>,
    /// Who works on it.
    pub assignee_id: Option<u64>,
    /// Agents who follow it.
    pub follower_ids: Vec<u64>,
    /// Everybody whom the ticket or a comment names, once each, requester included.
    pub people: Vec<Person>,
    /// Custom fields by the help desk's field id; empty ones as `null` or left out.
    pub custom_fields: BTreeMap<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// All comments, oldest first.
    pub comments: Vec<TicketComment>,
    /// Audits, oldest first; at least the newest hundred.
    pub audits: Vec<AuditMark>,
}

impl TicketSnapshot {
    /// The person with that id, where the ticket names one.
    #[must_use]
    pub fn person(&self, id: u64) -> Option<&Person> {
        self.people
            .iter()
            .chain(&self.requester)
            .find(|person| person.id == id)
    }

    /// Whether the help desk refuses every further write.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.status == "closed"
    }
}
