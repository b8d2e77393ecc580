//! People and addresses.
//!
//! Vendure keeps one customer for all guests of one e-mail address, in lower case, with the name
//! that was typed last. So a guest's name is taken from the order's own addresses.

use ordercase_sdk::Context;
use ordercase_sdk::lenient::Word;
use ordercase_sdk::model::{
    self, Buyer, BuyerKind, Email, Identifier, IdentifierType, Phone, Text, Verification,
    VerifiedBy,
};

use crate::wire::{Address, Customer, Order};

pub(super) fn text(word: &Word<'_>) -> Option<Text> {
    Text::non_empty(word.get()?)
}

pub(super) fn name(customer: &Customer<'_>) -> Option<Text> {
    let parts = [customer.first_name.get(), customer.last_name.get()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    Text::non_empty(&parts.join(" "))
}

pub(super) fn is_registered(customer: &Customer<'_>) -> bool {
    customer
        .user
        .get()
        .is_some_and(|user| user.id.get().is_some())
}

/// Whether the shop vouches for the address: its account was verified, and the shop verifies.
fn is_verified(customer: &Customer<'_>, email: &Email, ctx: &Context) -> bool {
    let verifies = ctx
        .settings
        .get("addresses_are_verified")
        .and_then(serde_json::Value::as_bool);
    let account = customer.user.get().filter(|user| user.verified.is_yes());
    let same = account
        .and_then(|user| user.identifier.get())
        .is_none_or(|identifier| identifier.trim().to_lowercase() == email.normalised);
    verifies.unwrap_or(true) && account.is_some() && same
}

pub(super) fn identifiers(
    customer: &Customer<'_>,
    phone: Option<&Phone>,
    ctx: &Context,
) -> Vec<Identifier> {
    let email = customer.email_address.get().and_then(Email::direct);
    let email = email.map(|email| {
        let verified = is_verified(customer, &email, ctx);
        Identifier {
            kind: IdentifierType::Email,
            value: email.normalised,
            verified: if verified {
                Verification::Verified
            } else {
                Verification::Unverified
            },
            verified_by: if verified {
                VerifiedBy::PlatformAccount
            } else {
                VerifiedBy::CheckoutInput
            },
        }
    });
    let phone = phone.map(|phone| Identifier {
        kind: IdentifierType::Phone,
        value: phone.e164.clone().unwrap_or_else(|| phone.raw.clone()),
        verified: Verification::Unverified,
        verified_by: VerifiedBy::CheckoutInput,
    });
    let id = customer.id.owned().map(|value| Identifier {
        kind: IdentifierType::PlatformCustomerId,
        value,
        verified: Verification::Unknown,
        verified_by: VerifiedBy::PlatformAccount,
    });
    email.into_iter().chain(phone).chain(id).collect()
}

pub(super) fn buyer(order: &Order<'_>, ctx: &Context) -> Buyer {
    let customer = order.customer.get();
    let billing = order.billing_address.get();
    let shipping = order.shipping_address.get();
    let registered = customer.is_some_and(is_registered);
    let typed = || {
        let addresses = [billing, shipping];
        addresses
            .into_iter()
            .flatten()
            .find_map(|address| text(&address.full_name))
    };
    let known = || customer.and_then(name);
    let numbers = [
        customer.map(|customer| &customer.phone_number),
        billing.map(|address| &address.phone_number),
        shipping.map(|address| &address.phone_number),
    ];
    let phone = numbers
        .into_iter()
        .flatten()
        .find_map(|word| Phone::new(word.get()?));
    Buyer {
        kind: match (customer, registered) {
            (_, true) => BuyerKind::Registered,
            (Some(_), false) => BuyerKind::Guest,
            (None, _) => BuyerKind::Unknown,
        },
        customer_source_id: customer.and_then(|customer| customer.id.owned()),
        display_name: if registered {
            known().or_else(typed)
        } else {
            typed().or_else(known)
        },
        email: customer.and_then(|customer| Email::direct(customer.email_address.get()?)),
        company: billing.and_then(|address| text(&address.company)),
        identifiers: customer
            .map(|customer| identifiers(customer, phone.as_ref(), ctx))
            .unwrap_or_default(),
        phone,
        ..Buyer::default()
    }
}

/// An address of an order or a customer; `None` when nothing is in it.
pub(super) fn address(address: &Address<'_>) -> Option<model::Address> {
    let code = address
        .country_code
        .get()
        .or_else(|| address.country.code.get());
    let code = code.filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()));
    let mapped = model::Address {
        source_id: address.id.owned(),
        full_name: text(&address.full_name),
        company: text(&address.company),
        line1: text(&address.street_line1),
        line2: text(&address.street_line2),
        city: text(&address.city),
        region: text(&address.province),
        postal_code: address.postal_code.owned(),
        country: code.map(str::to_ascii_uppercase),
        country_raw: code
            .is_none()
            .then(|| address.country.name.owned())
            .flatten(),
        phone: address.phone_number.get().and_then(Phone::new),
        ..model::Address::default()
    };
    (mapped != model::Address::default()).then_some(mapped)
}
