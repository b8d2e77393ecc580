//! Money sent back (canonical-model §4.9).

use crate::{Actor, Decimal, MoneyPair, RefundState, SourceTime, Status, Text, model, open_enum};

open_enum! {
    /// How money goes back.
    pub enum RefundMethod {
        /// The way it came.
        OriginalPayment = "original_payment",
        /// As store credit.
        StoreCredit = "store_credit",
        /// On a gift card.
        GiftCard = "gift_card",
        /// As a voucher.
        Voucher = "voucher",
        /// By hand.
        Manual = "manual",
    }

    /// What happens to the goods.
    pub enum Restock {
        /// Back on the shelf.
        Restocked = "restocked",
        /// Not.
        NotRestocked = "not_restocked",
        /// They never left.
        Cancelled = "cancelled",
    }
}

model! {
    /// The part of a refund that belongs to a line.
    #[derive(Default)]
    #[serde(default)]
    pub struct RefundLine {
        /// The order's line.
        pub line_source_id: String,
        /// How many.
        pub quantity: Option<Decimal>,
        /// How much.
        pub amount: Option<MoneyPair>,
        /// Tax in it.
        pub tax: Option<MoneyPair>,
        /// What happens to the goods.
        pub restock: Restock,
    }

    /// A refund. The amount is positive.
    #[derive(Default)]
    #[serde(default)]
    pub struct Refund {
        /// The source's id.
        pub source_id: String,
        /// Where it stands.
        pub state: Status<RefundState>,
        /// How much.
        pub amount: MoneyPair,
        /// For goods.
        pub items_amount: Option<MoneyPair>,
        /// For shipping.
        pub shipping_amount: Option<MoneyPair>,
        /// Tax in it.
        pub tax_amount: Option<MoneyPair>,
        /// Fees in it.
        pub fee_amount: Option<MoneyPair>,
        /// What does not belong to a line.
        pub adjustment: Option<MoneyPair>,
        /// Why, in the source's words.
        pub reason: Option<Text>,
        /// What was written. **Personal.**
        pub note: Option<Text>,
        /// When it was made.
        pub at: Option<SourceTime>,
        /// When the money went.
        pub processed_at: Option<SourceTime>,
        /// By whom.
        pub initiator: Option<Actor>,
        /// How money goes back.
        pub method: RefundMethod,
        /// Its transactions.
        pub payments: Vec<String>,
        /// Its lines.
        pub lines: Vec<RefundLine>,
        /// The return behind it.
        pub return_source_id: Option<String>,
        /// Whether a gateway moved money; absent when nobody says.
        pub money_moved: Option<bool>,
        /// Gone from a full list of the source, but kept (canonical-model §8.2).
        pub vanished: Option<bool>,
    }
}
