//! A REST order.
//!
//! What REST does not tell stays absent: payments other than those of refunds, returns, money
//! received. The id of a line inside a fulfilment is the order line's own.

use ordercase_sdk::DecimalText;
use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use ordercase_sdk::model::MoneyPair;
use ordercase_sdk::money;
use ordercase_sdk::page::{Connection, PageInfo};
use serde::Deserialize;

use super::super::order::{
    Adjustment, Allocation, Application, Attribute, Dialect, Fulfillment, FulfillmentLine, Line,
    Node, Order, PricingValue, Refund, RefundLine, RefundShipping, ShippingLine, TrackingInfo,
    Transaction, Variant,
};
use super::super::{Address, MoneyBag, MoneyV2};
use super::{Currencies, RestCustomer, RestTaxLine, Set, tags, tax_lines};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RestOrder {
    id: Word,
    admin_graphql_api_id: Word,
    name: Word,
    order_number: Word,
    confirmation_number: Word,
    po_number: Word,
    source_identifier: Word,
    source_name: Word,
    created_at: Word,
    processed_at: Word,
    updated_at: Word,
    cancelled_at: Word,
    closed_at: Word,
    cancel_reason: Word,
    financial_status: Word,
    fulfillment_status: Word,
    test: Flag,
    tags: Word,
    note: Word,
    email: Word,
    contact_email: Word,
    phone: Word,
    customer_locale: Word,
    currency: Word,
    presentment_currency: Word,
    taxes_included: Flag,
    customer: Maybe<RestCustomer>,
    company: Maybe<Node>,
    billing_address: Maybe<Address>,
    shipping_address: Maybe<Address>,
    total_price: Option<DecimalText>,
    total_price_set: Maybe<Set>,
    current_total_price: Option<DecimalText>,
    current_total_price_set: Maybe<Set>,
    subtotal_price: Option<DecimalText>,
    subtotal_price_set: Maybe<Set>,
    total_discounts: Option<DecimalText>,
    total_discounts_set: Maybe<Set>,
    total_shipping_price_set: Maybe<Set>,
    total_tax: Option<DecimalText>,
    total_tax_set: Maybe<Set>,
    total_tip_received: Option<DecimalText>,
    original_total_duties_set: Maybe<Set>,
    total_outstanding: Option<DecimalText>,
    tax_lines: List<RestTaxLine>,
    discount_applications: List<RestApplication>,
    line_items: List<RestLine>,
    shipping_lines: List<RestShippingLine>,
    fulfillments: List<RestFulfillment>,
    refunds: List<RestRefund>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestApplication {
    r#type: Word,
    target_type: Word,
    target_selection: Word,
    value: Option<DecimalText>,
    value_type: Word,
    code: Word,
    title: Word,
    description: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestAllocation {
    amount: Option<DecimalText>,
    amount_set: Maybe<Set>,
    discount_application_index: Word,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestLine {
    id: Word,
    title: Word,
    variant_title: Word,
    sku: Word,
    vendor: Word,
    quantity: Option<DecimalText>,
    current_quantity: Option<DecimalText>,
    requires_shipping: Flag,
    gift_card: Flag,
    properties: List<Attribute>,
    product_id: Word,
    variant_id: Word,
    price: Option<DecimalText>,
    price_set: Maybe<Set>,
    discount_allocations: List<RestAllocation>,
    tax_lines: List<RestTaxLine>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestShippingLine {
    id: Word,
    title: Word,
    code: Word,
    carrier_identifier: Word,
    delivery_category: Word,
    price: Option<DecimalText>,
    price_set: Maybe<Set>,
    discounted_price: Option<DecimalText>,
    discounted_price_set: Maybe<Set>,
    tax_lines: List<RestTaxLine>,
    discount_allocations: List<RestAllocation>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestFulfillment {
    id: Word,
    name: Word,
    status: Word,
    shipment_status: Word,
    created_at: Word,
    service: Word,
    tracking_company: Word,
    tracking_number: Word,
    tracking_numbers: List<Word>,
    tracking_url: Word,
    tracking_urls: List<Word>,
    line_items: List<RestLine>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestRefund {
    id: Word,
    created_at: Word,
    processed_at: Word,
    note: Word,
    r#return: Maybe<Node>,
    refund_line_items: List<RestRefundLine>,
    refund_shipping_lines: List<RestRefundShipping>,
    order_adjustments: List<RestAdjustment>,
    transactions: List<RestTransaction>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestRefundLine {
    quantity: Option<DecimalText>,
    restock_type: Word,
    line_item_id: Word,
    subtotal: Option<DecimalText>,
    subtotal_set: Maybe<Set>,
    total_tax: Option<DecimalText>,
    total_tax_set: Maybe<Set>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestRefundShipping {
    subtotal_amount_set: Maybe<Set>,
    tax_amount_set: Maybe<Set>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestAdjustment {
    reason: Word,
    amount: Option<DecimalText>,
    amount_set: Maybe<Set>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestTransaction {
    id: Word,
    parent_id: Word,
    kind: Word,
    status: Word,
    created_at: Word,
    processed_at: Word,
    gateway: Word,
    payment_id: Word,
    error_code: Word,
    test: Flag,
    amount: Option<DecimalText>,
    currency: Word,
    amount_set: Maybe<Set>,
}

fn all<T>(nodes: Vec<T>) -> Connection<T> {
    Connection {
        nodes,
        page_info: PageInfo::default(),
    }
}

fn node(id: Word) -> Maybe<Node> {
    Maybe(id.get().is_some().then_some(Node { id }))
}

impl From<RestOrder> for Order {
    fn from(rest: RestOrder) -> Self {
        let c = Currencies {
            shop: rest.currency.clone(),
            presentment: rest.presentment_currency.clone(),
        };
        let applications = &rest.discount_applications;
        let lines = rest.line_items.0.into_iter();
        let shipping = rest.shipping_lines.0.into_iter();
        let line_items = all(lines.map(|l| line(l, applications, &c)).collect());
        let shipping_lines = all(shipping
            .map(|l| shipping_line(l, applications, &c))
            .collect());
        let refunds: Vec<Refund> = rest.refunds.0.into_iter().map(|r| refund(r, &c)).collect();
        let email = if rest.email.get().is_some() {
            rest.email
        } else {
            rest.contact_email
        };
        Self {
            dialect: Dialect::Rest,
            id: rest.admin_graphql_api_id,
            legacy_resource_id: rest.id,
            name: rest.name,
            order_number: rest.order_number,
            confirmation_number: rest.confirmation_number,
            po_number: rest.po_number,
            source_identifier: rest.source_identifier,
            source_name: rest.source_name,
            created_at: rest.created_at,
            processed_at: rest.processed_at,
            updated_at: rest.updated_at,
            cancelled_at: rest.cancelled_at,
            closed_at: rest.closed_at,
            cancel_reason: rest.cancel_reason,
            display_financial_status: rest.financial_status,
            display_fulfillment_status: rest.fulfillment_status,
            test: rest.test,
            tags: tags(&rest.tags),
            note: rest.note,
            email,
            phone: rest.phone,
            customer_locale: rest.customer_locale,
            taxes_included: rest.taxes_included,
            customer: Maybe(rest.customer.0.map(Into::into)),
            is_b2b: rest.company.get().map(|_| true),
            billing_address: rest.billing_address,
            shipping_address: rest.shipping_address,
            original_total_price_set: c.bag(rest.total_price_set, rest.total_price),
            current_total_price_set: c.bag(rest.current_total_price_set, rest.current_total_price),
            subtotal_price_set: c.bag(rest.subtotal_price_set, rest.subtotal_price),
            total_discounts_set: c.bag(rest.total_discounts_set, rest.total_discounts),
            total_shipping_price_set: c.bag(rest.total_shipping_price_set, None),
            total_tax_set: c.bag(rest.total_tax_set, rest.total_tax),
            total_tip_received_set: c.bag(Maybe(None), rest.total_tip_received),
            original_total_duties_set: c.bag(rest.original_total_duties_set, None),
            total_outstanding_set: c.bag(Maybe(None), rest.total_outstanding),
            tax_lines: tax_lines(rest.tax_lines, &c),
            currency_code: rest.currency,
            presentment_currency_code: rest.presentment_currency,
            line_items,
            shipping_lines,
            fulfillments: List(rest.fulfillments.0.into_iter().map(fulfillment).collect()),
            refunds: List(refunds),
            ..Self::default()
        }
    }
}

fn line(rest: RestLine, applications: &[RestApplication], c: &Currencies) -> Line {
    Line {
        id: rest.id,
        title: rest.title,
        variant_title: rest.variant_title,
        sku: rest.sku,
        vendor: rest.vendor,
        quantity: rest.quantity,
        current_quantity: rest.current_quantity,
        requires_shipping: rest.requires_shipping,
        is_gift_card: rest.gift_card,
        custom_attributes: rest.properties,
        product: node(rest.product_id),
        variant: Maybe(rest.variant_id.get().map(|id| Variant {
            id: id.into(),
            barcode: Word::default(),
        })),
        line_item_group: Maybe(None),
        original_unit_price_set: c.bag(rest.price_set, rest.price),
        discount_allocations: allocations(rest.discount_allocations, applications, c),
        tax_lines: tax_lines(rest.tax_lines, c),
    }
}

fn shipping_line(
    rest: RestShippingLine,
    applications: &[RestApplication],
    c: &Currencies,
) -> ShippingLine {
    ShippingLine {
        id: rest.id,
        title: rest.title,
        code: rest.code,
        carrier_identifier: rest.carrier_identifier,
        delivery_category: rest.delivery_category,
        original_price_set: c.bag(rest.price_set, rest.price),
        discounted_price_set: c.bag(rest.discounted_price_set, rest.discounted_price),
        tax_lines: tax_lines(rest.tax_lines, c),
        discount_allocations: allocations(rest.discount_allocations, applications, c),
    }
}

fn allocations(
    rest: List<RestAllocation>,
    applications: &[RestApplication],
    c: &Currencies,
) -> List<Allocation> {
    let of = |rest: RestAllocation| {
        let index = rest.discount_application_index;
        let position = index.get().and_then(|index| index.parse::<usize>().ok());
        let known = position.and_then(|position| applications.get(position));
        Allocation {
            allocated_amount_set: c.bag(rest.amount_set, rest.amount),
            discount_application: Maybe(known.map(|known| application(known, index))),
        }
    };
    List(rest.0.into_iter().map(of).collect())
}

fn application(rest: &RestApplication, index: Word) -> Application {
    let typename = match rest.r#type.or_empty() {
        "discount_code" => "DiscountCodeApplication",
        "automatic" => "AutomaticDiscountApplication",
        "manual" => "ManualDiscountApplication",
        "script" => "ScriptDiscountApplication",
        _ => "",
    };
    let percent = rest.value_type.get() == Some("percentage");
    Application {
        typename: typename.into(),
        index,
        target_type: rest.target_type.clone(),
        target_selection: rest.target_selection.clone(),
        value: Maybe(Some(PricingValue {
            amount: rest.value.clone().filter(|_| !percent),
            percentage: rest.value.clone().filter(|_| percent),
        })),
        code: rest.code.clone(),
        title: if rest.title.get().is_some() {
            rest.title.clone()
        } else {
            rest.description.clone()
        },
    }
}

fn fulfillment(rest: RestFulfillment) -> Fulfillment {
    let mut numbers = rest.tracking_numbers.0;
    if numbers.is_empty() {
        numbers.push(rest.tracking_number);
    }
    let mut urls = rest.tracking_urls.0;
    if urls.is_empty() {
        urls.push(rest.tracking_url);
    }
    let mut urls = urls.into_iter();
    let tracking_info = numbers.into_iter().map(|number| TrackingInfo {
        company: rest.tracking_company.clone(),
        number,
        url: urls.next().unwrap_or_default(),
    });
    let lines = rest.line_items.0.into_iter().map(|line| FulfillmentLine {
        quantity: line.quantity,
        line_item: node(line.id),
    });
    Fulfillment {
        legacy_resource_id: rest.id,
        name: rest.name,
        status: rest.status,
        display_status: rest.shipment_status,
        created_at: rest.created_at,
        tracking_info: List(tracking_info.collect()),
        fulfillment_line_items: all(lines.collect()),
        service_handle: rest.service,
        ..Fulfillment::default()
    }
}

fn refund(rest: RestRefund, c: &Currencies) -> Refund {
    let transactions: Vec<Transaction> = rest
        .transactions
        .0
        .into_iter()
        .map(|t| transaction(t, c))
        .collect();
    let lines = rest.refund_line_items.0.into_iter().map(|line| RefundLine {
        quantity: line.quantity,
        restock_type: line.restock_type,
        subtotal_set: c.bag(line.subtotal_set, line.subtotal),
        total_tax_set: c.bag(line.total_tax_set, line.total_tax),
        line_item: node(line.line_item_id),
    });
    let shipping = rest.refund_shipping_lines.0.into_iter();
    let adjustments = rest.order_adjustments.0.into_iter();
    Refund {
        legacy_resource_id: rest.id,
        created_at: rest.created_at,
        processed_at: rest.processed_at,
        note: rest.note,
        total_refunded_set: refunded(&transactions, c),
        of_return: rest.r#return,
        refund_line_items: all(lines.collect()),
        refund_shipping_lines: all(shipping
            .map(|line| RefundShipping {
                subtotal_amount_set: c.bag(line.subtotal_amount_set, None),
                tax_amount_set: c.bag(line.tax_amount_set, None),
            })
            .collect()),
        order_adjustments: all(adjustments
            .map(|line| Adjustment {
                reason: line.reason,
                amount_set: c.bag(line.amount_set, line.amount),
            })
            .collect()),
        transactions: all(transactions),
        ..Refund::default()
    }
}

fn transaction(rest: RestTransaction, c: &Currencies) -> Transaction {
    // A bare amount is in the transaction's own currency, which may be the buyer's.
    let own = rest
        .currency
        .get()
        .is_none_or(|own| Some(own) == c.shop.get());
    let amount_set = match (rest.amount_set.0, rest.amount) {
        (Some(set), _) => Maybe(Some(set.bag())),
        (None, Some(amount)) if own => Maybe(Some(c.bare(amount))),
        (None, amount) => Maybe(Some(MoneyBag {
            shop_money: Maybe(None),
            presentment_money: Maybe(Some(MoneyV2::of(amount, &rest.currency))),
        })),
    };
    Transaction {
        id: rest.id,
        kind: rest.kind,
        status: rest.status,
        created_at: rest.created_at,
        processed_at: rest.processed_at,
        gateway: rest.gateway,
        payment_id: rest.payment_id,
        error_code: rest.error_code,
        test: rest.test,
        amount_set,
        parent_transaction: node(rest.parent_id),
        ..Transaction::default()
    }
}

/// What a refund sent back: the sum of its transactions that did not fail; zero without any.
fn refunded(transactions: &[Transaction], c: &Currencies) -> Maybe<MoneyBag> {
    let moved: Vec<MoneyPair> = transactions
        .iter()
        .filter(|t| t.kind.or_empty().eq_ignore_ascii_case("refund"))
        .filter(|t| {
            let status = t.status.or_empty().to_ascii_lowercase();
            !matches!(status.as_str(), "failure" | "error")
        })
        .filter_map(|t| super::super::pair(&t.amount_set))
        .map(|pair| money::magnitude(&pair))
        .collect();
    let Some(total) = money::sum(&moved) else {
        return Maybe(Some(c.bare(DecimalText::from("0"))));
    };
    let side = |money: Option<ordercase_sdk::model::Money>| {
        Maybe(money.map(|money| {
            MoneyV2::of(
                Some(DecimalText::from(money.amount.as_str())),
                &money.currency.as_str().into(),
            )
        }))
    };
    Maybe(Some(MoneyBag {
        shop_money: side(total.shop),
        presentment_money: side(total.presentment),
    }))
}
