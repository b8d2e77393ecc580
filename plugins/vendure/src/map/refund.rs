//! Money sent back. Amounts are positive in the model whatever sign was sent.

use ordercase_sdk::model::{Refund, RefundLine, RefundMethod, RefundState, Text};
use ordercase_sdk::{Context, money, time};

use super::history::{self, Of};
use super::money::Scale;
use super::status;
use crate::wire::{self, Minor, Order};

pub(super) fn refunds(order: &Order<'_>, ctx: &Context, scale: Scale) -> Vec<Refund> {
    let mut all = Vec::new();
    for payment in order.payments.iter() {
        for refund in payment.refunds.iter() {
            all.extend(one(order, payment, refund, all.len(), ctx, scale));
        }
    }
    all
}

fn one(
    order: &Order<'_>,
    payment: &wire::Payment<'_>,
    refund: &wire::Refund<'_>,
    at: usize,
    ctx: &Context,
    scale: Scale,
) -> Option<Refund> {
    let positive = |units: &Minor<'_>| scale.read(units).map(|pair| money::magnitude(&pair));
    // Zero in the parts means that they were not told: 3.x asks for the total alone.
    let part = |units: &Minor<'_>| {
        units
            .get()
            .filter(|units| *units != 0)
            .and_then(|_| positive(units))
    };
    let state = status::REFUND.read(&ctx.overrides, refund.state.get());
    let settled = state.canonical == RefundState::Succeeded;
    let when_settled = refund
        .id
        .get()
        .and_then(|id| history::reached(order, Of::Refund(id), "Settled"));
    let same_way = refund.method.get().is_some() && refund.method == payment.method;
    Some(Refund {
        source_id: refund.id.owned().unwrap_or_else(|| format!("refund:{at}")),
        amount: positive(&refund.total)?,
        items_amount: part(&refund.items),
        shipping_amount: part(&refund.shipping),
        adjustment: part(&refund.adjustment),
        reason: refund.reason.get().and_then(Text::non_empty),
        at: time::zoned(refund.created_at.get()),
        processed_at: when_settled.or_else(|| {
            settled
                .then(|| time::zoned(refund.updated_at.get()))
                .flatten()
        }),
        method: if same_way {
            RefundMethod::OriginalPayment
        } else {
            RefundMethod::Unknown
        },
        payments: payment.id.owned().into_iter().collect(),
        lines: lines(refund),
        money_moved: Some(settled),
        state,
        ..Refund::default()
    })
}

fn lines(refund: &wire::Refund<'_>) -> Vec<RefundLine> {
    refund
        .lines
        .iter()
        .filter_map(|part| {
            Some(RefundLine {
                line_source_id: part.order_line_id.owned()?,
                quantity: part
                    .quantity
                    .get()
                    .map(|units| ordercase_sdk::model::Decimal::from_value(units.into())),
                ..RefundLine::default()
            })
        })
        .collect()
}
