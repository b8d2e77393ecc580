//! The keys that a record is found by, and what lists sort by. Pure.
//!
//! One reading of the body, of the few fields that matter. Marketplace relays, masked and empty values
//! are never keys (canonical-model §8.2); a value that is no address or number is left out, not bent.

mod shape;

use std::collections::BTreeSet;

use ordercase_model::{EmailKind, Instant, Kind, number_search};
use serde::{Deserialize, Serialize};

use crate::limits::{KEY_CHARS_MAX, KEYS_PER_RECORD_MAX};

/// What a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// An address, trimmed, lower case.
    Email,
    /// A telephone number with its country: `+` and digits.
    Phone,
    /// A telephone number's digits, whatever its form.
    PhoneDigits,
    /// An order number as people quote it, trimmed.
    Number,
    /// Its ASCII letters and digits, upper case.
    NumberSearch,
    /// Its digits.
    NumberDigits,
    /// A tracking number's letters and digits, upper case.
    Tracking,
    /// The platform's customer id.
    Customer,
    /// Another number of an order: invoice, purchase order, return, gateway; letters and digits.
    Ref,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Email,
        Self::Phone,
        Self::PhoneDigits,
        Self::Number,
        Self::NumberSearch,
        Self::NumberDigits,
        Self::Tracking,
        Self::Customer,
        Self::Ref,
    ];

    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::PhoneDigits => "phone_digits",
            Self::Number => "number",
            Self::NumberSearch => "number_search",
            Self::NumberDigits => "number_digits",
            Self::Tracking => "tracking",
            Self::Customer => "customer",
            Self::Ref => "ref",
        }
    }
}

/// A key and its value in the form that it is compared in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LookupKey {
    /// What it is.
    pub kind: KeyKind,
    /// Its value.
    pub value: String,
}

impl LookupKey {
    /// A key from what somebody typed, brought into the form of its kind; `None` when nothing is left.
    #[must_use]
    pub fn new(kind: KeyKind, typed: &str) -> Option<Self> {
        let digits = || {
            typed
                .chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        let value = match kind {
            KeyKind::Email => typed.trim().to_lowercase(),
            KeyKind::Phone => format!("+{}", digits()),
            KeyKind::PhoneDigits | KeyKind::NumberDigits => digits(),
            KeyKind::Number | KeyKind::Customer => typed.trim().to_owned(),
            KeyKind::NumberSearch | KeyKind::Tracking | KeyKind::Ref => number_search(typed),
        };
        let fits = match kind {
            KeyKind::Email => value.contains('@'),
            // Shorter runs of digits are house numbers and extensions.
            KeyKind::Phone | KeyKind::PhoneDigits => value.len() >= 7,
            _ => !value.is_empty(),
        };
        (fits && value.chars().count() <= KEY_CHARS_MAX).then_some(Self { kind, value })
    }
}

/// What is taken out of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extracted {
    pub(crate) keys: BTreeSet<LookupKey>,
    pub(crate) placed_at: Option<Instant>,
    pub(crate) state: Option<String>,
}

impl Extracted {
    fn key(&mut self, kind: KeyKind, value: &str) {
        if self.keys.len() < KEYS_PER_RECORD_MAX {
            self.keys.extend(LookupKey::new(kind, value));
        }
    }

    fn email(&mut self, email: &shape::Email<'_>) {
        if email.kind == EmailKind::Direct {
            self.key(KeyKind::Email, &email.normalised);
        }
    }

    fn phone(&mut self, phone: &shape::Phone<'_>) {
        if let Some(e164) = &phone.e164 {
            self.key(KeyKind::Phone, e164);
        }
        self.key(KeyKind::PhoneDigits, &phone.raw);
    }

    fn shipment(&mut self, shipment: &shape::Shipment<'_>) {
        let parcels = shipment
            .packages
            .iter()
            .filter_map(|parcel| parcel.tracking.as_ref());
        for tracking in shipment.tracking.iter().chain(parcels) {
            self.key(KeyKind::Tracking, &tracking.number);
        }
    }

    fn returned(&mut self, returned: &shape::Return<'_>) {
        for tracking in &returned.tracking {
            self.key(KeyKind::Tracking, &tracking.number);
        }
        if let Some(number) = &returned.number {
            self.key(KeyKind::Ref, number);
        }
    }

    fn buyer(&mut self, buyer: &shape::Buyer<'_>) {
        buyer.email.iter().for_each(|email| self.email(email));
        buyer.phone.iter().for_each(|phone| self.phone(phone));
        if let Some(id) = &buyer.customer_source_id {
            self.key(KeyKind::Customer, id);
        }
    }
}

/// Reads the keys of a body. The error says which field does not have the model's shape.
pub(crate) fn extract(kind: Kind, source_id: &str, body: &str) -> Result<Extracted, String> {
    let mut out = Extracted::default();
    match kind {
        Kind::Order => order(&mut out, &read(kind, body)?),
        Kind::Customer => customer(&mut out, source_id, &read(kind, body)?),
        Kind::Shipment => out.shipment(&read(kind, body)?),
        Kind::Return => out.returned(&read(kind, body)?),
        Kind::Refund => drop(read::<ordercase_model::Refund>(kind, body)?),
        Kind::Payment => drop(read::<ordercase_model::Payment>(kind, body)?),
        Kind::Product => drop(read::<ordercase_model::Product>(kind, body)?),
        _ => return Err(format!("records of kind `{kind}` are not stored")),
    }
    Ok(out)
}

fn read<'a, T: Deserialize<'a>>(kind: Kind, body: &'a str) -> Result<T, String> {
    serde_json::from_str(body).map_err(|error| format!("the body is no {kind}: {error}"))
}

fn order(out: &mut Extracted, order: &shape::Order<'_>) {
    let at = |time: &Option<shape::Time>| time.as_ref().and_then(|time| time.at);
    out.placed_at = at(&order.placed_at).or_else(|| at(&order.created_at));
    out.state = Some(order.order_state.canonical.as_str().to_owned());
    if let Some(number) = &order.number {
        out.key(KeyKind::Number, number);
        out.key(KeyKind::NumberSearch, number);
        out.key(KeyKind::NumberDigits, number);
    }
    out.buyer(&order.buyer);
    for address in order.billing_address.iter().chain(&order.shipping_address) {
        address.phone.iter().for_each(|phone| out.phone(phone));
    }
    order
        .refs
        .iter()
        .for_each(|other| out.key(KeyKind::Ref, &other.value));
    order
        .shipments
        .iter()
        .for_each(|shipment| out.shipment(shipment));
    order
        .returns
        .iter()
        .for_each(|returned| out.returned(returned));
}

fn customer(out: &mut Extracted, source_id: &str, customer: &shape::Customer<'_>) {
    out.state = Some(customer.state.canonical.as_str().to_owned());
    out.placed_at = customer.created_at.as_ref().and_then(|time| time.at);
    out.key(KeyKind::Customer, source_id);
    customer.emails.iter().for_each(|email| out.email(email));
    customer.phones.iter().for_each(|phone| out.phone(phone));
    for address in &customer.addresses {
        address.phone.iter().for_each(|phone| out.phone(phone));
    }
    if let Some(other) = &customer.merged_into {
        out.key(KeyKind::Customer, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(kind: Kind, body: &str) -> Vec<String> {
        extract(kind, "c1", body)
            .unwrap()
            .keys
            .into_iter()
            .map(|key| format!("{}={}", key.kind.as_str(), key.value))
            .collect()
    }

    #[test]
    fn an_order_is_found_by_everything_that_people_quote() {
        let body = r##"{"number":"#EU-1001","refs":[{"kind":"invoice","value":"INV 7"}],
          "buyer":{"customer_source_id":"9","email":{"value":"A@Example.com","normalised":"a@example.com","kind":"direct"},
                   "phone":{"raw":"+49 (228) 123-456","e164":"+49228123456"}},
          "shipping_address":{"phone":{"raw":"0228 999999"}},
          "shipments":[{"source_id":"s","tracking":[{"number":"1Z 999-aa"}]}],
          "returns":[{"source_id":"r","number":"RMA-5","tracking":[{"number":"BACK1"}]}]}"##;
        assert_eq!(
            keys(Kind::Order, body),
            [
                "email=a@example.com",
                "phone=+49228123456",
                "phone_digits=0228999999",
                "phone_digits=49228123456",
                "number=#EU-1001",
                "number_search=EU1001",
                "number_digits=1001",
                "tracking=1Z999AA",
                "tracking=BACK1",
                "customer=9",
                "ref=INV7",
                "ref=RMA5",
            ]
        );
    }

    #[test]
    fn relays_masks_and_short_numbers_are_no_keys() {
        let body = r#"{"emails":[{"value":"x@marketplace.example","normalised":"x@marketplace.example","kind":"relay"},
          {"value":"a***@example.com","normalised":"a***@example.com","kind":"masked"}],"phones":[{"raw":"110"}]}"#;
        assert_eq!(keys(Kind::Customer, body), ["customer=c1"]);
    }

    #[test]
    fn a_body_of_another_shape_is_refused_with_the_field() {
        let error = extract(Kind::Order, "1", r#"{"lines":"none"}"#).unwrap_err();
        assert!(
            error.contains("no order") && error.contains("sequence"),
            "{error}"
        );
        assert!(extract(Kind::Unknown, "1", "{}").is_err());
    }
}
