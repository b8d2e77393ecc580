//! A runtime error of a flow, in the words of the integration's log.

use std::time::Duration;

use crate::reference::ReferenceError;
use crate::template::TemplateError;

/// Why a state failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FlowError {
    /// What `Cause` says.
    pub(super) cause: String,
    /// The status of the HTTP answer that failed, for Zendesk's retry of whole flows.
    pub(super) status: Option<u16>,
    /// Its `Retry-After`.
    pub(super) retry_after: Option<Duration>,
}

impl FlowError {
    pub(super) fn new(cause: impl Into<String>) -> Self {
        Self {
            cause: cause.into(),
            status: None,
            retry_after: None,
        }
    }
}

impl From<ReferenceError> for FlowError {
    fn from(error: ReferenceError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<TemplateError> for FlowError {
    fn from(error: TemplateError) -> Self {
        Self::new(error.to_string())
    }
}
