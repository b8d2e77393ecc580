//! What changes a price: discounts, taxes, shipping and fees (canonical-model §4.6).

use crate::{MoneyPair, model, open_enum};

open_enum! {
    /// What a discount is.
    pub enum DiscountKind {
        /// By code.
        Code = "code",
        /// By rule.
        Automatic = "automatic",
        /// By hand.
        Manual = "manual",
        /// For loyalty.
        Loyalty = "loyalty",
        /// By gift card.
        GiftCard = "gift_card",
        /// On shipping.
        Shipping = "shipping",
        /// For a bundle.
        Bundle = "bundle",
        /// By a marketplace.
        Marketplace = "marketplace",
        /// Something else.
        Other = "other",
    }

    /// How a discount is expressed.
    pub enum DiscountValueType {
        /// An amount.
        Fixed = "fixed",
        /// A share.
        Percent = "percent",
    }

    /// What a discount lowers.
    pub enum DiscountTarget {
        /// The order.
        Order = "order",
        /// A line.
        Line = "line",
        /// Shipping.
        Shipping = "shipping",
    }

    /// Who pays for a discount.
    pub enum FundedBy {
        /// The merchant.
        Merchant = "merchant",
        /// A marketplace.
        Marketplace = "marketplace",
    }

    /// Who hands a tax over.
    pub enum CollectedBy {
        /// The merchant.
        Merchant = "merchant",
        /// A marketplace.
        Marketplace = "marketplace",
    }

    /// How goods reach the buyer.
    pub enum DeliveryMethod {
        /// By carrier.
        Shipping = "shipping",
        /// By the shop itself.
        LocalDelivery = "local_delivery",
        /// The buyer fetches them.
        Pickup = "pickup",
        /// By download.
        Digital = "digital",
        /// Not at all.
        None = "none",
    }

    /// What a fee is for.
    pub enum FeeKind {
        /// Handling.
        Handling = "handling",
        /// Surcharge.
        Surcharge = "surcharge",
        /// Tip.
        Tip = "tip",
        /// Gift wrap.
        GiftWrap = "gift_wrap",
        /// Duty.
        Duty = "duty",
        /// Deposit.
        Deposit = "deposit",
        /// Rounding.
        Rounding = "rounding",
        /// A marketplace's.
        Marketplace = "marketplace",
        /// Something else.
        Other = "other",
    }
}

model! {
    /// A reduction. The amount is positive.
    #[derive(Default)]
    #[serde(default)]
    pub struct Discount {
        /// The source's id.
        pub source_id: Option<String>,
        /// What it is.
        pub kind: DiscountKind,
        /// The code typed.
        pub code: Option<String>,
        /// Its name.
        pub title: Option<String>,
        /// The number in it: an amount or a percentage.
        pub value: Option<String>,
        /// What that number is.
        pub value_type: DiscountValueType,
        /// What it takes off.
        pub amount: MoneyPair,
        /// What it lowers.
        pub target: DiscountTarget,
        /// Who pays for it.
        pub funded_by: FundedBy,
    }

    /// A tax.
    #[derive(Default)]
    #[serde(default)]
    pub struct TaxLine {
        /// Its name.
        pub title: Option<String>,
        /// As a fraction: `0.2` is 20 %.
        pub rate: Option<String>,
        /// How much.
        pub amount: MoneyPair,
        /// For whom.
        pub jurisdiction: Option<String>,
        /// Who hands it over.
        pub collected_by: CollectedBy,
        /// Whether prices include it.
        pub included: Option<bool>,
    }

    /// Chosen shipping and its price.
    #[derive(Default)]
    #[serde(default)]
    pub struct ShippingLine {
        /// The source's id.
        pub source_id: Option<String>,
        /// Its name.
        pub title: String,
        /// The source's code.
        pub code: Option<String>,
        /// The carrier.
        pub carrier: Option<String>,
        /// Before discounts.
        pub price: Option<MoneyPair>,
        /// After discounts.
        pub discounted_price: Option<MoneyPair>,
        /// Tax on it.
        pub tax: Option<MoneyPair>,
        /// How goods reach the buyer.
        pub delivery_method: DeliveryMethod,
    }

    /// A fee.
    #[derive(Default)]
    #[serde(default)]
    pub struct FeeLine {
        /// Its name.
        pub title: String,
        /// What it is for.
        pub kind: FeeKind,
        /// How much.
        pub amount: MoneyPair,
        /// Tax on it.
        pub tax: Option<MoneyPair>,
    }
}
