//! The small model that a hand-written loop keeps, read from a page of our plugin's query: typed, borrowed, one pass.
//! `xtask/src/bench/peers/normalise.mjs` is the same mapping in JavaScript.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A text that is borrowed where it has no escapes; serde owns the inside of an `Option<Cow<str>>`.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Word<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

type Text<'a> = Option<Word<'a>>;

#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) data: Data<'a>,
}
#[derive(Deserialize)]
pub(super) struct Data<'a> {
    #[serde(borrow)]
    pub(super) orders: Nodes<Order<'a>>,
}
#[derive(Deserialize)]
pub(super) struct Nodes<T> {
    pub(super) nodes: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order<'a> {
    #[serde(borrow)]
    legacy_resource_id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    created_at: Cow<'a, str>,
    #[serde(borrow)]
    updated_at: Cow<'a, str>,
    #[serde(borrow)]
    cancelled_at: Text<'a>,
    #[serde(borrow)]
    currency_code: Cow<'a, str>,
    #[serde(borrow)]
    display_financial_status: Text<'a>,
    #[serde(borrow)]
    display_fulfillment_status: Text<'a>,
    #[serde(borrow)]
    email: Text<'a>,
    #[serde(borrow)]
    phone: Text<'a>,
    #[serde(borrow)]
    note: Text<'a>,
    #[serde(borrow)]
    tags: Vec<Word<'a>>,
    #[serde(borrow)]
    customer: Option<Customer<'a>>,
    #[serde(borrow)]
    billing_address: Option<Address<'a>>,
    #[serde(borrow)]
    shipping_address: Option<Address<'a>>,
    #[serde(borrow)]
    subtotal_price_set: Bag<'a>,
    #[serde(borrow)]
    total_shipping_price_set: Bag<'a>,
    #[serde(borrow)]
    total_tax_set: Bag<'a>,
    #[serde(borrow)]
    total_discounts_set: Bag<'a>,
    #[serde(borrow)]
    original_total_price_set: Bag<'a>,
    #[serde(borrow)]
    total_refunded_set: Bag<'a>,
    #[serde(borrow)]
    line_items: Nodes<Line<'a>>,
    #[serde(borrow)]
    fulfillments: Vec<Fulfillment<'a>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bag<'a> {
    #[serde(borrow)]
    shop_money: Money<'a>,
}
#[derive(Deserialize)]
struct Money<'a> {
    #[serde(borrow)]
    amount: Cow<'a, str>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Customer<'a> {
    #[serde(borrow)]
    legacy_resource_id: Cow<'a, str>,
    #[serde(borrow)]
    display_name: Text<'a>,
}
#[derive(Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
struct Address<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    company: Text<'a>,
    #[serde(borrow, rename(serialize = "line1"))]
    address1: Text<'a>,
    #[serde(borrow, rename(serialize = "line2"))]
    address2: Text<'a>,
    #[serde(borrow)]
    city: Text<'a>,
    #[serde(borrow, rename(serialize = "region"))]
    province_code: Text<'a>,
    #[serde(borrow, rename(serialize = "postcode"))]
    zip: Text<'a>,
    #[serde(borrow, rename(serialize = "country"))]
    country_code_v2: Text<'a>,
    #[serde(borrow)]
    phone: Text<'a>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    sku: Text<'a>,
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    variant_title: Text<'a>,
    quantity: u64,
    #[serde(borrow)]
    original_unit_price_set: Bag<'a>,
    #[serde(borrow)]
    discount_allocations: Vec<Allocation<'a>>,
    #[serde(borrow)]
    tax_lines: Vec<Tax<'a>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allocation<'a> {
    #[serde(borrow)]
    allocated_amount_set: Bag<'a>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tax<'a> {
    #[serde(borrow)]
    price_set: Bag<'a>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fulfillment<'a> {
    #[serde(borrow)]
    legacy_resource_id: Cow<'a, str>,
    #[serde(borrow)]
    display_status: Text<'a>,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    tracking_info: Vec<Tracking<'a>>,
}
#[derive(Deserialize)]
struct Tracking<'a> {
    #[serde(borrow)]
    company: Text<'a>,
    #[serde(borrow)]
    number: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
}

/// An order as it is kept; money in cents.
#[derive(Serialize)]
pub(super) struct Kept<'a> {
    pub(super) source: &'static str,
    pub(super) external_id: u64,
    pub(super) number: &'a str,
    pub(super) placed_at: &'a str,
    pub(super) updated_at: &'a str,
    cancelled_at: Option<&'a str>,
    currency: &'a str,
    payment: Option<&'a str>,
    fulfilment: Option<&'a str>,
    pub(super) email: String,
    phone: Option<&'a str>,
    note: Option<&'a str>,
    tags: &'a [Word<'a>],
    pub(super) totals: Totals,
    customer: Option<KeptCustomer<'a>>,
    billing: Option<&'a Address<'a>>,
    shipping: Option<&'a Address<'a>>,
    lines: Vec<KeptLine<'a>>,
    shipments: Vec<Shipment<'a>>,
}
#[derive(Serialize)]
pub(super) struct Totals {
    subtotal_minor: i64,
    shipping_minor: i64,
    tax_minor: i64,
    discount_minor: i64,
    pub(super) total_minor: i64,
    refunded_minor: i64,
}
#[derive(Serialize)]
struct KeptCustomer<'a> {
    external_id: u64,
    name: Option<&'a str>,
}
#[derive(Serialize)]
struct KeptLine<'a> {
    external_id: u64,
    sku: Option<&'a str>,
    title: &'a str,
    variant: Option<&'a str>,
    quantity: u64,
    unit_minor: i64,
    discount_minor: i64,
    tax_minor: i64,
    total_minor: i64,
}
#[derive(Serialize)]
struct Shipment<'a> {
    external_id: u64,
    status: Option<&'a str>,
    carrier: Option<&'a str>,
    tracking_number: Option<&'a str>,
    tracking_url: Option<&'a str>,
    shipped_at: Option<&'a str>,
}

fn minor(bag: &Bag<'_>) -> i64 {
    let text = bag.shop_money.amount.as_ref();
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let cents = rest.bytes().chain(*b"00").take(2);
    let cents = cents.fold(0, |sum, digit| {
        sum * 10 + i64::from(digit.saturating_sub(b'0'))
    });
    whole.parse::<i64>().unwrap_or_default() * 100 + cents
}

fn id(text: &str) -> u64 {
    text.rsplit('/')
        .next()
        .and_then(|id| id.parse().ok())
        .unwrap_or_default()
}

impl<'a> Order<'a> {
    pub(super) fn kept(&'a self) -> Kept<'a> {
        Kept {
            source: "shopify",
            external_id: id(&self.legacy_resource_id),
            number: &self.name,
            placed_at: &self.created_at,
            updated_at: &self.updated_at,
            cancelled_at: self.cancelled_at.as_deref(),
            currency: &self.currency_code,
            payment: self.display_financial_status.as_deref(),
            fulfilment: self.display_fulfillment_status.as_deref(),
            email: self.email.as_deref().unwrap_or_default().to_lowercase(),
            phone: self.phone.as_deref(),
            note: self.note.as_deref(),
            tags: &self.tags,
            totals: Totals {
                subtotal_minor: minor(&self.subtotal_price_set),
                shipping_minor: minor(&self.total_shipping_price_set),
                tax_minor: minor(&self.total_tax_set),
                discount_minor: minor(&self.total_discounts_set),
                total_minor: minor(&self.original_total_price_set),
                refunded_minor: minor(&self.total_refunded_set),
            },
            customer: self.customer.as_ref().map(|customer| KeptCustomer {
                external_id: id(&customer.legacy_resource_id),
                name: customer.display_name.as_deref(),
            }),
            billing: self.billing_address.as_ref(),
            shipping: self.shipping_address.as_ref(),
            lines: self.line_items.nodes.iter().map(Line::kept).collect(),
            shipments: self.fulfillments.iter().map(Fulfillment::kept).collect(),
        }
    }
}

impl<'a> Line<'a> {
    fn kept(&'a self) -> KeptLine<'a> {
        let unit = minor(&self.original_unit_price_set);
        let discount = self
            .discount_allocations
            .iter()
            .map(|a| minor(&a.allocated_amount_set));
        let discount: i64 = discount.sum();
        let ordered = i64::try_from(self.quantity).unwrap_or_default();
        KeptLine {
            external_id: id(&self.id),
            sku: self.sku.as_deref(),
            title: &self.title,
            variant: self.variant_title.as_deref(),
            quantity: self.quantity,
            unit_minor: unit,
            discount_minor: discount,
            tax_minor: self.tax_lines.iter().map(|tax| minor(&tax.price_set)).sum(),
            total_minor: unit * ordered - discount,
        }
    }
}

impl<'a> Fulfillment<'a> {
    fn kept(&'a self) -> Shipment<'a> {
        let tracking = self.tracking_info.first();
        Shipment {
            external_id: id(&self.legacy_resource_id),
            status: self.display_status.as_deref(),
            carrier: tracking.and_then(|t| t.company.as_deref()),
            tracking_number: tracking.and_then(|t| t.number.as_deref()),
            tracking_url: tracking.and_then(|t| t.url.as_deref()),
            shipped_at: self.created_at.as_deref(),
        }
    }
}
