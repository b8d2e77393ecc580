//! A customer record.

use ordercase_sdk::model::{
    Customer, CustomerKind, CustomerState, Email, Kind, Missing, Phone, Record, Status,
};
use ordercase_sdk::{Context, PluginError, RecordBuilder, time};

use super::{person, version};
use crate::wire;

/// The record of a customer.
pub(crate) fn record(customer: &wire::Customer<'_>, ctx: &Context) -> Result<Record, PluginError> {
    let key = customer
        .id
        .get()
        .ok_or_else(|| PluginError::Malformed("a customer without an id".to_owned()))?;
    let body = body(customer, key, ctx);
    RecordBuilder::new(Kind::Customer, key)
        .version(Some(version::of(&body)?))
        .updated(body.updated_at.as_ref())
        .missing("marketing", Missing::NotReported)
        .missing("order_count", Missing::NotFetched)
        .missing("total_spent", Missing::NotReported)
        .build(&body)
}

fn body(customer: &wire::Customer<'_>, key: &str, ctx: &Context) -> Customer {
    let phone = customer.phone_number.get().and_then(Phone::new);
    let registered = person::is_registered(customer);
    let default = customer
        .addresses
        .iter()
        .find(|address| address.default_shipping_address.is_yes())
        .or_else(|| {
            customer
                .addresses
                .iter()
                .find(|address| address.default_billing_address.is_yes())
        });
    Customer {
        source_id: key.to_owned(),
        kind: if registered {
            CustomerKind::Registered
        } else {
            CustomerKind::GuestRecord
        },
        state: state(customer),
        display_name: person::name(customer),
        first_name: person::text(&customer.first_name),
        last_name: person::text(&customer.last_name),
        emails: customer
            .email_address
            .get()
            .and_then(Email::direct)
            .into_iter()
            .collect(),
        identifiers: person::identifiers(customer, phone.as_ref(), ctx),
        phones: phone.into_iter().collect(),
        addresses: customer
            .addresses
            .iter()
            .filter_map(person::address)
            .collect(),
        default_address_id: default.and_then(|address| address.id.owned()),
        groups: customer
            .groups
            .iter()
            .filter_map(|group| group.name.owned())
            .collect(),
        created_at: time::zoned(customer.created_at.get()),
        updated_at: time::zoned(customer.updated_at.get()),
        admin_url: ctx
            .setting("shop_host")
            .map(|host| format!("https://{host}/admin/customer/customers/{key}")),
        ..Customer::default()
    }
}

/// A guest's record has no account that could be enabled.
fn state(customer: &wire::Customer<'_>) -> Status<CustomerState> {
    let verified = customer.user.get().and_then(|user| user.verified.get());
    let canonical = match verified {
        Some(true) => CustomerState::Enabled,
        Some(false) => CustomerState::Invited,
        None => CustomerState::Disabled,
    };
    let raw = verified.map(|verified| verified.to_string());
    Status::new(canonical, raw.as_deref(), "user.verified")
}
