//! An order as Admin GraphQL answers the queries of our plugin.

use serde_json::{Value, json};

use super::{Address, Line, Order, money};

fn bag(cents: u64) -> Value {
    let money = json!({"amount": money(cents), "currencyCode": "USD"});
    json!({"shopMoney": money, "presentmentMoney": money})
}

fn address(address: &Address, id: u64) -> Value {
    let [city, region, region_code, zip, country, country_code] = address.city;
    json!({
        "id": format!("gid://shopify/MailingAddress/{id}?model_name=Address"),
        "name": format!("{} {}", address.first, address.last), "firstName": address.first, "lastName": address.last,
        "company": null, "address1": address.street, "address2": address.more, "city": city, "province": region,
        "provinceCode": region_code, "zip": zip, "country": country, "countryCodeV2": country_code,
        "phone": address.phone
    })
}

fn taxes(order: &Order, cents: u64) -> Value {
    if order.tax_rate == 0 {
        return json!([]);
    }
    json!([{"title": "Sales Tax", "rate": rate(order), "channelLiable": false, "priceSet": bag(cents)}])
}

fn rate(order: &Order) -> f64 {
    // Rates are below a hundred percent.
    f64::from(u32::try_from(order.tax_rate).unwrap_or_default()) / 10_000.0
}

fn line(order: &Order, line: &Line) -> Value {
    let discount = |code: &String| {
        json!({
            "allocatedAmountSet": bag(line.discount),
            "discountApplication": {
                "__typename": "DiscountCodeApplication", "index": 0, "targetType": "LINE_ITEM", "targetSelection": "ALL",
                "value": {"__typename": "PricingPercentageValue", "percentage": 10.0}, "code": code
            }
        })
    };
    let open = if order.fulfilled { 0 } else { line.quantity };
    json!({
        "id": format!("gid://shopify/LineItem/{}", line.id), "title": line.title, "variantTitle": line.size,
        "sku": line.sku, "vendor": "Northwind Outfitters", "quantity": line.quantity,
        "currentQuantity": line.quantity, "unfulfilledQuantity": open, "refundableQuantity": line.quantity,
        "requiresShipping": true, "isGiftCard": false, "customAttributes": [],
        "product": {"id": format!("gid://shopify/Product/{}", line.product)},
        "variant": {"id": format!("gid://shopify/ProductVariant/{}", line.variant), "barcode": null},
        "lineItemGroup": null, "originalUnitPriceSet": bag(line.price),
        "discountAllocations": order.code.iter().map(discount).collect::<Vec<_>>(), "taxLines": taxes(order, line.tax)
    })
}

fn fulfillments(order: &Order) -> Value {
    if !order.fulfilled {
        return json!([]);
    }
    let id = 4_900_000_000_000 + order.at;
    let lines = order.lines.iter().map(|line| {
        json!({"quantity": line.quantity, "lineItem": {"id": format!("gid://shopify/LineItem/{}", line.id)}})
    });
    json!([{
        "id": format!("gid://shopify/Fulfillment/{id}"), "legacyResourceId": id.to_string(),
        "name": format!("#{}.1", order.number), "status": "SUCCESS", "displayStatus": "IN_TRANSIT",
        "createdAt": order.updated, "updatedAt": order.updated, "inTransitAt": null, "deliveredAt": null,
        "estimatedDeliveryAt": null,
        "trackingInfo": [{"company": order.carrier, "number": order.tracking, "url": tracking_url(order)}],
        "fulfillmentLineItems": {"pageInfo": {"hasNextPage": false, "endCursor": "l"}, "nodes": lines.collect::<Vec<_>>()}
    }])
}

pub(super) fn tracking_url(order: &Order) -> String {
    format!("https://tracking.example.com/t?n={}", order.tracking)
}

fn refund_gid(order: &Order) -> String {
    format!("gid://shopify/Refund/{}", 880_000_000_000 + order.at)
}

/// What pages of orders hold.
pub(crate) fn node(order: &Order) -> Value {
    let received = if order.paid { order.total } else { 0 };
    let state = match (order.paid, order.refund) {
        (_, Some(_)) => "PARTIALLY_REFUNDED",
        (true, None) => "PAID",
        (false, None) => "PENDING",
    };
    json!({
        "id": format!("gid://shopify/Order/{}", order.id), "legacyResourceId": order.id.to_string(),
        "name": format!("#{}", order.number), "confirmationNumber": format!("{:09X}", order.at * 7_919),
        "poNumber": null, "sourceIdentifier": null, "sourceName": "web", "createdAt": order.created,
        "processedAt": order.created, "updatedAt": order.updated, "cancelledAt": null, "closedAt": null,
        "cancelReason": null, "displayFinancialStatus": state,
        "displayFulfillmentStatus": if order.fulfilled { "FULFILLED" } else { "UNFULFILLED" },
        "returnStatus": "NO_RETURN", "test": false, "edited": false, "tags": order.tags, "note": order.note,
        "email": order.email, "phone": null, "customerLocale": "en-US", "currencyCode": "USD",
        "presentmentCurrencyCode": "USD", "taxesIncluded": false,
        "customer": {
            "id": format!("gid://shopify/Customer/{}", order.customer), "legacyResourceId": order.customer.to_string(),
            "displayName": format!("{} {}", order.billing.first, order.billing.last), "state": "DISABLED",
            "verifiedEmail": true, "defaultEmailAddress": {"emailAddress": order.email}
        },
        "billingAddress": address(&order.billing, 9_000_000_000_000 + order.at),
        "shippingAddress": address(&order.shipping, 9_100_000_000_000 + order.at),
        "originalTotalPriceSet": bag(order.total), "currentTotalPriceSet": bag(order.total - order.refund.unwrap_or(0)),
        "subtotalPriceSet": bag(order.subtotal), "totalDiscountsSet": bag(order.discount),
        "totalShippingPriceSet": bag(order.shipping_cost), "totalTaxSet": bag(order.tax),
        "totalTipReceivedSet": bag(0), "originalTotalDutiesSet": null, "totalReceivedSet": bag(received),
        "totalRefundedSet": bag(order.refund.unwrap_or(0)), "totalOutstandingSet": bag(order.total - received),
        "totalCapturableSet": bag(0), "additionalFees": [], "taxLines": taxes(order, order.tax),
        "risk": {"recommendation": "ACCEPT"},
        "lineItems": {
            "pageInfo": {"hasNextPage": false, "endCursor": "l"},
            "nodes": order.lines.iter().map(|l| line(order, l)).collect::<Vec<_>>()
        },
        "shippingLines": {"nodes": [{
            "id": format!("gid://shopify/ShippingLine/{}", 4_500_000_000_000 + order.at), "title": "Standard",
            "code": "Standard", "carrierIdentifier": null, "deliveryCategory": null,
            "originalPriceSet": bag(order.shipping_cost), "discountedPriceSet": bag(order.shipping_cost),
            "taxLines": [], "discountAllocations": []
        }]},
        "fulfillments": fulfillments(order), "transactions": transactions(order),
        "refunds": order.refund.iter().map(|_| json!({"id": refund_gid(order)})).collect::<Vec<_>>()
    })
}

fn transactions(order: &Order) -> Value {
    if !order.paid {
        return json!([]);
    }
    let sale = transaction(order, 6_500_000_000_000 + order.at, "SALE", order.total);
    let back = order
        .refund
        .map(|cents| transaction(order, 6_600_000_000_000 + order.at, "REFUND", cents));
    Value::from_iter(std::iter::once(sale).chain(back))
}

fn transaction(order: &Order, id: u64, kind: &str, cents: u64) -> Value {
    json!({
        "id": format!("gid://shopify/OrderTransaction/{id}"), "kind": kind, "status": "SUCCESS",
        "createdAt": order.updated, "processedAt": order.updated, "gateway": "shopify_payments",
        "formattedGateway": "Shopify Payments", "paymentId": format!("c{id}.1"), "errorCode": null, "test": false,
        "manualPaymentGateway": false, "authorizationExpiresAt": null, "amountSet": bag(cents),
        "parentTransaction": null,
        "paymentDetails": {"__typename": "CardPaymentDetails", "company": "Visa", "number": "\u{2022}\u{2022}\u{2022}\u{2022} 4242"}
    })
}

/// What is asked of orders that have refunds or returns.
pub(crate) fn back(order: &Order) -> Value {
    let refunds = order.refund.iter().map(|cents| {
        let line = order.lines.first().map_or(0, |line| line.id);
        json!({
            "id": refund_gid(order), "legacyResourceId": (880_000_000_000 + order.at).to_string(),
            "createdAt": order.updated, "processedAt": order.updated, "note": "Damaged in transit",
            "totalRefundedSet": bag(*cents), "return": null,
            "refundLineItems": {"pageInfo": {"hasNextPage": false, "endCursor": "r"}, "nodes": [{
                "quantity": 1, "restockType": "RETURN", "subtotalSet": bag(*cents), "totalTaxSet": bag(0),
                "lineItem": {"id": format!("gid://shopify/LineItem/{line}")}
            }]},
            "refundShippingLines": {"nodes": []}, "orderAdjustments": {"nodes": []},
            "transactions": {"nodes": [transaction(order, 6_600_000_000_000 + order.at, "REFUND", *cents)]}
        })
    });
    json!({
        "id": format!("gid://shopify/Order/{}", order.id), "refunds": refunds.collect::<Vec<_>>(),
        "returns": {"pageInfo": {"hasNextPage": false, "endCursor": null}, "nodes": []}
    })
}

/// An order that is read alone: all of it.
pub(crate) fn whole(order: &Order) -> Value {
    let (mut node, back) = (node(order), back(order));
    if let (Value::Object(node), Value::Object(back)) = (&mut node, back) {
        node.extend(back);
    }
    node
}
