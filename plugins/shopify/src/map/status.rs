//! Shopify's words and ours (canonical-model §6.1), and the order's own axis, which Shopify has not.

use ordercase_sdk::model::{FulfilmentState, OrderState, PaymentState, Status, TransactionState};
use ordercase_sdk::{Context, Table, status_table};

use crate::wire::order::{Dialect, Order};

status_table! {
    /// Where the money stands.
    pub(super) static FINANCIAL: PaymentState = "displayFinancialStatus" as "payment" {
        "PENDING" => Pending,
        "AUTHORIZED" => Authorized,
        "PARTIALLY_PAID" => PartiallyPaid,
        "PAID" => Paid,
        "PARTIALLY_REFUNDED" => PartiallyRefunded,
        "REFUNDED" => Refunded,
        "VOIDED" => Voided,
        "EXPIRED" => Failed,
    }

    /// Where the goods stand. REST's four words are among them.
    pub(super) static FULFILMENT: FulfilmentState = "displayFulfillmentStatus" as "fulfilment" {
        "UNFULFILLED" => Unfulfilled,
        "OPEN" => Unfulfilled,
        "IN_PROGRESS" => InProgress,
        "PENDING_FULFILLMENT" => InProgress,
        "ON_HOLD" => OnHold,
        "SCHEDULED" => Scheduled,
        "PARTIALLY_FULFILLED" => PartiallyFulfilled,
        "PARTIAL" => PartiallyFulfilled,
        "FULFILLED" => Fulfilled,
        "REQUEST_DECLINED" => Unfulfilled,
        "FULFILLMENT_NOT_REQUIRED" => NotRequired,
        "RESTOCKED" => Cancelled,
    }

    /// What an operator may say of the order itself; Shopify has no such word.
    static ORDER_BY_MONEY: OrderState = "displayFinancialStatus" as "order" {}
    static ORDER_BY_GOODS: OrderState = "displayFulfillmentStatus" as "order" {}

    /// Where a batch of goods stands, coarsely.
    pub(super) static FULFILLMENT: ShipmentState = "Fulfillment.status" as "shipment" {
        "OPEN" => Pending,
        "PENDING" => Pending,
        "SUCCESS" => Shipped,
        "CANCELLED" => Cancelled,
        "ERROR" => Exception,
        "FAILURE" => Exception,
    }

    /// Where a batch of goods stands, finely.
    pub(super) static DELIVERY: ShipmentState = "Fulfillment.displayStatus" as "shipment" {
        "LABEL_PURCHASED" => LabelCreated,
        "LABEL_PRINTED" => LabelCreated,
        "CONFIRMED" => LabelCreated,
        "SUBMITTED" => LabelCreated,
        "LABEL_VOIDED" => Pending,
        "FULFILLED" => Shipped,
        "MARKED_AS_FULFILLED" => Shipped,
        "CARRIER_PICKED_UP" => InTransit,
        "IN_TRANSIT" => InTransit,
        "DELAYED" => Delayed,
        "OUT_FOR_DELIVERY" => OutForDelivery,
        "ATTEMPTED_DELIVERY" => DeliveryAttempted,
        "READY_FOR_PICKUP" => ReadyForPickup,
        "PICKED_UP" => PickedUp,
        "DELIVERED" => Delivered,
        "NOT_DELIVERED" => Exception,
        "FAILURE" => Exception,
        "CANCELED" => Cancelled,
    }

    /// Where a return stands.
    pub(super) static RETURN: ReturnState = "Return.status" as "return" {
        "REQUESTED" => Requested,
        "OPEN" => Approved,
        "CLOSED" => Completed,
        "DECLINED" => Rejected,
        "CANCELED" => Cancelled,
    }

    /// All returns of an order.
    pub(super) static RETURNS: ReturnState = "returnStatus" as "return" {
        "NO_RETURN" => None,
        "RETURN_REQUESTED" => Requested,
        "IN_PROGRESS" => Approved,
        "INSPECTION_COMPLETE" => Inspected,
        "RETURNED" => Completed,
    }

    /// What a transaction does; `SUGGESTED_REFUND` is skipped before.
    pub(super) static KIND: TransactionKind = "OrderTransaction.kind" as "transaction_kind" {
        "AUTHORIZATION" => Authorization,
        "EMV_AUTHORIZATION" => Authorization,
        "CAPTURE" => Capture,
        "SALE" => Sale,
        "VOID" => Void,
        "REFUND" => Refund,
        "CHANGE" => CashChange,
    }

    /// How a transaction went.
    pub(super) static TRANSACTION: TransactionState = "OrderTransaction.status" as "transaction" {
        "PENDING" => Pending,
        "AWAITING_RESPONSE" => Pending,
        "SUCCESS" => Succeeded,
        "FAILURE" => Failed,
        "ERROR" => Failed,
    }

    /// Why an order was cancelled.
    pub(super) static CANCEL: CancelReason = "cancelReason" as "cancel_reason" {
        "CUSTOMER" => Customer,
        "DECLINED" => PaymentDeclined,
        "FRAUD" => Fraud,
        "INVENTORY" => Inventory,
        "STAFF" => Merchant,
        "OTHER" => Other,
    }

    /// Where a customer's account stands.
    pub(super) static ACCOUNT: CustomerState = "Customer.state" as "customer" {
        "ENABLED" => Enabled,
        "DISABLED" => Disabled,
        "INVITED" => Invited,
        "DECLINED" => Declined,
    }
}

/// The three axes of an order.
pub(super) struct Axes {
    pub(super) order: Status<OrderState>,
    pub(super) payment: Status<PaymentState>,
    pub(super) fulfilment: Status<FulfilmentState>,
}

/// Reads the axes. `has_shipped` tells whether a batch of goods has left.
pub(super) fn axes(order: &Order<'_>, ctx: &Context, has_shipped: bool) -> Axes {
    let payment = payment(order, ctx);
    let fulfilment = fulfilment(order, ctx);
    Axes {
        order: Status::derived(whole(order, ctx, &payment, &fulfilment, has_shipped)),
        payment,
        fulfilment,
    }
}

fn payment(order: &Order<'_>, ctx: &Context) -> Status<PaymentState> {
    let raw = order.display_financial_status.get();
    let mut status = read(&FINANCIAL, "financial_status", order.dialect, ctx, raw);
    // `PENDING` also stands for "nobody has tried to pay yet"; only the transactions tell.
    let nothing_pending = order.transactions.as_ref().is_some_and(|transactions| {
        !transactions.iter().any(|transaction| {
            let state = TRANSACTION.canonical(&ctx.overrides, transaction.status.or_empty());
            state == TransactionState::Pending
        })
    });
    let as_sent = raw.is_some_and(|raw| raw.eq_ignore_ascii_case("PENDING"));
    if as_sent && status.canonical == PaymentState::Pending && nothing_pending {
        status.canonical = PaymentState::Unpaid;
    }
    status
}

fn fulfilment(order: &Order<'_>, ctx: &Context) -> Status<FulfilmentState> {
    let raw = order.display_fulfillment_status.get();
    let mut status = read(&FULFILMENT, "fulfillment_status", order.dialect, ctx, raw);
    if order.dialect == Dialect::Rest && raw.is_none() {
        // REST says "nothing left yet" with null.
        status.canonical = FulfilmentState::Unfulfilled;
    }
    status
}

/// A status by a table; the REST dialect has another name for its field.
pub(super) fn read<E: Copy + Default>(
    table: &Table<E>,
    rest_field: &str,
    dialect: Dialect,
    ctx: &Context,
    raw: Option<&str>,
) -> Status<E> {
    match dialect {
        Dialect::Rest => table.read_as(rest_field, &ctx.overrides, raw),
        Dialect::GraphQl => table.read(&ctx.overrides, raw),
    }
}

fn whole(
    order: &Order<'_>,
    ctx: &Context,
    payment: &Status<PaymentState>,
    fulfilment: &Status<FulfilmentState>,
    has_shipped: bool,
) -> OrderState {
    let operators = [
        ORDER_BY_GOODS.canonical(
            &ctx.overrides,
            fulfilment.raw.as_deref().unwrap_or_default(),
        ),
        ORDER_BY_MONEY.canonical(&ctx.overrides, payment.raw.as_deref().unwrap_or_default()),
    ];
    let said = operators
        .into_iter()
        .find(|state| *state != OrderState::Unknown);
    let settled = matches!(
        payment.canonical,
        PaymentState::Paid | PaymentState::Refunded
    );
    let handed_over = matches!(
        fulfilment.canonical,
        FulfilmentState::Fulfilled | FulfilmentState::NotRequired
    );
    let waits_for_money = matches!(
        payment.canonical,
        PaymentState::Pending | PaymentState::Unpaid | PaymentState::Failed
    );
    if order.cancelled_at.get().is_some() {
        OrderState::Cancelled
    } else if let Some(said) = said {
        said
    } else if fulfilment.canonical == FulfilmentState::OnHold {
        OrderState::OnHold
    } else if settled && handed_over {
        OrderState::Completed
    } else if waits_for_money && !has_shipped {
        OrderState::Pending
    } else {
        OrderState::Open
    }
}
