//! Custom fields: short, canonical words that triggers and views can use. `None` empties a field.

use std::collections::BTreeMap;

use crate::{Fact, StatusView, SupportContext};

/// Keys of the fields that we fill, as the desk's settings name them.
pub const FIELD_KEYS: [&str; 7] = [
    "match",
    "order_number",
    "order_status",
    "payment_status",
    "fulfilment_status",
    "tracking",
    "case",
];

/// Most tracking numbers in the field.
const TRACKING_MAX: usize = 3;

/// The value of each field. All are empty unless the person is confirmed (design §6).
#[must_use]
pub fn fields(context: &SupportContext) -> BTreeMap<&'static str, Option<String>> {
    let mut fields: BTreeMap<&'static str, Option<String>> =
        FIELD_KEYS.into_iter().map(|key| (key, None)).collect();
    if context.identity.is_none() {
        return fields;
    }
    fields.insert("match", Some(context.matched.class.to_string()));
    fields.insert("case", context.case.as_ref().map(|case| case.id.clone()));
    if let Some(order) = &context.order_in_question {
        fields.insert("order_number", order.number.value.clone());
        fields.insert("order_status", word(&order.order_status));
        fields.insert("payment_status", word(&order.payment_status));
        fields.insert("fulfilment_status", word(&order.fulfilment_status));
    }
    if let Some(goods) = &context.fulfilment {
        let numbers: Vec<&str> = goods
            .shipments
            .iter()
            .flat_map(|shipment| &shipment.tracking)
            .map(|tracking| tracking.number.as_str())
            .take(TRACKING_MAX)
            .collect();
        fields.insert(
            "tracking",
            (!numbers.is_empty()).then(|| numbers.join(", ")),
        );
    }
    fields
}

fn word(fact: &Fact<StatusView>) -> Option<String> {
    fact.value.as_ref().map(|view| view.status.clone())
}
