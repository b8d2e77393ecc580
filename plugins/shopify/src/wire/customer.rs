//! A customer as Admin GraphQL answers it.

use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use ordercase_sdk::page::Connection;
use serde::Deserialize;

use super::order::Node;
use super::{Address, MoneyV2, tail};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Customer {
    pub(crate) id: Word,
    pub(crate) legacy_resource_id: Word,
    pub(crate) display_name: Word,
    pub(crate) first_name: Word,
    pub(crate) last_name: Word,
    pub(crate) state: Word,
    pub(crate) verified_email: Flag,
    pub(crate) locale: Word,
    pub(crate) tags: List<Word>,
    pub(crate) note: Word,
    pub(crate) created_at: Word,
    pub(crate) updated_at: Word,
    pub(crate) number_of_orders: Word,
    pub(crate) tax_exempt: Flag,
    pub(crate) amount_spent: Maybe<MoneyV2>,
    pub(crate) default_email_address: Maybe<EmailAddress>,
    pub(crate) default_phone_number: Maybe<PhoneNumber>,
    pub(crate) default_address: Maybe<Node>,
    pub(crate) addresses_v2: Connection<Address>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EmailAddress {
    pub(crate) email_address: Word,
    pub(crate) marketing_state: Word,
    pub(crate) marketing_updated_at: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PhoneNumber {
    pub(crate) phone_number: Word,
    pub(crate) sms_marketing_consent: Maybe<Consent>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Consent {
    pub(crate) state: Word,
}

impl Customer {
    /// The numeric id, which is the key of the record.
    pub(crate) fn key(&self) -> Option<&str> {
        self.legacy_resource_id.get().or_else(|| tail(&self.id))
    }

    /// The name as shown, else put together from its parts.
    pub(crate) fn shown_name(&self) -> Option<String> {
        self.display_name
            .owned()
            .or_else(|| joined(&self.first_name, &self.last_name))
    }

    /// The e-mail address.
    pub(crate) fn email(&self) -> Option<&str> {
        self.default_email_address.get()?.email_address.get()
    }

    /// Whether there is an account behind it (commerce-apis §21.2: `DISABLED` means a guest).
    pub(crate) fn is_guest(&self) -> bool {
        self.state
            .get()
            .is_some_and(|state| state.eq_ignore_ascii_case("DISABLED"))
    }
}

/// Given and family name.
pub(crate) fn joined(first: &Word, last: &Word) -> Option<String> {
    let parts: Vec<&str> = [first.get(), last.get()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
