//! One ticket, read whole: itself, its people, every comment, the newest audits.
//!
//! Four requests for an ordinary ticket. The ticket comes first, so that a deleted one costs one
//! request; the other three go together.

use crate::audit::Audit;
use crate::client::Client;
use crate::comment::Comment;
use crate::error::ZendeskError;
use crate::limits::AUDIT_PAGES_MAX;
use crate::ticket::Ticket;
use crate::user::{Identity, User};

/// Everything that the desk wants to know about a ticket. **Personal.**
#[derive(Clone, Debug, Default)]
pub struct TicketReading {
    /// The ticket.
    pub ticket: Ticket,
    /// Who asks. Absent when Zendesk no longer knows the user.
    pub requester: Option<User>,
    /// The requester's addresses and numbers, with what Zendesk verified.
    pub identities: Vec<Identity>,
    /// Everybody whom the ticket or a comment names, once each, requester included.
    pub people: Vec<User>,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
    /// Whether there are more comments than the bound.
    pub comments_cut: bool,
    /// Audits, newest first; at least the newest hundred.
    pub audits: Vec<Audit>,
}

impl TicketReading {
    /// Whether Zendesk verified that this address belongs to the requester.
    #[must_use]
    pub fn is_verified(&self, email: &str) -> bool {
        self.identities.iter().any(|identity| {
            identity.kind == "email"
                && identity.verified
                && identity.value.eq_ignore_ascii_case(email)
        })
    }
}

/// Reads a ticket whole.
///
/// # Errors
/// [`ZendeskError::Gone`] when the ticket is deleted or never was; others as for any call.
pub async fn read_ticket(client: &Client, id: u64) -> Result<TicketReading, ZendeskError> {
    let found = client.ticket(id).await?;
    let requester_id = found.ticket.requester_id;
    let (comments, audits, identities) = futures::try_join!(
        client.comments(id),
        client.newest_audits(id, AUDIT_PAGES_MAX),
        identities(client, requester_id),
    )?;
    let mut people = found.users;
    for user in comments.users {
        if !people.iter().any(|known| known.id == user.id) {
            people.push(user);
        }
    }
    let requester = people
        .iter()
        .find(|user| user.id.is_some() && user.id == requester_id)
        .cloned();
    Ok(TicketReading {
        ticket: found.ticket,
        requester,
        identities,
        people,
        comments: comments.comments,
        comments_cut: comments.cut,
        audits,
    })
}

/// A user who was deleted meanwhile has no identities; that is no reason to lose the ticket.
async fn identities(client: &Client, user: Option<u64>) -> Result<Vec<Identity>, ZendeskError> {
    let Some(user) = user else {
        return Ok(Vec::new());
    };
    match client.identities(user).await {
        Err(ZendeskError::Gone { .. }) => Ok(Vec::new()),
        other => other,
    }
}
