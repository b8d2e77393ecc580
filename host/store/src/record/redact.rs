//! What a privacy request takes out of a body that stays: every field that tells who somebody is, and
//! every text that people typed. States, amounts, quantities and times stay. Pure.

use serde_json::Value;

/// Names of fields that the model marks as personal, or that hold free text.
const PERSONAL: [&str; 26] = [
    "addresses",
    "billing_address",
    "company",
    "company_tax_id",
    "customer_source_id",
    "decline_reason",
    "default_address_id",
    "display_name",
    "email",
    "emails",
    "extra",
    "first_name",
    "gift",
    "identifiers",
    "last_name",
    "marketplace_handle",
    "note",
    "notes",
    "personalisation",
    "phone",
    "phones",
    "place",
    "shipping_address",
    "tags",
    "text",
    "to",
];

/// Whether a field of that name tells who somebody is, or holds what people typed.
pub(crate) fn is_personal(name: &str) -> bool {
    PERSONAL.contains(&name)
}

/// The body without its personal fields.
pub(crate) fn redact(body: &str) -> Result<String, String> {
    let mut value: Value =
        serde_json::from_str(body).map_err(|error| format!("the body is no JSON: {error}"))?;
    strip(&mut value);
    serde_json::to_string(&value).map_err(|error| error.to_string())
}

/// Bodies come out of a bounded decoder, so their depth is bounded too.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !is_personal(name));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_go_and_money_stays() {
        let body = r##"{"number":"#1","buyer":{"kind":"guest","display_name":"Zoë","email":{"value":"z@example.com"}},
            "shipments":[{"source_id":"1","to":{"city":"Bonn"},"tracking":[{"number":"T1"}]}],
            "refunds":[{"source_id":"r","note":"sorry Zoë","amount":{"shop":{"amount":"1","currency":"EUR"}}}]}"##;
        let redacted = redact(body).unwrap();
        for personal in ["Zoë", "z@example.com", "Bonn"] {
            assert!(!redacted.contains(personal), "{personal}");
        }
        for kept in ["#1", "T1", "EUR", "guest"] {
            assert!(redacted.contains(kept), "{kept}");
        }
    }
}
