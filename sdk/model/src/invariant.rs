//! What must hold of a record, and what is only worth a warning (canonical-model §9).
//!
//! The types already refuse money without a currency, decimals and times that do not parse. What is
//! left: amounts below zero, ids that repeat, sizes ([`check_order`], hard); and the contradictions
//! that real shops send ([`soft_warnings`], never a reason to refuse).

use std::collections::BTreeSet;

use crate::{
    Decimal, FulfilmentState, Instant, Money, MoneyPair, Order, OrderState, PaymentState,
    RefundState, ShipmentState,
};

/// A hard rule that a record breaks, with where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An amount that must not be negative is.
    #[error("{path} is negative: emit amounts of discounts and refunds as positive numbers")]
    Negative {
        /// Path in the body.
        path: String,
    },
    /// An id is empty.
    #[error("{path} is empty: every item of a list needs an id; append the position if need be")]
    EmptyId {
        /// Path in the body.
        path: String,
    },
    /// An id occurs twice in one list.
    #[error("{path} repeats the id `{id}`: append the position")]
    RepeatedId {
        /// Path of the list.
        path: String,
        /// The id.
        id: String,
    },
}

/// A contradiction worth a warning; the text of [`Soft::code`] goes into `warnings`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Soft {
    /// Paid, yet something is outstanding.
    OutstandingVsPaid,
    /// Refunds and payment state disagree.
    RefundSumVsState,
    /// More left or was cancelled than ordered.
    QuantityOverrun,
    /// Shipments exist, yet nothing is fulfilled.
    ShipmentVsState,
    /// Cancelled and delivered at once.
    StateVsCancel,
    /// Lines and totals in several currencies.
    CurrencyMixed,
    /// Updated before created.
    TimeOrder,
    /// More than ten minutes ahead of the reading.
    TimeInFuture,
    /// A status that the table does not know.
    UnknownStatus,
    /// The placed total is not the sum of its parts.
    TotalMismatch,
}

impl Soft {
    /// The code of canonical-model §9.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutstandingVsPaid => "outstanding_vs_paid",
            Self::RefundSumVsState => "refund_sum_vs_state",
            Self::QuantityOverrun => "quantity_overrun",
            Self::ShipmentVsState => "shipment_vs_state",
            Self::StateVsCancel => "state_vs_cancel",
            Self::CurrencyMixed => "currency_mixed",
            Self::TimeOrder => "time_order",
            Self::TimeInFuture => "time_in_future",
            Self::UnknownStatus => "unknown_status",
            Self::TotalMismatch => "total_mismatch",
        }
    }
}

/// Checks the hard rules of an order body.
///
/// # Errors
/// Every rule that it breaks, in the order of the body.
pub fn check_order(order: &Order) -> Result<(), Vec<Broken>> {
    let mut broken = Vec::new();
    unique(
        &mut broken,
        "lines",
        order.lines.iter().map(|l| l.source_id.as_str()),
    );
    unique(
        &mut broken,
        "payments",
        order.payments.iter().map(|p| p.source_id.as_str()),
    );
    unique(
        &mut broken,
        "shipments",
        order.shipments.iter().map(|s| s.source_id.as_str()),
    );
    unique(
        &mut broken,
        "refunds",
        order.refunds.iter().map(|r| r.source_id.as_str()),
    );
    unique(
        &mut broken,
        "returns",
        order.returns.iter().map(|r| r.source_id.as_str()),
    );
    refunds_not_negative(order, &mut broken);
    discounts_not_negative(order, &mut broken);
    quantities_not_negative(order, &mut broken);
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken)
    }
}

fn refunds_not_negative(order: &Order, broken: &mut Vec<Broken>) {
    for (i, refund) in order.refunds.iter().enumerate() {
        not_negative(broken, &refund.amount, || format!("refunds[{i}].amount"));
        for (j, line) in refund.lines.iter().enumerate() {
            let path = || format!("refunds[{i}].lines[{j}]");
            for amount in [&line.amount, &line.tax].into_iter().flatten() {
                not_negative(broken, amount, path);
            }
            if line.quantity.as_ref().is_some_and(Decimal::is_negative) {
                broken.push(Broken::Negative { path: path() });
            }
        }
    }
    if let Some(refunded) = &order.totals.refunded {
        not_negative(broken, refunded, || "totals.refunded".to_owned());
    }
}

fn discounts_not_negative(order: &Order, broken: &mut Vec<Broken>) {
    for (i, discount) in order.discounts.iter().enumerate() {
        not_negative(broken, &discount.amount, || {
            format!("discounts[{i}].amount")
        });
    }
    for (i, line) in order.lines.iter().enumerate() {
        for (j, discount) in line.discounts.iter().enumerate() {
            not_negative(broken, &discount.amount, || {
                format!("lines[{i}].discounts[{j}].amount")
            });
        }
    }
    if let Some(discount) = &order.totals.discount {
        not_negative(broken, discount, || "totals.discount".to_owned());
    }
}

fn quantities_not_negative(order: &Order, broken: &mut Vec<Broken>) {
    for (i, line) in order.lines.iter().enumerate() {
        let q = &line.quantity;
        let all = [
            &q.ordered,
            &q.current,
            &q.fulfilled,
            &q.delivered,
            &q.cancelled,
            &q.refunded,
            &q.returned,
            &q.backordered,
        ];
        if all.into_iter().flatten().any(Decimal::is_negative) {
            broken.push(Broken::Negative {
                path: format!("lines[{i}].quantity"),
            });
        }
    }
    for (i, shipment) in order.shipments.iter().enumerate() {
        for (j, line) in shipment.lines.iter().enumerate() {
            if line.quantity.is_negative() {
                broken.push(Broken::Negative {
                    path: format!("shipments[{i}].lines[{j}].quantity"),
                });
            }
        }
    }
}

fn unique<'a>(broken: &mut Vec<Broken>, path: &str, ids: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for (i, id) in ids.enumerate() {
        if id.is_empty() {
            broken.push(Broken::EmptyId {
                path: format!("{path}[{i}].source_id"),
            });
        } else if !seen.insert(id) {
            broken.push(Broken::RepeatedId {
                path: path.to_owned(),
                id: id.to_owned(),
            });
        }
    }
}

fn not_negative(broken: &mut Vec<Broken>, pair: &MoneyPair, path: impl Fn() -> String) {
    let sides = [&pair.shop, &pair.presentment];
    if sides.into_iter().flatten().any(|m| m.amount.is_negative()) {
        broken.push(Broken::Negative { path: path() });
    }
}

/// The contradictions in an order, sorted, as read at `observed_at` (absent: no look at the future).
#[must_use]
pub fn soft_warnings(order: &Order, observed_at: Option<Instant>) -> Vec<Soft> {
    let mut found = BTreeSet::new();
    money(order, &mut found);
    goods(order, &mut found);
    times(order, observed_at, &mut found);
    let states = [
        order.order_state.canonical == OrderState::Unknown && order.order_state.raw.is_some(),
        order.payment_state.canonical == PaymentState::Unknown && order.payment_state.raw.is_some(),
        order.fulfilment_state.canonical == FulfilmentState::Unknown
            && order.fulfilment_state.raw.is_some(),
    ];
    if states.into_iter().any(|unknown| unknown) {
        found.insert(Soft::UnknownStatus);
    }
    found.into_iter().collect()
}

fn money(order: &Order, found: &mut BTreeSet<Soft>) {
    let totals = &order.totals;
    let booked = |pair: &Option<MoneyPair>| {
        pair.as_ref()
            .and_then(MoneyPair::booked)
            .map(|money| money.amount.value())
    };
    let paid = order.payment_state.canonical == PaymentState::Paid;
    if paid && booked(&totals.outstanding).is_some_and(|o| o > rust_decimal::Decimal::ZERO) {
        found.insert(Soft::OutstandingVsPaid);
    }
    let moved = |r: &&crate::Refund| {
        !matches!(
            r.state.canonical,
            RefundState::Failed | RefundState::Cancelled
        )
    };
    let refunded = order
        .refunds
        .iter()
        .filter(moved)
        .filter_map(|r| r.amount.booked())
        .try_fold(rust_decimal::Decimal::ZERO, |sum, money| {
            sum.checked_add(money.amount.value())
        });
    if let Some((received, refunded)) = booked(&totals.received).zip(refunded) {
        let state = order.payment_state.canonical;
        let all_back = refunded >= received && received > rust_decimal::Decimal::ZERO;
        if (state == PaymentState::Refunded && refunded < received)
            || (matches!(state, PaymentState::Paid | PaymentState::PartiallyRefunded) && all_back)
        {
            found.insert(Soft::RefundSumVsState);
        }
    }
    if order_currencies(order).len() > 1 {
        found.insert(Soft::CurrencyMixed);
    }
    if adds_up(order) == Some(false) {
        found.insert(Soft::TotalMismatch);
    }
}

/// Whether the placed total is the sum of its parts, within one minor unit per line; `None` when
/// that cannot be told: a part is missing, currencies differ, or an edit has moved the parts.
///
/// Platforms disagree on whether `items` is before or after the discounts of the order, so either
/// will do; what cannot be explained by either is worth a warning.
fn adds_up(order: &Order) -> Option<bool> {
    let totals = &order.totals;
    if order.flags.edited == Some(true) {
        return None;
    }
    let booked = |pair: &Option<MoneyPair>| pair.as_ref().and_then(MoneyPair::booked).cloned();
    let placed = booked(&totals.placed)?;
    let amount = |money: &Money| (money.currency == placed.currency).then(|| money.amount.value());
    let known = |pair: &Option<MoneyPair>| amount(&booked(pair)?);
    let added = |pair: &Option<MoneyPair>| match booked(pair) {
        Some(money) => amount(&money),
        None => Some(rust_decimal::Decimal::ZERO),
    };
    let items = known(&totals.items)?;
    let tax = known(&totals.tax)?;
    let rest = known(&totals.shipping)?
        .checked_add(added(&totals.fees)?)?
        .checked_add(added(&totals.duties)?)?
        .checked_add(added(&totals.tip)?)?;
    let discount = added(&totals.discount)?;
    let taxes: &[rust_decimal::Decimal] = match order.prices_include_tax {
        Some(true) => &[rust_decimal::Decimal::ZERO],
        Some(false) => &[tax],
        None => &[rust_decimal::Decimal::ZERO, tax],
    };
    let lines = i64::try_from(order.lines.len().max(1)).ok()?;
    let unit = rust_decimal::Decimal::try_new(1, placed.currency.exponent()).ok()?;
    let tolerance = unit.checked_mul(lines.into())?;
    let wanted = placed.amount.value();
    let near = |tax: &rust_decimal::Decimal, discount: rust_decimal::Decimal| {
        let sum = items
            .checked_sub(discount)?
            .checked_add(rest)?
            .checked_add(*tax)?;
        Some(wanted.checked_sub(sum)?.abs() <= tolerance)
    };
    Some(taxes.iter().any(|tax| {
        [discount, rust_decimal::Decimal::ZERO]
            .into_iter()
            .any(|discount| near(tax, discount) == Some(true))
    }))
}

fn order_currencies(order: &Order) -> BTreeSet<crate::Currency> {
    let totals = [
        &order.totals.placed,
        &order.totals.current,
        &order.totals.items,
    ];
    let lines = order.lines.iter().map(|line| &line.line_total);
    totals
        .into_iter()
        .chain(lines)
        .flatten()
        .filter_map(|pair| pair.shop.as_ref())
        .map(|money| money.currency)
        .collect()
}

fn goods(order: &Order, found: &mut BTreeSet<Soft>) {
    let live = |state| {
        !matches!(
            state,
            ShipmentState::Cancelled | ShipmentState::Pending | ShipmentState::LabelCreated
        )
    };
    let shipped = order.shipments.iter().any(|s| live(s.state.canonical));
    if shipped && order.fulfilment_state.canonical == FulfilmentState::Unfulfilled {
        found.insert(Soft::ShipmentVsState);
    }
    if order.order_state.canonical == OrderState::Cancelled
        && order.fulfilment_state.canonical == FulfilmentState::Delivered
    {
        found.insert(Soft::StateVsCancel);
    }
    for line in &order.lines {
        let value = |q: &Option<Decimal>| {
            q.as_ref()
                .map_or(rust_decimal::Decimal::ZERO, Decimal::value)
        };
        let gone = value(&line.quantity.fulfilled).checked_add(value(&line.quantity.cancelled));
        let ordered = line.quantity.ordered.as_ref().map(Decimal::value);
        if ordered
            .zip(gone)
            .is_some_and(|(ordered, gone)| gone > ordered)
        {
            found.insert(Soft::QuantityOverrun);
        }
    }
}

fn times(order: &Order, observed_at: Option<Instant>, found: &mut BTreeSet<Soft>) {
    let at = |time: &Option<crate::SourceTime>| time.as_ref().and_then(|t| t.at);
    let (created, updated) = (at(&order.created_at), at(&order.updated_at));
    if created
        .zip(updated)
        .is_some_and(|(created, updated)| updated < created)
    {
        found.insert(Soft::TimeOrder);
    }
    let placed = at(&order.placed_at);
    let mut shipped = order.shipments.iter().filter_map(|s| at(&s.shipped_at));
    if placed.is_some_and(|placed| shipped.any(|shipped| shipped < placed)) {
        found.insert(Soft::TimeOrder);
    }
    let horizon = observed_at.map(|now| now.plus_seconds(600));
    let stamps = [created, updated, at(&order.placed_at)];
    if horizon.is_some_and(|horizon| stamps.into_iter().flatten().any(|at| at > horizon)) {
        found.insert(Soft::TimeInFuture);
    }
}

#[cfg(test)]
mod tests;
