//! From source bytes to canonical records. Pure: no HTTP, no clock; the same input twice gives the
//! same bytes.
//!
//! [`shape`] tells what a body is, `wire` brings it into one form, the files here each map one noun.

pub(crate) mod customer;
mod ids;
mod line;
pub(crate) mod order;
mod payment;
mod person;
mod refund;
mod return_;
pub(crate) mod shape;
mod shipment;
mod status;
mod totals;

use ordercase_sdk::model::Record;
use ordercase_sdk::{Context, Input, PluginError};

use crate::wire::order::Order;
use crate::{CUSTOMERS, ORDERS};

/// The records of a stream in a raw set. Readings of one order join: a page, more of its lines, and
/// what came back of it.
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
    let mut orders: Vec<Order<'_>> = Vec::new();
    let mut customers = Vec::new();
    let mut denied = std::collections::BTreeSet::new();
    for input in inputs {
        let contents = shape::read(input)?;
        join(&mut orders, contents.orders);
        customers.extend(contents.customers);
        denied.extend(contents.denied);
    }
    let denied: Vec<String> = denied.into_iter().collect();
    if stream == ORDERS {
        let whole = orders.iter().filter(|order| order.is_whole());
        whole
            .map(|order| order::record(order, ctx, None, &denied))
            .collect()
    } else {
        customers
            .iter()
            .map(|customer| customer::record(customer, ctx, None, &denied))
            .collect()
    }
}

/// Adds readings of orders, joining those of one order.
pub(crate) fn join<'a>(orders: &mut Vec<Order<'a>>, more: Vec<Order<'a>>) {
    for order in more {
        match orders
            .iter_mut()
            .find(|known| known.key().is_some() && same_order(known, &order))
        {
            Some(known) => known.absorb(order),
            None => orders.push(order),
        }
    }
}

fn same_order(a: &Order<'_>, b: &Order<'_>) -> bool {
    a.key() == b.key()
}
