//! A line of an order (canonical-model §4.5).

use crate::{
    Decimal, Discount, FulfilmentState, MoneyPair, Status, TaxLine, Text, model, open_enum,
};

open_enum! {
    /// What a line is.
    pub enum LineRole {
        /// Goods.
        Item = "item",
        /// A bundle as a whole.
        BundleParent = "bundle_parent",
        /// A part of a bundle.
        BundleChild = "bundle_child",
        /// A configurable product as a whole.
        ConfigurableParent = "configurable_parent",
        /// A gift card.
        GiftCard = "gift_card",
        /// A download.
        Digital = "digital",
        /// A service.
        Service = "service",
        /// A subscription.
        Subscription = "subscription",
        /// A sample.
        Sample = "sample",
        /// Typed in by hand.
        Custom = "custom",
        /// A replacement.
        Replacement = "replacement",
    }
}

model! {
    /// A named value.
    #[derive(Eq)]
    pub struct NameValue {
        /// Name.
        pub name: String,
        /// Value.
        pub value: String,
    }

    /// What was bought, where the product still exists.
    #[derive(Default, Eq)]
    #[serde(default)]
    pub struct ProductRef {
        /// Product.
        pub product_id: Option<String>,
        /// Variant.
        pub variant_id: Option<String>,
        /// Stock-keeping unit.
        pub sku: Option<String>,
        /// Bar code.
        pub gtin: Option<String>,
        /// A marketplace's item id.
        pub marketplace_item_id: Option<String>,
    }

    /// How many of a line are where. Decimals: some shops sell by weight.
    #[derive(Default, Eq)]
    #[serde(default)]
    pub struct Quantities {
        /// Ordered.
        pub ordered: Option<Decimal>,
        /// Still ordered, after edits and removals.
        pub current: Option<Decimal>,
        /// Left the shop.
        pub fulfilled: Option<Decimal>,
        /// Arrived.
        pub delivered: Option<Decimal>,
        /// Called off.
        pub cancelled: Option<Decimal>,
        /// Paid back.
        pub refunded: Option<Decimal>,
        /// Came back.
        pub returned: Option<Decimal>,
        /// Waiting for stock.
        pub backordered: Option<Decimal>,
    }

    /// A gift.
    #[derive(Default)]
    #[serde(default)]
    pub struct Gift {
        /// Whether it is one.
        pub is_gift: bool,
        /// **Personal.**
        pub message: Option<Text>,
        /// The wrap.
        pub wrap: Option<String>,
    }

    /// A line of an order.
    #[derive(Default)]
    #[serde(default)]
    pub struct Line {
        /// Line id; the position is appended where ids repeat or are missing.
        pub source_id: String,
        /// The line that this one is a part of.
        pub parent_line_id: Option<String>,
        /// What the line is.
        pub role: LineRole,
        /// False for rows that would double a quantity or an amount.
        pub countable: bool,
        /// The product; absent for deleted or custom ones.
        pub product_ref: Option<ProductRef>,
        /// Product's name.
        pub title: Text,
        /// Variant's name.
        pub variant_title: Option<Text>,
        /// Chosen options.
        pub options: Vec<NameValue>,
        /// What the buyer wrote on it. **Personal.**
        pub personalisation: Vec<NameValue>,
        /// Picture.
        pub image_url: Option<String>,
        /// Page.
        pub product_url: Option<String>,
        /// Vendor.
        pub vendor: Option<String>,
        /// Whether it must be sent.
        pub requires_shipping: Option<bool>,
        /// How many are where.
        pub quantity: Quantities,
        /// One, before discounts.
        pub unit_price: Option<MoneyPair>,
        /// One, without tax.
        pub unit_price_net: Option<MoneyPair>,
        /// One, with tax.
        pub unit_price_gross: Option<MoneyPair>,
        /// All, before discounts.
        pub line_subtotal: Option<MoneyPair>,
        /// Discounts on it.
        pub line_discount: Option<MoneyPair>,
        /// Tax on it.
        pub line_tax: Option<MoneyPair>,
        /// What the buyer pays for it; tax included when prices include it.
        pub line_total: Option<MoneyPair>,
        /// Discounts on it, one by one.
        pub discounts: Vec<Discount>,
        /// Taxes on it, one by one.
        pub taxes: Vec<TaxLine>,
        /// The goods of this line.
        pub fulfilment_state: Option<Status<FulfilmentState>>,
        /// A gift.
        pub gift: Option<Gift>,
    }
}
