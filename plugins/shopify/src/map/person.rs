//! People and addresses, as an order and a customer record tell them.

use ordercase_sdk::lenient::{Maybe, Word};
use ordercase_sdk::model::{
    self, Buyer, BuyerKind, Email, EmailKind, Identifier, IdentifierType, Phone, Text,
    Verification, VerifiedBy,
};

use crate::wire::customer::{Customer, joined};
use crate::wire::order::Order;
use crate::wire::{self};

/// A text of a person; `None` when blank.
pub(super) fn text(word: &Word<'_>) -> Option<Text> {
    Text::non_empty(word.get()?)
}

/// Who placed an order.
pub(super) fn buyer(order: &Order<'_>) -> Buyer {
    let customer = order.customer.get();
    let email = order.email.get().and_then(email);
    let billing = order.billing_address.get();
    let phone = order
        .phone
        .get()
        .or_else(|| billing.and_then(|address| address.phone.get()))
        .and_then(Phone::new);
    let named = |address: Option<&wire::Address<'_>>| address.and_then(|a| a.name.owned());
    let display_name = customer
        .and_then(Customer::shown_name)
        .or_else(|| named(billing))
        .or_else(|| named(order.shipping_address.get()));
    Buyer {
        kind: match customer {
            _ if order.is_b2b == Some(true) => BuyerKind::Company,
            Some(customer) if !customer.is_guest() => BuyerKind::Registered,
            _ => BuyerKind::Guest,
        },
        customer_source_id: customer.and_then(Customer::key).map(str::to_owned),
        display_name: display_name.as_deref().and_then(Text::non_empty),
        identifiers: identifiers(order, customer, email.as_ref(), phone.as_ref()),
        company: billing.and_then(|address| text(&address.company)),
        locale: order.customer_locale.owned(),
        email,
        phone,
        marketplace_handle: None,
    }
}

/// What was typed at the checkout proves nothing; what an account's verified address matches does.
fn identifiers(
    order: &Order<'_>,
    customer: Option<&Customer<'_>>,
    email: Option<&Email>,
    phone: Option<&Phone>,
) -> Vec<Identifier> {
    let mut identifiers = Vec::new();
    if let Some(email) = email {
        let of_account = customer.is_some_and(|customer| {
            let same = customer.email().and_then(Email::direct);
            !customer.is_guest()
                && customer.verified_email.is_yes()
                && same.is_some_and(|same| same.normalised == email.normalised)
        });
        identifiers.push(Identifier {
            kind: IdentifierType::Email,
            value: email.normalised.clone(),
            verified: if of_account {
                Verification::Verified
            } else {
                Verification::Unverified
            },
            verified_by: if of_account {
                VerifiedBy::PlatformAccount
            } else {
                VerifiedBy::CheckoutInput
            },
        });
    }
    if let Some(phone) = phone {
        identifiers.push(Identifier {
            kind: IdentifierType::Phone,
            value: phone.e164.clone().unwrap_or_else(|| phone.raw.clone()),
            verified: Verification::Unverified,
            verified_by: VerifiedBy::CheckoutInput,
        });
    }
    if let Some(id) = order.customer.get().and_then(Customer::key) {
        identifiers.push(Identifier {
            kind: IdentifierType::PlatformCustomerId,
            value: id.to_owned(),
            verified: Verification::Unknown,
            verified_by: VerifiedBy::PlatformAccount,
        });
    }
    identifiers
}

/// An e-mail address, and whether it is a marketplace's relay.
pub(super) fn email(value: &str) -> Option<Email> {
    let domain = value
        .rsplit_once('@')
        .map(|(_, domain)| domain)?
        .to_lowercase();
    let relay = domain.starts_with("marketplace.amazon.")
        || matches!(domain.as_str(), "relay.walmart.com" | "members.ebay.com");
    let kind = if relay {
        EmailKind::Relay
    } else {
        EmailKind::Direct
    };
    Email::of_kind(value, kind)
}

/// An address that may be absent.
pub(super) fn address(address: &Maybe<wire::Address<'_>>) -> Option<model::Address> {
    address.get().map(one_address)
}

/// An address.
pub(super) fn one_address(address: &wire::Address<'_>) -> model::Address {
    let country = address
        .country_code_v2
        .get()
        .filter(|code| is_alpha_2(code));
    model::Address {
        source_id: wire::tail(&address.id).map(str::to_owned),
        full_name: text(&address.name)
            .or_else(|| Text::non_empty(&joined(&address.first_name, &address.last_name)?)),
        first_name: text(&address.first_name),
        last_name: text(&address.last_name),
        company: text(&address.company),
        line1: text(&address.address1),
        line2: text(&address.address2),
        city: text(&address.city),
        region: text(&address.province),
        region_code: address.province_code.owned(),
        postal_code: address.zip.owned(),
        country: country.map(str::to_ascii_uppercase),
        country_raw: country.is_none().then(|| address.country.owned()).flatten(),
        phone: address.phone.get().and_then(Phone::new),
        ..model::Address::default()
    }
}

fn is_alpha_2(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic())
}
