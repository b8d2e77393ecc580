//! Refunds. A refund may have lines and no money, or money and no lines.

use ordercase_sdk::model::{
    MoneyPair, Payment, PaymentMethodKind, Refund, RefundLine, RefundMethod, RefundState, Restock,
    Status, Text, TransactionState,
};
use ordercase_sdk::{Context, DecimalText, money, time};

use super::ids::Unique;
use super::payment::payments;
use crate::wire::order::{Order, RefundLine as WireLine};
use crate::wire::{self, pair, tail};

/// All refunds of an order.
pub(super) fn refunds(order: &Order<'_>, ctx: &Context) -> Vec<Refund> {
    let mut ids = Unique::default();
    order
        .refunds
        .iter()
        .enumerate()
        .map(|(position, refund)| {
            let id = refund.legacy_resource_id.get().or_else(|| tail(&refund.id));
            one(refund, ids.next(id, position), ctx)
        })
        .collect()
}

/// Whether Shopify sent a refund, or money that was paid back in one, below zero. It is mapped without its sign.
pub(super) fn any_negative(order: &Order<'_>) -> bool {
    order.refunds.iter().any(|refund| {
        let paid_back = refund.transactions.nodes.iter();
        paid_back
            .map(|transaction| pair(&transaction.amount_set))
            .chain([pair(&refund.total_refunded_set)])
            .flatten()
            .any(|amount| money::is_negative(&amount))
    })
}

fn one(refund: &wire::order::Refund<'_>, source_id: String, ctx: &Context) -> Refund {
    let transactions = payments(&refund.transactions.nodes, ctx);
    let amount = pair(&refund.total_refunded_set)
        .map(|amount| money::magnitude(&amount))
        .unwrap_or_default();
    let has_money = amount.booked().is_some_and(|money| !money.amount.is_zero());
    let lines = &refund.refund_line_items.nodes;
    Refund {
        source_id,
        state: state(&transactions, has_money),
        items_amount: total(lines, |line| pair(&line.subtotal_set)),
        tax_amount: total(lines, |line| pair(&line.total_tax_set)),
        shipping_amount: total(&refund.refund_shipping_lines.nodes, |line| {
            pair(&line.subtotal_amount_set)
        }),
        adjustment: total(&refund.order_adjustments.nodes, |line| {
            pair(&line.amount_set)
        }),
        reason: refund
            .order_adjustments
            .nodes
            .iter()
            .find_map(|line| Text::non_empty(line.reason.get()?)),
        note: refund.note.get().and_then(Text::non_empty),
        at: time::zoned(
            refund
                .created_at
                .get()
                .or_else(|| refund.processed_at.get()),
        ),
        processed_at: time::zoned(refund.processed_at.get()),
        method: method(&transactions),
        payments: transactions.iter().map(|t| t.source_id.clone()).collect(),
        lines: lines.iter().filter_map(line).collect(),
        return_source_id: refund
            .of_return
            .get()
            .and_then(|of| tail(&of.id))
            .map(str::to_owned),
        money_moved: Some(has_money),
        amount,
        ..Refund::default()
    }
}

fn total<T>(items: &[T], amount: impl Fn(&T) -> Option<MoneyPair>) -> Option<MoneyPair> {
    let amounts: Vec<MoneyPair> = items.iter().filter_map(amount).collect();
    money::sum(&amounts)
}

/// From the transactions; without any, money that moved has arrived, and no money is no refund.
fn state(transactions: &[Payment], has_money: bool) -> Status<RefundState> {
    let any = |state| transactions.iter().any(|t| t.state.canonical == state);
    let canonical = if any(TransactionState::Pending) {
        RefundState::Pending
    } else if any(TransactionState::Succeeded) {
        RefundState::Succeeded
    } else if any(TransactionState::Failed) {
        RefundState::Failed
    } else if !transactions.is_empty() {
        RefundState::Unknown
    } else if has_money {
        RefundState::Succeeded
    } else {
        RefundState::None
    };
    let raw = transactions.first().and_then(|t| t.state.raw.as_deref());
    Status::new(canonical, raw, "derived")
}

fn method(transactions: &[Payment]) -> RefundMethod {
    match transactions.first().map(|t| t.method.kind) {
        Some(PaymentMethodKind::GiftCard) => RefundMethod::GiftCard,
        Some(PaymentMethodKind::StoreCredit) => RefundMethod::StoreCredit,
        Some(PaymentMethodKind::Manual | PaymentMethodKind::Cash) => RefundMethod::Manual,
        Some(_) => RefundMethod::OriginalPayment,
        None => RefundMethod::Unknown,
    }
}

fn line(line: &WireLine<'_>) -> Option<RefundLine> {
    Some(RefundLine {
        line_source_id: line
            .line_item
            .get()
            .and_then(|node| tail(&node.id))?
            .to_owned(),
        quantity: line.quantity.as_ref().and_then(DecimalText::magnitude),
        amount: pair(&line.subtotal_set).map(|amount| money::magnitude(&amount)),
        tax: pair(&line.total_tax_set).map(|amount| money::magnitude(&amount)),
        restock: match line.restock_type.or_empty().to_ascii_uppercase().as_str() {
            "RETURN" | "LEGACY_RESTOCK" => Restock::Restocked,
            "NO_RESTOCK" => Restock::NotRestocked,
            "CANCEL" => Restock::Cancelled,
            _ => Restock::Unknown,
        },
    })
}
