//! What differs between two canonical bodies, field by field, as it may be shown. Pure and bounded.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_store::mask_canonical;
use serde::Serialize;
use serde_json::Value;

use crate::limits::{DIFF_VALUE_BYTES_MAX, DIFFS_PER_RECORD_MAX};

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldDiff {
    /// Where: `totals.paid.shop.amount`, `lines[id=17].quantity`, `tags[2]`.
    pub path: String,
    /// Before; absent where there was none. Personal values are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// After; absent where there is none. Personal values are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// The fields that differ, and whether there are more than are listed.
pub(crate) fn diff(before: &str, after: &str) -> (Vec<FieldDiff>, bool) {
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let mut found = Found {
        path: Vec::new(),
        diffs: Vec::new(),
        more: false,
    };
    found.compare(Some(&value(before)), Some(&value(after)));
    (found.diffs, found.more)
}

struct Found {
    /// Names, and indexes in brackets.
    path: Vec<String>,
    diffs: Vec<FieldDiff>,
    more: bool,
}

impl Found {
    fn compare(&mut self, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            (before, after) if before == after => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
                for name in names {
                    self.below(name.clone(), old.get(name), new.get(name));
                }
            }
            (Some(Value::Array(old)), Some(Value::Array(new))) => self.lists(old, new),
            (before, after) => self.note(before, after),
        }
    }

    /// Items with ids are compared with their namesakes, others by their place.
    fn lists(&mut self, old: &[Value], new: &[Value]) {
        if let (Some(old), Some(new)) = (by_id(old), by_id(new)) {
            let ids: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
            for id in ids {
                let step = format!("[id={id}]");
                self.below(step, old.get(id).copied(), new.get(id).copied());
            }
            return;
        }
        for place in 0..old.len().max(new.len()) {
            self.below(format!("[{place}]"), old.get(place), new.get(place));
        }
    }

    fn below(&mut self, step: String, before: Option<&Value>, after: Option<&Value>) {
        if self.more {
            return;
        }
        self.path.push(step);
        self.compare(before, after);
        self.path.pop();
    }

    fn note(&mut self, before: Option<&Value>, after: Option<&Value>) {
        if self.diffs.len() >= DIFFS_PER_RECORD_MAX {
            self.more = true;
            return;
        }
        let names: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let shown = |value: &Value| bounded(mask_canonical(&names, value));
        self.diffs.push(FieldDiff {
            path: written(&self.path),
            before: before.map(shown),
            after: after.map(shown),
        });
    }
}

fn bounded(value: Value) -> Value {
    let bytes = value.to_string().len();
    if bytes > DIFF_VALUE_BYTES_MAX {
        return Value::String(format!("[{bytes} bytes]"));
    }
    value
}

fn written(path: &[String]) -> String {
    let mut text = String::new();
    for step in path {
        if !text.is_empty() && !step.starts_with('[') {
            text.push('.');
        }
        text.push_str(step);
    }
    text
}

/// Items by their source id, when each has one and no two share it.
fn by_id(items: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let mut found = BTreeMap::new();
    for item in items {
        let id = item.get("source_id")?.as_str()?;
        if found.insert(id, item).is_some() {
            return None;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(before: &Value, after: &Value) -> Vec<String> {
        let (diffs, more) = diff(&before.to_string(), &after.to_string());
        assert!(!more);
        diffs.into_iter().map(|diff| diff.path).collect()
    }

    #[test]
    fn each_field_that_differs_has_its_path() {
        let before = json!({"number": "#1", "tags": ["a", "b"], "gone": 1,
            "lines": [{"source_id": "1", "quantity": 1}, {"source_id": "2", "quantity": 1}]});
        let after = json!({"number": "#1", "tags": ["a", "c", "d"], "new": {"x": 1},
            "lines": [{"source_id": "2", "quantity": 3}, {"source_id": "1", "quantity": 1}]});
        let expected = ["gone", "lines[id=2].quantity", "new", "tags[1]", "tags[2]"];
        assert_eq!(paths(&before, &after), expected);
        assert!(paths(&before, &before).is_empty());
    }

    #[test]
    fn people_are_masked_and_states_are_not() {
        let before =
            json!({"state": "open", "buyer": {"email": {"value": "a@example.com"}}, "note": "x"});
        let after = json!({"state": "closed", "buyer": {"email": {"value": "bb@example.com"}}});
        let (diffs, _) = diff(&before.to_string(), &after.to_string());
        let text = serde_json::to_string(&diffs).unwrap();
        assert!(!text.contains("example.com"), "{text}");
        assert!(text.contains("[13 characters]") && text.contains("[14 characters]"));
        assert!(text.contains("\"open\"") && text.contains("\"closed\""));
        assert_eq!(diffs.len(), 3);
    }

    #[test]
    fn a_long_list_of_differences_is_cut() {
        let list = |n: u64| json!({ "a": (0..5_000).map(|i| i + n).collect::<Vec<u64>>() });
        let (diffs, more) = diff(&list(0).to_string(), &list(1).to_string());
        assert!(more);
        assert_eq!(diffs.len(), DIFFS_PER_RECORD_MAX);
    }
}
