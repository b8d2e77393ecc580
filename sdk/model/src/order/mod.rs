//! An order and what lies in it (canonical-model §4.1).

mod adjustment;
mod line;
mod totals;

pub use adjustment::{
    CollectedBy, DeliveryMethod, Discount, DiscountKind, DiscountTarget, DiscountValueType,
    FeeKind, FeeLine, FundedBy, ShippingLine, TaxLine,
};
pub use line::{Gift, Line, LineRole, NameValue, ProductRef, Quantities};
pub use totals::{Basis, Totals};

use std::collections::BTreeMap;

use crate::{
    Address, Buyer, CancelReason, DisputeState, FulfilmentState, Instant, OrderState, Payment,
    PaymentState, Refund, Return, ReturnState, Shipment, SourceTime, Status, Text, model,
    open_enum,
};

open_enum! {
    /// Where an order came in.
    pub enum ChannelKind {
        /// The shop's website.
        OnlineStore = "online_store",
        /// A till.
        Pos = "pos",
        /// A marketplace.
        Marketplace = "marketplace",
        /// Made from a draft.
        Draft = "draft",
        /// A subscription's renewal.
        Subscription = "subscription",
        /// By API.
        Api = "api",
        /// A social network.
        Social = "social",
        /// Wholesale.
        Wholesale = "wholesale",
        /// By telephone.
        Phone = "phone",
        /// Imported.
        Import = "import",
        /// Another one.
        Other = "other",
    }

    /// What a number or code that people quote is.
    pub enum RefKind {
        /// Another form of the order number.
        OrderNumberAlt = "order_number_alt",
        /// Number at another system.
        ExternalOrder = "external_order",
        /// The buyer's purchase order.
        PurchaseOrder = "purchase_order",
        /// Invoice.
        Invoice = "invoice",
        /// Return authorisation.
        Rma = "rma",
        /// Payment.
        Payment = "payment",
        /// The payment provider's reference.
        GatewayReference = "gateway_reference",
        /// Checkout.
        Checkout = "checkout",
        /// Cart.
        Cart = "cart",
        /// Confirmation code.
        Confirmation = "confirmation",
        /// Number at the sales channel.
        SalesChannelOrder = "sales_channel_order",
        /// Another stable id of the same record, such as a global id.
        SourceGlobalId = "source_global_id",
    }

    /// Who did something.
    pub enum Actor {
        /// The buyer.
        Customer = "customer",
        /// The merchant or its staff.
        Merchant = "merchant",
        /// The platform.
        Platform = "platform",
        /// A program of the merchant's.
        App = "app",
    }

    /// Who may read a note.
    pub enum NoteVisibility {
        /// The customer too.
        Customer = "customer",
        /// The merchant only.
        Internal = "internal",
    }

    /// How two orders hang together.
    pub enum Relation {
        /// Split off from.
        SplitOf = "split_of",
        /// Stands in for.
        Replaces = "replaces",
        /// Another one stands in for this.
        ReplacedBy = "replaced_by",
        /// Sent again.
        ReissueOf = "reissue_of",
        /// Exchanged for.
        ExchangeOf = "exchange_of",
        /// A subscription's next.
        RenewalOf = "renewal_of",
        /// Part of an aggregate.
        AggregateOf = "aggregate_of",
        /// Edited from.
        EditedFrom = "edited_from",
        /// The order that this return belongs to.
        OriginalOfReturn = "original_of_return",
    }
}

model! {
    /// Where an order came in.
    #[derive(Default)]
    #[serde(default)]
    pub struct Channel {
        /// Kind of channel.
        pub kind: ChannelKind,
        /// The source's name of it.
        pub name: Option<String>,
        /// The source's id of it.
        pub source_id: Option<String>,
    }

    /// The store view, site or sales channel.
    #[derive(Default)]
    #[serde(default)]
    pub struct Store {
        /// The source's id of it.
        pub source_id: Option<String>,
        /// Its name.
        pub name: Option<String>,
        /// BCP 47.
        pub locale: Option<String>,
    }

    /// Another number that people quote.
    #[derive(Eq)]
    pub struct Ref {
        /// What it is.
        pub kind: RefKind,
        /// The number or code.
        pub value: String,
        /// The source's name of it.
        pub label: Option<String>,
    }

    /// Yes, no or not told, about an order.
    #[derive(Default, Eq)]
    #[serde(default)]
    pub struct Flags {
        /// A test order.
        pub test: Option<bool>,
        /// Put away.
        pub archived: Option<bool>,
        /// Changed after it was placed.
        pub edited: Option<bool>,
        /// Gone at the source.
        pub deleted: Option<bool>,
        /// Made from a draft.
        pub draft_origin: Option<bool>,
        /// A gift.
        pub gift: Option<bool>,
        /// Nothing to send.
        pub digital_only: Option<bool>,
        /// A replacement.
        pub replacement: Option<bool>,
        /// Business to business.
        pub b2b: Option<bool>,
        /// Suspicious to the platform.
        pub high_risk: Option<bool>,
        /// The buyer asked to cancel.
        pub cancellation_requested: Option<bool>,
        /// Something holds it.
        pub has_hold: Option<bool>,
    }

    /// What the buyer was promised.
    #[derive(Default)]
    #[serde(default)]
    pub struct Expected {
        /// Leaves the shop by.
        pub ship_by: Option<SourceTime>,
        /// Arrives from.
        pub deliver_from: Option<SourceTime>,
        /// Arrives by.
        pub deliver_by: Option<SourceTime>,
    }

    /// How an order was called off.
    #[derive(Default)]
    #[serde(default)]
    pub struct Cancel {
        /// Why.
        pub reason: Option<Status<CancelReason>>,
        /// By whom.
        pub initiator: Actor,
        /// What was written.
        pub note: Option<Text>,
    }

    /// What stops an order.
    #[derive(Default)]
    #[serde(default)]
    pub struct Hold {
        /// Why.
        pub reason: Option<String>,
        /// Since when.
        pub since: Option<SourceTime>,
        /// What was written.
        pub note: Option<Text>,
    }

    /// A note. **Personal.**
    pub struct Note {
        /// When.
        pub at: Option<SourceTime>,
        /// By whom.
        #[serde(default)]
        pub author_kind: Actor,
        /// For whom.
        pub visibility: NoteVisibility,
        /// What.
        pub text: Text,
    }

    /// One step of an order's history.
    pub struct OrderEvent {
        /// When.
        pub at: Option<SourceTime>,
        /// The source's word for it.
        pub kind: String,
        /// What the source wrote.
        pub text: Option<Text>,
        /// By whom.
        pub actor_kind: Option<Actor>,
        /// Whether the customer heard of it.
        pub notified_customer: Option<bool>,
    }

    /// A neighbour of this order.
    #[derive(Eq)]
    pub struct Related {
        /// How they hang together.
        pub relation: Relation,
        /// The neighbour's source id.
        pub source_id: String,
    }

    /// An order.
    #[derive(Default)]
    #[serde(default)]
    pub struct Order {
        /// What people quote; absent when the platform has none.
        pub number: Option<String>,
        /// Letters and digits of it, upper case; see [`crate::number_search`].
        pub number_search: Option<String>,
        /// Other numbers that people quote.
        pub refs: Vec<Ref>,
        /// Where it came in.
        pub channel: Channel,
        /// Store view or site.
        pub store: Option<Store>,
        /// The order as a whole.
        pub order_state: Status<OrderState>,
        /// The money.
        pub payment_state: Status<PaymentState>,
        /// The goods.
        pub fulfilment_state: Status<FulfilmentState>,
        /// Roll-up of the returns; absent where the platform has no returns.
        pub return_state: Option<Status<ReturnState>>,
        /// Most urgent open dispute.
        pub dispute_state: Option<Status<DisputeState>>,
        /// Yes, no or not told.
        pub flags: Flags,
        /// When the buyer committed.
        pub placed_at: Option<SourceTime>,
        /// When the record was made.
        pub created_at: Option<SourceTime>,
        /// When it last changed, says the source.
        pub updated_at: Option<SourceTime>,
        /// When the money came.
        pub paid_at: Option<SourceTime>,
        /// When it was called off.
        pub cancelled_at: Option<SourceTime>,
        /// When it was closed or archived.
        pub closed_at: Option<SourceTime>,
        /// When nothing was left to do.
        pub completed_at: Option<SourceTime>,
        /// What the buyer was promised.
        pub expected: Option<Expected>,
        /// How it was called off.
        pub cancel: Option<Cancel>,
        /// What stops it.
        pub hold: Option<Hold>,
        /// Who placed it.
        pub buyer: Buyer,
        /// **Personal.**
        pub billing_address: Option<Address>,
        /// First destination; others are on shipments. **Personal.**
        pub shipping_address: Option<Address>,
        /// What was bought.
        pub lines: Vec<Line>,
        /// Handling, tips, duties and the like.
        pub fees: Vec<FeeLine>,
        /// Chosen shipping.
        pub shipping_lines: Vec<ShippingLine>,
        /// All reductions.
        pub discounts: Vec<Discount>,
        /// Taxes of the whole order.
        pub taxes: Vec<TaxLine>,
        /// The sums.
        pub totals: Totals,
        /// Whether prices include tax.
        pub prices_include_tax: Option<bool>,
        /// Payment transactions.
        pub payments: Vec<Payment>,
        /// What left or will leave the shop.
        pub shipments: Vec<Shipment>,
        /// Money sent back.
        pub refunds: Vec<Refund>,
        /// Goods coming back.
        pub returns: Vec<Return>,
        /// Notes.
        pub notes: Vec<Note>,
        /// The merchant's tags.
        pub tags: Vec<String>,
        /// History, oldest first.
        pub events: Vec<OrderEvent>,
        /// Neighbours.
        pub related: Vec<Related>,
        /// Link for the agent; never one that is the customer's secret.
        pub admin_url: Option<String>,
        /// Allow-listed custom attributes, at most 8 KiB.
        pub extra: BTreeMap<String, String>,
    }
}

impl Order {
    /// When it was placed, else made.
    #[must_use]
    pub fn placed(&self) -> Option<Instant> {
        let at = |time: &Option<SourceTime>| time.as_ref().and_then(|t| t.at);
        at(&self.placed_at).or_else(|| at(&self.created_at))
    }
}
