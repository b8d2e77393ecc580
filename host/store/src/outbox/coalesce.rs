//! Merging two waiting updates of one target. Pure.
//!
//! `fields` merges name by name, the newer value wins. `note` and `comment` are said once: two different
//! ones never merge, because one would be lost. Of everything else the newer value wins, and absent or
//! null in the newer one means "not my concern".

use serde_json::{Map, Value};

/// Merged by name.
const BY_NAME: &str = "fields";
/// Never dropped, never joined.
const SAID_ONCE: [&str; 2] = ["note", "comment"];

/// The payload that does what both would do in turn; `None` when there is no such payload.
#[must_use]
pub fn merge_payloads(older: &Value, newer: &Value) -> Option<Value> {
    let (Value::Object(older), Value::Object(newer)) = (older, newer) else {
        return None;
    };
    let mut merged = older.clone();
    for (name, value) in newer {
        let before = older.get(name).filter(|before| !before.is_null());
        if value.is_null() && before.is_some() {
            continue;
        }
        if SAID_ONCE.contains(&name.as_str()) && before.is_some_and(|before| before != value) {
            return None;
        }
        let value = match (name.as_str(), before, value) {
            (BY_NAME, Some(Value::Object(before)), Value::Object(value)) => {
                Value::Object(over(before, value))
            }
            _ => value.clone(),
        };
        merged.insert(name.clone(), value);
    }
    Some(Value::Object(merged))
}

fn over(older: &Map<String, Value>, newer: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = older.clone();
    merged.extend(
        newer
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_merge_by_name_and_the_newer_value_wins() {
        let older = json!({"op_id": "a", "fields": {"1": "x", "2": "y"}, "note": {"body": "n"}, "status": "open"});
        let newer =
            json!({"op_id": "b", "fields": {"2": "z", "3": "w"}, "note": null, "status": null});
        assert_eq!(
            merge_payloads(&older, &newer),
            Some(
                json!({"op_id": "b", "fields": {"1": "x", "2": "z", "3": "w"}, "note": {"body": "n"}, "status": "open"})
            )
        );
    }

    #[test]
    fn two_things_said_stay_two() {
        let note = |text: &str| json!({"note": {"body": text}});
        assert_eq!(merge_payloads(&note("a"), &note("b")), None);
        assert!(merge_payloads(&note("a"), &note("a")).is_some());
        assert_eq!(merge_payloads(&json!([1]), &json!({})), None);
    }

    #[test]
    fn a_field_may_be_emptied() {
        let older = json!({"fields": {"1": "x"}});
        let newer = json!({"fields": {"1": null}});
        assert_eq!(merge_payloads(&older, &newer), Some(newer));
    }
}
