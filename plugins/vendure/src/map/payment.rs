//! Payments. One row at Vendure goes from authorised to settled; its refunds lie below it.

use ordercase_sdk::model::{
    Failure, Payment, PaymentMethod, SourceTime, TransactionKind, TransactionState,
};
use ordercase_sdk::{Context, time};

use super::history::{self, Of};
use super::money::Scale;
use super::status;
use crate::wire::{self, Order};

pub(super) fn payments(order: &Order<'_>, ctx: &Context, scale: Scale) -> Vec<Payment> {
    let payments = order.payments.iter().enumerate();
    payments
        .filter_map(|(at, payment)| one(order, payment, at, ctx, scale))
        .collect()
}

fn one(
    order: &Order<'_>,
    payment: &wire::Payment<'_>,
    at: usize,
    ctx: &Context,
    scale: Scale,
) -> Option<Payment> {
    let raw = payment.state.get();
    let state = status::PAYMENT_STATE.read(&ctx.overrides, raw);
    let failed = state.canonical == TransactionState::Failed;
    Some(Payment {
        source_id: payment
            .id
            .owned()
            .unwrap_or_else(|| format!("payment:{at}")),
        parent_id: None,
        kind: status::PAYMENT_KIND.read(&ctx.overrides, raw),
        state,
        amount: scale.read(&payment.amount)?,
        at: reached(order, payment).or_else(|| time::zoned(payment.created_at.get())),
        method: PaymentMethod {
            label: payment.method.owned(),
            ..PaymentMethod::default()
        },
        gateway: payment.method.owned(),
        gateway_reference: payment.transaction_id.owned(),
        failure: failed.then(|| Failure {
            code: None,
            message: payment.error_message.owned(),
        }),
        expires_at: None,
        test: None,
        vanished: None,
    })
}

/// When it came to the state that it is in.
fn reached(order: &Order<'_>, payment: &wire::Payment<'_>) -> Option<SourceTime> {
    history::reached(order, Of::Payment(payment.id.get()?), payment.state.get()?)
}

/// When the first money came.
pub(super) fn paid_at(payments: &[Payment]) -> Option<SourceTime> {
    payments
        .iter()
        .filter(|payment| {
            payment.kind.canonical == TransactionKind::Sale
                && payment.state.canonical == TransactionState::Succeeded
        })
        .filter_map(|payment| payment.at.clone())
        .min_by_key(|time| time.at)
}
