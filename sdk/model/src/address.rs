//! Postal addresses, in the platform's own lines. **Personal** (canonical-model §4.4).

use crate::{Phone, Text, model, open_enum};

open_enum! {
    /// What stands at an address.
    pub enum AddressKind {
        /// A home.
        Residential = "residential",
        /// A business.
        Commercial = "commercial",
        /// A parcel shop or locker.
        PickupPoint = "pickup_point",
        /// A post-office box.
        PoBox = "po_box",
        /// A military post.
        Military = "military",
    }
}

model! {
    /// A parcel shop or locker.
    #[derive(Default)]
    #[serde(default)]
    pub struct PickupPoint {
        /// The carrier's id of it.
        pub id: Option<String>,
        /// Its name.
        pub name: Option<Text>,
        /// Whose it is.
        pub carrier: Option<String>,
    }

    /// An address. A street is never rebuilt from parts: the platform's lines are kept.
    #[derive(Default)]
    #[serde(default)]
    pub struct Address {
        /// The source's id, where addresses have one.
        pub source_id: Option<String>,
        /// Whole name.
        pub full_name: Option<Text>,
        /// Given name.
        pub first_name: Option<Text>,
        /// Family name.
        pub last_name: Option<Text>,
        /// Company.
        pub company: Option<Text>,
        /// First line.
        pub line1: Option<Text>,
        /// Second line.
        pub line2: Option<Text>,
        /// Third line.
        pub line3: Option<Text>,
        /// House number, where the platform keeps it apart.
        pub house_number: Option<Text>,
        /// District.
        pub district: Option<Text>,
        /// City.
        pub city: Option<Text>,
        /// Region by name.
        pub region: Option<Text>,
        /// Region by code.
        pub region_code: Option<String>,
        /// Postal code.
        pub postal_code: Option<String>,
        /// ISO 3166-1 alpha-2, upper case.
        pub country: Option<String>,
        /// What the source sent, when it is not alpha-2.
        pub country_raw: Option<String>,
        /// Telephone at the address.
        pub phone: Option<Phone>,
        /// What stands there.
        pub kind: AddressKind,
        /// The parcel shop, when it is one.
        pub pickup_point: Option<PickupPoint>,
        /// Whether the platform blanked parts of it.
        pub masked: bool,
    }
}
