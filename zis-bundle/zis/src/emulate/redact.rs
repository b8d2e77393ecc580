//! Keeps credentials out of traces.
//!
//! A flow can carry a token through its document (old samples merge one into every item), so hiding
//! the authorization header is not enough: every text of a trace is searched for every secret that
//! the run has seen.

use serde_json::{Map, Value};

use super::connection::Connection;
use crate::limits::TRACE_VALUE_BYTES_MAX;
use crate::template::size;

/// The secrets of a run, with what stands for each.
#[derive(Clone, Default)]
pub(super) struct Redactor {
    secrets: Vec<(String, String)>,
}

impl Redactor {
    /// Learns a connection's secret.
    pub(super) fn learn(&mut self, connection: &Connection) {
        let secret = connection.secret().expose();
        let known = self.secrets.iter().any(|(known, _)| known == secret);
        if !secret.is_empty() && !known {
            let label = format!("[secret of connection {}]", connection.name);
            self.secrets.push((secret.to_owned(), label));
            // A secret may contain another one: longest first.
            self.secrets
                .sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        }
    }

    /// `text` without secrets.
    pub(super) fn text(&self, text: &str) -> String {
        self.secrets
            .iter()
            .fold(text.to_owned(), |text, (secret, label)| {
                if text.contains(secret.as_str()) {
                    text.replace(secret.as_str(), label)
                } else {
                    text
                }
            })
    }

    /// `value` without secrets, or its size where it is large.
    pub(super) fn value(&self, value: &Value) -> Value {
        let bytes = size(value);
        if bytes > TRACE_VALUE_BYTES_MAX {
            return Value::from(format!("[about {bytes} bytes]"));
        }
        self.whole(value)
    }

    fn whole(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::from(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.whole(item)).collect(),
            Value::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(key, value)| (self.text(key), self.whole(value)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emulate::{Credential, Secret};

    #[test]
    fn a_secret_is_found_wherever_it_hides() {
        let mut redactor = Redactor::default();
        for (name, secret) in [("short", "abc"), ("long", "abc-def")] {
            redactor.learn(&Connection {
                name: name.to_owned(),
                allowed_domain: "a.example.com".to_owned(),
                credential: Credential::Bearer(Secret::new(secret)),
            });
        }
        let value = json!({"abc": ["x abc-def y", {"k": "abc"}], "n": 1});
        let redacted = redactor.value(&value).to_string();
        assert!(!redacted.contains("abc"), "{redacted}");
        assert!(
            redacted.contains("[secret of connection long]"),
            "{redacted}"
        );
    }

    #[test]
    fn a_large_value_is_replaced_by_its_size() {
        let value = json!("x".repeat(TRACE_VALUE_BYTES_MAX));
        let kept = Redactor::default().value(&value);
        assert_eq!(
            kept,
            json!(format!("[about {} bytes]", TRACE_VALUE_BYTES_MAX + 2))
        );
    }
}
