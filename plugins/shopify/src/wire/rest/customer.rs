//! A REST customer, alone or inside an order.

use ordercase_sdk::DecimalText;
use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use ordercase_sdk::page::{Connection, PageInfo};
use serde::Deserialize;

use super::super::customer::{Consent, Customer, EmailAddress, PhoneNumber};
use super::super::order::Node;
use super::super::{Address, MoneyV2};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RestCustomer {
    id: Word,
    first_name: Word,
    last_name: Word,
    email: Word,
    phone: Word,
    state: Word,
    verified_email: Flag,
    locale: Word,
    tags: Word,
    note: Word,
    created_at: Word,
    updated_at: Word,
    orders_count: Word,
    total_spent: Option<DecimalText>,
    currency: Word,
    tax_exempt: Flag,
    email_marketing_consent: Maybe<RestConsent>,
    sms_marketing_consent: Maybe<RestConsent>,
    default_address: Maybe<Address>,
    addresses: List<Address>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestConsent {
    state: Word,
    consent_updated_at: Word,
}

impl From<RestCustomer> for Customer {
    fn from(rest: RestCustomer) -> Self {
        let mut addresses = rest.addresses.0;
        let default_id = rest.default_address.get().map(|a| a.id.clone());
        if let Maybe(Some(address)) = rest.default_address
            && !addresses.iter().any(|known| known.id == address.id)
        {
            addresses.push(address);
        }
        let consent = rest.email_marketing_consent.0.unwrap_or_default();
        let sms = rest.sms_marketing_consent.0.map(|consent| Consent {
            state: consent.state,
        });
        Self {
            id: Word::default(),
            legacy_resource_id: rest.id,
            display_name: Word::default(),
            first_name: rest.first_name,
            last_name: rest.last_name,
            state: rest.state,
            verified_email: rest.verified_email,
            locale: rest.locale,
            tags: super::tags(&rest.tags),
            note: rest.note,
            created_at: rest.created_at,
            updated_at: rest.updated_at,
            number_of_orders: rest.orders_count,
            tax_exempt: rest.tax_exempt,
            amount_spent: Maybe(
                rest.total_spent
                    .map(|amount| MoneyV2::of(Some(amount), &rest.currency)),
            ),
            default_email_address: Maybe(rest.email.get().map(|email| EmailAddress {
                email_address: email.into(),
                marketing_state: consent.state,
                marketing_updated_at: consent.consent_updated_at,
            })),
            default_phone_number: Maybe(rest.phone.get().map(|phone| PhoneNumber {
                phone_number: phone.into(),
                sms_marketing_consent: Maybe(sms),
            })),
            default_address: Maybe(default_id.map(|id| Node { id })),
            addresses_v2: Connection {
                nodes: addresses,
                page_info: PageInfo::default(),
            },
        }
    }
}
