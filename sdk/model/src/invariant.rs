//! What must hold of a record, and what is only worth a warning (canonical-model §9).
//!
//! The types already refuse money without a currency, decimals and times that do not parse. What is
//! left: amounts below zero, ids that repeat, sizes ([`check_order`], hard); and the contradictions
//! that real shops send ([`soft_warnings`], never a reason to refuse).

use std::collections::BTreeSet;

use crate::{
    FulfilmentState, Instant, MoneyPair, Order, OrderState, PaymentState, RefundState,
    ShipmentState,
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
    for (i, refund) in order.refunds.iter().enumerate() {
        not_negative(&mut broken, &refund.amount, || {
            format!("refunds[{i}].amount")
        });
    }
    for (i, discount) in order.discounts.iter().enumerate() {
        not_negative(&mut broken, &discount.amount, || {
            format!("discounts[{i}].amount")
        });
    }
    for (i, line) in order.lines.iter().enumerate() {
        let q = &line.quantity;
        let all = [
            &q.ordered,
            &q.current,
            &q.fulfilled,
            &q.cancelled,
            &q.refunded,
            &q.returned,
        ];
        if all.into_iter().flatten().any(crate::Decimal::is_negative) {
            broken.push(Broken::Negative {
                path: format!("lines[{i}].quantity"),
            });
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken)
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
    let refunded: rust_decimal::Decimal = order
        .refunds
        .iter()
        .filter(moved)
        .filter_map(|r| r.amount.booked())
        .map(|money| money.amount.value())
        .sum();
    if let Some(received) = booked(&totals.received) {
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
        let value = |q: &Option<crate::Decimal>| {
            q.as_ref()
                .map_or(rust_decimal::Decimal::ZERO, crate::Decimal::value)
        };
        let gone = value(&line.quantity.fulfilled) + value(&line.quantity.cancelled);
        if line
            .quantity
            .ordered
            .as_ref()
            .is_some_and(|ordered| gone > ordered.value())
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
    let horizon = observed_at.map(|now| now.plus_seconds(600));
    let stamps = [created, updated, at(&order.placed_at)];
    if horizon.is_some_and(|horizon| stamps.into_iter().flatten().any(|at| at > horizon)) {
        found.insert(Soft::TimeInFuture);
    }
}
