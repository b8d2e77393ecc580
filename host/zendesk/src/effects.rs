//! Effects from the outbox, executed against tickets: at most once each, however often tried.
//!
//! | kind | does | twice? |
//! |---|---|---|
//! | `ticket.update` | fields, status, priority, a comment, an internal note | op id in the audit, read before a retry |
//! | `ticket.tags` | adds and removes tags | the endpoints themselves are idempotent |
//!
//! What already stands on the ticket is not written again. An update goes out with the stamp of the
//! ticket as just read; a conflict reads again, a few times. A note is internal, always, and is
//! written only where no audit of the ticket carries its key.

mod payload;
mod tags;
mod update;

use std::time::Duration;

use serde_json::Value;

pub use payload::{CommentDraft, Note, TicketEffect, TicketTags, TicketUpdate};

use crate::client::Client;
use crate::error::ZendeskError;
use crate::limits::AUDIT_PAGES_MAX;

/// What became of an effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EffectOutcome {
    /// How it ended.
    pub ended: Ended,
    /// The audit of the write, where one was made or found.
    pub audit_id: Option<u64>,
    /// The ticket's `updated_at` afterwards, as sent.
    pub updated_stamp: Option<String>,
    /// Fields that Zendesk took without an error and did not keep: wrong id, inactive, not on the
    /// form.
    pub fields_not_kept: Vec<String>,
}

/// How an effect ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ended {
    /// Written now.
    Applied,
    /// Found done by an earlier try.
    AlreadyApplied,
    /// The ticket already showed all of it.
    #[default]
    NothingToDo,
}

/// Why an effect did not happen, by what the caller does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EffectFailure {
    /// Try again after that long; nothing was applied.
    #[error("wait {} s: {reason}", after.as_secs())]
    RetryAfter {
        /// How long.
        after: Duration,
        /// Why.
        reason: String,
    },
    /// Try again with the usual pause. It may have happened: the next try asks first.
    #[error("try again: {reason}")]
    Retry {
        /// Why.
        reason: String,
    },
    /// Pause the desk until its credential is renewed.
    #[error("credential refused: {reason}")]
    Credentials {
        /// Zendesk's code.
        reason: String,
    },
    /// The ticket is not there any more: drop the effect.
    #[error("the ticket is gone")]
    Gone,
    /// Somebody else set the same property since the decision: read the ticket and decide again.
    #[error("the ticket moved on since this was decided")]
    Stale,
    /// The same effect will be refused again: set it aside with the reason.
    #[error("refused ({code}): {message}")]
    Refused {
        /// Zendesk's or our code, such as `closed`.
        code: String,
        /// In words.
        message: String,
    },
}

impl From<ZendeskError> for EffectFailure {
    fn from(error: ZendeskError) -> Self {
        match error {
            ZendeskError::RetryAfter { after, reason } => Self::RetryAfter { after, reason },
            ZendeskError::Retry { .. }
            | ZendeskError::AnswerLost { .. }
            | ZendeskError::Conflict { .. } => Self::Retry {
                reason: error.to_string(),
            },
            ZendeskError::Credentials { reason } => Self::Credentials { reason },
            ZendeskError::Gone { .. } => Self::Gone,
            ZendeskError::Closed => refused("closed", &error.to_string()),
            ZendeskError::Forbidden { .. } => refused("forbidden", &error.to_string()),
            ZendeskError::Refused { code, message, .. } => Self::Refused { code, message },
            ZendeskError::Shape { .. } => refused("shape", &error.to_string()),
            ZendeskError::Setup { .. } => refused("setup", &error.to_string()),
        }
    }
}

fn refused(code: &str, message: &str) -> EffectFailure {
    EffectFailure::Refused {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// Executes an effect of the outbox. `attempt` is 0 for the first try; any later one first asks
/// whether an earlier one happened.
///
/// # Errors
/// See [`EffectFailure`].
pub async fn execute(
    client: &Client,
    kind: &str,
    payload: &Value,
    attempt: u32,
) -> Result<EffectOutcome, EffectFailure> {
    match TicketEffect::parse(kind, payload)? {
        TicketEffect::Update(update) => update::execute(client, &update, attempt).await,
        TicketEffect::Tags(tags) => tags::execute(client, &tags).await,
    }
}

/// Whether a write with this op id stands in the ticket's newest audits; its audit id where it does.
///
/// # Errors
/// See [`EffectFailure`].
pub async fn did_it_happen(
    client: &Client,
    ticket_id: u64,
    op_id: &str,
) -> Result<Option<u64>, EffectFailure> {
    let audits = client.newest_audits(ticket_id, AUDIT_PAGES_MAX).await?;
    Ok(audits
        .iter()
        .find(|audit| audit.op_id() == Some(op_id))
        .map(|audit| audit.id))
}
