//! Reading and changing objects held as JSON, without ever panicking on a missing key.

use serde_json::Value;

pub(crate) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or("")
}

pub(crate) fn int(object: &Value, key: &str) -> i64 {
    object.get(key).and_then(Value::as_i64).unwrap_or(0)
}

pub(crate) fn list<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    object
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Sets a key; does nothing to what is not an object.
pub(crate) fn set(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value.into());
    }
}

pub(crate) fn push(object: &mut Value, key: &str, value: Value) {
    if let Some(items) = object.get_mut(key).and_then(Value::as_array_mut) {
        items.push(value);
    }
}

pub(crate) fn each_mut(object: &mut Value, key: &str, mut change: impl FnMut(&mut Value)) {
    if let Some(items) = object.get_mut(key).and_then(Value::as_array_mut) {
        items.iter_mut().for_each(&mut change);
    }
}

/// RFC 7396: null removes, objects merge, anything else replaces.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(map) = target.as_object_mut() else {
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            map.insert(key.clone(), Value::Null);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// The number at the end of a global id: `gid://shopify/Order/5600000000001` or the bare number.
pub(crate) fn id_number(id: &str) -> Option<u64> {
    id.split('?').next()?.rsplit('/').next()?.parse().ok()
}
