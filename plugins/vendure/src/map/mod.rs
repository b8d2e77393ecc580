//! From Vendure's answers to canonical records. Pure: no HTTP, no clock; the same input twice gives
//! the same bytes.

mod adjustment;
pub(crate) mod customer;
mod history;
mod line;
mod money;
pub(crate) mod order;
mod payment;
mod person;
mod refund;
mod shipment;
pub(crate) mod status;
mod totals;
mod version;

use ordercase_sdk::model::Record;
use ordercase_sdk::{Context, Input, PluginError};
use serde::Deserialize;

pub(crate) use money::money_decimals;

use crate::wire::Data;
use crate::{CUSTOMERS, ORDERS};

/// An answer with its envelope.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

/// The records of a stream in a raw set. Carts map to nothing.
pub(crate) fn records(
    ctx: &Context,
    stream: &str,
    inputs: &[Input],
) -> Result<Vec<Record>, PluginError> {
    if !matches!(stream, ORDERS | CUSTOMERS) {
        return Err(PluginError::Unsupported(format!(
            "stream `{stream}`: this plugin has `{ORDERS}` and `{CUSTOMERS}`"
        )));
    }
    let mut records = Vec::new();
    for input in inputs {
        let data = read(input)?;
        if stream == ORDERS {
            let listed = data.orders.get().map(|list| list.items.0.as_slice());
            let of_people = data
                .customers
                .get()
                .into_iter()
                .flat_map(|list| list.items.iter());
            let of_people = of_people
                .filter_map(|one| one.orders.get())
                .flat_map(|list| list.items.iter());
            let found = listed
                .unwrap_or_default()
                .iter()
                .chain(data.order.get())
                .chain(of_people);
            for one in found {
                records.extend(order::record(one, ctx)?);
            }
        } else {
            let listed = data.customers.get().map(|list| list.items.0.as_slice());
            for one in listed.unwrap_or_default().iter().chain(data.customer.get()) {
                records.push(customer::record(one, ctx)?);
            }
        }
    }
    Ok(records)
}

/// What an input holds; `Malformed` when it has nothing that this plugin reads.
fn read(input: &Input) -> Result<Data<'_>, PluginError> {
    let what = || format!("input `{}`", input.role);
    let malformed = |error| PluginError::malformed(&what(), error);
    let answer: Answer<'_> = serde_json::from_slice(&input.bytes).map_err(malformed)?;
    let data = match answer.data {
        Some(data) => data,
        // Without its envelope.
        None => serde_json::from_slice(&input.bytes).map_err(malformed)?,
    };
    let nothing = data.orders.get().is_none()
        && data.order.get().is_none()
        && data.customers.get().is_none()
        && data.customer.get().is_none();
    if nothing {
        return Err(PluginError::Malformed(format!(
            "{} holds neither orders nor customers",
            what()
        )));
    }
    Ok(data)
}
