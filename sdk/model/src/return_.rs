//! Goods coming back (canonical-model §4.10).

use crate::{
    Actor, Decimal, Line, MoneyPair, RefundState, ReturnState, SourceTime, Status, Text, Tracking,
    model, open_enum,
};

open_enum! {
    /// Why goods come back.
    pub enum ReturnReasonCode {
        /// Does not work.
        Defective = "defective",
        /// Not what was promised.
        NotAsDescribed = "not_as_described",
        /// Something else was sent.
        WrongItem = "wrong_item",
        /// Does not fit.
        Size = "size",
        /// Not wanted any more.
        ChangedMind = "changed_mind",
        /// Too late.
        ArrivedLate = "arrived_late",
        /// Broken on the way.
        DamagedInTransit = "damaged_in_transit",
        /// Not complete.
        MissingParts = "missing_parts",
        /// Never came.
        NotReceived = "not_received",
        /// Bought twice.
        Duplicate = "duplicate",
        /// Cheaper elsewhere.
        BetterPrice = "better_price",
        /// Something else.
        Other = "other",
    }

    /// What the buyer gets.
    pub enum Resolution {
        /// Money.
        Refund = "refund",
        /// Something else.
        Exchange = "exchange",
        /// The same again.
        Replacement = "replacement",
        /// Store credit.
        StoreCredit = "store_credit",
        /// A repair.
        Repair = "repair",
        /// The goods stay.
        KeepItem = "keep_item",
        /// Nothing.
        None = "none",
    }
}

model! {
    /// Why a line comes back.
    #[derive(Default, Eq)]
    #[serde(default)]
    pub struct ReturnReason {
        /// Our word.
        pub canonical: ReturnReasonCode,
        /// The source's word.
        pub raw: Option<String>,
        /// What the buyer wrote. **Personal.**
        pub text: Option<Text>,
    }

    /// A line that comes back.
    #[derive(Default)]
    #[serde(default)]
    pub struct ReturnLine {
        /// The order's line; empty when the source does not say.
        pub line_source_id: String,
        /// How many.
        pub quantity: Option<Decimal>,
        /// Why.
        pub reason: ReturnReason,
        /// In what shape.
        pub condition: Option<String>,
        /// What the buyer gets.
        pub resolution: Resolution,
    }

    /// A return.
    #[derive(Default)]
    #[serde(default)]
    pub struct Return {
        /// The source's id.
        pub source_id: String,
        /// What people quote.
        pub number: Option<String>,
        /// Where it stands.
        pub state: Status<ReturnState>,
        /// When it was asked for.
        pub requested_at: Option<SourceTime>,
        /// When it last changed.
        pub updated_at: Option<SourceTime>,
        /// When it was settled.
        pub closed_at: Option<SourceTime>,
        /// What comes back.
        pub lines: Vec<ReturnLine>,
        /// What goes out in exchange.
        pub exchange_lines: Vec<Line>,
        /// Whether there is a label; its link is never kept.
        pub label_available: Option<bool>,
        /// Its numbers.
        pub tracking: Vec<Tracking>,
        /// Its refunds.
        pub refund_source_ids: Vec<String>,
        /// Where the money stands.
        pub refund_state: Option<Status<RefundState>>,
        /// How much.
        pub refund_amount: Option<MoneyPair>,
        /// Why it was refused.
        pub decline_reason: Option<Text>,
        /// By whom it was asked for.
        pub initiator: Option<Actor>,
        /// Until when goods must be back.
        pub deadline: Option<SourceTime>,
        /// Gone from a full list of the source, but kept (canonical-model §8.2).
        pub vanished: Option<bool>,
    }
}
