//! A shipment and its tracking (canonical-model §4.8).

use crate::{Address, Decimal, ShipmentState, SourceTime, Status, Text, model, open_enum};

open_enum! {
    /// Who says where a shipment is.
    pub enum StateSource {
        /// The carrier.
        Carrier = "carrier",
        /// The platform.
        Platform = "platform",
        /// The merchant.
        MerchantClaim = "merchant_claim",
    }

    /// Who sends goods.
    pub enum FulfilledBy {
        /// The merchant.
        Merchant = "merchant",
        /// A marketplace.
        Marketplace = "marketplace",
        /// A service.
        ThirdParty = "third_party",
        /// The maker.
        Dropship = "dropship",
        /// The buyer fetches them.
        Pickup = "pickup",
        /// By download.
        Digital = "digital",
    }
}

model! {
    /// A tracking number.
    #[derive(Default, Eq)]
    #[serde(default)]
    pub struct Tracking {
        /// The number.
        pub number: String,
        /// The carrier's page of it.
        pub url: Option<String>,
        /// The carrier.
        pub carrier: Option<String>,
        /// Whether it is the way back.
        pub is_return: bool,
    }

    /// How many of a line are in it.
    #[derive(Eq)]
    pub struct ShipmentLine {
        /// The order's line.
        pub line_source_id: String,
        /// How many.
        pub quantity: Decimal,
    }

    /// A parcel, where the source knows parcels.
    #[derive(Default)]
    #[serde(default)]
    pub struct Package {
        /// The source's id.
        pub source_id: Option<String>,
        /// Its number.
        pub tracking: Option<Tracking>,
        /// What is in it.
        pub lines: Vec<ShipmentLine>,
    }

    /// A carrier's scan or a step.
    pub struct ShipmentEvent {
        /// When.
        pub at: Option<SourceTime>,
        /// What.
        pub state: Status<ShipmentState>,
        /// What was written.
        pub text: Option<Text>,
        /// Where.
        pub place: Option<Text>,
    }

    /// What left or will leave the shop together.
    #[derive(Default)]
    #[serde(default)]
    pub struct Shipment {
        /// The source's id; `{order}:t:{tracking}` where tracking sits on the order.
        pub source_id: String,
        /// What people quote.
        pub number: Option<String>,
        /// Where it is.
        pub state: Status<ShipmentState>,
        /// Who says so.
        pub state_source: StateSource,
        /// The carrier, as sent.
        pub carrier: Option<String>,
        /// The carrier's product.
        pub service: Option<String>,
        /// Its numbers; several are normal.
        pub tracking: Vec<Tracking>,
        /// Parcels.
        pub packages: Vec<Package>,
        /// What is in it; empty when unknown, with `missing`.
        pub lines: Vec<ShipmentLine>,
        /// Where it left.
        pub from: Option<String>,
        /// Where it goes. **Personal.**
        pub to: Option<Address>,
        /// Who sends it.
        pub fulfilled_by: FulfilledBy,
        /// When it was made.
        pub created_at: Option<SourceTime>,
        /// When it left.
        pub shipped_at: Option<SourceTime>,
        /// When it arrived.
        pub delivered_at: Option<SourceTime>,
        /// When it should arrive.
        pub estimated_delivery: Option<SourceTime>,
        /// Steps, oldest first.
        pub events: Vec<ShipmentEvent>,
        /// The source's word for the method.
        pub method: Option<String>,
    }
}
