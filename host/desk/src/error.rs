//! The one error type, cut by what the caller does next.

use ordercase_store::StoreError;

use crate::HelpDeskError;

/// Why the desk did not do what it was asked. Nothing of a failed call is kept.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such thing: do not try again.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// The input breaks a rule: do not try again with the same.
    #[error("{0}")]
    Refused(String),
    /// The help desk did not answer, or not as documented; see [`HelpDeskError`].
    #[error(transparent)]
    HelpDesk(#[from] HelpDeskError),
    /// The ticket kept changing under our hands: try again.
    #[error("ticket {0} kept changing while it was worked on")]
    Contested(u64),
    /// Something stored does not have this build's shape: a person must look.
    #[error("the stored {what} of ticket {ticket_id} is unreadable: {reason}")]
    Unreadable {
        /// Which document.
        what: &'static str,
        /// Ticket.
        ticket_id: u64,
        /// Why.
        reason: String,
    },
    /// The store failed; [`StoreError::is_passing`] says whether to try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeskError {
    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::HelpDesk(error) => matches!(error, HelpDeskError::Later { .. }),
            Self::Contested(_) => true,
            Self::Store(error) => error.is_passing(),
            Self::NotFound { .. } | Self::Refused(_) | Self::Unreadable { .. } => false,
        }
    }
}
