//! The sums of an order. Absent stays absent: REST does not tell what was received.

use ordercase_sdk::lenient::Maybe;
use ordercase_sdk::model::{
    Basis, MoneyPair, Payment, PaymentMethodKind, Refund, RefundState, Totals,
};
use ordercase_sdk::money;

use super::payment::received_by;
use crate::wire::order::{Dialect, Order};
use crate::wire::{MoneyBag, pair};

pub(super) fn totals(order: &Order<'_>, payments: &[Payment], refunds: &[Refund]) -> Totals {
    let mut totals = Totals {
        items: pair(&order.subtotal_price_set),
        discount: pair(&order.total_discounts_set).map(|discount| money::magnitude(&discount)),
        shipping: pair(&order.total_shipping_price_set),
        tax: pair(&order.total_tax_set),
        duties: pair(&order.original_total_duties_set),
        fees: fees(order),
        tip: pair(&order.total_tip_received_set),
        placed: first_of([&order.original_total_price_set, &order.total_price_set]),
        current: pair(&order.current_total_price_set),
        received: pair(&order.total_received_set),
        authorized: pair(&order.total_capturable_set),
        refunded: refunded(order, refunds),
        outstanding: pair(&order.total_outstanding_set),
        store_credit_used: received_by(payments, PaymentMethodKind::StoreCredit),
        gift_card_used: received_by(payments, PaymentMethodKind::GiftCard),
        ..Totals::default()
    };
    let net = totals.received.as_ref().zip(totals.refunded.as_ref());
    totals.net = net.and_then(|(received, refunded)| money::difference(received, refunded));
    mark(&mut totals, order.dialect);
    totals
}

fn first_of<const N: usize>(bags: [&Maybe<MoneyBag<'_>>; N]) -> Option<MoneyPair> {
    bags.into_iter().find_map(pair)
}

fn fees(order: &Order<'_>) -> Option<MoneyPair> {
    let fees: Vec<MoneyPair> = order
        .additional_fees
        .iter()
        .filter_map(|fee| pair(&fee.price))
        .collect();
    money::sum(&fees)
}

/// What Shopify says; in REST, which does not, the sum of the refunds that moved money.
fn refunded(order: &Order<'_>, refunds: &[Refund]) -> Option<MoneyPair> {
    if order.dialect == Dialect::GraphQl {
        return pair(&order.total_refunded_set).map(|refunded| money::magnitude(&refunded));
    }
    let moved = refunds
        .iter()
        .filter(|refund| {
            !matches!(
                refund.state.canonical,
                RefundState::Failed | RefundState::None
            )
        })
        .map(|refund| &refund.amount);
    money::sum(moved)
        .or_else(|| first_of([&order.original_total_price_set]).map(|p| money::zero_like(&p)))
}

fn mark(totals: &mut Totals, dialect: Dialect) {
    let computed_refunded = dialect == Dialect::Rest;
    let sums = [
        ("items", &totals.items, false),
        ("discount", &totals.discount, false),
        ("shipping", &totals.shipping, false),
        ("tax", &totals.tax, false),
        ("duties", &totals.duties, false),
        ("fees", &totals.fees, true),
        ("tip", &totals.tip, false),
        ("placed", &totals.placed, false),
        ("current", &totals.current, false),
        ("received", &totals.received, false),
        ("authorized", &totals.authorized, false),
        ("refunded", &totals.refunded, computed_refunded),
        ("net", &totals.net, true),
        ("outstanding", &totals.outstanding, false),
        ("store_credit_used", &totals.store_credit_used, true),
        ("gift_card_used", &totals.gift_card_used, true),
    ];
    let basis = sums
        .into_iter()
        .filter(|(_, sum, _)| sum.is_some())
        .map(|(name, _, computed)| {
            let basis = if computed {
                Basis::Computed
            } else {
                Basis::Reported
            };
            (name.to_owned(), basis)
        })
        .collect();
    totals.basis = basis;
}
