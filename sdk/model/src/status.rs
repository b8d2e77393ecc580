//! The independent axes of an order and what lies in it, each with the source's own word beside it
//! (canonical-model §5).

use crate::open_enum;

open_enum! {
    /// Where an order stands as a whole.
    pub enum OrderState {
        /// Not placed; never emitted as an order.
        Draft = "draft",
        /// Placed, waiting for money or confirmation.
        Pending = "pending",
        /// Accepted, work to do.
        Open = "open",
        /// Somebody stopped it for now.
        OnHold = "on_hold",
        /// Nothing left to do.
        Completed = "completed",
        /// Ended another way: fully refunded or fully returned.
        Closed = "closed",
        /// Called off.
        Cancelled = "cancelled",
        /// Payment refused or expired; never a sale.
        Failed = "failed",
    }

    /// Where the money stands.
    pub enum PaymentState {
        /// Nothing paid and nothing under way.
        Unpaid = "unpaid",
        /// In progress, or an offline payment is expected.
        Pending = "pending",
        /// Held, not captured.
        Authorized = "authorized",
        /// Some of it is there.
        PartiallyPaid = "partially_paid",
        /// All of it is there.
        Paid = "paid",
        /// More than all of it.
        Overpaid = "overpaid",
        /// Some of it went back.
        PartiallyRefunded = "partially_refunded",
        /// All of it went back.
        Refunded = "refunded",
        /// Authorisation released or payment cancelled, nothing kept.
        Voided = "voided",
        /// Refused.
        Failed = "failed",
        /// Taken back by the bank.
        ChargedBack = "charged_back",
        /// The total is zero.
        NotRequired = "not_required",
        /// A marketplace collects and does not tell.
        NotReported = "not_reported",
    }

    /// Where the goods stand.
    pub enum FulfilmentState {
        /// Nothing has left the shop.
        Unfulfilled = "unfulfilled",
        /// Planned for a later date.
        Scheduled = "scheduled",
        /// Stopped for now.
        OnHold = "on_hold",
        /// Picked, packed or labelled.
        InProgress = "in_progress",
        /// Waiting for the buyer at a counter.
        ReadyForPickup = "ready_for_pickup",
        /// Some quantity left the shop.
        PartiallyFulfilled = "partially_fulfilled",
        /// All of it left the shop.
        Fulfilled = "fulfilled",
        /// Some of it arrived.
        PartiallyDelivered = "partially_delivered",
        /// All of it arrived.
        Delivered = "delivered",
        /// Will not be sent.
        Cancelled = "cancelled",
        /// Nothing to send.
        NotRequired = "not_required",
    }

    /// Where one parcel or batch stands.
    pub enum ShipmentState {
        /// Nothing handed over yet.
        Pending = "pending",
        /// Labelled.
        LabelCreated = "label_created",
        /// Waiting for the buyer at a counter.
        ReadyForPickup = "ready_for_pickup",
        /// Handed over, no scan known.
        Shipped = "shipped",
        /// On its way.
        InTransit = "in_transit",
        /// On its way, late.
        Delayed = "delayed",
        /// On the van.
        OutForDelivery = "out_for_delivery",
        /// Nobody was there.
        DeliveryAttempted = "delivery_attempted",
        /// Arrived.
        Delivered = "delivered",
        /// Fetched by the buyer.
        PickedUp = "picked_up",
        /// Something went wrong.
        Exception = "exception",
        /// On its way back or back.
        ReturnedToSender = "returned_to_sender",
        /// Will not be sent.
        Cancelled = "cancelled",
    }

    /// Where a return stands.
    pub enum ReturnState {
        /// There is none.
        None = "none",
        /// Asked for.
        Requested = "requested",
        /// Goods may be sent.
        Approved = "approved",
        /// Goods are on their way back.
        InTransit = "in_transit",
        /// Goods arrived.
        Received = "received",
        /// Goods were looked at.
        Inspected = "inspected",
        /// Settled.
        Completed = "completed",
        /// Refused.
        Rejected = "rejected",
        /// Called off.
        Cancelled = "cancelled",
        /// A marketplace was asked to decide.
        Escalated = "escalated",
    }

    /// Where a refund stands.
    pub enum RefundState {
        /// There is none.
        None = "none",
        /// Under way.
        Pending = "pending",
        /// Money went back.
        Succeeded = "succeeded",
        /// Refused.
        Failed = "failed",
        /// Called off.
        Cancelled = "cancelled",
    }

    /// What a payment transaction does.
    pub enum TransactionKind {
        /// Holds money.
        Authorization = "authorization",
        /// Takes held money.
        Capture = "capture",
        /// Holds and takes in one step.
        Sale = "sale",
        /// Releases held money.
        Void = "void",
        /// Sends money back.
        Refund = "refund",
        /// Takes a refund back.
        RefundReversal = "refund_reversal",
        /// The bank takes money back.
        Chargeback = "chargeback",
        /// The bank returns it.
        ChargebackReversal = "chargeback_reversal",
        /// Change at a till.
        CashChange = "cash_change",
        /// Something else.
        Other = "other",
    }

    /// How a payment transaction went.
    pub enum TransactionState {
        /// Under way.
        Pending = "pending",
        /// Waiting for the buyer.
        RequiresAction = "requires_action",
        /// Done.
        Succeeded = "succeeded",
        /// Refused.
        Failed = "failed",
        /// Called off.
        Cancelled = "cancelled",
        /// Ran out.
        Expired = "expired",
    }

    /// Where a dispute stands.
    pub enum DisputeState {
        /// The merchant must answer.
        NeedsResponse = "needs_response",
        /// The bank or marketplace decides.
        UnderReview = "under_review",
        /// For the merchant.
        Won = "won",
        /// Against the merchant.
        Lost = "lost",
        /// Over, without a verdict.
        Closed = "closed",
    }

    /// Why an order was cancelled.
    pub enum CancelReason {
        /// The buyer asked.
        Customer = "customer",
        /// No money.
        PaymentDeclined = "payment_declined",
        /// Suspected fraud.
        Fraud = "fraud",
        /// Nothing to send.
        Inventory = "inventory",
        /// The merchant decided.
        Merchant = "merchant",
        /// The address cannot be served.
        Address = "address",
        /// Placed twice.
        Duplicate = "duplicate",
        /// Ran out.
        Expired = "expired",
        /// Something else.
        Other = "other",
    }
}

/// A canonical value with the source's own word (canonical-model §1, principle 2).
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Status<E> {
    /// The value of our axis.
    pub canonical: E,
    /// The source's word; absent when it sent none.
    pub raw: Option<String>,
    /// The merchant's own name of the status, shown on hover.
    pub raw_label: Option<String>,
    /// Which field of the source it was read from; `derived` when from several.
    #[serde(default)]
    pub source_field: String,
}

impl<E> Status<E> {
    /// A status read from `source_field` as `raw`.
    pub fn new(canonical: E, raw: Option<&str>, source_field: &str) -> Self {
        Self {
            canonical,
            raw: raw.map(str::to_owned),
            raw_label: None,
            source_field: source_field.to_owned(),
        }
    }

    /// A status that follows from other fields.
    pub fn derived(canonical: E) -> Self {
        Self::new(canonical, None, "derived")
    }
}

impl<E: Default> Default for Status<E> {
    fn default() -> Self {
        Self {
            canonical: E::default(),
            raw: None,
            raw_label: None,
            source_field: String::new(),
        }
    }
}
