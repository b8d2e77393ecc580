//! What can happen to an order: paid, shipped, delivered, refunded, returned, cancelled, edited.
//!
//! Each function changes the order in place and leaves it consistent: line quantities, totals and
//! the three display statuses follow. Nothing here stamps `updatedAt` or tells anybody; the caller
//! does, through `touch` and through the webhooks.

use serde_json::{Value, json};

use super::amount::{Amount, decimal};
use super::json::{each_mut, id_number, int, list, merge, push, set, text};
use crate::clock::utc;
use crate::population::Presentment;

/// A parcel with its label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel<'a> {
    pub(crate) carrier: &'a str,
    pub(crate) tracking: &'a str,
    pub(crate) url: Option<&'a str>,
}

/// Ids of an order's children: told from the order, so that they never collide.
pub(crate) fn child_id(base: u64, sequence: u32, at: usize) -> u64 {
    base + u64::from(sequence) * 1_000 + u64::try_from(at).unwrap_or(0) + 1
}

fn sequence(order: &Value) -> u32 {
    let number = id_number(text(order, "id")).unwrap_or(0);
    u32::try_from(number % 1_000_000_000).unwrap_or(0)
}

fn presentment(order: &Value) -> Presentment {
    Presentment::of_code(text(order, "presentmentCurrencyCode")).unwrap_or(Presentment::Eur)
}

fn amount(order: &Value, key: &str) -> Amount {
    order.get(key).map(Amount::of_bag).unwrap_or_default()
}

fn set_amount(order: &mut Value, key: &str, value: Amount) {
    let bag = value.bag(presentment(order));
    set(order, key, bag);
}

/// Stamps the time of a change.
pub(crate) fn touch(order: &mut Value, at: i64) {
    set(order, "updatedAt", utc(at));
}

pub(crate) fn tax_line(tax: Amount, presentment: Presentment) -> Value {
    json!({
        "__typename": "TaxLine", "title": "VAT", "rate": 0.19, "ratePercentage": 19.0,
        "source": "Shopify", "channelLiable": false, "priceSet": tax.bag(presentment),
    })
}

// ---- money in ---------------------------------------------------------------------------------

fn transaction(order: &Value, kind: &str, status: &str, sum: Amount, at: i64) -> Value {
    let id = child_id(
        6_800_000_000_000,
        sequence(order),
        list(order, "transactions").len(),
    );
    let test = order.get("test").and_then(Value::as_bool).unwrap_or(false);
    let manual = list(order, "paymentGatewayNames")
        .iter()
        .any(|name| name == "Bank Deposit");
    let gateway = if manual {
        "Bank Deposit"
    } else {
        "shopify_payments"
    };
    json!({
        "__typename": "OrderTransaction",
        "id": format!("gid://shopify/OrderTransaction/{id}"),
        "kind": kind, "status": status, "amountSet": sum.bag(presentment(order)),
        "gateway": gateway, "formattedGateway": if manual { "Bank Deposit" } else { "Shopify Payments" },
        "createdAt": utc(at), "processedAt": utc(at), "authorizationExpiresAt": null,
        "errorCode": null, "test": test, "manualPaymentGateway": manual,
        "manuallyCapturable": kind == "AUTHORIZATION", "multiCapturable": false,
        "paymentId": format!("c{id}.1"), "parentTransaction": null, "fees": [],
        "accountNumber": if manual { Value::Null } else { json!("•••• •••• •••• 4242") },
        "paymentDetails": if manual { Value::Null } else { json!({
            "__typename": "CardPaymentDetails", "company": "Visa", "number": "•••• •••• •••• 4242",
            "paymentMethodName": "card", "wallet": null, "name": null, "bin": null,
            "avsResultCode": null, "cvvResultCode": null,
            "expirationMonth": null, "expirationYear": null,
        }) },
        "order": { "$ref": text(order, "id") },
    })
}

pub(crate) fn pay(order: &mut Value, at: i64) {
    let total = amount(order, "totalPriceSet");
    if !total.is_zero() {
        let sale = transaction(order, "SALE", "SUCCESS", total, at);
        push(order, "transactions", sale);
    }
    set_amount(order, "totalReceivedSet", total);
    settle(order);
}

pub(crate) fn expect_transfer(order: &mut Value, at: i64) {
    set(order, "paymentGatewayNames", json!(["Bank Deposit"]));
    let total = amount(order, "totalPriceSet");
    let pending = transaction(order, "SALE", "PENDING", total, at);
    push(order, "transactions", pending);
    set(order, "displayFinancialStatus", "PENDING");
    set(order, "canMarkAsPaid", true);
    settle(order);
}

pub(crate) fn authorize(order: &mut Value, at: i64) {
    let total = amount(order, "totalPriceSet");
    let held = transaction(order, "AUTHORIZATION", "SUCCESS", total, at);
    push(order, "transactions", held);
    set(order, "displayFinancialStatus", "AUTHORIZED");
    set_amount(order, "totalCapturableSet", total);
    settle(order);
}

pub(crate) fn void(order: &mut Value, at: i64) {
    let total = amount(order, "totalPriceSet");
    let released = transaction(order, "VOID", "SUCCESS", total, at);
    push(order, "transactions", released);
    set(order, "displayFinancialStatus", "VOIDED");
    set_amount(order, "totalCapturableSet", Amount::default());
    stamp_cancelled(order, at, "DECLINED");
    settle(order);
}

// ---- parcels ----------------------------------------------------------------------------------

/// Ships what is left, or only so many units of it. False when nothing was left.
pub(crate) fn ship(order: &mut Value, at: i64, parcel: Parcel<'_>, units: Option<i64>) -> bool {
    let presentment = presentment(order);
    let at_index = list(order, "fulfillments").len();
    let id = child_id(4_900_000_000_000, sequence(order), at_index);
    let mut left = units.unwrap_or(i64::MAX);
    let mut items = Vec::new();
    each_mut(order, "lineItems", |line| {
        let open = int(line, "unfulfilledQuantity");
        let quantity = open.min(left);
        if quantity <= 0 {
            return;
        }
        left -= quantity;
        set(line, "unfulfilledQuantity", open - quantity);
        let unit = line
            .get("originalUnitPriceSet")
            .map(Amount::of_bag)
            .unwrap_or_default();
        let sum = unit.times(quantity).bag(presentment);
        items.push(json!({
            "__typename": "FulfillmentLineItem",
            "id": format!("gid://shopify/FulfillmentLineItem/{}", id * 10 + items.len() as u64),
            "quantity": quantity, "originalTotalSet": sum, "discountedTotalSet": sum,
            "lineItem": {
                "__typename": "LineItem", "id": text(line, "id"), "name": text(line, "name"),
                "title": text(line, "title"), "sku": text(line, "sku"),
                "quantity": int(line, "quantity"),
            },
        }));
    });
    if items.is_empty() {
        return false;
    }
    let total: i64 = items.iter().map(|item| int(item, "quantity")).sum();
    let fulfillment = json!({
        "__typename": "Fulfillment",
        "id": format!("gid://shopify/Fulfillment/{id}"), "legacyResourceId": id.to_string(),
        "name": format!("{}-F{}", text(order, "name"), at_index + 1),
        "status": "SUCCESS", "displayStatus": "FULFILLED",
        "createdAt": utc(at), "updatedAt": utc(at),
        "deliveredAt": null, "inTransitAt": null, "estimatedDeliveryAt": null,
        "requiresShipping": true, "totalQuantity": total,
        "trackingInfo": [{
            "__typename": "FulfillmentTrackingInfo",
            "company": parcel.carrier, "number": parcel.tracking, "url": parcel.url,
        }],
        "location": { "__typename": "Location", "id": "gid://shopify/Location/80111", "name": "Warehouse Leipzig" },
        "service": null, "originAddress": null, "fulfillmentOrders": [],
        "fulfillmentLineItems": items, "events": [], "order": { "$ref": text(order, "id") },
    });
    push(order, "fulfillments", fulfillment);
    settle(order);
    true
}

/// A carrier's scan of the newest parcel.
pub(crate) fn scan(order: &mut Value, at: i64, status: &str) {
    let sequence = sequence(order);
    let Some(fulfillment) = order
        .get_mut("fulfillments")
        .and_then(Value::as_array_mut)
        .and_then(|all| {
            all.iter_mut()
                .rev()
                .find(|one| text(one, "status") == "SUCCESS")
        })
    else {
        return;
    };
    let id = child_id(
        5_500_000_000_000,
        sequence,
        list(fulfillment, "events").len(),
    );
    let event = json!({
        "__typename": "FulfillmentEvent", "id": format!("gid://shopify/FulfillmentEvent/{id}"),
        "status": status, "happenedAt": utc(at), "createdAt": utc(at), "message": null,
        "city": null, "country": null, "province": null, "zip": null, "address1": null,
        "latitude": null, "longitude": null, "estimatedDeliveryAt": null,
    });
    push(fulfillment, "events", event);
    set(fulfillment, "displayStatus", status);
    set(fulfillment, "updatedAt", utc(at));
    match status {
        "IN_TRANSIT" => set(fulfillment, "inTransitAt", utc(at)),
        "DELIVERED" => set(fulfillment, "deliveredAt", utc(at)),
        _ => {}
    }
}

/// Every parcel that is under way arrives. False when none was.
pub(crate) fn deliver(order: &mut Value, at: i64) -> bool {
    let open = list(order, "fulfillments")
        .iter()
        .any(|one| text(one, "status") == "SUCCESS" && text(one, "displayStatus") != "DELIVERED");
    if open {
        each_mut(order, "fulfillments", |one| {
            if text(one, "status") == "SUCCESS" && text(one, "displayStatus") != "DELIVERED" {
                set(one, "displayStatus", "DELIVERED");
                set(one, "deliveredAt", utc(at));
                set(one, "updatedAt", utc(at));
            }
        });
    }
    open
}

pub(crate) fn hold(order: &mut Value) {
    set(order, "displayFulfillmentStatus", "ON_HOLD");
    settle(order);
}

// ---- money back -------------------------------------------------------------------------------

/// What a refund covers.
pub(crate) struct Refund<'a> {
    pub(crate) sum: Amount,
    /// Position of the line, quantity, and whether it goes back to stock.
    pub(crate) lines: Vec<(usize, i64, &'static str)>,
    pub(crate) note: Option<&'a str>,
}

/// Pays back at most what is left. False when nothing was.
pub(crate) fn refund(order: &mut Value, at: i64, refund: &Refund<'_>) -> bool {
    let presentment = presentment(order);
    let received = amount(order, "totalReceivedSet");
    let before = amount(order, "totalRefundedSet");
    let sum = refund.sum.least(received - before);
    if sum.shop <= 0 && refund.lines.is_empty() {
        return false;
    }
    let at_index = list(order, "refunds").len();
    let id = child_id(900_000_000_000, sequence(order), at_index);
    let mut items = Vec::new();
    for (position, quantity, restock) in &refund.lines {
        let Some(line) = order.pointer_mut(&format!("/lineItems/{position}")) else {
            continue;
        };
        let refundable = int(line, "refundableQuantity");
        let quantity = (*quantity).min(refundable);
        set(line, "refundableQuantity", refundable - quantity);
        let current = int(line, "currentQuantity");
        set(line, "currentQuantity", (current - quantity).max(0));
        let open = int(line, "unfulfilledQuantity");
        if *restock == "CANCEL" {
            set(line, "unfulfilledQuantity", (open - quantity).max(0));
        }
        let unit = line
            .get("discountedUnitPriceAfterAllDiscountsSet")
            .map(Amount::of_bag)
            .unwrap_or_default();
        let subtotal = unit.times(quantity);
        items.push(json!({
            "__typename": "RefundLineItem",
            "id": format!("gid://shopify/RefundLineItem/{}", id * 10 + items.len() as u64),
            "quantity": quantity, "restockType": restock, "restocked": *restock != "NO_RESTOCK",
            "location": null, "priceSet": unit.bag(presentment),
            "subtotalSet": subtotal.bag(presentment),
            "totalTaxSet": subtotal.tax_inside(presentment).bag(presentment),
            "lineItem": { "__typename": "LineItem", "id": text(line, "id"),
                          "name": text(line, "name"), "title": text(line, "title"),
                          "sku": text(line, "sku"), "quantity": int(line, "quantity") },
        }));
    }
    let mut paid_back = transaction(order, "REFUND", "SUCCESS", sum, at);
    if let Some(parent) = list(order, "transactions").first() {
        let parent = json!({ "__typename": "OrderTransaction", "id": text(parent, "id"), "kind": text(parent, "kind") });
        set(&mut paid_back, "parentTransaction", parent);
    }
    let item = json!({
        "__typename": "Refund",
        "id": format!("gid://shopify/Refund/{id}"), "legacyResourceId": id.to_string(),
        "note": refund.note, "createdAt": utc(at), "processedAt": utc(at), "updatedAt": utc(at),
        "totalRefundedSet": sum.bag(presentment), "refundLineItems": items,
        "refundShippingLines": [], "orderAdjustments": [], "duties": [], "return": null,
        "transactions": if sum.is_zero() { json!([]) } else { json!([paid_back]) },
        "order": { "$ref": text(order, "id") },
    });
    push(order, "refunds", item);
    if !sum.is_zero() {
        push(order, "transactions", paid_back);
    }
    set_amount(order, "totalRefundedSet", before + sum);
    let lines = refund.lines.iter().map(|(position, quantity, _)| {
        order
            .pointer(&format!(
                "/lineItems/{position}/discountedUnitPriceAfterAllDiscountsSet"
            ))
            .map(Amount::of_bag)
            .unwrap_or_default()
            .times(*quantity)
    });
    let gone: Amount = lines.sum();
    let gone = if gone.is_zero() { sum } else { gone };
    let current = amount(order, "currentTotalPriceSet");
    set_amount(
        order,
        "currentTotalPriceSet",
        if current.shop > gone.shop {
            current - gone
        } else {
            Amount::default()
        },
    );
    settle(order);
    true
}

pub(crate) fn refund_one_unit(order: &mut Value, at: i64, note: &str) {
    let sum = order
        .pointer("/lineItems/0/discountedUnitPriceAfterAllDiscountsSet")
        .map(Amount::of_bag)
        .unwrap_or_default();
    refund(
        order,
        at,
        &Refund {
            sum,
            lines: vec![(0, 1, "NO_RESTOCK")],
            note: Some(note),
        },
    );
}

fn every_line(order: &Value, restock: &'static str) -> Vec<(usize, i64, &'static str)> {
    let lines = list(order, "lineItems").iter().enumerate();
    lines
        .map(|(at, line)| (at, int(line, "refundableQuantity"), restock))
        .collect()
}

// ---- returns ----------------------------------------------------------------------------------

fn open_return(order: &mut Value, at: i64, status: &str, processed: bool) {
    let presentment = presentment(order);
    let id = child_id(3_300_000_000, sequence(order), list(order, "returns").len());
    let shipped = list(order, "fulfillments")
        .iter()
        .flat_map(|one| list(one, "fulfillmentLineItems"))
        .map(|item| {
            let quantity = int(item, "quantity");
            let done = if processed { quantity } else { 0 };
            json!({
                "__typename": "ReturnLineItem",
                "id": format!("gid://shopify/ReturnLineItem/{}", id_number(text(item, "id")).unwrap_or(0)),
                "quantity": quantity, "refundableQuantity": quantity - done, "refundedQuantity": done,
                "processedQuantity": done, "processableQuantity": quantity - done,
                "unprocessedQuantity": quantity - done,
                "returnReason": "UNWANTED", "returnReasonNote": "Does not fit the room",
                "returnReasonDefinition": { "__typename": "ReturnReasonDefinition",
                    "id": "gid://shopify/ReturnReasonDefinition/1", "handle": "unwanted",
                    "name": "Changed my mind", "deleted": false },
                "customerNote": "Passt leider nicht 😕", "restockingFee": null, "totalWeight": null,
                "withCodeDiscountedTotalPriceSet": item.get("discountedTotalSet").cloned()
                    .unwrap_or_else(|| Amount::default().bag(presentment)),
                "fulfillmentLineItem": item,
            })
        });
    let items: Vec<Value> = shipped.collect();
    let total: i64 = items.iter().map(|item| int(item, "quantity")).sum();
    let closed = status == "CLOSED";
    let item = json!({
        "__typename": "Return",
        "id": format!("gid://shopify/Return/{id}"),
        "name": format!("{}-R{}", text(order, "name"), list(order, "returns").len() + 1),
        "status": status, "createdAt": utc(at),
        "requestApprovedAt": if status == "REQUESTED" { Value::Null } else { json!(utc(at)) },
        "closedAt": if closed { json!(utc(at)) } else { Value::Null },
        "decline": null, "totalQuantity": total, "returnLineItems": items, "refunds": [],
        "exchangeLineItems": [], "returnShippingFees": [], "reverseFulfillmentOrders": [],
        "transactions": [], "order": { "$ref": text(order, "id") },
    });
    push(order, "returns", item);
    let rolled_up = match status {
        "REQUESTED" => "RETURN_REQUESTED",
        "CLOSED" => "RETURNED",
        _ => "IN_PROGRESS",
    };
    set(order, "returnStatus", rolled_up);
}

pub(crate) fn request_return(order: &mut Value, at: i64) {
    open_return(order, at, "REQUESTED", false);
}

pub(crate) fn return_all(order: &mut Value, at: i64) {
    open_return(order, at, "CLOSED", true);
    let sum = amount(order, "totalReceivedSet");
    let lines = every_line(order, "RETURN");
    refund(
        order,
        at,
        &Refund {
            sum,
            lines,
            note: Some("Returned"),
        },
    );
}

// ---- the end of orders ------------------------------------------------------------------------

fn stamp_cancelled(order: &mut Value, at: i64, reason: &str) {
    set(order, "cancelledAt", utc(at));
    set(order, "cancelReason", reason);
    set(
        order,
        "cancellation",
        json!({ "__typename": "OrderCancellation", "staffNote": null }),
    );
    set(order, "closedAt", utc(at));
    set(order, "closed", true);
    each_mut(order, "lineItems", |line| {
        set(line, "unfulfilledQuantity", 0);
        set(line, "currentQuantity", 0);
    });
    set_amount(order, "currentTotalPriceSet", Amount::default());
}

/// Cancels and pays back. False when it was cancelled before.
pub(crate) fn cancel(order: &mut Value, at: i64, reason: &str) -> bool {
    if !text(order, "cancelledAt").is_empty() {
        return false;
    }
    let sum = amount(order, "totalReceivedSet") - amount(order, "totalRefundedSet");
    if sum.is_zero() {
        set(order, "displayFinancialStatus", "VOIDED");
    } else {
        let lines = every_line(order, "CANCEL");
        refund(
            order,
            at,
            &Refund {
                sum,
                lines,
                note: Some("Order canceled"),
            },
        );
    }
    stamp_cancelled(order, at, reason);
    settle(order);
    true
}

/// An edit before shipping: the last line goes, its money is paid back.
pub(crate) fn remove_last_line(order: &mut Value, at: i64) {
    let Some(last) = list(order, "lineItems").len().checked_sub(1) else {
        return;
    };
    let Some(line) = order.pointer(&format!("/lineItems/{last}")) else {
        return;
    };
    let quantity = int(line, "quantity");
    let unit = line
        .get("discountedUnitPriceAfterAllDiscountsSet")
        .map(Amount::of_bag)
        .unwrap_or_default();
    set(order, "edited", true);
    let sum = unit.times(quantity);
    refund(
        order,
        at,
        &Refund {
            sum,
            lines: vec![(last, quantity, "CANCEL")],
            note: Some("Removed from the order"),
        },
    );
}

/// Any change at all, for what no shop does by itself.
pub(crate) fn patch(order: &mut Value, patch: &Value) {
    merge(order, patch);
}

// ---- what follows from it ---------------------------------------------------------------------

/// Brings totals and statuses in line with transactions, lines and parcels.
fn settle(order: &mut Value) {
    let received = amount(order, "totalReceivedSet");
    let refunded = amount(order, "totalRefundedSet");
    let current = amount(order, "currentTotalPriceSet");
    let cancelled = !text(order, "cancelledAt").is_empty();
    set_amount(order, "netPaymentSet", received - refunded);
    let due = current - (received - refunded);
    let due = if cancelled || due.shop < 0 {
        Amount::default()
    } else {
        due
    };
    set_amount(order, "totalOutstandingSet", due);
    if !received.is_zero() || amount(order, "totalPriceSet").is_zero() {
        let status = if refunded.is_zero() {
            "PAID"
        } else if refunded.shop >= received.shop {
            "REFUNDED"
        } else {
            "PARTIALLY_REFUNDED"
        };
        set(order, "displayFinancialStatus", status);
    }
    let units: i64 = list(order, "lineItems")
        .iter()
        .map(|line| int(line, "currentQuantity"))
        .sum();
    set(order, "currentSubtotalLineItemsQuantity", units);
    let status = fulfilment(order);
    set(order, "displayFulfillmentStatus", status);
    flags(order, units, !due.is_zero(), received != refunded);
}

fn fulfilment(order: &Value) -> &'static str {
    let open: i64 = list(order, "lineItems")
        .iter()
        .map(|line| int(line, "unfulfilledQuantity"))
        .sum();
    let shipped = list(order, "fulfillments")
        .iter()
        .any(|one| text(one, "status") == "SUCCESS");
    match (shipped, open > 0) {
        (true, true) => "PARTIALLY_FULFILLED",
        (true, false) => "FULFILLED",
        (false, _) if text(order, "displayFulfillmentStatus") == "ON_HOLD" => "ON_HOLD",
        (false, _) => "UNFULFILLED",
    }
}

fn flags(order: &mut Value, units: i64, owing: bool, refundable: bool) {
    let status = text(order, "displayFulfillmentStatus").to_owned();
    let financial = text(order, "displayFinancialStatus").to_owned();
    set(order, "fulfillable", status != "FULFILLED" && units > 0);
    set(order, "fullyPaid", !owing && financial != "AUTHORIZED");
    set(
        order,
        "unpaid",
        financial == "PENDING" || financial == "AUTHORIZED",
    );
    set(order, "capturable", financial == "AUTHORIZED");
    set(order, "refundable", refundable);
    for (key, of) in [
        ("transactionsCount", "transactions"),
        ("fulfillmentsCount", "fulfillments"),
    ] {
        let count = list(order, of).len();
        set(
            order,
            key,
            json!({ "__typename": "Count", "count": count, "precision": "EXACT" }),
        );
    }
}

/// `12.5` of a shop-currency text in both currencies of that order, by its own exchange rate.
pub(crate) fn shop_amount(order: &Value, hundredths: i64) -> Amount {
    let total = amount(order, "totalPriceSet");
    let whole = total.share(hundredths, total.shop.max(1), presentment(order));
    Amount {
        shop: hundredths,
        buyer: whole.buyer,
    }
}

/// The shop-currency total, for lists.
pub(crate) fn total_text(order: &Value) -> String {
    decimal(amount(order, "currentTotalPriceSet").shop)
}
