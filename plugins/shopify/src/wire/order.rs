//! An order as Admin GraphQL answers it, for the fields that `query/` asks for.

use ordercase_sdk::DecimalText;
use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use ordercase_sdk::page::Connection;
use serde::Deserialize;

use super::customer::Customer;
use super::{Address, MoneyBag, tail};

/// In which spelling an order came; names the source's fields in statuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    #[default]
    GraphQl,
    Rest,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Order {
    #[serde(skip)]
    pub(crate) dialect: Dialect,
    pub(crate) id: Word,
    pub(crate) legacy_resource_id: Word,
    pub(crate) name: Word,
    /// REST only: the number without prefix and suffix.
    pub(crate) order_number: Word,
    pub(crate) confirmation_number: Word,
    pub(crate) po_number: Word,
    pub(crate) source_identifier: Word,
    pub(crate) source_name: Word,
    pub(crate) created_at: Word,
    pub(crate) processed_at: Word,
    pub(crate) updated_at: Word,
    pub(crate) cancelled_at: Word,
    pub(crate) closed_at: Word,
    pub(crate) cancel_reason: Word,
    pub(crate) display_financial_status: Word,
    pub(crate) display_fulfillment_status: Word,
    pub(crate) return_status: Word,
    pub(crate) test: Flag,
    pub(crate) edited: Flag,
    pub(crate) tags: List<Word>,
    pub(crate) note: Word,
    pub(crate) email: Word,
    pub(crate) phone: Word,
    pub(crate) customer_locale: Word,
    pub(crate) currency_code: Word,
    pub(crate) presentment_currency_code: Word,
    pub(crate) taxes_included: Flag,
    pub(crate) customer: Maybe<Customer>,
    /// REST only: the buying company.
    #[serde(skip)]
    pub(crate) is_b2b: Option<bool>,
    pub(crate) billing_address: Maybe<Address>,
    pub(crate) shipping_address: Maybe<Address>,
    pub(crate) original_total_price_set: Maybe<MoneyBag>,
    pub(crate) total_price_set: Maybe<MoneyBag>,
    pub(crate) current_total_price_set: Maybe<MoneyBag>,
    pub(crate) subtotal_price_set: Maybe<MoneyBag>,
    pub(crate) total_discounts_set: Maybe<MoneyBag>,
    pub(crate) total_shipping_price_set: Maybe<MoneyBag>,
    pub(crate) total_tax_set: Maybe<MoneyBag>,
    pub(crate) total_tip_received_set: Maybe<MoneyBag>,
    pub(crate) original_total_duties_set: Maybe<MoneyBag>,
    pub(crate) total_received_set: Maybe<MoneyBag>,
    pub(crate) total_refunded_set: Maybe<MoneyBag>,
    pub(crate) total_outstanding_set: Maybe<MoneyBag>,
    pub(crate) total_capturable_set: Maybe<MoneyBag>,
    pub(crate) additional_fees: List<Fee>,
    pub(crate) tax_lines: List<TaxLine>,
    pub(crate) risk: Maybe<Risk>,
    pub(crate) line_items: Connection<Line>,
    pub(crate) shipping_lines: Connection<ShippingLine>,
    pub(crate) fulfillments: List<Fulfillment>,
    pub(crate) transactions: Option<List<Transaction>>,
    pub(crate) refunds: List<Refund>,
    pub(crate) returns: Option<Connection<Return>>,
    /// A list that the answer cut and nobody could read to its end.
    #[serde(skip)]
    pub(crate) truncated: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fee {
    pub(crate) name: Word,
    pub(crate) price: Maybe<MoneyBag>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TaxLine {
    pub(crate) title: Word,
    pub(crate) rate: Option<DecimalText>,
    pub(crate) channel_liable: Flag,
    pub(crate) price_set: Maybe<MoneyBag>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Risk {
    pub(crate) recommendation: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Node {
    pub(crate) id: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Line {
    pub(crate) id: Word,
    pub(crate) title: Word,
    pub(crate) variant_title: Word,
    pub(crate) sku: Word,
    pub(crate) vendor: Word,
    pub(crate) quantity: Option<DecimalText>,
    pub(crate) current_quantity: Option<DecimalText>,
    pub(crate) requires_shipping: Flag,
    pub(crate) is_gift_card: Flag,
    pub(crate) custom_attributes: List<Attribute>,
    pub(crate) product: Maybe<Node>,
    pub(crate) variant: Maybe<Variant>,
    pub(crate) line_item_group: Maybe<Node>,
    pub(crate) original_unit_price_set: Maybe<MoneyBag>,
    pub(crate) discount_allocations: List<Allocation>,
    pub(crate) tax_lines: List<TaxLine>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Attribute {
    #[serde(alias = "name")]
    pub(crate) key: Word,
    pub(crate) value: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Variant {
    pub(crate) id: Word,
    pub(crate) barcode: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Allocation {
    pub(crate) allocated_amount_set: Maybe<MoneyBag>,
    pub(crate) discount_application: Maybe<Application>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Application {
    #[serde(rename = "__typename")]
    pub(crate) typename: Word,
    pub(crate) index: Word,
    pub(crate) target_type: Word,
    pub(crate) target_selection: Word,
    pub(crate) value: Maybe<PricingValue>,
    pub(crate) code: Word,
    pub(crate) title: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PricingValue {
    pub(crate) amount: Option<DecimalText>,
    pub(crate) percentage: Option<DecimalText>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ShippingLine {
    pub(crate) id: Word,
    pub(crate) title: Word,
    pub(crate) code: Word,
    pub(crate) carrier_identifier: Word,
    pub(crate) delivery_category: Word,
    pub(crate) original_price_set: Maybe<MoneyBag>,
    pub(crate) discounted_price_set: Maybe<MoneyBag>,
    pub(crate) tax_lines: List<TaxLine>,
    pub(crate) discount_allocations: List<Allocation>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Fulfillment {
    pub(crate) id: Word,
    pub(crate) legacy_resource_id: Word,
    pub(crate) name: Word,
    pub(crate) status: Word,
    pub(crate) display_status: Word,
    pub(crate) created_at: Word,
    pub(crate) in_transit_at: Word,
    pub(crate) delivered_at: Word,
    pub(crate) estimated_delivery_at: Word,
    pub(crate) tracking_info: List<TrackingInfo>,
    pub(crate) fulfillment_line_items: Connection<FulfillmentLine>,
    /// REST only: `manual`, or the service that sends.
    pub(crate) service_handle: Word,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct TrackingInfo {
    pub(crate) company: Word,
    pub(crate) number: Word,
    pub(crate) url: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FulfillmentLine {
    pub(crate) quantity: Option<DecimalText>,
    pub(crate) line_item: Maybe<Node>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Transaction {
    pub(crate) id: Word,
    pub(crate) kind: Word,
    pub(crate) status: Word,
    pub(crate) created_at: Word,
    pub(crate) processed_at: Word,
    pub(crate) gateway: Word,
    pub(crate) formatted_gateway: Word,
    pub(crate) payment_id: Word,
    pub(crate) error_code: Word,
    pub(crate) test: Flag,
    pub(crate) manual_payment_gateway: Flag,
    pub(crate) authorization_expires_at: Word,
    pub(crate) amount_set: Maybe<MoneyBag>,
    pub(crate) parent_transaction: Maybe<Node>,
    pub(crate) payment_details: Maybe<PaymentDetails>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PaymentDetails {
    pub(crate) company: Word,
    pub(crate) number: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Refund {
    pub(crate) id: Word,
    pub(crate) legacy_resource_id: Word,
    pub(crate) created_at: Word,
    pub(crate) processed_at: Word,
    pub(crate) note: Word,
    pub(crate) total_refunded_set: Maybe<MoneyBag>,
    #[serde(rename = "return")]
    pub(crate) of_return: Maybe<Node>,
    pub(crate) refund_line_items: Connection<RefundLine>,
    pub(crate) refund_shipping_lines: Connection<RefundShipping>,
    pub(crate) order_adjustments: Connection<Adjustment>,
    pub(crate) transactions: Connection<Transaction>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RefundLine {
    pub(crate) quantity: Option<DecimalText>,
    pub(crate) restock_type: Word,
    pub(crate) subtotal_set: Maybe<MoneyBag>,
    pub(crate) total_tax_set: Maybe<MoneyBag>,
    pub(crate) line_item: Maybe<Node>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RefundShipping {
    pub(crate) subtotal_amount_set: Maybe<MoneyBag>,
    pub(crate) tax_amount_set: Maybe<MoneyBag>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Adjustment {
    pub(crate) reason: Word,
    pub(crate) amount_set: Maybe<MoneyBag>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Return {
    pub(crate) id: Word,
    pub(crate) name: Word,
    pub(crate) status: Word,
    pub(crate) created_at: Word,
    pub(crate) closed_at: Word,
    pub(crate) decline: Maybe<Decline>,
    pub(crate) refunds: Connection<Node>,
    pub(crate) return_line_items: Connection<ReturnLine>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Decline {
    pub(crate) reason: Word,
    pub(crate) note: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ReturnLine {
    pub(crate) quantity: Option<DecimalText>,
    pub(crate) return_reason: Word,
    pub(crate) return_reason_definition: Maybe<ReasonDefinition>,
    pub(crate) return_reason_note: Word,
    pub(crate) customer_note: Word,
    pub(crate) fulfillment_line_item: Maybe<FulfillmentLine>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReasonDefinition {
    pub(crate) handle: Word,
    pub(crate) name: Word,
}

impl Order {
    /// The numeric id, which is the key of the record.
    pub(crate) fn key(&self) -> Option<&str> {
        self.legacy_resource_id.get().or_else(|| tail(&self.id))
    }

    /// The global id.
    pub(crate) fn gid(&self) -> Option<String> {
        match self.id.get() {
            Some(id) if id.starts_with("gid://") => Some(id.to_owned()),
            _ => self.key().map(|key| format!("gid://shopify/Order/{key}")),
        }
    }

    /// Whether this is an order and not only a part of one, such as more lines of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.name.get().is_some() || self.created_at.get().is_some()
    }

    /// Whether refunds and returns are known: read, or none there to read. REST always tells refunds.
    pub(crate) fn knows_what_came_back(&self) -> bool {
        self.dialect == Dialect::Rest || self.returns.is_some() || !self.has_something_back()
    }

    /// Whether there are refunds or returns to read.
    pub(crate) fn has_something_back(&self) -> bool {
        let returned = self
            .return_status
            .get()
            .is_some_and(|status| !status.eq_ignore_ascii_case("NO_RETURN"));
        returned || !self.refunds.is_empty()
    }

    /// Takes in another reading of the same order: of two whole ones the later stays, a part adds to
    /// the whole, whichever came first.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        if other.is_whole() {
            std::mem::swap(self, &mut other);
            if other.is_whole() {
                return;
            }
        }
        if other.returns.is_some() {
            self.returns = other.returns;
            self.refunds = other.refunds;
        }
        if !other.line_items.nodes.is_empty() {
            self.line_items.nodes.extend(other.line_items.nodes);
            self.line_items.page_info = other.line_items.page_info;
        }
        self.truncated |= other.truncated;
    }
}
