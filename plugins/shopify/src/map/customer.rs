//! A customer record from its GraphQL form.

use ordercase_sdk::lenient::Word;
use ordercase_sdk::model::{
    CustomerKind, Identifier, IdentifierType, Kind, Marketing, MarketingConsent, Missing, Phone,
    Record, Text, Verification, VerifiedBy,
};
use ordercase_sdk::{Context, PluginError, RecordBuilder, time};

use super::person::{email, one_address, text};
use super::status::ACCOUNT;
use crate::wire::MoneyV2;
use crate::wire::customer::Customer;
use crate::wire::tail;

/// The record of a customer.
pub(crate) fn record(
    customer: &Customer<'_>,
    ctx: &Context,
    api_version: Option<&str>,
    denied: &[String],
) -> Result<Record, PluginError> {
    let key = customer
        .key()
        .ok_or_else(|| PluginError::Malformed("a customer without an id".to_owned()))?;
    let body = body(customer, key, ctx);
    let mut record = RecordBuilder::new(Kind::Customer, key)
        .versioned_by_time(body.updated_at.as_ref())
        .api_version(api_version);
    for field in denied {
        record = record.missing(field, Missing::NotPermitted);
    }
    if customer.addresses_v2.next().is_some() {
        record = record.warn("truncated_children");
    }
    record.build(&body)
}

fn body(customer: &Customer<'_>, key: &str, ctx: &Context) -> ordercase_sdk::model::Customer {
    let phone = customer.default_phone_number.get();
    let phones: Vec<Phone> = phone
        .and_then(|phone| Phone::new(phone.phone_number.get()?))
        .into_iter()
        .collect();
    let emails: Vec<_> = customer.email().and_then(email).into_iter().collect();
    let addresses = &customer.addresses_v2.nodes;
    let default_id = customer.default_address.get().and_then(|a| tail(&a.id));
    let default = addresses.iter().find(|a| tail(&a.id) == default_id);
    ordercase_sdk::model::Customer {
        source_id: key.to_owned(),
        kind: if customer.is_guest() {
            CustomerKind::GuestRecord
        } else {
            CustomerKind::Registered
        },
        state: ACCOUNT.read(&ctx.overrides, customer.state.get()),
        display_name: customer.shown_name().as_deref().and_then(Text::non_empty),
        first_name: text(&customer.first_name),
        last_name: text(&customer.last_name),
        identifiers: identifiers(customer, key, &emails, &phones),
        addresses: addresses.iter().map(one_address).collect(),
        default_address_id: default_id.map(str::to_owned),
        company: default.and_then(|address| text(&address.company)),
        locale: customer.locale.owned(),
        tags: customer.tags.iter().filter_map(Word::owned).collect(),
        note: text(&customer.note),
        created_at: time::zoned(customer.created_at.get()),
        updated_at: time::zoned(customer.updated_at.get()),
        order_count: customer.number_of_orders.get().and_then(|n| n.parse().ok()),
        total_spent: customer
            .amount_spent
            .get()
            .and_then(MoneyV2::money)
            .into_iter()
            .collect(),
        marketing: marketing(customer),
        tax_exempt: customer.tax_exempt.get(),
        source_flags: customer
            .verified_email
            .is_yes()
            .then(|| "verified_email".to_owned())
            .into_iter()
            .collect(),
        admin_url: ctx
            .setting("shop_domain")
            .map(|domain| format!("https://{domain}/admin/customers/{key}")),
        emails,
        phones,
        ..ordercase_sdk::model::Customer::default()
    }
}

fn identifiers(
    customer: &Customer<'_>,
    key: &str,
    emails: &[ordercase_sdk::model::Email],
    phones: &[Phone],
) -> Vec<Identifier> {
    let has_account = !customer.is_guest();
    let vouched = |verified: bool| {
        if verified {
            (Verification::Verified, VerifiedBy::PlatformAccount)
        } else {
            (Verification::Unverified, VerifiedBy::CheckoutInput)
        }
    };
    let mut identifiers: Vec<Identifier> = Vec::new();
    for email in emails {
        let (verified, verified_by) = vouched(has_account && customer.verified_email.is_yes());
        identifiers.push(Identifier {
            kind: IdentifierType::Email,
            value: email.normalised.clone(),
            verified,
            verified_by,
        });
    }
    for phone in phones {
        let (verified, verified_by) = vouched(false);
        identifiers.push(Identifier {
            kind: IdentifierType::Phone,
            value: phone.e164.clone().unwrap_or_else(|| phone.raw.clone()),
            verified,
            verified_by,
        });
    }
    identifiers.push(Identifier {
        kind: IdentifierType::PlatformCustomerId,
        value: key.to_owned(),
        verified: Verification::Unknown,
        verified_by: VerifiedBy::PlatformAccount,
    });
    identifiers
}

fn marketing(customer: &Customer<'_>) -> Option<Marketing> {
    let email = customer.default_email_address.get();
    let phone = customer.default_phone_number.get();
    let sms = phone.and_then(|phone| phone.sms_marketing_consent.get());
    let consent = |word: Option<&Word<'_>>| {
        MarketingConsent::from_text(&word.map(Word::or_empty).unwrap_or_default().to_lowercase())
    };
    let marketing = Marketing {
        email: consent(email.map(|email| &email.marketing_state)),
        sms: consent(sms.map(|sms| &sms.state)),
        changed_at: email
            .and_then(|email| time::zoned(email.marketing_updated_at.get()))
            .and_then(|time| time.at),
    };
    (marketing != Marketing::default()).then_some(marketing)
}
