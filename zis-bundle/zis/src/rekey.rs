//! From template to a bundle for one account.
//!
//! A template says `{{integration}}` and `{{host}}`. ZIS's own placeholders always continue with
//! `$` (`{{$.a}}`), so the two cannot meet. Re-keying also moves addresses that already carry
//! another integration's name, so that a bundle read back from one account fits another one.

use serde_json::Value;

use crate::address::{Address, is_integration_name};
use crate::emulate::Connection;
use crate::finding::child;
use crate::model::Bundle;
use crate::parse::BundleError;

/// Why a bundle cannot be re-keyed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RekeyError {
    /// The registry takes no such integration.
    #[error("\"{0}\" is no integration name; use 1 to 64 of a-z, 0-9, _ and -")]
    Integration(String),
    /// The host is no public host name.
    #[error(
        "\"{0}\" is no host name; write it like orders.example.com, without scheme, port or path"
    )]
    Host(String),
    /// A template token has no value.
    #[error(
        "{path} still holds the template token {token}; only {{{{integration}}}} and {{{{host}}}} have values"
    )]
    Token {
        /// Where.
        path: String,
        /// Which.
        token: String,
    },
    /// The result is no bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl Bundle {
    /// The bundle for `integration`, posting to `host`.
    ///
    /// # Errors
    /// [`RekeyError`] where a name is not one, a template token survives, or the result would be
    /// refused.
    pub fn rekey(&self, integration: &str, host: &str) -> Result<Self, RekeyError> {
        if !is_integration_name(integration) {
            return Err(RekeyError::Integration(integration.to_owned()));
        }
        if !Connection::is_domain(host) || host.starts_with("*.") {
            return Err(RekeyError::Host(host.to_owned()));
        }
        let mut document = self.document.clone();
        fill(&mut document, "$", integration, host)?;
        Ok(Self::from_value(document)?)
    }
}

fn fill(value: &mut Value, path: &str, integration: &str, host: &str) -> Result<(), RekeyError> {
    match value {
        Value::String(text) => {
            let filled = text
                .replace("{{integration}}", integration)
                .replace("{{host}}", host);
            if let Some(token) = token(&filled) {
                let (path, token) = (path.to_owned(), token.to_owned());
                return Err(RekeyError::Token { path, token });
            }
            *text = match Address::parse(&filled) {
                Some(address) if !address.is_common() => Address {
                    integration: integration.to_owned(),
                    ..address
                }
                .to_string(),
                _ => filled,
            };
        }
        Value::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                fill(item, &format!("{path}[{i}]"), integration, host)?;
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                fill(value, &child(path, key), integration, host)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// The first `{{word}}` of a text: a token that nobody filled.
pub(crate) fn token(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let open = rest.find("{{")?;
        let tail = rest.get(open..)?;
        let close = tail.find("}}")?;
        let inside = tail.get(2..close)?.trim();
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !inside.is_empty() && inside.chars().all(word) {
            return tail.get(..close + 2);
        }
        rest = tail.get(2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn a_token_is_a_word_without_a_dollar() {
        assert_eq!(token("https://{{host}}/x"), Some("{{host}}"));
        assert_eq!(token("a {{ zis_key }} b"), Some("{{ zis_key }}"));
        assert_eq!(token("{{$.a}} {{tag}}"), Some("{{tag}}"));
        for text in [
            "{{$.input.id}}",
            "no",
            "{{",
            "{\"a\":{\"b\":{}}}",
            "{{}}",
            "{{a b}}",
        ] {
            assert_eq!(token(text), None, "{text}");
        }
    }
}
