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
pub(crate) struct Order<'a> {
    #[serde(skip)]
    pub(crate) dialect: Dialect,
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) legacy_resource_id: Word<'a>,
    pub(crate) name: Word<'a>,
    /// REST only: the number without prefix and suffix.
    pub(crate) order_number: Word<'a>,
    pub(crate) confirmation_number: Word<'a>,
    pub(crate) po_number: Word<'a>,
    pub(crate) source_identifier: Word<'a>,
    pub(crate) source_name: Word<'a>,
    pub(crate) created_at: Word<'a>,
    pub(crate) processed_at: Word<'a>,
    pub(crate) updated_at: Word<'a>,
    pub(crate) cancelled_at: Word<'a>,
    pub(crate) closed_at: Word<'a>,
    pub(crate) cancel_reason: Word<'a>,
    pub(crate) display_financial_status: Word<'a>,
    pub(crate) display_fulfillment_status: Word<'a>,
    pub(crate) return_status: Word<'a>,
    pub(crate) test: Flag,
    pub(crate) edited: Flag,
    pub(crate) tags: List<Word<'a>>,
    pub(crate) note: Word<'a>,
    pub(crate) email: Word<'a>,
    pub(crate) phone: Word<'a>,
    pub(crate) customer_locale: Word<'a>,
    pub(crate) currency_code: Word<'a>,
    pub(crate) presentment_currency_code: Word<'a>,
    pub(crate) taxes_included: Flag,
    pub(crate) customer: Maybe<Customer<'a>>,
    /// REST only: the buying company.
    #[serde(skip)]
    pub(crate) is_b2b: Option<bool>,
    pub(crate) billing_address: Maybe<Address<'a>>,
    pub(crate) shipping_address: Maybe<Address<'a>>,
    pub(crate) original_total_price_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_price_set: Maybe<MoneyBag<'a>>,
    pub(crate) current_total_price_set: Maybe<MoneyBag<'a>>,
    pub(crate) subtotal_price_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_discounts_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_shipping_price_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_tax_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_tip_received_set: Maybe<MoneyBag<'a>>,
    pub(crate) original_total_duties_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_received_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_refunded_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_outstanding_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_capturable_set: Maybe<MoneyBag<'a>>,
    pub(crate) additional_fees: List<Fee<'a>>,
    pub(crate) tax_lines: List<TaxLine<'a>>,
    pub(crate) risk: Maybe<Risk<'a>>,
    pub(crate) line_items: Connection<Line<'a>>,
    pub(crate) shipping_lines: Connection<ShippingLine<'a>>,
    pub(crate) fulfillments: List<Fulfillment<'a>>,
    pub(crate) transactions: Option<List<Transaction<'a>>>,
    pub(crate) refunds: List<Refund<'a>>,
    pub(crate) returns: Option<Connection<Return<'a>>>,
    /// A list that the answer cut and nobody could read to its end.
    #[serde(skip)]
    pub(crate) truncated: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fee<'a> {
    #[serde(borrow)]
    pub(crate) name: Word<'a>,
    pub(crate) price: Maybe<MoneyBag<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TaxLine<'a> {
    #[serde(borrow)]
    pub(crate) title: Word<'a>,
    pub(crate) rate: Option<DecimalText<'a>>,
    pub(crate) channel_liable: Flag,
    pub(crate) price_set: Maybe<MoneyBag<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Risk<'a> {
    #[serde(borrow)]
    pub(crate) recommendation: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Node<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Line<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) title: Word<'a>,
    pub(crate) variant_title: Word<'a>,
    pub(crate) sku: Word<'a>,
    pub(crate) vendor: Word<'a>,
    pub(crate) quantity: Option<DecimalText<'a>>,
    pub(crate) current_quantity: Option<DecimalText<'a>>,
    pub(crate) requires_shipping: Flag,
    pub(crate) is_gift_card: Flag,
    pub(crate) custom_attributes: List<Attribute<'a>>,
    pub(crate) product: Maybe<Node<'a>>,
    pub(crate) variant: Maybe<Variant<'a>>,
    pub(crate) line_item_group: Maybe<Node<'a>>,
    pub(crate) original_unit_price_set: Maybe<MoneyBag<'a>>,
    pub(crate) discount_allocations: List<Allocation<'a>>,
    pub(crate) tax_lines: List<TaxLine<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Attribute<'a> {
    #[serde(alias = "name")]
    #[serde(borrow)]
    pub(crate) key: Word<'a>,
    pub(crate) value: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Variant<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) barcode: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Allocation<'a> {
    #[serde(borrow)]
    pub(crate) allocated_amount_set: Maybe<MoneyBag<'a>>,
    pub(crate) discount_application: Maybe<Application<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Application<'a> {
    #[serde(rename = "__typename")]
    #[serde(borrow)]
    pub(crate) typename: Word<'a>,
    pub(crate) index: Word<'a>,
    pub(crate) target_type: Word<'a>,
    pub(crate) target_selection: Word<'a>,
    pub(crate) value: Maybe<PricingValue<'a>>,
    pub(crate) code: Word<'a>,
    pub(crate) title: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PricingValue<'a> {
    #[serde(borrow)]
    pub(crate) amount: Option<DecimalText<'a>>,
    pub(crate) percentage: Option<DecimalText<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ShippingLine<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) title: Word<'a>,
    pub(crate) code: Word<'a>,
    pub(crate) carrier_identifier: Word<'a>,
    pub(crate) delivery_category: Word<'a>,
    pub(crate) original_price_set: Maybe<MoneyBag<'a>>,
    pub(crate) discounted_price_set: Maybe<MoneyBag<'a>>,
    pub(crate) tax_lines: List<TaxLine<'a>>,
    pub(crate) discount_allocations: List<Allocation<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Fulfillment<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) legacy_resource_id: Word<'a>,
    pub(crate) name: Word<'a>,
    pub(crate) status: Word<'a>,
    pub(crate) display_status: Word<'a>,
    pub(crate) created_at: Word<'a>,
    pub(crate) in_transit_at: Word<'a>,
    pub(crate) delivered_at: Word<'a>,
    pub(crate) estimated_delivery_at: Word<'a>,
    pub(crate) tracking_info: List<TrackingInfo<'a>>,
    pub(crate) fulfillment_line_items: Connection<FulfillmentLine<'a>>,
    /// REST only: `manual`, or the service that sends.
    pub(crate) service_handle: Word<'a>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct TrackingInfo<'a> {
    #[serde(borrow)]
    pub(crate) company: Word<'a>,
    pub(crate) number: Word<'a>,
    pub(crate) url: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FulfillmentLine<'a> {
    #[serde(borrow)]
    pub(crate) quantity: Option<DecimalText<'a>>,
    pub(crate) line_item: Maybe<Node<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Transaction<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) kind: Word<'a>,
    pub(crate) status: Word<'a>,
    pub(crate) created_at: Word<'a>,
    pub(crate) processed_at: Word<'a>,
    pub(crate) gateway: Word<'a>,
    pub(crate) formatted_gateway: Word<'a>,
    pub(crate) payment_id: Word<'a>,
    pub(crate) error_code: Word<'a>,
    pub(crate) test: Flag,
    pub(crate) manual_payment_gateway: Flag,
    pub(crate) authorization_expires_at: Word<'a>,
    pub(crate) amount_set: Maybe<MoneyBag<'a>>,
    pub(crate) parent_transaction: Maybe<Node<'a>>,
    pub(crate) payment_details: Maybe<PaymentDetails<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PaymentDetails<'a> {
    #[serde(borrow)]
    pub(crate) company: Word<'a>,
    pub(crate) number: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Refund<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) legacy_resource_id: Word<'a>,
    pub(crate) created_at: Word<'a>,
    pub(crate) processed_at: Word<'a>,
    pub(crate) note: Word<'a>,
    pub(crate) total_refunded_set: Maybe<MoneyBag<'a>>,
    #[serde(rename = "return")]
    pub(crate) of_return: Maybe<Node<'a>>,
    pub(crate) refund_line_items: Connection<RefundLine<'a>>,
    pub(crate) refund_shipping_lines: Connection<RefundShipping<'a>>,
    pub(crate) order_adjustments: Connection<Adjustment<'a>>,
    pub(crate) transactions: Connection<Transaction<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RefundLine<'a> {
    #[serde(borrow)]
    pub(crate) quantity: Option<DecimalText<'a>>,
    pub(crate) restock_type: Word<'a>,
    pub(crate) subtotal_set: Maybe<MoneyBag<'a>>,
    pub(crate) total_tax_set: Maybe<MoneyBag<'a>>,
    pub(crate) line_item: Maybe<Node<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RefundShipping<'a> {
    #[serde(borrow)]
    pub(crate) subtotal_amount_set: Maybe<MoneyBag<'a>>,
    pub(crate) tax_amount_set: Maybe<MoneyBag<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Adjustment<'a> {
    #[serde(borrow)]
    pub(crate) reason: Word<'a>,
    pub(crate) amount_set: Maybe<MoneyBag<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Return<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) name: Word<'a>,
    pub(crate) status: Word<'a>,
    pub(crate) created_at: Word<'a>,
    pub(crate) closed_at: Word<'a>,
    pub(crate) decline: Maybe<Decline<'a>>,
    pub(crate) refunds: Connection<Node<'a>>,
    pub(crate) return_line_items: Connection<ReturnLine<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Decline<'a> {
    #[serde(borrow)]
    pub(crate) reason: Word<'a>,
    pub(crate) note: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ReturnLine<'a> {
    #[serde(borrow)]
    pub(crate) quantity: Option<DecimalText<'a>>,
    pub(crate) return_reason: Word<'a>,
    pub(crate) return_reason_definition: Maybe<ReasonDefinition<'a>>,
    pub(crate) return_reason_note: Word<'a>,
    pub(crate) customer_note: Word<'a>,
    pub(crate) fulfillment_line_item: Maybe<FulfillmentLine<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReasonDefinition<'a> {
    #[serde(borrow)]
    pub(crate) handle: Word<'a>,
    pub(crate) name: Word<'a>,
}

impl Order<'_> {
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
