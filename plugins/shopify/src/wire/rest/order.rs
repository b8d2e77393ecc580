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
pub(crate) struct RestOrder<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    admin_graphql_api_id: Word<'a>,
    name: Word<'a>,
    order_number: Word<'a>,
    confirmation_number: Word<'a>,
    po_number: Word<'a>,
    source_identifier: Word<'a>,
    source_name: Word<'a>,
    created_at: Word<'a>,
    processed_at: Word<'a>,
    updated_at: Word<'a>,
    cancelled_at: Word<'a>,
    closed_at: Word<'a>,
    cancel_reason: Word<'a>,
    financial_status: Word<'a>,
    fulfillment_status: Word<'a>,
    test: Flag,
    tags: Word<'a>,
    note: Word<'a>,
    email: Word<'a>,
    contact_email: Word<'a>,
    phone: Word<'a>,
    customer_locale: Word<'a>,
    currency: Word<'a>,
    presentment_currency: Word<'a>,
    taxes_included: Flag,
    customer: Maybe<RestCustomer<'a>>,
    company: Maybe<Node<'a>>,
    billing_address: Maybe<Address<'a>>,
    shipping_address: Maybe<Address<'a>>,
    total_price: Option<DecimalText<'a>>,
    total_price_set: Maybe<Set<'a>>,
    current_total_price: Option<DecimalText<'a>>,
    current_total_price_set: Maybe<Set<'a>>,
    subtotal_price: Option<DecimalText<'a>>,
    subtotal_price_set: Maybe<Set<'a>>,
    total_discounts: Option<DecimalText<'a>>,
    total_discounts_set: Maybe<Set<'a>>,
    total_shipping_price_set: Maybe<Set<'a>>,
    total_tax: Option<DecimalText<'a>>,
    total_tax_set: Maybe<Set<'a>>,
    total_tip_received: Option<DecimalText<'a>>,
    original_total_duties_set: Maybe<Set<'a>>,
    total_outstanding: Option<DecimalText<'a>>,
    tax_lines: List<RestTaxLine<'a>>,
    discount_applications: List<RestApplication<'a>>,
    line_items: List<RestLine<'a>>,
    shipping_lines: List<RestShippingLine<'a>>,
    fulfillments: List<RestFulfillment<'a>>,
    refunds: List<RestRefund<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestApplication<'a> {
    #[serde(borrow)]
    r#type: Word<'a>,
    target_type: Word<'a>,
    target_selection: Word<'a>,
    value: Option<DecimalText<'a>>,
    value_type: Word<'a>,
    code: Word<'a>,
    title: Word<'a>,
    description: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestAllocation<'a> {
    #[serde(borrow)]
    amount: Option<DecimalText<'a>>,
    amount_set: Maybe<Set<'a>>,
    discount_application_index: Word<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestLine<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    title: Word<'a>,
    variant_title: Word<'a>,
    sku: Word<'a>,
    vendor: Word<'a>,
    quantity: Option<DecimalText<'a>>,
    current_quantity: Option<DecimalText<'a>>,
    requires_shipping: Flag,
    gift_card: Flag,
    properties: List<Attribute<'a>>,
    product_id: Word<'a>,
    variant_id: Word<'a>,
    price: Option<DecimalText<'a>>,
    price_set: Maybe<Set<'a>>,
    discount_allocations: List<RestAllocation<'a>>,
    tax_lines: List<RestTaxLine<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestShippingLine<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    title: Word<'a>,
    code: Word<'a>,
    carrier_identifier: Word<'a>,
    delivery_category: Word<'a>,
    price: Option<DecimalText<'a>>,
    price_set: Maybe<Set<'a>>,
    discounted_price: Option<DecimalText<'a>>,
    discounted_price_set: Maybe<Set<'a>>,
    tax_lines: List<RestTaxLine<'a>>,
    discount_allocations: List<RestAllocation<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestFulfillment<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    name: Word<'a>,
    status: Word<'a>,
    shipment_status: Word<'a>,
    created_at: Word<'a>,
    service: Word<'a>,
    tracking_company: Word<'a>,
    tracking_number: Word<'a>,
    tracking_numbers: List<Word<'a>>,
    tracking_url: Word<'a>,
    tracking_urls: List<Word<'a>>,
    line_items: List<RestLine<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestRefund<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    created_at: Word<'a>,
    processed_at: Word<'a>,
    note: Word<'a>,
    r#return: Maybe<Node<'a>>,
    refund_line_items: List<RestRefundLine<'a>>,
    refund_shipping_lines: List<RestRefundShipping<'a>>,
    order_adjustments: List<RestAdjustment<'a>>,
    transactions: List<RestTransaction<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestRefundLine<'a> {
    #[serde(borrow)]
    quantity: Option<DecimalText<'a>>,
    restock_type: Word<'a>,
    line_item_id: Word<'a>,
    subtotal: Option<DecimalText<'a>>,
    subtotal_set: Maybe<Set<'a>>,
    total_tax: Option<DecimalText<'a>>,
    total_tax_set: Maybe<Set<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestRefundShipping<'a> {
    #[serde(borrow)]
    subtotal_amount_set: Maybe<Set<'a>>,
    tax_amount_set: Maybe<Set<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestAdjustment<'a> {
    #[serde(borrow)]
    reason: Word<'a>,
    amount: Option<DecimalText<'a>>,
    amount_set: Maybe<Set<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestTransaction<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    parent_id: Word<'a>,
    kind: Word<'a>,
    status: Word<'a>,
    created_at: Word<'a>,
    processed_at: Word<'a>,
    gateway: Word<'a>,
    payment_id: Word<'a>,
    error_code: Word<'a>,
    test: Flag,
    amount: Option<DecimalText<'a>>,
    currency: Word<'a>,
    amount_set: Maybe<Set<'a>>,
}

fn all<T>(nodes: Vec<T>) -> Connection<T> {
    Connection {
        nodes,
        page_info: PageInfo::default(),
    }
}

fn node(id: Word<'_>) -> Maybe<Node<'_>> {
    Maybe(id.get().is_some().then_some(Node { id }))
}

impl<'a> From<RestOrder<'a>> for Order<'a> {
    fn from(rest: RestOrder<'a>) -> Self {
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
        let refunds: Vec<Refund<'a>> = rest.refunds.0.into_iter().map(|r| refund(r, &c)).collect();
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

fn line<'a>(
    rest: RestLine<'a>,
    applications: &[RestApplication<'a>],
    c: &Currencies<'a>,
) -> Line<'a> {
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
        variant: Maybe(rest.variant_id.get().is_some().then_some(Variant {
            id: rest.variant_id,
            barcode: Word::default(),
        })),
        line_item_group: Maybe(None),
        original_unit_price_set: c.bag(rest.price_set, rest.price),
        discount_allocations: allocations(rest.discount_allocations, applications, c),
        tax_lines: tax_lines(rest.tax_lines, c),
    }
}

fn shipping_line<'a>(
    rest: RestShippingLine<'a>,
    applications: &[RestApplication<'a>],
    c: &Currencies<'a>,
) -> ShippingLine<'a> {
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

fn allocations<'a>(
    rest: List<RestAllocation<'a>>,
    applications: &[RestApplication<'a>],
    c: &Currencies<'a>,
) -> List<Allocation<'a>> {
    let of = |rest: RestAllocation<'a>| {
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

fn application<'a>(rest: &RestApplication<'a>, index: Word<'a>) -> Application<'a> {
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

fn fulfillment(rest: RestFulfillment<'_>) -> Fulfillment<'_> {
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

fn refund<'a>(rest: RestRefund<'a>, c: &Currencies<'a>) -> Refund<'a> {
    let transactions: Vec<Transaction<'a>> = rest
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

fn transaction<'a>(rest: RestTransaction<'a>, c: &Currencies<'a>) -> Transaction<'a> {
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
fn refunded<'a>(transactions: &[Transaction<'_>], c: &Currencies<'a>) -> Maybe<MoneyBag<'a>> {
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
                Some(DecimalText::from(money.amount.as_str().to_owned())),
                &Word::from(money.currency.as_str().to_owned()),
            )
        }))
    };
    Maybe(Some(MoneyBag {
        shop_money: side(total.shop),
        presentment_money: side(total.presentment),
    }))
}
