//! A customer as Admin GraphQL answers it.

use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use ordercase_sdk::page::Connection;
use serde::Deserialize;

use super::order::Node;
use super::{Address, MoneyV2, tail};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Customer<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) legacy_resource_id: Word<'a>,
    pub(crate) display_name: Word<'a>,
    pub(crate) first_name: Word<'a>,
    pub(crate) last_name: Word<'a>,
    pub(crate) state: Word<'a>,
    pub(crate) verified_email: Flag,
    pub(crate) locale: Word<'a>,
    pub(crate) tags: List<Word<'a>>,
    pub(crate) note: Word<'a>,
    pub(crate) created_at: Word<'a>,
    pub(crate) updated_at: Word<'a>,
    pub(crate) number_of_orders: Word<'a>,
    pub(crate) tax_exempt: Flag,
    pub(crate) amount_spent: Maybe<MoneyV2<'a>>,
    pub(crate) default_email_address: Maybe<EmailAddress<'a>>,
    pub(crate) default_phone_number: Maybe<PhoneNumber<'a>>,
    pub(crate) default_address: Maybe<Node<'a>>,
    pub(crate) addresses_v2: Connection<Address<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EmailAddress<'a> {
    #[serde(borrow)]
    pub(crate) email_address: Word<'a>,
    pub(crate) marketing_state: Word<'a>,
    pub(crate) marketing_updated_at: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PhoneNumber<'a> {
    #[serde(borrow)]
    pub(crate) phone_number: Word<'a>,
    pub(crate) sms_marketing_consent: Maybe<Consent<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Consent<'a> {
    #[serde(borrow)]
    pub(crate) state: Word<'a>,
}

impl Customer<'_> {
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
pub(crate) fn joined(first: &Word<'_>, last: &Word<'_>) -> Option<String> {
    let parts: Vec<&str> = [first.get(), last.get()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
