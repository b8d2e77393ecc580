//! The switchboard of faults: what goes wrong with the next requests and events.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::answer::ApiError;

/// A rule: what goes wrong, how often, and with what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub(crate) kind: FaultKind,
    /// How many more times.
    #[serde(default = "once")]
    pub(crate) count: u32,
    /// Only requests with this method.
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// Only paths (without `.json`) or event types that contain this.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// Matching requests that pass unharmed first.
    #[serde(default)]
    pub(crate) skip: u32,
}

fn once() -> u32 {
    1
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// Answers with that status; nothing is applied.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, where one is sent.
        #[serde(default)]
        retry_after: Option<i64>,
        /// `json`, `text` or `html`.
        #[serde(default)]
        body: FaultBody,
    },
    /// Answers late.
    Slow {
        /// Real milliseconds.
        millis: u64,
    },
    /// Applies nothing and never answers.
    Timeout,
    /// Cuts the connection before anything is applied.
    Refuse,
    /// Applies the request, then cuts the connection without a byte of answer.
    LostAnswer,
    /// An agent changes the ticket's subject just before the update.
    Overtaken,
    /// The event is never delivered.
    EventDrop,
    /// The event is delivered twice.
    EventDuplicate,
    /// The event is delivered after the others of its save.
    EventDelay {
        /// Milliseconds of the account's clock.
        millis: u64,
    },
}

/// How a fault's answer looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultBody {
    /// An error envelope.
    #[default]
    Json,
    /// Plain text.
    Text,
    /// An HTML page.
    Html,
}

impl FaultKind {
    fn is_event(&self) -> bool {
        matches!(
            self,
            Self::EventDrop | Self::EventDuplicate | Self::EventDelay { .. }
        )
    }
}

/// All rules in force, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) rules: Vec<Fault>,
}

impl Faults {
    /// What happens to a request; uses one count of the first rule that fits.
    pub(crate) fn for_request(&mut self, method: &Method, path: &str) -> Option<FaultKind> {
        self.take(|fault| {
            !fault.kind.is_event()
                && fault
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted == method.as_str())
                && fault.path.as_deref().is_none_or(|part| path.contains(part))
        })
    }

    /// What happens to an event.
    pub(crate) fn for_event(&mut self, event_type: &str) -> Option<FaultKind> {
        self.take(|fault| {
            fault.kind.is_event()
                && fault
                    .path
                    .as_deref()
                    .is_none_or(|part| event_type.contains(part))
        })
    }

    fn take(&mut self, fits: impl Fn(&Fault) -> bool) -> Option<FaultKind> {
        let fault = self.rules.iter_mut().find(|fault| fits(fault))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.count = fault.count.saturating_sub(1);
        let kind = fault.kind.clone();
        self.rules.retain(|fault| fault.count > 0);
        Some(kind)
    }
}

/// The answer of a status fault.
pub(crate) fn answer(status: u16, retry_after: Option<i64>, body: FaultBody) -> ApiError {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = match body {
        FaultBody::Json => ApiError::described(status, "SimulatedFault", "as ordered"),
        FaultBody::Text => {
            ApiError::text(status, "Number of allowed API requests per minute exceeded")
        }
        FaultBody::Html => ApiError::html(status, "Zendesk is down for maintenance"),
    };
    match retry_after {
        Some(seconds) => error.retry_after(seconds),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_down_and_ends() {
        let mut faults = Faults::default();
        let rule = serde_json::json!({"kind": "status", "status": 500, "count": 2, "method": "PUT", "skip": 1});
        faults.rules.push(serde_json::from_value(rule).unwrap());
        assert!(
            faults
                .for_request(&Method::GET, "/api/v2/tickets")
                .is_none()
        );
        assert!(faults.for_request(&Method::PUT, "/x").is_none(), "skipped");
        assert!(faults.for_request(&Method::PUT, "/x").is_some());
        assert!(faults.for_request(&Method::PUT, "/x").is_some());
        assert!(faults.for_request(&Method::PUT, "/x").is_none());
        assert!(faults.rules.is_empty());
    }
}
