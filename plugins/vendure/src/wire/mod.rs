//! Vendure's answers as they come: every field may be absent, numbers may be texts. Texts stay where
//! they were read.

use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;

macro_rules! wire {
    ($($(#[$meta:meta])* pub(crate) struct $name:ident<'a> {
        $($(#[$field_meta:meta])* $field:ident: $ty:ty,)*
    })*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
        pub(crate) struct $name<'a> { $($(#[$field_meta])* pub(crate) $field: $ty,)* }
    )* };
}

wire! {
    /// `data` of any answer.
    pub(crate) struct Data<'a> {
        orders: Maybe<Orders<'a>>,
        order: Maybe<Order<'a>>,
        customers: Maybe<Customers<'a>>,
        customer: Maybe<Customer<'a>>,
    }

    pub(crate) struct Orders<'a> {
        total_items: Word<'a>,
        items: List<Order<'a>>,
    }

    pub(crate) struct Customers<'a> {
        total_items: Word<'a>,
        items: List<Customer<'a>>,
    }

    pub(crate) struct Order<'a> {
        id: Word<'a>,
        code: Word<'a>,
        state: Word<'a>,
        #[serde(rename = "type")]
        kind: Word<'a>,
        active: Flag,
        created_at: Word<'a>,
        updated_at: Word<'a>,
        order_placed_at: Word<'a>,
        aggregate_order_id: Word<'a>,
        currency_code: Word<'a>,
        coupon_codes: List<Word<'a>>,
        sub_total_with_tax: Minor<'a>,
        shipping_with_tax: Minor<'a>,
        total: Minor<'a>,
        total_with_tax: Minor<'a>,
        tax_summary: List<TaxSummary<'a>>,
        customer: Maybe<Customer<'a>>,
        shipping_address: Maybe<Address<'a>>,
        billing_address: Maybe<Address<'a>>,
        lines: List<Line<'a>>,
        surcharges: List<Surcharge<'a>>,
        discounts: List<Discount<'a>>,
        shipping_lines: List<ShippingLine<'a>>,
        payments: List<Payment<'a>>,
        fulfillments: List<Fulfillment<'a>>,
        modifications: List<Modification<'a>>,
        history: Maybe<History<'a>>,
    }

    pub(crate) struct TaxSummary<'a> {
        description: Word<'a>,
        tax_rate: Word<'a>,
        tax_total: Minor<'a>,
    }

    pub(crate) struct Line<'a> {
        id: Word<'a>,
        quantity: Minor<'a>,
        order_placed_quantity: Minor<'a>,
        tax_rate: Word<'a>,
        unit_price: Minor<'a>,
        unit_price_with_tax: Minor<'a>,
        line_price_with_tax: Minor<'a>,
        discounted_line_price_with_tax: Minor<'a>,
        prorated_unit_price_with_tax: Minor<'a>,
        prorated_line_price: Minor<'a>,
        prorated_line_price_with_tax: Minor<'a>,
        discounts: List<Discount<'a>>,
        product_variant: Maybe<Variant<'a>>,
        featured_asset: Maybe<Asset<'a>>,
    }

    pub(crate) struct Variant<'a> {
        id: Word<'a>,
        name: Word<'a>,
        sku: Word<'a>,
        product: Maybe<Product<'a>>,
        options: List<ProductOption<'a>>,
    }

    pub(crate) struct Product<'a> {
        id: Word<'a>,
        name: Word<'a>,
    }

    pub(crate) struct ProductOption<'a> {
        name: Word<'a>,
        group: Maybe<Named<'a>>,
    }

    pub(crate) struct Named<'a> {
        name: Word<'a>,
    }

    pub(crate) struct Asset<'a> {
        preview: Word<'a>,
    }

    pub(crate) struct Surcharge<'a> {
        description: Word<'a>,
        price: Minor<'a>,
        price_with_tax: Minor<'a>,
    }

    pub(crate) struct Discount<'a> {
        description: Word<'a>,
        #[serde(rename = "type")]
        kind: Word<'a>,
        amount_with_tax: Minor<'a>,
        adjustment_source: Word<'a>,
    }

    pub(crate) struct ShippingLine<'a> {
        id: Word<'a>,
        price_with_tax: Minor<'a>,
        discounted_price: Minor<'a>,
        discounted_price_with_tax: Minor<'a>,
        shipping_method: Maybe<ShippingMethod<'a>>,
    }

    pub(crate) struct ShippingMethod<'a> {
        id: Word<'a>,
        code: Word<'a>,
        name: Word<'a>,
    }

    pub(crate) struct Payment<'a> {
        id: Word<'a>,
        created_at: Word<'a>,
        updated_at: Word<'a>,
        method: Word<'a>,
        amount: Minor<'a>,
        state: Word<'a>,
        transaction_id: Word<'a>,
        error_message: Word<'a>,
        refunds: List<Refund<'a>>,
    }

    pub(crate) struct Refund<'a> {
        id: Word<'a>,
        created_at: Word<'a>,
        updated_at: Word<'a>,
        items: Minor<'a>,
        shipping: Minor<'a>,
        adjustment: Minor<'a>,
        total: Minor<'a>,
        method: Word<'a>,
        state: Word<'a>,
        transaction_id: Word<'a>,
        reason: Word<'a>,
        lines: List<Part<'a>>,
    }

    pub(crate) struct Part<'a> {
        order_line_id: Word<'a>,
        quantity: Minor<'a>,
    }

    pub(crate) struct Fulfillment<'a> {
        id: Word<'a>,
        created_at: Word<'a>,
        updated_at: Word<'a>,
        state: Word<'a>,
        method: Word<'a>,
        tracking_code: Word<'a>,
        lines: List<Part<'a>>,
    }

    pub(crate) struct Modification<'a> {
        created_at: Word<'a>,
        price_change: Minor<'a>,
    }

    pub(crate) struct History<'a> {
        total_items: Word<'a>,
        items: List<Entry<'a>>,
    }

    pub(crate) struct Entry<'a> {
        created_at: Word<'a>,
        #[serde(rename = "type")]
        kind: Word<'a>,
        is_public: Flag,
        data: Maybe<EntryData<'a>>,
        administrator: Maybe<Node<'a>>,
    }

    /// What Vendure's own history entries carry; those of plugins carry anything.
    pub(crate) struct EntryData<'a> {
        from: Word<'a>,
        to: Word<'a>,
        reason: Word<'a>,
        note: Word<'a>,
        payment_id: Word<'a>,
        fulfillment_id: Word<'a>,
        refund_id: Word<'a>,
        lines: List<Part<'a>>,
    }

    pub(crate) struct Node<'a> {
        id: Word<'a>,
    }

    pub(crate) struct Customer<'a> {
        id: Word<'a>,
        created_at: Word<'a>,
        updated_at: Word<'a>,
        first_name: Word<'a>,
        last_name: Word<'a>,
        email_address: Word<'a>,
        phone_number: Word<'a>,
        user: Maybe<User<'a>>,
        groups: List<Named<'a>>,
        addresses: List<Address<'a>>,
        orders: Maybe<Orders<'a>>,
    }

    pub(crate) struct User<'a> {
        id: Word<'a>,
        identifier: Word<'a>,
        verified: Flag,
    }

    /// Of an order, where the country is a text and a code; or of a customer, where it is an object.
    pub(crate) struct Address<'a> {
        id: Word<'a>,
        full_name: Word<'a>,
        company: Word<'a>,
        street_line1: Word<'a>,
        street_line2: Word<'a>,
        city: Word<'a>,
        province: Word<'a>,
        postal_code: Word<'a>,
        country: Country<'a>,
        country_code: Word<'a>,
        phone_number: Word<'a>,
        default_billing_address: Flag,
        default_shipping_address: Flag,
    }
}

/// A whole number: money in the smallest unit that the server keeps, or a quantity.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Minor<'a>(#[serde(borrow)] Word<'a>);

impl Minor<'_> {
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
pub(crate) struct Country<'a> {
    pub(crate) name: Word<'a>,
    pub(crate) code: Word<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Country<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Whole<'a> {
            #[serde(borrow)]
            name: Word<'a>,
            code: Word<'a>,
        }
        let sent = <&'de RawValue>::deserialize(d)?.get();
        let whole: Maybe<Whole<'_>> = serde_json::from_str(sent).map_err(D::Error::custom)?;
        if let Maybe(Some(Whole { name, code })) = whole {
            return Ok(Self { name, code });
        }
        let name = serde_json::from_str(sent).map_err(D::Error::custom)?;
        Ok(Self {
            name,
            code: Word::default(),
        })
    }
}

impl Orders<'_> {
    /// How many rows the list has in all; at least those that came.
    pub(crate) fn total(&self) -> u64 {
        total(&self.total_items, self.items.len())
    }
}

impl Customers<'_> {
    /// How many rows the list has in all; at least those that came.
    pub(crate) fn total(&self) -> u64 {
        total(&self.total_items, self.items.len())
    }
}

fn total(told: &Word<'_>, rows: usize) -> u64 {
    let told = told.get().and_then(|told| told.parse().ok());
    told.unwrap_or(rows as u64)
}
