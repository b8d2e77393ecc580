//! Vendure's answers as they come: every field may be absent, numbers may be texts.

use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use serde::Deserialize;

macro_rules! wire {
    ($($(#[$meta:meta])* pub(crate) struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $ty:ty,)*
    })*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $ty,)* }
    )* };
}

wire! {
    /// `data` of any answer.
    pub(crate) struct Data {
        orders: Maybe<Orders>,
        order: Maybe<Order>,
        customers: Maybe<Customers>,
        customer: Maybe<Customer>,
    }

    pub(crate) struct Orders {
        total_items: Word,
        items: List<Order>,
    }

    pub(crate) struct Customers {
        total_items: Word,
        items: List<Customer>,
    }

    pub(crate) struct Order {
        id: Word,
        code: Word,
        state: Word,
        #[serde(rename = "type")]
        kind: Word,
        active: Flag,
        created_at: Word,
        updated_at: Word,
        order_placed_at: Word,
        aggregate_order_id: Word,
        currency_code: Word,
        coupon_codes: List<Word>,
        sub_total_with_tax: Minor,
        shipping_with_tax: Minor,
        total: Minor,
        total_with_tax: Minor,
        tax_summary: List<TaxSummary>,
        customer: Maybe<Customer>,
        shipping_address: Maybe<Address>,
        billing_address: Maybe<Address>,
        lines: List<Line>,
        surcharges: List<Surcharge>,
        discounts: List<Discount>,
        shipping_lines: List<ShippingLine>,
        payments: List<Payment>,
        fulfillments: List<Fulfillment>,
        modifications: List<Modification>,
        history: Maybe<History>,
    }

    pub(crate) struct TaxSummary {
        description: Word,
        tax_rate: Word,
        tax_total: Minor,
    }

    pub(crate) struct Line {
        id: Word,
        quantity: Minor,
        order_placed_quantity: Minor,
        tax_rate: Word,
        unit_price: Minor,
        unit_price_with_tax: Minor,
        line_price_with_tax: Minor,
        discounted_line_price_with_tax: Minor,
        prorated_unit_price_with_tax: Minor,
        prorated_line_price: Minor,
        prorated_line_price_with_tax: Minor,
        discounts: List<Discount>,
        product_variant: Maybe<Variant>,
        featured_asset: Maybe<Asset>,
    }

    pub(crate) struct Variant {
        id: Word,
        name: Word,
        sku: Word,
        product: Maybe<Product>,
        options: List<ProductOption>,
    }

    pub(crate) struct Product {
        id: Word,
        name: Word,
    }

    pub(crate) struct ProductOption {
        name: Word,
        group: Maybe<Named>,
    }

    pub(crate) struct Named {
        name: Word,
    }

    pub(crate) struct Asset {
        preview: Word,
    }

    pub(crate) struct Surcharge {
        description: Word,
        price: Minor,
        price_with_tax: Minor,
    }

    pub(crate) struct Discount {
        description: Word,
        #[serde(rename = "type")]
        kind: Word,
        amount_with_tax: Minor,
        adjustment_source: Word,
    }

    pub(crate) struct ShippingLine {
        id: Word,
        price_with_tax: Minor,
        discounted_price: Minor,
        discounted_price_with_tax: Minor,
        shipping_method: Maybe<ShippingMethod>,
    }

    pub(crate) struct ShippingMethod {
        id: Word,
        code: Word,
        name: Word,
    }

    pub(crate) struct Payment {
        id: Word,
        created_at: Word,
        updated_at: Word,
        method: Word,
        amount: Minor,
        state: Word,
        transaction_id: Word,
        error_message: Word,
        refunds: List<Refund>,
    }

    pub(crate) struct Refund {
        id: Word,
        created_at: Word,
        updated_at: Word,
        items: Minor,
        shipping: Minor,
        adjustment: Minor,
        total: Minor,
        method: Word,
        state: Word,
        transaction_id: Word,
        reason: Word,
        lines: List<Part>,
    }

    pub(crate) struct Part {
        order_line_id: Word,
        quantity: Minor,
    }

    pub(crate) struct Fulfillment {
        id: Word,
        created_at: Word,
        updated_at: Word,
        state: Word,
        method: Word,
        tracking_code: Word,
        lines: List<Part>,
    }

    pub(crate) struct Modification {
        created_at: Word,
        price_change: Minor,
    }

    pub(crate) struct History {
        total_items: Word,
        items: List<Entry>,
    }

    pub(crate) struct Entry {
        created_at: Word,
        #[serde(rename = "type")]
        kind: Word,
        is_public: Flag,
        data: Maybe<EntryData>,
        administrator: Maybe<Node>,
    }

    /// What Vendure's own history entries carry; those of plugins carry anything.
    pub(crate) struct EntryData {
        from: Word,
        to: Word,
        reason: Word,
        note: Word,
        payment_id: Word,
        fulfillment_id: Word,
        refund_id: Word,
        lines: List<Part>,
    }

    pub(crate) struct Node {
        id: Word,
    }

    pub(crate) struct Customer {
        id: Word,
        created_at: Word,
        updated_at: Word,
        first_name: Word,
        last_name: Word,
        email_address: Word,
        phone_number: Word,
        user: Maybe<User>,
        groups: List<Named>,
        addresses: List<Address>,
        orders: Maybe<Orders>,
    }

    pub(crate) struct User {
        id: Word,
        identifier: Word,
        verified: Flag,
    }

    /// Of an order, where the country is a text and a code; or of a customer, where it is an object.
    pub(crate) struct Address {
        id: Word,
        full_name: Word,
        company: Word,
        street_line1: Word,
        street_line2: Word,
        city: Word,
        province: Word,
        postal_code: Word,
        country: Country,
        country_code: Word,
        phone_number: Word,
        default_billing_address: Flag,
        default_shipping_address: Flag,
    }
}

/// A whole number: money in the smallest unit that the server keeps, or a quantity.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Minor(Word);

impl Minor {
    /// `None` when absent or no whole number.
    pub(crate) fn get(&self) -> Option<i64> {
        self.0.get()?.parse().ok()
    }

    pub(crate) fn or_zero(&self) -> i64 {
        self.get().unwrap_or(0)
    }
}

/// A country by name, or with its code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Country {
    pub(crate) name: Word,
    pub(crate) code: Word,
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Whole {
            name: Word,
            code: Word,
        }
        let value = serde_json::Value::deserialize(d)?;
        if value.is_object() {
            let whole: Whole = serde_json::from_value(value).map_err(serde::de::Error::custom)?;
            return Ok(Self {
                name: whole.name,
                code: whole.code,
            });
        }
        let name = serde_json::from_value(value).map_err(serde::de::Error::custom)?;
        Ok(Self {
            name,
            code: Word::default(),
        })
    }
}

impl Orders {
    /// How many rows the list has in all; at least those that came.
    pub(crate) fn total(&self) -> u64 {
        total(&self.total_items, self.items.len())
    }
}

impl Customers {
    /// How many rows the list has in all; at least those that came.
    pub(crate) fn total(&self) -> u64 {
        total(&self.total_items, self.items.len())
    }
}

fn total(told: &Word, rows: usize) -> u64 {
    let told = told.get().and_then(|told| told.parse().ok());
    told.unwrap_or(rows as u64)
}
