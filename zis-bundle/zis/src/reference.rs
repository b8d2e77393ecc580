//! Reference paths: `$.a.b[0]['c.d']`, which select exactly one node of a document.
//!
//! Real bundles use dots and indexes only; wildcards, filters and slices do not exist in ZIS and do
//! not parse here.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::finding::child;
use crate::limits::{DOCUMENT_DEPTH_MAX, REFERENCE_STEPS_MAX};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Key(String),
    Index(usize),
}

/// A path to one node of a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    parts: Vec<Part>,
}

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The text is no reference path.
    #[error("\"{0}\" is not a reference path; write $.a.b, $.a[0] or $['a']")]
    Malformed(String),
    /// The document has no such node. The wording is Zendesk's.
    #[error("JSON path not found: {0}")]
    NotFound(String),
    /// A value cannot be stored there.
    #[error("nothing can be stored at {path}: {why}")]
    Unwritable {
        /// The path.
        path: String,
        /// What stands in the way.
        why: &'static str,
    },
}

impl Reference {
    /// True for `$`, the whole document.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.parts.is_empty()
    }

    /// The first key after `$`, where there is one.
    #[must_use]
    pub fn root_key(&self) -> Option<&str> {
        match self.parts.first() {
            Some(Part::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// The node, where the document has it. A JSON `null` is a node.
    #[must_use]
    pub fn find<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        self.parts
            .iter()
            .try_fold(document, |node, part| match part {
                Part::Key(key) => node.as_object()?.get(key),
                Part::Index(index) => node.as_array()?.get(*index),
            })
    }

    /// The node, or Zendesk's error.
    ///
    /// # Errors
    /// [`ReferenceError::NotFound`] where the document has no such node.
    pub fn get<'v>(&self, document: &'v Value) -> Result<&'v Value, ReferenceError> {
        self.find(document)
            .ok_or_else(|| ReferenceError::NotFound(self.to_string()))
    }

    /// Stores `value` at the path, creating objects on the way. A scalar in the way is replaced only
    /// when it is `null`.
    ///
    /// # Errors
    /// [`ReferenceError::Unwritable`] where a scalar or a missing list item stands in the way.
    pub fn store(&self, document: &mut Value, value: Value) -> Result<(), ReferenceError> {
        let unwritable = |why| ReferenceError::Unwritable {
            path: self.to_string(),
            why,
        };
        if self.parts.len() > DOCUMENT_DEPTH_MAX {
            return Err(unwritable("the path is too deep"));
        }
        let mut node = document;
        for part in &self.parts {
            node = match part {
                Part::Key(key) => {
                    if node.is_null() {
                        *node = Value::Object(Map::new());
                    }
                    let Value::Object(map) = node else {
                        return Err(unwritable("a value on the way is not an object"));
                    };
                    map.entry(key.clone()).or_insert(Value::Null)
                }
                Part::Index(index) => node
                    .as_array_mut()
                    .and_then(|items| items.get_mut(*index))
                    .ok_or_else(|| unwritable("a list on the way has no such item"))?,
            };
        }
        *node = value;
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let parts = text.strip_prefix('$').and_then(parts);
        let parts = parts.ok_or_else(|| ReferenceError::Malformed(text.to_owned()))?;
        Ok(Self { parts })
    }
}

fn parts(mut rest: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    while !rest.is_empty() {
        if parts.len() == REFERENCE_STEPS_MAX {
            return None;
        }
        let (part, after) = if let Some(quoted) = rest.strip_prefix("['") {
            let (key, after) = quoted.split_once("']")?;
            (Part::Key(key.to_owned()), after)
        } else if let Some(index) = rest.strip_prefix('[') {
            let (digits, after) = index.split_once(']')?;
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            (Part::Index(plain.then(|| digits.parse().ok())??), after)
        } else {
            let name = rest.strip_prefix('.')?;
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let end = name.find(|c| !plain(c)).unwrap_or(name.len());
            let (key, after) = name.split_at_checked(end)?;
            (Part::Key((!key.is_empty()).then(|| key.to_owned())?), after)
        };
        parts.push(part);
        rest = after;
    }
    Some(parts)
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for part in &self.parts {
            match part {
                Part::Key(key) => f.write_str(&child("", key))?,
                Part::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reference(text: &str) -> Reference {
        text.parse().unwrap()
    }

    #[test]
    fn paths_print_as_they_were_written() {
        for text in ["$", "$.a.b-c[0].d_e", "$['a.b'].c", "$.001"] {
            assert_eq!(reference(text).to_string(), text);
        }
    }

    #[test]
    fn what_selects_more_than_one_node_is_no_reference() {
        for text in [
            "", "a", "$.", "$..a", "$.a[*]", "$.a[-1]", "$.a[0:2]", "$a", "$.a b", "$['a",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn null_is_found_and_absence_is_named() {
        let document = json!({"a": {"b": null, "c": [1, 2]}});
        assert_eq!(reference("$.a.b").find(&document), Some(&Value::Null));
        assert_eq!(reference("$.a.c[1]").find(&document), Some(&json!(2)));
        let error = reference("$.a.x").get(&document).unwrap_err();
        assert_eq!(error.to_string(), "JSON path not found: $.a.x");
    }

    #[test]
    fn storing_creates_the_objects_on_the_way() {
        let mut document = json!({"a": 1, "n": null});
        reference("$.x.y.z")
            .store(&mut document, json!("deep"))
            .unwrap();
        reference("$.n.m").store(&mut document, json!(2)).unwrap();
        assert_eq!(
            document,
            json!({"a": 1, "n": {"m": 2}, "x": {"y": {"z": "deep"}}})
        );
        assert!(reference("$.a.b").store(&mut document, json!(1)).is_err());
        reference("$").store(&mut document, json!([1])).unwrap();
        reference("$[0]").store(&mut document, json!(9)).unwrap();
        assert_eq!(document, json!([9]));
        assert!(reference("$[1]").store(&mut document, json!(9)).is_err());
    }
}
