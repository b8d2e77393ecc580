//! The sums of an order. Vendure keeps only what is due now; what was due when the order was placed
//! is worked out by undoing the cancellations and modifications that its history tells. `items` and
//! `shipping` go with it, or else a cancelled order would have cost nothing; `tax` is what is due now.

use std::collections::BTreeMap;

use ordercase_sdk::model::{Basis, MoneyPair, Totals};

use super::money::Scale;
use super::{adjustment, history};
use crate::wire::Order;

/// Sums in the server's units.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) current: Option<i64>,
    pub(super) placed: Option<i64>,
    /// What cancelling took off lines and shipping, and what modifications added.
    lines_off: i64,
    shipping_off: i64,
    edits: i64,
    pub(super) received: i64,
    pub(super) authorized: i64,
    pub(super) refunded: i64,
}

pub(super) fn sums(order: &Order<'_>) -> Sums {
    let paid = |state: &str| -> i64 {
        let payments = order.payments.iter();
        payments
            .filter(|payment| payment.state.get() == Some(state))
            .map(|payment| payment.amount.or_zero())
            .sum()
    };
    let refunded = order
        .payments
        .iter()
        .flat_map(|payment| payment.refunds.iter())
        .filter(|refund| refund.state.get() == Some("Settled"))
        .map(|refund| refund.total.or_zero().abs())
        .sum();
    let current = order.total_with_tax.get();
    let lines_off = cancelled_lines(order);
    let shipping_off = adjustment::cancelled_shipping(order);
    let edits: i64 = order
        .modifications
        .iter()
        .map(|one| one.price_change.or_zero())
        .sum();
    Sums {
        current,
        placed: current.map(|current| current + lines_off + shipping_off - edits),
        lines_off,
        shipping_off,
        edits,
        received: paid("Settled"),
        authorized: paid("Authorized"),
        refunded,
    }
}

/// What cancelling took off the lines: of the whole order, or of goods that came back.
fn cancelled_lines(order: &Order<'_>) -> i64 {
    let price_of = |id: &str| {
        let line = order.lines.iter().find(|line| line.id.get() == Some(id));
        line.map_or(0, |line| line.prorated_unit_price_with_tax.or_zero())
    };
    if order.history.get().is_some() {
        let lines = history::cancellations(order)
            .into_iter()
            .flat_map(|one| one.lines);
        return lines.map(|(id, quantity)| price_of(id) * quantity).sum();
    }
    let lines = order.lines.iter();
    lines
        .map(|line| {
            let gone = line.order_placed_quantity.or_zero() - line.quantity.or_zero();
            line.prorated_unit_price_with_tax.or_zero() * gone.max(0)
        })
        .sum()
}

/// What the buyer still owes; negative what the shop owes. A refund out of goodwill makes nobody
/// owe anything.
fn outstanding(sums: &Sums) -> Option<i64> {
    let current = sums.current?;
    let kept = sums.received - sums.refunded;
    Some(if sums.received < current {
        current - sums.received
    } else if kept > current {
        current - kept
    } else {
        0
    })
}

pub(super) fn totals(order: &Order<'_>, sums: &Sums, scale: Scale) -> Totals {
    let of_lines = |amount: &dyn Fn(&crate::wire::Line<'_>) -> Option<i64>| -> Option<i64> {
        order.lines.iter().map(amount).sum()
    };
    let items = of_lines(&|line| line.discounted_line_price_with_tax.get());
    let items = items.map(|items| items + sums.lines_off);
    let shipping = order
        .shipping_with_tax
        .get()
        .map(|shipping| shipping + sums.shipping_off);
    let worked_out = sums.lines_off != 0 || sums.shipping_off != 0 || sums.edits != 0;
    let tax = order
        .total_with_tax
        .get()
        .zip(order.total.get())
        .map(|(with, without)| with - without);
    let fees: i64 = order
        .surcharges
        .iter()
        .map(|one| one.price_with_tax.or_zero())
        .sum();
    let computed_if = |computed: bool| {
        if computed {
            Basis::Computed
        } else {
            Basis::Reported
        }
    };
    let all: [(&str, Option<i64>, Basis); 11] = [
        ("items", items, Basis::Computed),
        ("discount", Some(adjustment::sum(order)), Basis::Computed),
        ("shipping", shipping, computed_if(sums.shipping_off != 0)),
        ("tax", tax, Basis::Computed),
        (
            "fees",
            (!order.surcharges.is_empty()).then_some(fees),
            Basis::Computed,
        ),
        ("placed", sums.placed, computed_if(worked_out)),
        ("current", sums.current, Basis::Reported),
        ("received", Some(sums.received), Basis::Computed),
        ("authorized", Some(sums.authorized), Basis::Computed),
        ("refunded", Some(sums.refunded), Basis::Computed),
        ("outstanding", outstanding(sums), Basis::Computed),
    ];
    let money = |name: &str| -> Option<MoneyPair> {
        let units = all.iter().find(|(known, ..)| *known == name)?.1?;
        scale.pair(units)
    };
    let net = scale.pair(sums.received - sums.refunded);
    let mut basis: BTreeMap<String, Basis> = all
        .iter()
        .filter(|(_, units, _)| units.is_some())
        .map(|(name, _, basis)| ((*name).to_owned(), *basis))
        .collect();
    basis.insert("net".to_owned(), Basis::Computed);
    Totals {
        items: money("items"),
        discount: money("discount"),
        shipping: money("shipping"),
        tax: money("tax"),
        fees: money("fees"),
        placed: money("placed"),
        current: money("current"),
        received: money("received"),
        authorized: money("authorized"),
        refunded: money("refunded"),
        outstanding: money("outstanding"),
        net,
        basis,
        ..Totals::default()
    }
}
