//! Why an installation stopped, by what a person does next.

use crate::error::ZendeskError;

/// Why an installation stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    /// The credential's user may not administer the account.
    #[error("the credential's user is no admin of the account; use an admin's")]
    NotAdmin,
    /// Another Zendesk account holds the integration's name.
    #[error("another Zendesk account holds the integration name `{name}`; choose another")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The account has no ZIS.
    #[error(
        "the account may not use ZIS ({reason}); it needs Suite Growth or Support Professional"
    )]
    NoZis {
        /// Zendesk's words.
        reason: String,
    },
    /// Zendesk takes bundles from admin sessions and API tokens only, never by OAuth.
    #[error(
        "Zendesk takes no bundle by OAuth; upload it in the Ordercase app as a signed-in admin, then \
         run this again"
    )]
    UploadNeedsSession,
    /// The registry refuses the bundle.
    #[error("Zendesk refuses the bundle: {reason}")]
    BundleRefused {
        /// Zendesk's words.
        reason: String,
    },
    /// The bundle that was given cannot be right.
    #[error("this is no bundle to install: {reason}")]
    BundleUnfit {
        /// What is wrong.
        reason: String,
    },
    /// Everything was accepted, and some of it is not there.
    #[error("Zendesk accepted everything, but does not show: {}", missing.join(", "))]
    NotThere {
        /// What is missing.
        missing: Vec<String>,
    },
    /// Anything else between us and Zendesk.
    #[error(transparent)]
    Zendesk(#[from] ZendeskError),
}
