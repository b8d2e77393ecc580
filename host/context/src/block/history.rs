//! The person's orders as a whole: counted here, "at least" while a shop is still being read.

use std::collections::BTreeMap;

use ordercase_model::{Currency, Customer, Decimal, Instant, Money, Order, OrderState};
use serde::{Deserialize, Serialize};

use crate::{
    fact::{Absent, Fact},
    policy::FieldPolicy,
    source::{Sourced, Sources},
};

/// A number of things that we counted ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub count: usize,
    /// Whether there may be more.
    pub at_least: bool,
}

/// The person's orders as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryBlock {
    /// Orders.
    pub orders: Count,
    /// Of them cancelled.
    pub cancelled: Count,
    /// Of them with a refund.
    pub refunded: Count,
    /// First order that we know.
    pub first_order_at: Fact<Instant>,
    /// Last order that we know.
    pub last_order_at: Fact<Instant>,
    /// What was paid, per currency; orders whose payments are not known are left out.
    pub received: Vec<Money>,
    /// Orders whose payments are not known.
    pub received_unknown: usize,
    /// What the shops themselves count; advisory.
    pub shops_count: Vec<Fact<u64>>,
    /// Short names of all sources counted.
    pub srcs: Vec<String>,
}

pub(crate) fn history(
    customers: &[&Sourced<Customer>],
    orders: &[Sourced<Order>],
    at_least: bool,
    sources: &mut Sources,
    policy: &FieldPolicy,
) -> HistoryBlock {
    let real: Vec<&Sourced<Order>> = orders
        .iter()
        .filter(|order| order.body.flags.test != Some(true))
        .collect();
    let count = |holds: &dyn Fn(&Order) -> bool| Count {
        count: real.iter().filter(|order| holds(&order.body)).count(),
        at_least,
    };
    let first = real
        .iter()
        .filter(|o| o.body.placed().is_some())
        .min_by_key(|o| o.body.placed());
    let last = real.iter().max_by_key(|o| o.body.placed());
    let (received, received_unknown) = received(&real);
    HistoryBlock {
        orders: count(&|_| true),
        cancelled: count(&|order| order.order_state.canonical == OrderState::Cancelled),
        refunded: count(&|order| !order.refunds.is_empty()),
        first_order_at: placed(first.copied(), sources),
        last_order_at: placed(last.copied(), sources),
        received: if policy.amounts { received } else { Vec::new() },
        received_unknown,
        shops_count: customers
            .iter()
            .map(|customer| {
                let src = sources.name(&customer.provenance);
                Fact::read(customer.body.order_count, customer, "order_count", &src)
            })
            .collect(),
        srcs: real
            .iter()
            .take(crate::limits::PARTS_MAX)
            .map(|order| sources.name(&order.provenance))
            .collect(),
    }
}

fn placed(order: Option<&Sourced<Order>>, sources: &mut Sources) -> Fact<Instant> {
    match order {
        Some(order) => {
            let src = sources.name(&order.provenance);
            Fact::read(order.body.placed(), order, "placed_at", &src)
        }
        None => Fact::absent(Absent::NotReported, ""),
    }
}

/// Sums per currency, in the merchant's currency where it is known; and how many could not be added.
fn received(orders: &[&Sourced<Order>]) -> (Vec<Money>, usize) {
    let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
    let mut unknown = 0;
    for order in orders {
        let amount = order
            .body
            .totals
            .received
            .as_ref()
            .and_then(|pair| pair.booked());
        let Some(amount) = amount else {
            unknown += 1;
            continue;
        };
        let sum = sums
            .entry(amount.currency)
            .or_insert_with(|| Money::new(Decimal::zero(), amount.currency));
        match sum.checked_add(amount) {
            Ok(added) => *sum = added,
            Err(_) => unknown += 1,
        }
    }
    (sums.into_values().collect(), unknown)
}
