//! Discounts, taxes, surcharges and shipping (canonical-model §4.6).

use ordercase_sdk::lenient::{List, Word};
use ordercase_sdk::model::{
    Decimal, Discount, DiscountKind, DiscountTarget, FeeKind, FeeLine, ShippingLine, TaxLine,
};

use super::money::Scale;
use crate::wire::{self, Order};

/// A cancelled order gives shipping back as a "discount"; it is none.
const CANCELLATION: &str = "CANCEL_ORDER";

/// Positive amounts. Adjustments that raise the price are none of these.
pub(super) fn discounts(
    list: &List<wire::Discount<'_>>,
    coupons: &[&str],
    scale: Scale,
) -> Vec<Discount> {
    list.iter()
        .filter(|one| one.adjustment_source.get() != Some(CANCELLATION))
        .filter_map(|one| {
            let units = one.amount_with_tax.get().filter(|units| *units < 0)?;
            let source = one.adjustment_source.get();
            let promotion = one.kind.or_empty().contains("PROMOTION");
            // Which of several promotions a coupon belongs to is not told.
            let code = match coupons {
                [code] if promotion => Some((*code).to_owned()),
                _ => None,
            };
            Some(Discount {
                source_id: source.map(str::to_owned),
                kind: match (promotion, &code) {
                    (true, Some(_)) => DiscountKind::Code,
                    (true, None) if coupons.is_empty() => DiscountKind::Automatic,
                    (true, None) => DiscountKind::Unknown,
                    (false, _) => DiscountKind::Other,
                },
                code,
                title: one.description.owned(),
                amount: scale.pair(-units)?,
                target: match one.kind.or_empty() {
                    "DISTRIBUTED_ORDER_PROMOTION" => DiscountTarget::Order,
                    _ => DiscountTarget::Unknown,
                },
                ..Discount::default()
            })
        })
        .collect()
}

/// All discounts of an order.
pub(super) fn of_order(order: &Order<'_>, scale: Scale) -> Vec<Discount> {
    let coupons: Vec<&str> = order.coupon_codes.iter().filter_map(Word::get).collect();
    discounts(&order.discounts, &coupons, scale)
}

/// What cancelling took off shipping, in the server's units.
pub(super) fn cancelled_shipping(order: &Order<'_>) -> i64 {
    let cancelled = order.discounts.iter();
    cancelled
        .filter(|one| one.adjustment_source.get() == Some(CANCELLATION))
        .map(|one| -one.amount_with_tax.or_zero())
        .sum()
}

/// Discounts of an order, in the server's units.
pub(super) fn sum(order: &Order<'_>) -> i64 {
    order
        .discounts
        .iter()
        .filter(|one| one.adjustment_source.get() != Some(CANCELLATION))
        .map(|one| (-one.amount_with_tax.or_zero()).max(0))
        .sum()
}

/// 19 percent as `0.19`.
pub(super) fn rate(percent: &Word<'_>) -> Option<String> {
    let percent: Decimal = percent.get()?.parse().ok()?;
    let hundredth = Decimal::from_value(percent.value())
        .value()
        .checked_div(100.into())?;
    Some(
        Decimal::from_value(hundredth.normalize())
            .as_str()
            .to_owned(),
    )
}

pub(super) fn taxes(order: &Order<'_>, scale: Scale) -> Vec<TaxLine> {
    order
        .tax_summary
        .iter()
        .filter_map(|tax| {
            Some(TaxLine {
                title: tax.description.owned(),
                rate: rate(&tax.tax_rate),
                amount: scale.read(&tax.tax_total)?,
                included: Some(true),
                ..TaxLine::default()
            })
        })
        .collect()
}

pub(super) fn fees(order: &Order<'_>, scale: Scale) -> Vec<FeeLine> {
    order
        .surcharges
        .iter()
        .filter_map(|one| {
            let tax = one
                .price_with_tax
                .get()
                .zip(one.price.get())
                .map(|(with, without)| with - without);
            Some(FeeLine {
                title: one.description.or_empty().to_owned(),
                kind: FeeKind::Surcharge,
                amount: scale.read(&one.price_with_tax)?,
                tax: tax.and_then(|units| scale.pair(units)),
            })
        })
        .collect()
}

pub(super) fn shipping(order: &Order<'_>, scale: Scale) -> Vec<ShippingLine> {
    order
        .shipping_lines
        .iter()
        .map(|line| {
            let method = line.shipping_method.get();
            let tax = line
                .discounted_price_with_tax
                .get()
                .zip(line.discounted_price.get())
                .map(|(with, without)| with - without);
            ShippingLine {
                source_id: line
                    .id
                    .owned()
                    .or_else(|| method.and_then(|method| method.id.owned())),
                title: method
                    .and_then(|method| method.name.owned())
                    .unwrap_or_default(),
                code: method.and_then(|method| method.code.owned()),
                price: scale.read(&line.price_with_tax),
                discounted_price: scale.read(&line.discounted_price_with_tax),
                tax: tax.and_then(|units| scale.pair(units)),
                ..ShippingLine::default()
            }
        })
        .collect()
}
