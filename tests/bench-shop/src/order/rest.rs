//! An order as the REST Admin API and webhooks tell it.

use serde_json::{Map, Value, json};

use super::{Address, Line, Order, graphql::tracking_url, money};

fn set(cents: u64) -> Value {
    let money = json!({"amount": money(cents), "currency_code": "USD"});
    json!({"shop_money": money, "presentment_money": money})
}

fn address(address: &Address) -> Value {
    let [city, region, region_code, zip, country, country_code] = address.city;
    json!({
        "first_name": address.first, "last_name": address.last, "company": null, "address1": address.street,
        "address2": address.more, "city": city, "province": region, "province_code": region_code, "zip": zip,
        "country": country, "country_code": country_code, "phone": address.phone,
        "name": format!("{} {}", address.first, address.last), "latitude": 45.5234, "longitude": -122.6762
    })
}

fn taxes(order: &Order, cents: u64) -> Value {
    if order.tax_rate == 0 {
        return json!([]);
    }
    let rate = f64::from(u32::try_from(order.tax_rate).unwrap_or_default()) / 10_000.0;
    json!([{"channel_liable": false, "price": money(cents), "price_set": set(cents), "rate": rate, "title": "Sales Tax"}])
}

fn line(order: &Order, line: &Line) -> Value {
    let open = if order.fulfilled { 0 } else { line.quantity };
    let taken = order.code.iter().map(|_| {
        json!({"amount": money(line.discount), "amount_set": set(line.discount), "discount_application_index": 0})
    });
    json!({
        "id": line.id, "admin_graphql_api_id": format!("gid://shopify/LineItem/{}", line.id), "attributed_staffs": [],
        "current_quantity": line.quantity, "fulfillable_quantity": open, "fulfillment_service": "manual",
        "fulfillment_status": order.fulfilled.then_some("fulfilled"), "gift_card": false, "grams": line.grams,
        "name": format!("{} - {}", line.title, line.size), "price": money(line.price), "price_set": set(line.price),
        "product_exists": true, "product_id": line.product, "properties": [], "quantity": line.quantity,
        "requires_shipping": true, "sku": line.sku, "taxable": true, "title": line.title, "total_discount": "0.00",
        "total_discount_set": set(0), "variant_id": line.variant, "variant_inventory_management": "shopify",
        "variant_title": line.size, "vendor": "Northwind Outfitters", "tax_lines": taxes(order, line.tax), "duties": [],
        "discount_allocations": taken.collect::<Vec<_>>()
    })
}

fn fulfillments(order: &Order) -> Value {
    if !order.fulfilled {
        return json!([]);
    }
    let id = 4_900_000_000_000 + order.at;
    let lines = order.lines.iter().map(|line| {
        json!({"id": line.id, "quantity": line.quantity, "sku": line.sku, "title": line.title, "price": money(line.price)})
    });
    json!([{
        "id": id, "admin_graphql_api_id": format!("gid://shopify/Fulfillment/{id}"), "created_at": order.updated,
        "updated_at": order.updated, "location_id": 68_000_000_001_u64, "name": format!("#{}.1", order.number),
        "order_id": order.id, "origin_address": {}, "receipt": {}, "service": "manual", "shipment_status": "in_transit",
        "status": "success", "tracking_company": order.carrier, "tracking_number": order.tracking,
        "tracking_numbers": [order.tracking], "tracking_url": tracking_url(order), "tracking_urls": [tracking_url(order)],
        "line_items": lines.collect::<Vec<_>>()
    }])
}

fn refunds(order: &Order) -> Value {
    let one = |cents: &u64| {
        let line = order.lines.first().map_or(0, |line| line.id);
        json!({
            "id": 880_000_000_000 + order.at, "created_at": order.updated, "note": "Damaged in transit",
            "order_id": order.id, "processed_at": order.updated, "restock": true, "total_duties_set": set(0),
            "user_id": null, "order_adjustments": [],
            "transactions": [{
                "id": 6_600_000_000_000 + order.at, "amount": money(*cents), "currency": "USD",
                "gateway": "shopify_payments", "kind": "refund", "status": "success", "order_id": order.id,
                "created_at": order.updated, "processed_at": order.updated
            }],
            "refund_line_items": [{
                "id": 440_000_000_000 + order.at, "line_item_id": line, "location_id": 68_000_000_001_u64,
                "quantity": 1, "restock_type": "return", "subtotal": money(*cents), "subtotal_set": set(*cents),
                "total_tax": "0.00", "total_tax_set": set(0)
            }]
        })
    };
    Value::from_iter(order.refund.iter().map(one))
}

fn customer(order: &Order) -> Value {
    let mut home = address(&order.billing);
    if let Value::Object(home) = &mut home {
        home.remove("latitude");
        home.remove("longitude");
        home.insert("id".to_owned(), (9_000_000_000_000 + order.customer).into());
        home.insert("customer_id".to_owned(), order.customer.into());
        home.insert("default".to_owned(), true.into());
    }
    json!({
        "id": order.customer, "admin_graphql_api_id": format!("gid://shopify/Customer/{}", order.customer),
        "created_at": "2025-02-11T09:00:00Z", "updated_at": order.updated, "state": "disabled", "note": null,
        "verified_email": true, "multipass_identifier": null, "tax_exempt": false, "tax_exemptions": [],
        "email": order.email, "phone": null, "first_name": order.billing.first, "last_name": order.billing.last,
        "currency": "USD", "tags": "",
        "email_marketing_consent": {
            "state": "not_subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": null
        },
        "sms_marketing_consent": null, "default_address": home
    })
}

/// The order.
pub(crate) fn order(order: &Order) -> Value {
    let mut all = about(order);
    all.extend(amounts(order));
    let code = |code: &String| json!({"code": code, "amount": money(order.discount), "type": "percentage"});
    let application = |code: &String| {
        json!({
            "target_type": "line_item", "type": "discount_code", "value": "10.0", "value_type": "percentage",
            "allocation_method": "across", "target_selection": "all", "code": code
        })
    };
    all.extend(fields(json!({
        "discount_codes": order.code.iter().map(code).collect::<Vec<_>>(),
        "discount_applications": order.code.iter().map(application).collect::<Vec<_>>(),
        "billing_address": address(&order.billing), "shipping_address": address(&order.shipping),
        "customer": customer(order), "fulfillments": fulfillments(order), "payment_terms": null,
        "line_items": order.lines.iter().map(|l| line(order, l)).collect::<Vec<_>>(), "refunds": refunds(order),
        "shipping_lines": [{
            "id": 4_500_000_000_000 + order.at, "carrier_identifier": null, "code": "Standard",
            "discounted_price": money(order.shipping_cost), "discounted_price_set": set(order.shipping_cost),
            "is_removed": false, "phone": null, "price": money(order.shipping_cost),
            "price_set": set(order.shipping_cost), "source": "shopify", "title": "Standard", "tax_lines": [],
            "discount_allocations": []
        }]
    })));
    Value::Object(all)
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn about(order: &Order) -> Map<String, Value> {
    let state = match (order.paid, order.refund) {
        (_, Some(_)) => "partially_refunded",
        (true, None) => "paid",
        (false, None) => "pending",
    };
    fields(json!({
        "id": order.id, "admin_graphql_api_id": format!("gid://shopify/Order/{}", order.id), "app_id": 580_111,
        "browser_ip": "203.0.113.7", "buyer_accepts_marketing": false, "cancel_reason": null, "cancelled_at": null,
        "cart_token": null, "checkout_id": 3_700_000_000_000 + order.at,
        "client_details": {
            "accept_language": "en-US", "browser_height": null, "browser_ip": "203.0.113.7", "browser_width": null,
            "session_hash": null,
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"
        },
        "closed_at": null, "company": null, "confirmation_number": format!("{:09X}", order.at * 7_919),
        "confirmed": true, "contact_email": order.email, "created_at": order.created, "currency": "USD",
        "customer_locale": "en-US", "device_id": null, "duties_included": false, "email": order.email,
        "estimated_taxes": false, "financial_status": state,
        "fulfillment_status": order.fulfilled.then_some("fulfilled"), "landing_site": "/", "landing_site_ref": null,
        "location_id": null, "name": format!("#{}", order.number), "note": order.note, "note_attributes": [],
        "number": order.at + 1, "order_number": order.number,
        "order_status_url": format!("https://shop.example.com/60000000000/orders/{:032x}/authenticate?key=abcdef", order.at),
        "payment_gateway_names": ["shopify_payments"], "phone": null, "po_number": null,
        "presentment_currency": "USD", "processed_at": order.created, "reference": null, "referring_site": "",
        "source_identifier": null, "source_name": "web", "source_url": null, "tags": order.tags.join(", "),
        "tax_exempt": false, "taxes_included": false, "test": false, "token": format!("{:032x}", order.id),
        "updated_at": order.updated, "user_id": null
    }))
}

fn amounts(order: &Order) -> Map<String, Value> {
    let mut all = fields(json!({
        "total_tip_received": "0.00", "total_outstanding": money(if order.paid { 0 } else { order.total }),
        "total_weight": order.lines.iter().map(|line| line.grams * line.quantity).sum::<u64>(),
        "tax_lines": taxes(order, order.tax), "current_total_duties_set": null, "original_total_duties_set": null
    }));
    for (name, cents) in [
        ("current_subtotal_price", order.subtotal),
        ("current_total_discounts", order.discount),
        ("current_total_price", order.total),
        ("current_total_tax", order.tax),
        ("subtotal_price", order.subtotal),
        ("total_discounts", order.discount),
        ("total_line_items_price", order.subtotal + order.discount),
        ("total_price", order.total),
        ("total_tax", order.tax),
    ] {
        all.insert(name.to_owned(), money(cents).into());
        all.insert(format!("{name}_set"), set(cents));
    }
    all.insert(
        "total_shipping_price_set".to_owned(),
        set(order.shipping_cost),
    );
    all
}
