//! Lines, and how many of each are where.
//!
//! `quantity` is what is left: a cancelled order's lines have 0, a line that partly came back has
//! less, a line that was added later has `orderPlacedQuantity` 0. Units that were taken off after
//! they had been shipped came back; units taken off before were cancelled.

use ordercase_sdk::model::{
    Decimal, Line, LineRole, MoneyPair, NameValue, ProductRef, Quantities, TaxLine, Text,
};

use super::adjustment;
use super::money::Scale;
use crate::wire::{self, Order};

/// Units of an order as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Still to be sent or sent.
    pub(super) wanted: i64,
    pub(super) shipped: i64,
    pub(super) delivered: i64,
}

/// Units of one line.
#[derive(Clone, Copy, Debug, Default)]
struct Units {
    ordered: i64,
    current: i64,
    shipped: i64,
    delivered: i64,
    cancelled: i64,
    returned: i64,
    refunded: i64,
}

fn units(order: &Order<'_>, line: &wire::Line<'_>) -> Units {
    let id = line.id.get();
    let in_parcels = |states: &[&str]| -> i64 {
        order
            .fulfillments
            .iter()
            .filter(|one| states.contains(&one.state.or_empty()))
            .flat_map(|one| one.lines.iter())
            .filter(|part| part.order_line_id.get() == id)
            .map(|part| part.quantity.or_zero())
            .sum()
    };
    let current = line.quantity.or_zero();
    // A line that was added later counts as ordered with what it has.
    let ordered = line
        .order_placed_quantity
        .get()
        .unwrap_or(current)
        .max(current);
    let shipped = in_parcels(&["Shipped", "Delivered"]);
    let taken_off = (ordered - current).max(0);
    let never_shipped = (ordered - shipped).max(0);
    let cancelled = taken_off.min(never_shipped);
    let refunded = order
        .payments
        .iter()
        .flat_map(|payment| payment.refunds.iter())
        .filter(|refund| refund.state.get() != Some("Failed"))
        .flat_map(|refund| refund.lines.iter())
        .filter(|part| part.order_line_id.get() == id)
        .map(|part| part.quantity.or_zero())
        .sum();
    Units {
        ordered,
        current,
        shipped,
        delivered: in_parcels(&["Delivered"]),
        cancelled,
        returned: taken_off - cancelled,
        refunded,
    }
}

pub(super) fn counts(order: &Order<'_>) -> Counts {
    order
        .lines
        .iter()
        .map(|line| units(order, line))
        .fold(Counts::default(), |all, one| Counts {
            wanted: all.wanted + one.ordered - one.cancelled,
            shipped: all.shipped + one.shipped,
            delivered: all.delivered + one.delivered,
        })
}

pub(super) fn lines(order: &Order<'_>, scale: Scale) -> Vec<Line> {
    let lines = order.lines.iter().enumerate();
    lines
        .map(|(at, line)| one(order, line, at, scale))
        .collect()
}

fn one(order: &Order<'_>, line: &wire::Line<'_>, at: usize, scale: Scale) -> Line {
    let units = units(order, line);
    let variant = line.product_variant.get();
    let product = variant.and_then(|variant| variant.product.get());
    let title = product.and_then(|product| product.name.get());
    let variant_name = variant.and_then(|variant| variant.name.get());
    let count = |units: i64| Some(Decimal::from_value(units.into()));
    Line {
        source_id: line.id.owned().unwrap_or_else(|| format!("line:{at}")),
        role: LineRole::Item,
        countable: true,
        product_ref: variant.map(|variant| ProductRef {
            product_id: product.and_then(|product| product.id.owned()),
            variant_id: variant.id.owned(),
            sku: variant.sku.owned(),
            ..ProductRef::default()
        }),
        title: Text::new(title.or(variant_name).unwrap_or_default()),
        variant_title: variant_name.and_then(Text::non_empty),
        options: options(variant),
        image_url: line
            .featured_asset
            .get()
            .and_then(|asset| asset.preview.owned()),
        quantity: Quantities {
            ordered: count(units.ordered),
            current: count(units.current),
            fulfilled: count(units.shipped),
            delivered: count(units.delivered),
            cancelled: count(units.cancelled),
            refunded: count(units.refunded),
            returned: count(units.returned),
            backordered: None,
        },
        unit_price: scale.read(&line.unit_price_with_tax),
        unit_price_net: scale.read(&line.unit_price),
        unit_price_gross: scale.read(&line.unit_price_with_tax),
        line_subtotal: scale.read(&line.line_price_with_tax),
        line_discount: discount(line, scale),
        line_tax: tax(line).and_then(|units| scale.pair(units)),
        line_total: scale
            .read(&line.prorated_line_price_with_tax)
            .or_else(|| by_units(line, scale)),
        discounts: adjustment::discounts(&line.discounts, &[], scale),
        taxes: taxes(line, scale),
        ..Line::default()
    }
}

fn options(variant: Option<&wire::Variant<'_>>) -> Vec<NameValue> {
    let options = variant
        .into_iter()
        .flat_map(|variant| variant.options.iter());
    options
        .filter_map(|option| {
            Some(NameValue {
                name: option
                    .group
                    .get()
                    .and_then(|group| group.name.owned())
                    .unwrap_or_default(),
                value: option.name.owned()?,
            })
        })
        .collect()
}

/// Older queries did not ask for the line's own sum.
fn by_units(line: &wire::Line<'_>, scale: Scale) -> Option<MoneyPair> {
    let unit = line.prorated_unit_price_with_tax.get()?;
    scale.pair(unit.checked_mul(line.quantity.get()?)?)
}

fn discount(line: &wire::Line<'_>, scale: Scale) -> Option<MoneyPair> {
    let before = line.line_price_with_tax.get()?;
    let unit = line.prorated_unit_price_with_tax.get();
    let after = line
        .prorated_line_price_with_tax
        .get()
        .or_else(|| unit?.checked_mul(line.quantity.get()?))?;
    scale.pair((before - after).max(0))
}

fn tax(line: &wire::Line<'_>) -> Option<i64> {
    Some(line.prorated_line_price_with_tax.get()? - line.prorated_line_price.get()?)
}

fn taxes(line: &wire::Line<'_>, scale: Scale) -> Vec<TaxLine> {
    let amount = tax(line).and_then(|units| scale.pair(units));
    let tax = amount.map(|amount| TaxLine {
        rate: adjustment::rate(&line.tax_rate),
        amount,
        included: Some(true),
        ..TaxLine::default()
    });
    tax.into_iter().collect()
}
