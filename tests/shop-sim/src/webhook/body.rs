//! The flat, snake-cased bodies, made out of the API's own shape. Ids are numbers, times carry
//! the shop's offset, money is text with two decimals.

use serde_json::{Map, Value, json};

use crate::clock::shop_time;
use crate::shop::amount::parse_hundredths;
use crate::shop::json::{id_number, int, list, text};

fn number(object: &Value, key: &str) -> Value {
    id_number(text(object, key)).map_or(Value::Null, Value::from)
}

fn time(object: &Value, key: &str) -> Value {
    match object.get(key).and_then(Value::as_str) {
        Some(at) => Value::from(shop_time(at)),
        None => Value::Null,
    }
}

fn lower(object: &Value, key: &str) -> Value {
    object
        .get(key)
        .and_then(Value::as_str)
        .map_or(Value::Null, |text| Value::from(text.to_lowercase()))
}

fn keep(object: &Value, key: &str) -> Value {
    object.get(key).cloned().unwrap_or(Value::Null)
}

/// `10.5` as the API says, `10.50` as webhooks say, `1600` for yen.
fn plain(money: Option<&Value>) -> Value {
    let Some(money) = money.filter(|money| money.is_object()) else {
        return Value::Null;
    };
    let hundredths = parse_hundredths(text(money, "amount"));
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
    if text(money, "currencyCode") == "JPY" {
        return Value::from(format!("{sign}{whole}"));
    }
    Value::from(format!("{sign}{whole}.{rest:02}"))
}

fn shop_money(object: &Value, key: &str) -> Value {
    plain(object.get(key).and_then(|bag| bag.get("shopMoney")))
}

fn bag(object: &Value, key: &str) -> Value {
    let Some(bag) = object.get(key).filter(|bag| bag.is_object()) else {
        return Value::Null;
    };
    let side = |name: &str| {
        let money = bag.get(name);
        json!({ "amount": plain(money), "currency_code": money.map_or("", |money| text(money, "currencyCode")) })
    };
    json!({ "shop_money": side("shopMoney"), "presentment_money": side("presentmentMoney") })
}

fn address(object: &Value) -> Value {
    if !object.is_object() {
        return Value::Null;
    }
    json!({
        "first_name": keep(object, "firstName"), "last_name": keep(object, "lastName"),
        "name": keep(object, "name"), "company": keep(object, "company"),
        "address1": keep(object, "address1"), "address2": keep(object, "address2"),
        "city": keep(object, "city"), "zip": keep(object, "zip"),
        "province": keep(object, "province"), "province_code": keep(object, "provinceCode"),
        "country": keep(object, "country"), "country_code": keep(object, "countryCodeV2"),
        "phone": keep(object, "phone"), "latitude": null, "longitude": null,
    })
}

fn tax_lines(object: &Value, key: &str) -> Vec<Value> {
    list(object, key)
        .iter()
        .map(|line| {
            json!({ "title": keep(line, "title"), "rate": keep(line, "rate"),
                    "price": shop_money(line, "priceSet"), "price_set": bag(line, "priceSet"),
                    "channel_liable": keep(line, "channelLiable") })
        })
        .collect()
}

fn line(item: &Value) -> Value {
    let open = int(item, "unfulfilledQuantity");
    let quantity = int(item, "quantity");
    let status = match open {
        0 => json!("fulfilled"),
        open if open < quantity => json!("partial"),
        _ => Value::Null,
    };
    let allocations: Vec<Value> = list(item, "discountAllocations")
        .iter()
        .map(|one| {
            json!({ "amount": shop_money(one, "allocatedAmountSet"),
                    "amount_set": bag(one, "allocatedAmountSet"), "discount_application_index": 0 })
        })
        .collect();
    json!({
        "id": number(item, "id"), "admin_graphql_api_id": keep(item, "id"),
        "name": keep(item, "name"), "title": keep(item, "title"),
        "variant_title": keep(item, "variantTitle"), "sku": keep(item, "sku"),
        "vendor": keep(item, "vendor"), "quantity": quantity,
        "current_quantity": int(item, "currentQuantity"), "fulfillable_quantity": open,
        "fulfillment_status": status, "fulfillment_service": "manual",
        "requires_shipping": keep(item, "requiresShipping"), "gift_card": keep(item, "isGiftCard"),
        "taxable": keep(item, "taxable"), "grams": item.pointer("/weight/value").cloned().unwrap_or(Value::Null),
        "price": shop_money(item, "originalUnitPriceSet"), "price_set": bag(item, "originalUnitPriceSet"),
        "total_discount": shop_money(item, "totalDiscountSet"),
        "total_discount_set": bag(item, "totalDiscountSet"),
        "product_exists": true, "properties": [],
        "product_id": item.get("product").map_or(Value::Null, |product| number(product, "id")),
        "variant_id": item.get("variant").map_or(Value::Null, |variant| number(variant, "id")),
        "tax_lines": tax_lines(item, "taxLines"), "duties": [], "discount_allocations": allocations,
    })
}

/// `fulfillments/*`.
pub(crate) fn fulfillment_body(order: &Value, fulfillment: &Value) -> Value {
    let lines: Vec<Value> = list(fulfillment, "fulfillmentLineItems")
        .iter()
        .filter_map(|part| {
            let id = part.get("lineItem").map(|line| text(line, "id"))?;
            let whole = list(order, "lineItems")
                .iter()
                .find(|one| text(one, "id") == id)?;
            let mut flat = line(whole);
            crate::shop::json::set(&mut flat, "quantity", int(part, "quantity"));
            Some(flat)
        })
        .collect();
    let tracking = list(fulfillment, "trackingInfo");
    let all = |key: &str| -> Vec<Value> {
        tracking
            .iter()
            .map(|one| keep(one, key))
            .filter(|one| !one.is_null())
            .collect()
    };
    let first = |key: &str| tracking.first().map_or(Value::Null, |one| keep(one, key));
    let scanned = match text(fulfillment, "displayStatus") {
        "FULFILLED" | "" => Value::Null,
        status => Value::from(status.to_lowercase()),
    };
    json!({
        "id": number(fulfillment, "id"), "admin_graphql_api_id": keep(fulfillment, "id"),
        "order_id": number(order, "id"), "name": keep(fulfillment, "name").as_str().map(|name| name.replace("-F", ".")),
        "status": lower(fulfillment, "status"), "shipment_status": scanned, "service": "manual",
        "created_at": time(fulfillment, "createdAt"), "updated_at": time(fulfillment, "updatedAt"),
        "tracking_company": first("company"), "tracking_number": first("number"),
        "tracking_numbers": all("number"), "tracking_url": first("url"), "tracking_urls": all("url"),
        "location_id": 80_111, "origin_address": {}, "receipt": {}, "line_items": lines,
        "email": keep(order, "email"),
    })
}

fn transaction(order: &Value, one: &Value) -> Value {
    json!({
        "id": number(one, "id"), "admin_graphql_api_id": keep(one, "id"),
        "order_id": number(order, "id"), "kind": lower(one, "kind"), "status": lower(one, "status"),
        "gateway": keep(one, "gateway"), "amount": plain(one.pointer("/amountSet/presentmentMoney")),
        "currency": keep(order, "presentmentCurrencyCode"), "test": keep(one, "test"),
        "created_at": time(one, "createdAt"), "processed_at": time(one, "processedAt"),
        "parent_id": one.get("parentTransaction").filter(|parent| parent.is_object())
            .map_or(Value::Null, |parent| number(parent, "id")),
        "error_code": null, "message": null, "payment_id": keep(one, "paymentId"), "source_name": "web",
    })
}

/// `refunds/create`.
pub(crate) fn refund_body(order: &Value, refund: &Value) -> Value {
    let lines: Vec<Value> = list(refund, "refundLineItems")
        .iter()
        .map(|part| {
            let id = part.get("lineItem").map_or("", |line| text(line, "id"));
            let whole = list(order, "lineItems").iter().find(|one| text(one, "id") == id);
            json!({
                "id": number(part, "id"), "line_item_id": id_number(id), "quantity": int(part, "quantity"),
                "restock_type": lower(part, "restockType"), "location_id": null,
                "subtotal": shop_money(part, "subtotalSet"), "subtotal_set": bag(part, "subtotalSet"),
                "total_tax": shop_money(part, "totalTaxSet"), "total_tax_set": bag(part, "totalTaxSet"),
                "line_item": whole.map(line),
            })
        })
        .collect();
    let transactions: Vec<Value> = list(refund, "transactions")
        .iter()
        .map(|one| transaction(order, one))
        .collect();
    json!({
        "id": number(refund, "id"), "admin_graphql_api_id": keep(refund, "id"),
        "order_id": number(order, "id"), "note": keep(refund, "note"),
        "created_at": time(refund, "createdAt"), "processed_at": time(refund, "processedAt"),
        "restock": true, "user_id": null, "order_adjustments": [], "duties": [],
        "total_duties_set": null, "return": null, "refund_shipping_lines": [],
        "refund_line_items": lines, "transactions": transactions,
    })
}

/// `customers/*`, and `customer` inside an order.
pub(crate) fn customer_body(customer: &Value) -> Value {
    json!({
        "id": number(customer, "id"), "admin_graphql_api_id": keep(customer, "id"),
        "email": keep(customer, "email"), "phone": keep(customer, "phone"),
        "first_name": keep(customer, "firstName"), "last_name": keep(customer, "lastName"),
        "state": lower(customer, "state"), "verified_email": keep(customer, "verifiedEmail"),
        "note": keep(customer, "note"), "tax_exempt": keep(customer, "taxExempt"), "tax_exemptions": [],
        "created_at": time(customer, "createdAt"), "updated_at": time(customer, "updatedAt"),
        "currency": crate::shop::amount::SHOP_CURRENCY, "multipass_identifier": null,
        "tags": joined(customer, "tags"),
        "default_address": customer.get("defaultAddress").map_or(Value::Null, address),
        "addresses": list(customer, "addresses").iter().map(address).collect::<Vec<_>>(),
    })
}

fn joined(object: &Value, key: &str) -> String {
    let words: Vec<&str> = list(object, key).iter().filter_map(Value::as_str).collect();
    words.join(", ")
}

/// `orders/*`. The customer is handed in, because the order only refers to it.
pub(crate) fn order_body(order: &Value, customer: Option<&Value>) -> Value {
    let fulfilment = match text(order, "displayFulfillmentStatus") {
        "FULFILLED" => json!("fulfilled"),
        "PARTIALLY_FULFILLED" => json!("partial"),
        _ => Value::Null,
    };
    let each = |key: &str, flat: &dyn Fn(&Value) -> Value| -> Vec<Value> {
        list(order, key).iter().map(flat).collect()
    };
    let mut body = json!({
        "id": number(order, "id"), "admin_graphql_api_id": keep(order, "id"),
        "name": keep(order, "name"), "number": int(order, "number") - 1_000,
        "order_number": int(order, "number"), "confirmation_number": keep(order, "confirmationNumber"),
        "email": order.get("email").and_then(Value::as_str).unwrap_or(""),
        "contact_email": keep(order, "email"), "phone": keep(order, "phone"),
        "created_at": time(order, "createdAt"), "processed_at": time(order, "processedAt"),
        "updated_at": time(order, "updatedAt"), "closed_at": time(order, "closedAt"),
        "cancelled_at": time(order, "cancelledAt"), "cancel_reason": lower(order, "cancelReason"),
        "financial_status": lower(order, "displayFinancialStatus"), "fulfillment_status": fulfilment,
        "confirmed": true, "test": keep(order, "test"), "currency": keep(order, "currencyCode"),
        "presentment_currency": keep(order, "presentmentCurrencyCode"),
        "customer_locale": keep(order, "customerLocale"), "taxes_included": keep(order, "taxesIncluded"),
        "tax_exempt": keep(order, "taxExempt"), "estimated_taxes": false, "duties_included": false,
        "note": keep(order, "note"), "note_attributes": [], "tags": joined(order, "tags"),
        "po_number": keep(order, "poNumber"), "source_name": keep(order, "sourceName"),
        "source_identifier": null, "payment_gateway_names": keep(order, "paymentGatewayNames"),
        "order_status_url": keep(order, "statusPageUrl"), "token": null, "checkout_token": null,
        "customer": customer.map(customer_body),
        "billing_address": order.get("billingAddress").map_or(Value::Null, address),
        "shipping_address": order.get("shippingAddress").map_or(Value::Null, address),
        "line_items": each("lineItems", &line),
        "tax_lines": tax_lines(order, "taxLines"),
        "discount_codes": each("discountCodes", &|code| json!({
            "code": code, "type": "percentage", "amount": shop_money(order, "totalDiscountsSet") })),
        "discount_applications": each("discountApplications", &|one| json!({
            "type": "discount_code", "code": keep(one, "code"), "target_type": "line_item",
            "target_selection": "all", "allocation_method": "across", "value_type": "percentage",
            "value": one.pointer("/value/percentage").map(ToString::to_string) })),
        "shipping_lines": each("shippingLines", &|one| json!({
            "id": number(one, "id"), "title": keep(one, "title"), "code": keep(one, "code"),
            "source": keep(one, "source"), "carrier_identifier": null, "phone": null, "is_removed": false,
            "price": shop_money(one, "originalPriceSet"), "price_set": bag(one, "originalPriceSet"),
            "discounted_price": shop_money(one, "discountedPriceSet"),
            "discounted_price_set": bag(one, "discountedPriceSet"),
            "discount_allocations": [], "tax_lines": tax_lines(one, "taxLines") })),
        "fulfillments": each("fulfillments", &|one| fulfillment_body(order, one)),
        "refunds": each("refunds", &|one| refund_body(order, one)),
        "returns": each("returns", &|one| json!({
            "id": number(one, "id"), "admin_graphql_api_id": keep(one, "id"),
            "name": keep(one, "name"), "status": lower(one, "status") })),
        "payment_terms": null, "line_item_groups": [],
    });
    money(order, &mut body);
    body
}

const MONEY: [(&str, &str); 11] = [
    ("totalPriceSet", "total_price"),
    ("currentTotalPriceSet", "current_total_price"),
    ("subtotalPriceSet", "subtotal_price"),
    ("currentSubtotalPriceSet", "current_subtotal_price"),
    ("totalTaxSet", "total_tax"),
    ("currentTotalTaxSet", "current_total_tax"),
    ("totalDiscountsSet", "total_discounts"),
    ("currentTotalDiscountsSet", "current_total_discounts"),
    ("totalShippingPriceSet", "total_shipping_price"),
    ("totalOutstandingSet", "total_outstanding"),
    ("totalTipReceivedSet", "total_tip_received"),
];

fn money(order: &Value, body: &mut Value) {
    let mut sums = Map::new();
    for (from, to) in MONEY {
        if to != "total_shipping_price" {
            sums.insert(to.to_owned(), shop_money(order, from));
        }
        if !matches!(to, "total_outstanding" | "total_tip_received") {
            sums.insert(format!("{to}_set"), bag(order, from));
        }
    }
    if let Some(body) = body.as_object_mut() {
        body.extend(sums);
    }
}
