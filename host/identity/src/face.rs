//! A face: what one record shows of a person, in comparable form.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::{
    BuyerKind, Customer, CustomerKind, Email, IdentifierType, Kind, Order, Phone,
};
use serde::{Deserialize, Serialize};

use crate::address::{AddressUse, email_use};

/// A record of one connection. Ids mean nothing outside their own connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordLink {
    /// What the record is.
    pub kind: Kind,
    /// The connection.
    pub connection: String,
    /// The record's id at its source.
    pub source_id: String,
}

impl RecordLink {
    /// A link to that record.
    #[must_use]
    pub fn new(kind: Kind, connection: &str, source_id: &str) -> Self {
        Self {
            kind,
            connection: connection.to_owned(),
            source_id: source_id.to_owned(),
        }
    }
}

/// Whether the shop itself tells one person from another by an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AccountKind {
    /// An account that somebody owns: two of one shop are two people.
    Owned,
    /// The shop's record of a guest: several may be one person.
    Guest,
}

/// What one record shows of a person. **Personal.**
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Face {
    pub(crate) record: RecordLink,
    /// The shop's id of the person.
    pub(crate) account: Option<String>,
    pub(crate) account_kind: AccountKind,
    /// The account that this one was merged into.
    pub(crate) merged_into: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) emails: BTreeMap<String, AddressUse>,
    pub(crate) phones: BTreeSet<String>,
}

impl Face {
    /// The face of a customer record.
    #[must_use]
    pub fn of_customer(connection: &str, customer: &Customer) -> Self {
        let name = customer.display_name.as_ref().map_or_else(
            || {
                let parts = [&customer.first_name, &customer.last_name];
                let parts: Vec<&str> = parts
                    .into_iter()
                    .flatten()
                    .map(ordercase_model::Text::as_str)
                    .collect();
                parts.join(" ")
            },
            |name| name.as_str().to_owned(),
        );
        Self {
            record: RecordLink::new(Kind::Customer, connection, &customer.source_id),
            account: Some(customer.source_id.clone()),
            account_kind: match customer.kind {
                CustomerKind::GuestRecord => AccountKind::Guest,
                _ => AccountKind::Owned,
            },
            merged_into: customer.merged_into.clone(),
            name: cleaned(&name),
            emails: keys(&customer.emails),
            phones: numbers(&customer.phones),
        }
    }

    /// The face of an order's buyer.
    #[must_use]
    pub fn of_order(connection: &str, source_id: &str, order: &Order) -> Self {
        let buyer = &order.buyer;
        let vouched = || {
            buyer
                .identifiers
                .iter()
                .find(|id| id.kind == IdentifierType::PlatformCustomerId && !id.value.is_empty())
                .map(|id| id.value.clone())
        };
        Self {
            record: RecordLink::new(Kind::Order, connection, source_id),
            account: buyer.customer_source_id.clone().or_else(vouched),
            account_kind: match buyer.kind {
                BuyerKind::Guest | BuyerKind::Anonymous => AccountKind::Guest,
                _ => AccountKind::Owned,
            },
            merged_into: None,
            name: buyer
                .display_name
                .as_ref()
                .and_then(|n| cleaned(n.as_str())),
            emails: keys(buyer.email.as_slice()),
            phones: numbers(buyer.phone.as_slice()),
        }
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &RecordLink {
        &self.record
    }
}

fn cleaned(name: &str) -> Option<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}

fn keys(emails: &[Email]) -> BTreeMap<String, AddressUse> {
    let mut keys = BTreeMap::new();
    for email in emails {
        if let (Some(key), good_for) = email_use(email) {
            let known = keys.entry(key).or_insert(good_for);
            *known = good_for.max(*known);
        }
    }
    keys
}

fn numbers(phones: &[Phone]) -> BTreeSet<String> {
    phones
        .iter()
        .map(|phone| phone.e164.clone().unwrap_or_else(|| phone.raw.clone()))
        .collect()
}
