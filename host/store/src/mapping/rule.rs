//! Which mapping a record lacks. Pure.

use serde_json::Value;

use super::MappingName;

/// The first word of a required field that a canonical body could not be told in: a status that is `unknown` although the
/// source sent a word. Statuses stand anywhere in the canonical body; what the source added of its own
/// (`extra`) is none.
pub(crate) fn missing(body: &str, required: &[String]) -> Option<MappingName> {
    if required.is_empty() {
        return None;
    }
    let body: Value = serde_json::from_str(body).ok()?;
    search(&body, required)
}

fn search(value: &Value, required: &[String]) -> Option<MappingName> {
    match value {
        Value::Object(fields) => status(value, required).or_else(|| {
            let own = fields.iter().filter(|(name, _)| *name != "extra");
            own.map(|(_, inner)| inner)
                .find_map(|inner| search(inner, required))
        }),
        Value::Array(items) => items.iter().find_map(|item| search(item, required)),
        _ => None,
    }
}

fn status(value: &Value, required: &[String]) -> Option<MappingName> {
    let text = |name: &str| value.get(name)?.as_str();
    let (field, word) = (text("source_field")?, text("raw")?);
    let unknown = text("canonical")? == "unknown";
    let wanted = unknown && required.iter().any(|one| one == field);
    MappingName::new(field, word).filter(|_| wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(canonical: &str, raw: Option<&str>, field: &str) -> Value {
        json!({"canonical": canonical, "raw": raw, "source_field": field})
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "reads better at the many callers"
    )]
    fn named(body: Value, required: &[&str]) -> Option<String> {
        let required: Vec<String> = required.iter().map(|&field| field.to_owned()).collect();
        missing(&body.to_string(), &required).map(|name| name.to_string())
    }

    #[test]
    fn an_unknown_word_of_a_required_field_is_named() {
        let body = json!({
            "order_state": status("open", Some("Paid"), "state"),
            "payment_state": status("unknown", Some("OnHold"), "state"),
        });
        assert_eq!(
            named(body.clone(), &["state"]).as_deref(),
            Some("state=OnHold")
        );
        assert_eq!(named(body.clone(), &["other"]), None);
        assert_eq!(named(body, &[]), None);
    }

    #[test]
    fn nested_statuses_count_and_the_sources_own_additions_do_not() {
        let state = status("unknown", Some("LOST"), "Fulfillment.status");
        let nested = json!({"shipments": [{"state": state}]});
        let wanted = ["Fulfillment.status"];
        assert_eq!(
            named(nested, &wanted).as_deref(),
            Some("Fulfillment.status=LOST")
        );
        assert_eq!(named(json!({"extra": {"state": state}}), &wanted), None);
    }

    #[test]
    fn what_sent_no_word_or_is_known_lacks_nothing() {
        for state in [
            status("unknown", None, "state"),
            status("unknown", Some(""), "state"),
            status("paid", Some("Paid"), "state"),
            json!("unknown"),
        ] {
            assert_eq!(
                named(json!({"payment_state": state}), &["state"]),
                None,
                "{state}"
            );
        }
    }
}
