//! Payment transactions. Never a card number beyond its last four digits, never a check result.

use ordercase_sdk::model::{
    Failure, MoneyPair, Payment, PaymentMethod, PaymentMethodKind, TransactionKind,
    TransactionState,
};
use ordercase_sdk::{Context, money, time};

use super::ids::Unique;
use super::status::{KIND, TRANSACTION};
use crate::wire::order::Transaction;
use crate::wire::{pair, tail};

/// The transactions; what Shopify only suggests is no money.
pub(super) fn payments(transactions: &[Transaction<'_>], ctx: &Context) -> Vec<Payment> {
    let mut ids = Unique::default();
    transactions
        .iter()
        .filter(|transaction| !is_suggestion(transaction))
        .enumerate()
        .map(|(position, transaction)| {
            let id = ids.next(tail(&transaction.id), position);
            one(transaction, id, ctx)
        })
        .collect()
}

/// What Shopify suggests to refund; never money.
pub(super) fn is_suggestion(transaction: &Transaction<'_>) -> bool {
    transaction
        .kind
        .or_empty()
        .eq_ignore_ascii_case("SUGGESTED_REFUND")
}

fn one(transaction: &Transaction<'_>, source_id: String, ctx: &Context) -> Payment {
    let at = transaction
        .processed_at
        .get()
        .or_else(|| transaction.created_at.get());
    Payment {
        source_id,
        parent_id: transaction
            .parent_transaction
            .get()
            .and_then(|parent| tail(&parent.id))
            .map(str::to_owned),
        kind: KIND.read(&ctx.overrides, transaction.kind.get()),
        state: TRANSACTION.read(&ctx.overrides, transaction.status.get()),
        amount: pair(&transaction.amount_set)
            .map(|amount| money::magnitude(&amount))
            .unwrap_or_default(),
        at: time::zoned(at),
        method: method(transaction),
        gateway: transaction.gateway.owned(),
        gateway_reference: transaction.payment_id.owned(),
        failure: transaction.error_code.get().map(|code| Failure {
            code: Some(code.to_owned()),
            message: None,
        }),
        expires_at: time::zoned(transaction.authorization_expires_at.get()),
        test: transaction.test.get(),
        vanished: None,
    }
}

/// How the buyer paid, from the gateway's name and the card's brand.
pub(super) fn method(transaction: &Transaction<'_>) -> PaymentMethod {
    let details = transaction.payment_details.get();
    let brand = details.and_then(|details| details.company.owned());
    let digits: String = details
        .map(|details| details.number.or_empty())
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let last4 = digits
        .len()
        .checked_sub(4)
        .and_then(|from| digits.get(from..));
    PaymentMethod {
        kind: method_kind(transaction, brand.is_some()),
        label: transaction.formatted_gateway.owned(),
        brand,
        last4: last4.map(str::to_owned),
    }
}

fn method_kind(transaction: &Transaction<'_>, is_card: bool) -> PaymentMethodKind {
    let gateway = transaction.gateway.or_empty().to_ascii_lowercase();
    match gateway.as_str() {
        "gift_card" => PaymentMethodKind::GiftCard,
        "shopify_store_credit" => PaymentMethodKind::StoreCredit,
        "cash on delivery (cod)" | "cash_on_delivery" => PaymentMethodKind::CashOnDelivery,
        "bank deposit" | "bank_deposit" => PaymentMethodKind::BankTransfer,
        "cash" => PaymentMethodKind::Cash,
        "paypal" => PaymentMethodKind::Wallet,
        "manual" => PaymentMethodKind::Manual,
        _ if is_card || gateway == "shopify_payments" => PaymentMethodKind::Card,
        _ if transaction.manual_payment_gateway.is_yes() => PaymentMethodKind::Manual,
        _ => PaymentMethodKind::Unknown,
    }
}

/// The sum of money that came through a method.
pub(super) fn received_by(payments: &[Payment], kind: PaymentMethodKind) -> Option<MoneyPair> {
    let came: Vec<&MoneyPair> = payments
        .iter()
        .filter(|payment| payment.method.kind == kind && came_in(payment))
        .map(|payment| &payment.amount)
        .collect();
    money::sum(came)
}

/// Whether the payment brought money.
pub(super) fn came_in(payment: &Payment) -> bool {
    matches!(
        payment.kind.canonical,
        TransactionKind::Capture | TransactionKind::Sale
    ) && payment.state.canonical == TransactionState::Succeeded
}
