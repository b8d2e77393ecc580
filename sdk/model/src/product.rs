//! A product (canonical-model §4.11).

use crate::{Decimal, MoneyPair, SourceTime, Status, Text, model, open_enum};

open_enum! {
    /// Whether a product is on sale.
    pub enum ProductStatus {
        /// On sale.
        Active = "active",
        /// Not yet.
        Draft = "draft",
        /// No more.
        Archived = "archived",
        /// Gone.
        Deleted = "deleted",
    }
}

model! {
    /// A variant.
    #[derive(Default)]
    #[serde(default)]
    pub struct Variant {
        /// The source's id.
        pub source_id: String,
        /// Stock-keeping unit.
        pub sku: Option<String>,
        /// Bar code.
        pub gtin: Option<String>,
        /// Its name.
        pub title: Option<Text>,
        /// Its price.
        pub price: Option<MoneyPair>,
        /// The price crossed out.
        pub compare_at: Option<MoneyPair>,
        /// Whether it must be sent.
        pub requires_shipping: Option<bool>,
        /// How many there are.
        pub available: Option<Decimal>,
    }

    /// A product.
    #[derive(Default)]
    #[serde(default)]
    pub struct Product {
        /// The source's id.
        pub source_id: String,
        /// Its name.
        pub title: Text,
        /// Whether it is on sale.
        pub status: Status<ProductStatus>,
        /// Vendor.
        pub vendor: Option<String>,
        /// Type.
        pub product_type: Option<String>,
        /// Text without markup.
        pub description_text: Option<Text>,
        /// Page.
        pub url: Option<String>,
        /// Pictures.
        pub images: Vec<String>,
        /// Names of its options.
        pub options: Vec<String>,
        /// Variants.
        pub variants: Vec<Variant>,
        /// Tags.
        pub tags: Vec<String>,
        /// When it last changed.
        pub updated_at: Option<SourceTime>,
    }
}
