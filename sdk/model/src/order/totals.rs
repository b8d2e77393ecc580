//! The sums of an order (canonical-model §4.2).

use std::collections::BTreeMap;

use crate::{MoneyPair, model, open_enum};

open_enum! {
    /// Where a sum came from.
    pub enum Basis {
        /// The source sent it.
        Reported = "reported",
        /// The plugin calculated it.
        Computed = "computed",
        /// Both.
        Mixed = "mixed",
    }
}

model! {
    /// The sums of an order; absent is not zero.
    #[derive(Default)]
    #[serde(default)]
    pub struct Totals {
        /// Lines after line discounts, before tax unless prices include it.
        pub items: Option<MoneyPair>,
        /// All discounts, positive.
        pub discount: Option<MoneyPair>,
        /// Shipping.
        pub shipping: Option<MoneyPair>,
        /// Tax.
        pub tax: Option<MoneyPair>,
        /// Duties.
        pub duties: Option<MoneyPair>,
        /// Fees.
        pub fees: Option<MoneyPair>,
        /// Tips.
        pub tip: Option<MoneyPair>,
        /// Grand total when placed.
        pub placed: Option<MoneyPair>,
        /// Grand total after edits, removals and returns.
        pub current: Option<MoneyPair>,
        /// Money that reached the merchant, before refunds.
        pub received: Option<MoneyPair>,
        /// Held, not captured.
        pub authorized: Option<MoneyPair>,
        /// Sent back, positive.
        pub refunded: Option<MoneyPair>,
        /// Received less refunded.
        pub net: Option<MoneyPair>,
        /// What the buyer still owes; negative when the shop owes.
        pub outstanding: Option<MoneyPair>,
        /// Part of received.
        pub store_credit_used: Option<MoneyPair>,
        /// Part of received.
        pub gift_card_used: Option<MoneyPair>,
        /// Where each sum came from, by its name here.
        pub basis: BTreeMap<String, Basis>,
    }
}
