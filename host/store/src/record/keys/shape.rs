//! The few fields of a body that keys and lists come from: typed, borrowed, everything else skipped.
//!
//! The runtime has read the whole body as the type of its kind before (its `record` module); here it is read for
//! what the store needs. What does not have the shape is refused all the same.

use std::borrow::Cow;

use ordercase_model::{CustomerState, EmailKind, Instant, OrderState};
use serde::{Deserialize, de::IgnoredAny};

type Word<'a> = Option<Cow<'a, str>>;

/// An order.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Order<'a> {
    #[serde(borrow)]
    pub(super) number: Word<'a>,
    #[serde(borrow)]
    pub(super) refs: Vec<Ref<'a>>,
    pub(super) order_state: State<OrderState>,
    pub(super) placed_at: Option<Time>,
    pub(super) created_at: Option<Time>,
    #[serde(borrow)]
    pub(super) buyer: Buyer<'a>,
    #[serde(borrow)]
    pub(super) billing_address: Option<Address<'a>>,
    #[serde(borrow)]
    pub(super) shipping_address: Option<Address<'a>>,
    #[serde(borrow)]
    pub(super) shipments: Vec<Shipment<'a>>,
    #[serde(borrow)]
    pub(super) returns: Vec<Return<'a>>,
    /// Read so that another shape is refused.
    #[serde(rename = "lines")]
    _lines: Vec<IgnoredAny>,
}

/// A customer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Customer<'a> {
    pub(super) state: State<CustomerState>,
    pub(super) created_at: Option<Time>,
    #[serde(borrow)]
    pub(super) emails: Vec<Email<'a>>,
    #[serde(borrow)]
    pub(super) phones: Vec<Phone<'a>>,
    #[serde(borrow)]
    pub(super) addresses: Vec<Address<'a>>,
    #[serde(borrow)]
    pub(super) merged_into: Word<'a>,
}

/// A state, without where it was read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct State<E: Default> {
    pub(super) canonical: E,
}

/// A time, without how the source wrote it.
#[derive(Deserialize)]
pub(super) struct Time {
    #[serde(default)]
    pub(super) at: Option<Instant>,
}

/// Another number that people quote.
#[derive(Deserialize)]
pub(super) struct Ref<'a> {
    #[serde(borrow)]
    pub(super) value: Cow<'a, str>,
}

/// Who placed an order.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Buyer<'a> {
    #[serde(borrow)]
    pub(super) customer_source_id: Word<'a>,
    #[serde(borrow)]
    pub(super) email: Option<Email<'a>>,
    #[serde(borrow)]
    pub(super) phone: Option<Phone<'a>>,
}

/// An e-mail address.
#[derive(Deserialize)]
pub(super) struct Email<'a> {
    #[serde(borrow)]
    pub(super) normalised: Cow<'a, str>,
    #[serde(default)]
    pub(super) kind: EmailKind,
}

/// A telephone number.
#[derive(Deserialize)]
pub(super) struct Phone<'a> {
    #[serde(borrow)]
    pub(super) raw: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) e164: Word<'a>,
}

/// An address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Address<'a> {
    #[serde(borrow)]
    pub(super) phone: Option<Phone<'a>>,
}

/// A shipment.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Shipment<'a> {
    #[serde(borrow)]
    pub(super) tracking: Vec<Tracking<'a>>,
    #[serde(borrow)]
    pub(super) packages: Vec<Package<'a>>,
}

/// A parcel.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Package<'a> {
    #[serde(borrow)]
    pub(super) tracking: Option<Tracking<'a>>,
}

/// A tracking number.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tracking<'a> {
    #[serde(borrow)]
    pub(super) number: Cow<'a, str>,
}

/// A return.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Return<'a> {
    #[serde(borrow)]
    pub(super) number: Word<'a>,
    #[serde(borrow)]
    pub(super) tracking: Vec<Tracking<'a>>,
}
