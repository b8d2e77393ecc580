//! Lines, what lowers their price, and how many of each are where.

use std::collections::BTreeMap;

use ordercase_sdk::lenient::List;
use ordercase_sdk::model::{
    self, CollectedBy, Decimal, DiscountKind, DiscountTarget, DiscountValueType, FundedBy,
    LineRole, MoneyPair, NameValue, ProductRef, Quantities, Text,
};
use ordercase_sdk::{DecimalText, money};

use super::ids::Unique;
use super::shipment::is_live;
use crate::wire::order::{Allocation, Application, Line, Order, TaxLine};
use crate::wire::{pair, tail};

type Number = BTreeMap<String, Decimal>;

/// How many of each line left, came back, were paid back or called off.
pub(super) struct Counted {
    fulfilled: Number,
    cancelled: Number,
    refunded: Number,
    returned: Number,
    knows_what_came_back: bool,
}

pub(super) fn count(order: &Order<'_>) -> Counted {
    let mut counted = Counted {
        fulfilled: Number::new(),
        cancelled: Number::new(),
        refunded: Number::new(),
        returned: Number::new(),
        knows_what_came_back: order.knows_what_came_back(),
    };
    for fulfillment in order.fulfillments.iter().filter(|f| is_live(f)) {
        for line in &fulfillment.fulfillment_line_items.nodes {
            let id = line.line_item.get().and_then(|node| tail(&node.id));
            add(&mut counted.fulfilled, id, line.quantity.as_ref());
        }
    }
    for refund in order.refunds.iter() {
        for line in &refund.refund_line_items.nodes {
            let id = line.line_item.get().and_then(|node| tail(&node.id));
            add(&mut counted.refunded, id, line.quantity.as_ref());
            match line.restock_type.or_empty().to_ascii_uppercase().as_str() {
                "CANCEL" => add(&mut counted.cancelled, id, line.quantity.as_ref()),
                "RETURN" => add(&mut counted.returned, id, line.quantity.as_ref()),
                _ => {}
            }
        }
    }
    counted
}

fn add(counts: &mut Number, id: Option<&str>, quantity: Option<&DecimalText<'_>>) {
    let (Some(id), Some(more)) = (id, quantity.and_then(DecimalText::magnitude)) else {
        return;
    };
    let so_far = counts.entry(id.to_owned()).or_insert_with(Decimal::zero);
    if let Some(sum) = so_far.value().checked_add(more.value()) {
        *so_far = Decimal::from_value(sum);
    }
}

/// All lines of an order.
pub(super) fn lines(order: &Order<'_>, counted: &Counted) -> Vec<model::Line> {
    let mut ids = Unique::default();
    order
        .line_items
        .nodes
        .iter()
        .enumerate()
        .map(|(position, line)| one(line, ids.next(tail(&line.id), position), order, counted))
        .collect()
}

fn one(line: &Line<'_>, source_id: String, order: &Order<'_>, counted: &Counted) -> model::Line {
    let ordered = line.quantity.as_ref().and_then(DecimalText::magnitude);
    let unit_price = pair(&line.original_unit_price_set);
    let line_subtotal = unit_price
        .as_ref()
        .zip(ordered.as_ref())
        .map(|(price, ordered)| times(price, ordered));
    let taken: Vec<MoneyPair> = amounts(&line.discount_allocations);
    let line_discount = money::sum(&taken)
        .or_else(|| line_subtotal.as_ref().map(money::zero_like))
        .map(|discount| money::magnitude(&discount));
    let line_total = line_subtotal
        .as_ref()
        .zip(line_discount.as_ref())
        .and_then(|(subtotal, discount)| money::difference(subtotal, discount));
    let line_tax: Vec<MoneyPair> = line
        .tax_lines
        .iter()
        .filter_map(|tax| pair(&tax.price_set))
        .collect();
    model::Line {
        quantity: quantities(line, ordered, &source_id, counted),
        role: role(line),
        countable: true,
        product_ref: product_ref(line),
        title: Text::new(line.title.or_empty()),
        variant_title: line.variant_title.get().and_then(Text::non_empty),
        personalisation: personalisation(line),
        vendor: line.vendor.owned(),
        requires_shipping: line.requires_shipping.get(),
        unit_price,
        line_subtotal,
        line_discount,
        line_tax: money::sum(&line_tax),
        line_total,
        discounts: discounts(&line.discount_allocations),
        taxes: taxes(&line.tax_lines, order.taxes_included.get()),
        source_id,
        ..model::Line::default()
    }
}

fn times(price: &MoneyPair, quantity: &Decimal) -> MoneyPair {
    money::each(price, |amount| {
        amount.checked_mul(quantity.value()).unwrap_or(amount)
    })
}

fn quantities(
    line: &Line<'_>,
    ordered: Option<Decimal>,
    id: &str,
    counted: &Counted,
) -> Quantities {
    let of = |counts: &Number| counts.get(id).cloned().unwrap_or_else(Decimal::zero);
    let known = |counts: &Number| counted.knows_what_came_back.then(|| of(counts));
    Quantities {
        current: line
            .current_quantity
            .as_ref()
            .and_then(DecimalText::magnitude),
        fulfilled: Some(of(&counted.fulfilled)),
        cancelled: known(&counted.cancelled),
        refunded: known(&counted.refunded),
        returned: known(&counted.returned),
        ordered,
        ..Quantities::default()
    }
}

fn role(line: &Line<'_>) -> LineRole {
    let of_catalogue = line.product.get().is_some() || line.variant.get().is_some();
    if line.is_gift_card.is_yes() {
        LineRole::GiftCard
    } else if line.line_item_group.get().is_some() {
        LineRole::BundleChild
    } else if of_catalogue || line.sku.get().is_some() {
        LineRole::Item
    } else {
        LineRole::Custom
    }
}

fn product_ref(line: &Line<'_>) -> Option<ProductRef> {
    let variant = line.variant.get();
    let product = ProductRef {
        product_id: line
            .product
            .get()
            .and_then(|p| tail(&p.id))
            .map(str::to_owned),
        variant_id: variant.and_then(|v| tail(&v.id)).map(str::to_owned),
        sku: line.sku.owned(),
        gtin: variant.and_then(|v| v.barcode.owned()),
        marketplace_item_id: None,
    };
    (product != ProductRef::default()).then_some(product)
}

/// What the buyer wrote; names with an underscore are the theme's own.
fn personalisation(line: &Line<'_>) -> Vec<NameValue> {
    line.custom_attributes
        .iter()
        .filter(|attribute| !attribute.key.or_empty().starts_with('_'))
        .filter_map(|attribute| {
            Some(NameValue {
                name: attribute.key.owned()?,
                value: Text::new(attribute.value.or_empty()).as_str().to_owned(),
            })
        })
        .collect()
}

fn amounts(allocations: &List<Allocation<'_>>) -> Vec<MoneyPair> {
    allocations
        .iter()
        .filter_map(|allocation| pair(&allocation.allocated_amount_set))
        .collect()
}

/// The discounts of one line or one shipping line.
pub(super) fn discounts(allocations: &List<Allocation<'_>>) -> Vec<model::Discount> {
    allocations
        .iter()
        .filter_map(|allocation| {
            let amount = money::magnitude(&pair(&allocation.allocated_amount_set)?);
            Some(discount(allocation.discount_application.get(), amount))
        })
        .collect()
}

/// The discounts of the whole order: the allocations of each application, summed.
pub(super) fn all_discounts(order: &Order<'_>) -> Vec<model::Discount> {
    let of_lines = order
        .line_items
        .nodes
        .iter()
        .map(|l| &l.discount_allocations);
    let of_shipping = order
        .shipping_lines
        .nodes
        .iter()
        .map(|l| &l.discount_allocations);
    let mut by_index: BTreeMap<(u64, String), (&Allocation<'_>, Vec<MoneyPair>)> = BTreeMap::new();
    for allocation in of_lines.chain(of_shipping).flat_map(|list| list.iter()) {
        let Some(amount) = pair(&allocation.allocated_amount_set) else {
            continue;
        };
        let index = allocation
            .discount_application
            .get()
            .map(|a| a.index.or_empty());
        let index = index.unwrap_or_default();
        let number = index.parse().unwrap_or(u64::MAX);
        let entry = by_index.entry((number, index.to_owned()));
        entry.or_insert((allocation, Vec::new())).1.push(amount);
    }
    by_index
        .into_values()
        .filter_map(|(first, amounts)| {
            let amount = money::magnitude(&money::sum(&amounts)?);
            Some(discount(first.discount_application.get(), amount))
        })
        .collect()
}

fn discount(application: Option<&Application<'_>>, amount: MoneyPair) -> model::Discount {
    let Some(application) = application else {
        return model::Discount {
            kind: DiscountKind::Other,
            amount,
            ..model::Discount::default()
        };
    };
    let value = application.value.get();
    let percentage = value.and_then(|v| v.percentage.as_ref());
    let fixed = value.and_then(|v| v.amount.as_ref());
    model::Discount {
        source_id: application.index.owned(),
        kind: match application.typename.or_empty() {
            "DiscountCodeApplication" => DiscountKind::Code,
            "AutomaticDiscountApplication" | "ScriptDiscountApplication" => DiscountKind::Automatic,
            "ManualDiscountApplication" => DiscountKind::Manual,
            _ => DiscountKind::Other,
        },
        code: application.code.owned(),
        title: application.title.owned(),
        value: percentage.or(fixed).map(ToString::to_string),
        value_type: match (percentage, fixed) {
            (Some(_), _) => DiscountValueType::Percent,
            (None, Some(_)) => DiscountValueType::Fixed,
            (None, None) => DiscountValueType::Unknown,
        },
        amount,
        target: target(application),
        funded_by: FundedBy::Unknown,
    }
}

fn target(application: &Application<'_>) -> DiscountTarget {
    let is = |word: &ordercase_sdk::lenient::Word<'_>, text: &str| {
        word.get()
            .is_some_and(|word| word.eq_ignore_ascii_case(text))
    };
    if is(&application.target_type, "SHIPPING_LINE") {
        DiscountTarget::Shipping
    } else if is(&application.target_selection, "ALL") {
        DiscountTarget::Order
    } else if is(&application.target_type, "LINE_ITEM") {
        DiscountTarget::Line
    } else {
        DiscountTarget::Unknown
    }
}

/// Taxes, of a line or of the whole order.
pub(super) fn taxes(lines: &List<TaxLine<'_>>, included: Option<bool>) -> Vec<model::TaxLine> {
    lines
        .iter()
        .filter_map(|line| {
            Some(model::TaxLine {
                title: line.title.owned(),
                rate: line.rate.as_ref().map(ToString::to_string),
                amount: pair(&line.price_set)?,
                jurisdiction: None,
                collected_by: match line.channel_liable.get() {
                    Some(true) => CollectedBy::Marketplace,
                    Some(false) => CollectedBy::Merchant,
                    None => CollectedBy::Unknown,
                },
                included,
            })
        })
        .collect()
}
