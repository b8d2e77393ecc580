//! The canonical model: what a plugin emits, the host stores and an agent reads.
//!
//! One JSON form, schema version [`SCHEMA`]. Absent optional fields are left out, lists are always
//! there, and every enum is open for reading: a value that this build does not know reads as
//! `unknown`, while the raw text beside it survives. Source: `canonical-model.md`.

mod address;
mod axis;
mod customer;
mod instant;
mod invariant;
mod money;
mod order;
mod payment;
mod product;
mod read;
mod record;
mod refund;
mod return_;
#[cfg(feature = "schema")]
mod schema;
mod shipment;
mod shop;
mod status;
mod text;
mod tombstone;
mod transition;
mod version;

pub use address::{Address, AddressKind, PickupPoint};
pub use axis::{AXES, axis_values};
pub use customer::{
    Buyer, BuyerKind, Customer, CustomerKind, CustomerState, Identifier, IdentifierType, Marketing,
    MarketingConsent, Verification, VerifiedBy,
};
pub use instant::{Instant, InstantError, SourceTime, TimeZoneSource};
pub use invariant::{Broken, Soft, check_order, soft_warnings};
pub use money::{Currency, Decimal, Money, MoneyError, MoneyPair};
pub use order::{
    Actor, Basis, Cancel, Channel, ChannelKind, CollectedBy, DeliveryMethod, Discount,
    DiscountKind, DiscountTarget, DiscountValueType, Expected, FeeKind, FeeLine, Flags, FundedBy,
    Gift, Hold, Line, LineRole, NameValue, Note, NoteVisibility, Order, OrderEvent, ProductRef,
    Quantities, Ref, RefKind, Related, Relation, ShippingLine, Store, TaxLine, Totals,
};
pub use payment::{Failure, Payment, PaymentMethod, PaymentMethodKind};
pub use product::{Product, ProductStatus, Variant};
pub use record::{Completeness, Group, Kind, Missing, Record, RecordRef};
pub use refund::{Refund, RefundLine, RefundMethod, Restock};
pub use return_::{Resolution, Return, ReturnLine, ReturnReason, ReturnReasonCode};
#[cfg(feature = "schema")]
pub use schema::{SchemaName, schema};
pub use shipment::{
    FulfilledBy, Package, Shipment, ShipmentEvent, ShipmentLine, StateSource, Tracking,
};
pub use shop::ShopFacts;
pub use status::{
    CancelReason, DisputeState, FulfilmentState, OrderState, PaymentState, RefundState,
    ReturnState, ShipmentState, Status, TransactionKind, TransactionState,
};
pub use text::{Email, EmailKind, Phone, Text, number_search};
pub use tombstone::{Tombstone, TombstoneReason};
pub use version::{Comparability, VersionOrder, compare_versions};

/// Schema version of every body that this crate reads and writes.
pub const SCHEMA: &str = "commerce/1";

/// Declares plain data of the model: readable, writable, comparable, and with a JSON schema.
macro_rules! model {
    ($($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* })*) => { $(
        #[serde_with::skip_serializing_none]
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $(#[$meta])*
        pub struct $name { $($body)* }
    )* };
}
pub(crate) use model;

/// Declares an enum that is open for reading: unknown text becomes `Unknown`.
macro_rules! open_enum {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* })*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// Not in the table; the raw value beside it tells more.
            #[default]
            Unknown,
        }

        impl $name {
            /// Every value, `unknown` last.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)* Self::Unknown];

            /// The text in JSON, in SQL and on screen.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* Self::Unknown => "unknown" }
            }

            /// The value of that text; `Unknown` for any other.
            #[must_use]
            pub fn from_text(text: &str) -> Self {
                match text { $($text => Self::$variant,)* _ => Self::Unknown }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                $crate::read::text(d, |text| Ok::<_, std::convert::Infallible>(Self::from_text(text)))
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let known: Vec<&str> = Self::ALL.iter().map(|value| value.as_str()).collect();
                schemars::json_schema!({
                    "type": "string",
                    "description": "Open for reading: a value outside `examples` reads as `unknown`.",
                    "examples": known,
                })
            }
        }
    )* };
}
pub(crate) use open_enum;
