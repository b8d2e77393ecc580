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
pub(crate) struct RestCustomer<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    first_name: Word<'a>,
    last_name: Word<'a>,
    email: Word<'a>,
    phone: Word<'a>,
    state: Word<'a>,
    verified_email: Flag,
    locale: Word<'a>,
    tags: Word<'a>,
    note: Word<'a>,
    created_at: Word<'a>,
    updated_at: Word<'a>,
    orders_count: Word<'a>,
    total_spent: Option<DecimalText<'a>>,
    currency: Word<'a>,
    tax_exempt: Flag,
    email_marketing_consent: Maybe<RestConsent<'a>>,
    sms_marketing_consent: Maybe<RestConsent<'a>>,
    default_address: Maybe<Address<'a>>,
    addresses: List<Address<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestConsent<'a> {
    #[serde(borrow)]
    state: Word<'a>,
    consent_updated_at: Word<'a>,
}

impl<'a> From<RestCustomer<'a>> for Customer<'a> {
    fn from(rest: RestCustomer<'a>) -> Self {
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
            default_email_address: Maybe(rest.email.get().is_some().then_some(EmailAddress {
                email_address: rest.email,
                marketing_state: consent.state,
                marketing_updated_at: consent.consent_updated_at,
            })),
            default_phone_number: Maybe(rest.phone.get().is_some().then_some(PhoneNumber {
                phone_number: rest.phone,
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
