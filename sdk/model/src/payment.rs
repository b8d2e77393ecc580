//! A payment transaction (canonical-model §4.7). Never a card number, never a check result.

use crate::{MoneyPair, SourceTime, Status, TransactionKind, TransactionState, model, open_enum};

open_enum! {
    /// How a buyer paid.
    pub enum PaymentMethodKind {
        /// Card.
        Card = "card",
        /// Wallet.
        Wallet = "wallet",
        /// Bank transfer.
        BankTransfer = "bank_transfer",
        /// Direct debit.
        DirectDebit = "direct_debit",
        /// Later.
        BuyNowPayLater = "buy_now_pay_later",
        /// At the door.
        CashOnDelivery = "cash_on_delivery",
        /// Cash.
        Cash = "cash",
        /// Cheque.
        Cheque = "cheque",
        /// Gift card.
        GiftCard = "gift_card",
        /// Store credit.
        StoreCredit = "store_credit",
        /// Through a marketplace.
        Marketplace = "marketplace",
        /// Crypto currency.
        Crypto = "crypto",
        /// On terms.
        Terms = "terms",
        /// Marked as paid by hand.
        Manual = "manual",
        /// Nothing to pay.
        Free = "free",
        /// Something else.
        Other = "other",
    }
}

model! {
    /// How a buyer paid.
    #[derive(Default, Eq)]
    #[serde(default)]
    pub struct PaymentMethod {
        /// Kind of method.
        pub kind: PaymentMethodKind,
        /// The source's name of it.
        pub label: Option<String>,
        /// Card brand.
        pub brand: Option<String>,
        /// Last four digits.
        pub last4: Option<String>,
    }

    /// Why a payment failed.
    #[derive(Default, Eq)]
    #[serde(default)]
    pub struct Failure {
        /// The source's code.
        pub code: Option<String>,
        /// The source's text.
        pub message: Option<String>,
    }

    /// A payment transaction.
    #[derive(Default)]
    #[serde(default)]
    pub struct Payment {
        /// The source's id.
        pub source_id: String,
        /// The transaction that this one acts on.
        pub parent_id: Option<String>,
        /// What it does.
        pub kind: Status<TransactionKind>,
        /// How it went.
        pub state: Status<TransactionState>,
        /// How much, positive.
        pub amount: MoneyPair,
        /// When.
        pub at: Option<SourceTime>,
        /// How.
        pub method: PaymentMethod,
        /// Through whom.
        pub gateway: Option<String>,
        /// Their reference.
        pub gateway_reference: Option<String>,
        /// Why it failed.
        pub failure: Option<Failure>,
        /// When a hold runs out.
        pub expires_at: Option<SourceTime>,
        /// A test.
        pub test: Option<bool>,
        /// Gone from a full list of the source, but kept (canonical-model §8.2).
        pub vanished: Option<bool>,
    }
}
