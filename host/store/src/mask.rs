//! What a person may see of a body in order to decide about it: its structure, with everything masked that
//! may tell who somebody is or open a door. Pure and bounded.
//!
//! Of a source's body nothing is known but its shape, so a text is shown only under a name and in a form that
//! tells nobody apart (ids, states, times); all else becomes its length. A canonical body is ours: there the
//! fields that the model marks as personal are masked, and the rest is shown.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    limits::{MASKED_DEPTH_MAX, MASKED_ITEMS_MAX, MASKED_NODES_MAX, MASKED_TEXT_CHARS_MAX},
    record::is_personal,
};

/// A body that may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Masked {
    /// `json`, `text` (readable, but no JSON) or `binary`.
    pub form: &'static str,
    /// Length of the original.
    pub bytes: usize,
    /// The structure; of a text its outline, of binary nothing.
    pub view: Value,
    /// Whether the view leaves something out for its size.
    pub cut: bool,
}

/// Parts of names whose values are never shown, whatever they look like.
const HIDDEN: [&str; 38] = [
    "account",
    "address",
    "auth",
    "bank",
    "birth",
    "card",
    "city",
    "code",
    "cookie",
    "email",
    "fax",
    "fingerprint",
    "first",
    "gift",
    "hash",
    "hmac",
    "house",
    "iban",
    "ip",
    "key",
    "last",
    "latitude",
    "longitude",
    "mail",
    "mobile",
    "passport",
    "password",
    "phone",
    "postal",
    "secret",
    "session",
    "signature",
    "ssn",
    "tax",
    "tel",
    "token",
    "vat",
    "zip",
];

/// Last parts of names whose values are shown when they have a harmless form.
const SHOWN: [&str; 26] = [
    "amount",
    "at",
    "count",
    "currency",
    "date",
    "domain",
    "event",
    "gid",
    "id",
    "kind",
    "length",
    "number",
    "price",
    "quantity",
    "schema",
    "sku",
    "state",
    "status",
    "time",
    "topic",
    "total",
    "triggered",
    "type",
    "typename",
    "updated",
    "version",
];

/// The view of a source's body.
#[must_use]
pub fn mask_source(bytes: &[u8]) -> Masked {
    let mut left = Left {
        nodes: MASKED_NODES_MAX,
        cut: false,
    };
    let (form, view) = match std::str::from_utf8(bytes) {
        Err(_) => ("binary", Value::Null),
        Ok(text) => match serde_json::from_str::<Value>(text) {
            Ok(value) => ("json", source(&value, "", 0, &mut left)),
            Err(_) => ("text", Value::String(outline(text, &mut left))),
        },
    };
    Masked {
        form,
        bytes: bytes.len(),
        view,
        cut: left.cut,
    }
}

/// The value of a source's header.
#[must_use]
pub fn mask_header(name: &str, value: &str) -> String {
    match name {
        "content-type" | "content-length" | "date" => value.chars().take(64).collect(),
        _ if shown(name, value) => value.to_owned(),
        _ => lengthy(value),
    }
}

/// A value of a canonical body under the path that leads to it.
#[must_use]
pub fn mask_canonical(path: &[&str], value: &Value) -> Value {
    if path.iter().any(|name| is_personal(name)) {
        return blank(value, 0);
    }
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), mask_canonical(&[name], value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items
            .iter()
            .take(MASKED_ITEMS_MAX)
            .map(|item| mask_canonical(&[], item))
            .collect(),
        Value::String(text) if text.chars().count() > MASKED_TEXT_CHARS_MAX => {
            let start: String = text.chars().take(MASKED_TEXT_CHARS_MAX).collect();
            Value::String(format!("{start}…"))
        }
        other => other.clone(),
    }
}

/// What may still be shown.
struct Left {
    nodes: usize,
    cut: bool,
}

impl Left {
    fn take(&mut self) -> bool {
        if self.nodes == 0 {
            self.cut = true;
            return false;
        }
        self.nodes -= 1;
        true
    }
}

fn source(value: &Value, name: &str, depth: usize, left: &mut Left) -> Value {
    if depth > MASKED_DEPTH_MAX {
        left.cut = true;
        return Value::String("[deeper]".to_owned());
    }
    match value {
        Value::Object(fields) => {
            let mut masked = Map::new();
            for (position, (name, value)) in fields.iter().enumerate() {
                if !left.take() {
                    break;
                }
                let shown = if harmless_key(name) {
                    name.clone()
                } else {
                    format!("[name {}]", position + 1)
                };
                masked.insert(shown, source(value, name, depth + 1, left));
            }
            Value::Object(masked)
        }
        Value::Array(items) => {
            let mut masked = Vec::new();
            for item in items.iter().take(MASKED_ITEMS_MAX) {
                if !left.take() {
                    break;
                }
                masked.push(source(item, name, depth + 1, left));
            }
            let more = items.len() - masked.len();
            if more > 0 {
                left.cut = true;
                masked.push(Value::String(format!("[{more} more]")));
            }
            Value::Array(masked)
        }
        Value::String(text) if shown(name, text) => value.clone(),
        Value::String(text) => Value::String(lengthy(text)),
        Value::Number(_) if hidden(name) => Value::String("[number]".to_owned()),
        Value::Number(_) | Value::Bool(_) | Value::Null => value.clone(),
    }
}

/// A personal value with nothing left but its form.
fn blank(value: &Value, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(lengthy(text)),
        Value::Number(_) => Value::String("[number]".to_owned()),
        Value::Object(fields) if depth < MASKED_DEPTH_MAX => fields
            .iter()
            .map(|(name, value)| {
                let name = if harmless_key(name) { name } else { "[name]" };
                (name.to_owned(), blank(value, depth + 1))
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) if depth < MASKED_DEPTH_MAX => items
            .iter()
            .take(MASKED_ITEMS_MAX)
            .map(|item| blank(item, depth + 1))
            .collect(),
        Value::Object(_) | Value::Array(_) => Value::String("[deeper]".to_owned()),
        Value::Bool(_) | Value::Null => value.clone(),
    }
}

fn lengthy(text: &str) -> String {
    format!("[{} characters]", text.chars().count())
}

/// The parts of a name, in lower case: `orderId`, `order_id` and `order-id` are the same.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut low = false;
    for c in name.chars() {
        let word = c.is_alphanumeric();
        if !word || (c.is_uppercase() && low) {
            parts.push(String::new());
        }
        low = c.is_lowercase();
        if word && let Some(part) = parts.last_mut() {
            part.extend(c.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn hidden(name: &str) -> bool {
    parts(name).iter().any(|part| {
        HIDDEN
            .iter()
            .any(|word| part == word || (word.len() > 4 && part.contains(word)))
    })
}

fn shown(name: &str, value: &str) -> bool {
    let parts = parts(name);
    let telling = parts
        .last()
        .is_some_and(|last| SHOWN.contains(&last.as_str()));
    telling && !hidden(name) && harmless(value)
}

/// Short, without spaces and without what e-mail addresses and international telephone numbers have.
fn harmless(value: &str) -> bool {
    value.len() <= 64
        && !value.starts_with('+')
        && value.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.' | b'/' | b'#' | b'+')
        })
}

/// A field's name; a map may be keyed by something personal.
fn harmless_key(name: &str) -> bool {
    name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'$'))
        && name.bytes().filter(u8::is_ascii_digit).count() <= 4
}

/// A text that is no JSON: letters as `x`, digits as `0`, the rest as it is.
fn outline(text: &str, left: &mut Left) -> String {
    left.cut |= text.chars().nth(MASKED_TEXT_CHARS_MAX).is_some();
    text.chars()
        .take(MASKED_TEXT_CHARS_MAX)
        .map(|c| match c {
            c if c.is_numeric() => '0',
            c if c.is_ascii_punctuation() || c.is_ascii_whitespace() => c,
            _ => 'x',
        })
        .collect()
}

#[cfg(test)]
mod tests;
