//! One error type, by what the caller does next, and the reading of Zendesk's error envelopes.
//!
//! Zendesk answers errors in five shapes and sometimes not in JSON at all. The reader takes the
//! code and the names of the fields it complains about, never the texts that may quote a person's
//! data, and never fails itself.

use std::time::Duration;

use serde_json::Value;

use crate::limits::MESSAGE_CHARS_MAX;

/// What went wrong between us and Zendesk, by what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZendeskError {
    /// Over a limit: nothing was applied; come back after that long.
    #[error("Zendesk asks to wait {} s: {reason}", after.as_secs())]
    RetryAfter {
        /// How long.
        after: Duration,
        /// Which limit, as far as known.
        reason: String,
    },
    /// Not reached or not able: nothing was applied; try again.
    #[error("Zendesk is not available: {reason}")]
    Retry {
        /// What happened.
        reason: String,
    },
    /// The request left but no whole answer came: ask whether it happened before trying again.
    #[error("Zendesk's answer was lost: {reason}")]
    AnswerLost {
        /// What happened.
        reason: String,
    },
    /// The credential is refused: pause until somebody renews it.
    #[error("Zendesk refuses the credential: {reason}")]
    Credentials {
        /// Zendesk's code.
        reason: String,
    },
    /// The credential is good but may not do this: a scope, a role or the plan is missing.
    #[error("Zendesk forbids this ({reason}); check scope, role and plan")]
    Forbidden {
        /// Zendesk's code.
        reason: String,
    },
    /// What was addressed is not there.
    #[error("not at Zendesk: {what}")]
    Gone {
        /// Method and path.
        what: String,
    },
    /// Somebody changed it in between: read again, decide again.
    #[error("changed in between: {what}")]
    Conflict {
        /// Method and path.
        what: String,
    },
    /// The ticket is closed and takes no further change.
    #[error("the ticket is closed and takes no change")]
    Closed,
    /// Zendesk understood and said no; the same request will be refused again.
    #[error("Zendesk refuses with {status} {code}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Zendesk's code.
        code: String,
        /// Zendesk's own words, cut, and the fields complained about.
        message: String,
    },
    /// An answer that does not have the documented shape.
    #[error("unexpected answer to {what}: {reason}")]
    Shape {
        /// Method and path.
        what: String,
        /// Where it differs.
        reason: String,
    },
    /// This side is set up wrongly.
    #[error("Zendesk client: {reason}")]
    Setup {
        /// What to change.
        reason: String,
    },
}

/// The code and message of an error answer, whichever envelope it came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// Zendesk's code, such as `RecordInvalid`.
    pub(crate) code: String,
    /// Its general words and the names of fields complained about.
    pub(crate) message: String,
    /// Whether the reason is that the ticket is closed.
    pub(crate) closed: bool,
}

impl Envelope {
    /// Reads any error body.
    pub(crate) fn read(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of_json(&value),
            Err(_) => Self {
                code: "NotJson".to_owned(),
                message: String::new(),
                closed: false,
            },
        }
    }

    fn of_json(value: &Value) -> Self {
        let first = value.get("errors").and_then(|errors| errors.get(0));
        let error = first.or_else(|| value.get("error")).unwrap_or(value);
        let (code, message) = match error {
            // A bare string is a code where a description stands beside it, else a sentence.
            Value::String(code) => (
                code.as_str(),
                text_of(value, &["description", "error_description"]),
            ),
            other => (
                text_of(other, &["code", "title", "status"]),
                text_of(other, &["message", "detail", "title"]),
            ),
        };
        let details = value.get("details").and_then(Value::as_object);
        let fields: Vec<&str> = details
            .map(|details| details.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let mut words = message.to_owned();
        if !fields.is_empty() {
            words = format!("{words} ({})", fields.join(", "));
        }
        Self {
            code: cut(if code.is_empty() { "Unnamed" } else { code }),
            message: cut(&words),
            closed: details.is_some_and(|details| mentions_closed(details.get("status"))),
        }
    }
}

fn text_of<'a>(value: &'a Value, keys: &[&str]) -> &'a str {
    keys.iter()
        .find_map(|key| value.get(key).and_then(Value::as_str))
        .unwrap_or_default()
}

fn mentions_closed(status: Option<&Value>) -> bool {
    status
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|entry| text_of(entry, &["description"]).starts_with("closed"))
}

fn cut(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::Envelope;

    #[test]
    fn every_documented_envelope_is_read() {
        let cases = [
            (
                r#"{"error":"RecordNotFound","description":"Not found"}"#,
                "RecordNotFound",
                "Not found",
            ),
            (
                r#"{"error":{"title":"Forbidden","message":"No access"}}"#,
                "Forbidden",
                "No access",
            ),
            (
                r#"{"errors":[{"code":"InvalidPaginationParameter","title":"x","detail":"bad page"}]}"#,
                "InvalidPaginationParameter",
                "bad page",
            ),
            (
                r#"{"error":"Couldn't authenticate you"}"#,
                "Couldn't authenticate you",
                "",
            ),
            (
                r#"{"detail":"Rate limited","status":"429","title":"Automated response"}"#,
                "Automated response",
                "Rate limited",
            ),
            ("<html>down</html>", "NotJson", ""),
            ("", "NotJson", ""),
            ("[]", "Unnamed", ""),
        ];
        for (body, code, message) in cases {
            let envelope = Envelope::read(body.as_bytes());
            assert_eq!(
                (envelope.code.as_str(), envelope.message.as_str()),
                (code, message),
                "{body}"
            );
            assert!(!envelope.closed);
        }
    }

    #[test]
    fn details_name_fields_but_quote_nobody() {
        let envelope = Envelope::read(
            br#"{"error":"RecordInvalid","description":"Record validation errors",
                 "details":{"email":[{"description":"Email: ada@shop.example is already used"}]}}"#,
        );
        assert_eq!(envelope.message, "Record validation errors (email)");
    }

    #[test]
    fn a_closed_ticket_is_recognised() {
        let envelope = Envelope::read(
            br#"{"error":"RecordInvalid","description":"Record validation errors",
                 "details":{"status":[{"description":"closed prevents ticket update"}]}}"#,
        );
        assert!(envelope.closed);
    }
}
