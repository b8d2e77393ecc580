//! Errors of other crates as problems: the one place where they meet HTTP.

use ordercase_desk::DeskError;
use ordercase_runtime::{CallError, PluginError as PluginSays};
use ordercase_store::StoreError;
use ordercase_sync::ReplayError;
use ordercase_zendesk::{ZendeskError, install::InstallError};

use super::problem::{Kind, Problem};
use crate::wiring::plugins::PluginError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::NotFound { .. } => Self::new(Kind::NotFound, text),
            StoreError::Exists { .. }
            | StoreError::Conflict { .. }
            | StoreError::LeaseLost { .. } => Self::new(Kind::Conflict, text),
            StoreError::Refused { .. } => Self::new(Kind::Malformed, text),
            error if error.is_passing() => {
                Self::new(Kind::CannotStore, "the database does not answer; ask again")
                    .because(text)
                    .retry_after(5)
            }
            _ => Self::new(Kind::Internal, "it is logged; nothing was kept").because(text),
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let (passing, text) = (error.is_passing(), error.to_string());
        match error {
            DeskError::NotFound { .. } => Self::new(Kind::NotFound, text),
            DeskError::Refused(_) => Self::new(Kind::Malformed, text),
            DeskError::Store(error) => error.into(),
            _ if passing => Self::new(Kind::Busy, text).retry_after(5),
            DeskError::HelpDesk(_) => Self::new(Kind::Upstream, text),
            _ => Self::new(Kind::Internal, "it is logged; nothing was changed").because(text),
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        let text = error.to_string();
        match error {
            ReplayError::NoConnection(_) => Self::new(Kind::NotFound, text),
            ReplayError::UnderWay => Self::new(Kind::Conflict, text),
            ReplayError::NotPinned => Self::new(Kind::Malformed, text).at("with_plugin"),
            ReplayError::Store(error) => error.into(),
        }
    }
}

impl From<PluginError> for Problem {
    fn from(error: PluginError) -> Self {
        let text = error.to_string();
        match error {
            PluginError::Refused(_) => Self::new(Kind::PluginRefused, text),
            PluginError::Missing { .. } | PluginError::Unreadable { .. } => {
                Self::new(Kind::Internal, text)
            }
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        let text = error.to_string();
        let kind = match &error {
            CallError::Plugin { error, .. } => match error {
                PluginSays::AuthExpired(_) => Kind::CredentialsRefused,
                PluginSays::InvalidConfig { field, .. } => {
                    let path = format!("settings.{field}");
                    return Self::new(Kind::BadSettings, text).at(path);
                }
                PluginSays::NotFound(_) => Kind::NotFound,
                _ => Kind::Upstream,
            },
            CallError::Busy { .. } => Kind::Busy,
            CallError::Host { .. } => Kind::Internal,
            _ => Kind::Upstream,
        };
        Self::new(kind, text)
    }
}

impl From<ZendeskError> for Problem {
    fn from(error: ZendeskError) -> Self {
        let text = error.to_string();
        let kind = match error {
            ZendeskError::Credentials { .. } | ZendeskError::Forbidden { .. } => {
                Kind::CredentialsRefused
            }
            ZendeskError::RetryAfter { after, .. } => {
                return Self::new(Kind::Busy, text).retry_after(after.as_secs().max(1));
            }
            ZendeskError::Gone { .. } => Kind::NotFound,
            ZendeskError::Setup { .. } => Kind::BadSettings,
            _ => Kind::Upstream,
        };
        Self::new(kind, text)
    }
}

impl From<InstallError> for Problem {
    fn from(error: InstallError) -> Self {
        let text = error.to_string();
        let kind = match error {
            InstallError::Zendesk(error) => return error.into(),
            InstallError::NotAdmin
            | InstallError::NoZis { .. }
            | InstallError::UploadNeedsSession => Kind::CredentialsRefused,
            InstallError::NameTaken { .. } => Kind::Conflict,
            InstallError::BundleRefused { .. } | InstallError::BundleUnfit { .. } => {
                return Self::new(Kind::BadSettings, text).at("bundle");
            }
            InstallError::NotThere { .. } => Kind::Upstream,
        };
        Self::new(kind, text)
    }
}
