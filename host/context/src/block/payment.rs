//! Where the money is.

use ordercase_model::{Instant, Money, Order, Payment};
use serde::{Deserialize, Serialize};

use super::order::status;
use crate::{
    fact::{Fact, StatusView, at, cut, money},
    limits::PARTS_MAX,
    policy::FieldPolicy,
    source::Sourced,
};

/// A payment transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionView {
    /// What it does.
    pub kind: StatusView,
    /// How it went.
    pub status: StatusView,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// When.
    pub at: Fact<Instant>,
    /// How, such as `card visa 4242`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Short name of the source.
    pub src: String,
}

/// Where the money is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentBlock {
    /// The money as a whole.
    pub status: Fact<StatusView>,
    /// When it came.
    pub paid_at: Fact<Instant>,
    /// What reached the merchant.
    pub received: Fact<Money>,
    /// What is still owed.
    pub outstanding: Fact<Money>,
    /// How many transactions there are.
    pub transactions_count: Fact<usize>,
    /// The newest of them.
    pub transactions: Vec<TransactionView>,
}

pub(crate) fn payment(order: &Sourced<Order>, src: &str, policy: &FieldPolicy) -> PaymentBlock {
    let body = &order.body;
    let total = |pair, path| Fact::read(money(pair), order, path, src).shown_if(policy.amounts);
    let skipped = body.payments.len().saturating_sub(PARTS_MAX);
    let told = !order.is_missing("payments");
    PaymentBlock {
        status: status(order, "payment_state", (&body.payment_state).into(), src),
        paid_at: Fact::read(at(body.paid_at.as_ref()), order, "paid_at", src),
        received: total(body.totals.received.as_ref(), "totals.received"),
        outstanding: total(body.totals.outstanding.as_ref(), "totals.outstanding"),
        transactions_count: Fact::read(told.then_some(body.payments.len()), order, "payments", src),
        transactions: body
            .payments
            .iter()
            .skip(skipped)
            .map(|payment| view(payment, order, src, policy))
            .collect(),
    }
}

fn view(
    payment: &Payment,
    order: &Sourced<Order>,
    src: &str,
    policy: &FieldPolicy,
) -> TransactionView {
    let method = &payment.method;
    let words = [
        Some(method.kind.as_str()).filter(|kind| *kind != "unknown"),
        method.brand.as_deref(),
        method.last4.as_deref(),
    ];
    let words: Vec<&str> = words.into_iter().flatten().collect();
    TransactionView {
        kind: (&payment.kind).into(),
        status: (&payment.state).into(),
        amount: payment.amount.shown().cloned().filter(|_| policy.amounts),
        at: Fact::read(at(payment.at.as_ref()), order, "payments.at", src),
        method: (policy.payment_methods && !words.is_empty()).then(|| cut(&words.join(" "))),
        failure: payment
            .failure
            .as_ref()
            .and_then(|failure| failure.message.as_deref().or(failure.code.as_deref()))
            .map(cut),
        src: src.to_owned(),
    }
}
