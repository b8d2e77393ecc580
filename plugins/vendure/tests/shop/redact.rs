//! What differs from run to run: times, codes, references of payments, hashes.

use serde_json::Value;

/// The record with those replaced by what they are.
pub(crate) fn redacted(record: &Value) -> Value {
    let mut record = record.clone();
    walk(&mut record);
    record
}

fn walk(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::Object(map) => {
            let is_time = map.contains_key("zone") && map.contains_key("raw");
            for (key, value) in map.iter_mut() {
                match (key.as_str(), value.is_string()) {
                    ("at" | "raw", true) if is_time => *value = "[time]".into(),
                    ("source_updated_at", true) => *value = "[time]".into(),
                    ("source_version", true) => *value = "[hash]".into(),
                    ("number_search", true) => *value = "[code]".into(),
                    ("number", true) => code(value),
                    ("gateway_reference", true) => *value = "[reference]".into(),
                    ("value", true) => reference(value),
                    _ => walk(value),
                }
            }
        }
        _ => {}
    }
}

/// Vendure's codes have 16 letters and digits; tracking numbers of the seed have a carrier in front.
fn code(value: &mut Value) {
    let text = value.as_str().unwrap();
    if text.len() == 16 && !text.starts_with("1Z") {
        *value = "[code]".into();
    }
}

/// The dummy payment handler makes up a short reference of lower-case letters and digits.
fn reference(value: &mut Value) {
    let text = value.as_str().unwrap();
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    if text.len() > 6
        && text.chars().all(plain)
        && text.chars().any(|letter| letter.is_ascii_digit())
    {
        *value = "[reference]".into();
    }
}
