//! What a shared vector expects of a record, in the shorthand of the vectors' file.

use serde_json::Value;

/// One expectation. Shorthand: money is `amount currency`, lists are counts, statuses are their
/// canonical value, times are their instant.
pub(crate) fn check(file: &str, records: &[Value], path: &str, expected: &Value) {
    let (record, rest) = match path.strip_prefix("orders[") {
        Some(indexed) => {
            let (index, rest) = indexed.split_once("].").unwrap();
            (&records[index.parse::<usize>().unwrap()], rest)
        }
        None => (&records[0], path.strip_prefix("order.").unwrap_or(path)),
    };
    let found = if rest == "warnings" {
        record["warnings"].clone()
    } else {
        let rest = rest.replace("cancel_reason", "cancel.reason");
        shorthand(lookup(&record["body"], &rest), expected)
    };
    assert_eq!(&found, expected, "{file}: {path}");
}

fn lookup<'a>(body: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(body, |value, part| {
        let (name, index) = part
            .split_once('[')
            .map_or((part, None), |(name, index)| (name, Some(index)));
        let value = &value[name];
        index.map_or(value, |index| {
            &value[index.trim_end_matches(']').parse::<usize>().unwrap()]
        })
    })
}

fn shorthand(value: &Value, expected: &Value) -> Value {
    if expected.is_number() {
        return value.as_array().map_or(0, Vec::len).into();
    }
    if let Some(list) = value.as_array() {
        return list.iter().map(|item| item["number"].clone()).collect();
    }
    if let Some(money) = value.get("shop") {
        let text = |name: &str| money[name].as_str().unwrap();
        return format!("{} {}", text("amount"), text("currency")).into();
    }
    for single in ["canonical", "at", "value"] {
        if let Some(inner) = value.get(single) {
            return inner.clone();
        }
    }
    value.clone()
}
