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
            let is_reference = map
                .get("kind")
                .is_some_and(|kind| kind == "gateway_reference");
            let is_time = map.contains_key("zone") && map.contains_key("raw");
            for (key, value) in map.iter_mut() {
                match (key.as_str(), value.is_string()) {
                    ("at" | "raw", true) if is_time => *value = "[time]".into(),
                    ("source_updated_at", true) => *value = "[time]".into(),
                    ("source_version", true) => *value = "[hash]".into(),
                    ("number_search", true) => *value = "[code]".into(),
                    ("number", true) => code(value),
                    ("gateway_reference", true) => *value = "[reference]".into(),
                    ("value", true) if is_reference => *value = "[reference]".into(),
                    // The test's database keeps some times to the second and some to the
                    // millisecond, so a parcel may seem to leave before its order was placed.
                    ("warnings", false) => drop_time_order(value),
                    _ => walk(value),
                }
            }
        }
        _ => {}
    }
}

fn drop_time_order(warnings: &mut Value) {
    if let Some(warnings) = warnings.as_array_mut() {
        warnings.retain(|code| code != "time_order");
    }
}

/// Vendure's codes have 16 letters and digits; tracking numbers of the seed have a carrier in front.
fn code(value: &mut Value) {
    let text = value.as_str().unwrap();
    if text.len() == 16 && !text.starts_with("1Z") {
        *value = "[code]".into();
    }
}
