//! Vendure's states on our axes (canonical-model §6.20), and what follows from money and parcels
//! where the table says "derive" (§7.1).

use ordercase_sdk::model::{FulfilmentState, OrderState, PaymentState, Status};
use ordercase_sdk::{Context, status_table};

use super::history;
use super::line::Counts;
use super::totals::Sums;
use crate::wire::Order;

/// States of carts: not placed, never emitted.
const CARTS: [&str; 4] = ["Created", "Draft", "AddingItems", "ArrangingPayment"];

/// States after which nothing moves by itself.
pub(crate) const FINAL: [&str; 2] = ["Delivered", "Cancelled"];

status_table! {
    static ORDER: OrderState = "state" as "order" {
        "PaymentAuthorized" => Open,
        "PaymentSettled" => Open,
        "PartiallyShipped" => Open,
        "Shipped" => Open,
        "PartiallyDelivered" => Open,
        "Delivered" => Completed,
        "Modifying" => Open,
        "ArrangingAdditionalPayment" => Open,
        "Cancelled" => Cancelled,
    }

    /// Rows that hold whatever the money says; the others are derived.
    static PAYMENT: PaymentState = "state" as "payment" {
        "PaymentAuthorized" => Authorized,
        "ArrangingAdditionalPayment" => PartiallyPaid,
    }

    /// Rows that hold whatever the parcels say; the others are derived. `PaymentAuthorized` is not
    /// among them: an order that is shipped before it is paid stays in that state.
    static FULFILMENT: FulfilmentState = "state" as "fulfilment" {
        "PartiallyShipped" => PartiallyFulfilled,
        "Shipped" => Fulfilled,
        "PartiallyDelivered" => PartiallyDelivered,
        "Delivered" => Delivered,
        "Cancelled" => Cancelled,
    }

    pub(super) static PAYMENT_KIND: TransactionKind = "Payment.state" as "transaction_kind" {
        "Created" => Sale,
        "Authorized" => Authorization,
        "Settled" => Sale,
        "Declined" => Sale,
        "Error" => Sale,
        "Cancelled" => Void,
    }

    pub(super) static PAYMENT_STATE: TransactionState = "Payment.state" as "transaction" {
        "Created" => Pending,
        "Authorized" => Succeeded,
        "Settled" => Succeeded,
        "Declined" => Failed,
        "Error" => Failed,
        "Cancelled" => Succeeded,
    }

    pub(super) static REFUND: RefundState = "Refund.state" as "refund" {
        "Pending" => Pending,
        "Settled" => Succeeded,
        "Failed" => Failed,
    }

    pub(super) static SHIPMENT: ShipmentState = "Fulfillment.state" as "shipment" {
        "Created" => Pending,
        "Pending" => Pending,
        "Shipped" => Shipped,
        "Delivered" => Delivered,
        "Cancelled" => Cancelled,
    }
}

/// Whether it is an order at all: placed, and no cart.
pub(super) fn is_placed(order: &Order<'_>) -> bool {
    let cart = order.state.get().is_none_or(|state| CARTS.contains(&state));
    !order.active.is_yes() && !cart && order.order_placed_at.get().is_some()
}

/// The three axes of an order.
pub(super) struct Axes {
    pub(super) order: Status<OrderState>,
    pub(super) payment: Status<PaymentState>,
    pub(super) fulfilment: Status<FulfilmentState>,
}

pub(super) fn axes(order: &Order<'_>, ctx: &Context, sums: &Sums, counts: &Counts) -> Axes {
    let raw = order.state.get();
    let mut payment = PAYMENT.read(&ctx.overrides, raw);
    if payment.canonical == PaymentState::Unknown {
        payment.canonical = from_money(order, sums);
    }
    let mut fulfilment = FULFILMENT.read(&ctx.overrides, raw);
    if fulfilment.canonical == FulfilmentState::Unknown {
        fulfilment.canonical = from_parcels(counts);
    }
    Axes {
        order: ORDER.read(&ctx.overrides, raw),
        payment,
        fulfilment,
    }
}

/// Canonical-model §7.1. A cancelled order's total is zero, which does not make it free: what was
/// due when it was placed decides.
fn from_money(order: &Order<'_>, sums: &Sums) -> PaymentState {
    let cancelled = order.state.get() == Some("Cancelled");
    let due = if cancelled { sums.placed } else { sums.current };
    let due = due.unwrap_or(0);
    let any = |state: &str| {
        order
            .payments
            .iter()
            .any(|payment| payment.state.get() == Some(state))
    };
    let all_failed = !order.payments.is_empty()
        && order
            .payments
            .iter()
            .all(|payment| matches!(payment.state.or_empty(), "Declined" | "Error"));
    if due == 0 && sums.received == 0 {
        PaymentState::NotRequired
    } else if sums.refunded > 0 && sums.refunded >= sums.received {
        PaymentState::Refunded
    } else if sums.refunded > 0 {
        PaymentState::PartiallyRefunded
    } else if sums.received > due {
        PaymentState::Overpaid
    } else if sums.received >= due {
        PaymentState::Paid
    } else if sums.received > 0 {
        PaymentState::PartiallyPaid
    } else if sums.authorized > 0 {
        PaymentState::Authorized
    } else if any("Created") {
        PaymentState::Pending
    } else if all_failed {
        PaymentState::Failed
    } else if any("Cancelled") || cancelled {
        PaymentState::Voided
    } else {
        PaymentState::Unpaid
    }
}

fn from_parcels(counts: &Counts) -> FulfilmentState {
    let (wanted, left, arrived) = (counts.wanted, counts.shipped, counts.delivered);
    if wanted <= 0 {
        FulfilmentState::NotRequired
    } else if arrived >= wanted {
        FulfilmentState::Delivered
    } else if arrived > 0 {
        FulfilmentState::PartiallyDelivered
    } else if left >= wanted {
        FulfilmentState::Fulfilled
    } else if left > 0 {
        FulfilmentState::PartiallyFulfilled
    } else {
        FulfilmentState::Unfulfilled
    }
}

/// Whether it was ever changed after it was placed.
pub(super) fn is_edited(order: &Order<'_>) -> bool {
    !order.modifications.is_empty()
        || order.state.get() == Some("Modifying")
        || history::was(order, "Modifying")
}
