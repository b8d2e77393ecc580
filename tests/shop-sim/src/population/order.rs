//! An order written out in the API's shape: placed first, then taken through its story by the
//! same functions that an administrator's changes use.

use serde_json::{Value, json};

use super::{
    Buyer, CUSTOMER_ID_BASE, Draw, Fate, Origin, Person, Story, address, catalogue, person,
};
use crate::clock::utc;
use crate::shop::amount::{Amount, SHOP_CURRENCY};
use crate::shop::change::{self, Parcel};

const PURPOSE: u64 = 0x006c_696e_6573;
const ORDER_ID_BASE: u64 = 5_600_000_000_000;
const FIRST_NUMBER: u32 = 1_001;
const CARRIERS: [(&str, &str); 5] = [
    ("DHL", "https://tracking.example/dhl/"),
    ("UPS", "https://tracking.example/ups/"),
    ("DPD", "https://tracking.example/dpd/"),
    ("La Poste", "https://tracking.example/laposte/"),
    ("Yamato", "https://tracking.example/yamato/"),
];
const NOTES: [&str; 4] = [
    "Please leave it with the neighbours",
    "It is a present 🎁, no invoice please",
    "Ring twice",
    "Bitte nicht vor 17 Uhr liefern",
];

/// `gid://shopify/Order/…` of a sequence number.
pub(crate) fn order_gid(sequence: u32) -> String {
    format!(
        "gid://shopify/Order/{}",
        ORDER_ID_BASE + u64::from(sequence)
    )
}

/// `gid://shopify/Customer/…` of a customer's index.
pub(crate) fn customer_gid(index: u32) -> String {
    format!(
        "gid://shopify/Customer/{}",
        CUSTOMER_ID_BASE + u64::from(index)
    )
}

/// What an administrator may fix about a new order.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NewOrder {
    /// E-mail typed at checkout; an empty text orders without one.
    pub(crate) email: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) phone: Option<String>,
    /// `EUR`, `USD` or `JPY`.
    pub(crate) currency: Option<String>,
    pub(crate) lines: Option<usize>,
    pub(crate) note: Option<String>,
    /// The number of an existing customer.
    pub(crate) customer_id: Option<u64>,
}

/// The order of a story, changed as `wish` says.
pub(crate) fn write_order(origin: Origin, story: &Story, wish: &NewOrder) -> Value {
    let mut draw = Draw::of(origin.seed, PURPOSE, u64::from(story.sequence));
    let index = match story.buyer {
        Buyer::Customer(index) | Buyer::Stranger(index) | Buyer::PhoneOnly(index) => index,
    };
    let mut who = person(origin.seed, index);
    if let Buyer::PhoneOnly(_) = story.buyer {
        who.email = None;
        who.phone = who
            .phone
            .or_else(|| Some(format!("+1503555{}", draw.digits(4))));
    }
    let placed = Placed {
        story,
        who: &who,
        wish,
    };
    let mut order = placed.write(&mut draw);
    live(&mut order, story, &mut draw);
    change::touch(&mut order, story.updated);
    order
}

struct Placed<'a> {
    story: &'a Story,
    who: &'a Person,
    wish: &'a NewOrder,
}

impl Placed<'_> {
    fn write(&self, draw: &mut Draw) -> Value {
        let story = self.story;
        let presentment = story.presentment;
        let number = FIRST_NUMBER + story.sequence;
        let id = ORDER_ID_BASE + u64::from(story.sequence);
        let discount = draw.percent(18).then_some(("WELCOME10", 10));
        let (lines, sums) = self.lines(draw, discount);
        let shipping = if sums.items.shop >= 6_000 { 0 } else { 490 };
        let shipping = Amount::of_cents(shipping, presentment);
        let total = sums.items - sums.discount + shipping;
        let tax = total.tax_inside(presentment);
        let ship_to = self.address(id * 10);
        let at = utc(story.created);
        let email = match &self.wish.email {
            Some(email) if email.is_empty() => None,
            Some(email) => Some(email.clone()),
            None => self.who.email.clone(),
        };
        let bag = |amount: Amount| amount.bag(presentment);
        let zero = Amount::default();
        let note = draw.percent(9).then(|| draw.word(&NOTES).to_owned());
        let mut order = json!({
            "__typename": "Order",
            "id": order_gid(story.sequence),
            "legacyResourceId": id.to_string(),
            "name": format!("#{number}"),
            "number": number,
            "confirmationNumber": confirmation(draw),
            "poNumber": null,
            "sourceIdentifier": null,
            "sourceName": "web",
            "registeredSourceUrl": null,
            "createdAt": at, "processedAt": at, "updatedAt": at,
            "closed": false, "closedAt": null, "confirmed": true,
            "cancelledAt": null, "cancelReason": null, "cancellation": null,
            "test": draw.below(400) == 0, "edited": false, "taxesIncluded": true,
            "dutiesIncluded": false, "taxExempt": false, "estimatedTaxes": false,
            "tags": if self.who.vip { json!(["vip"]) } else { json!([]) },
            "note": self.wish.note.clone().or(note),
            "customAttributes": [],
            "email": email,
            "phone": self.wish.phone.clone().or_else(|| {
                (email.is_none() || draw.percent(25)).then(|| self.who.phone.clone()).flatten()
            }),
            "customer": self.customer(),
            "purchasingEntity": self.customer(),
            "customerLocale": self.who.place.locale,
            "customerAcceptsMarketing": draw.percent(30),
            "billingAddress": ship_to, "shippingAddress": ship_to, "displayAddress": ship_to,
            "billingAddressMatchesShippingAddress": true,
            "currencyCode": SHOP_CURRENCY,
            "presentmentCurrencyCode": presentment.code(),
            "displayFinancialStatus": "PAID",
            "displayFulfillmentStatus": "UNFULFILLED",
            "returnStatus": "NO_RETURN",
            "requiresShipping": true,
            "paymentGatewayNames": ["shopify_payments"],
            "discountCode": discount.map(|(code, _)| code),
            "discountCodes": discount.map_or_else(Vec::new, |(code, _)| vec![code]),
            "discountApplications": discount.map_or_else(Vec::new, |known| vec![application(known)]),
            "shippingLine": null, "shippingLines": [self.shipping_line(shipping)],
            "additionalFees": [], "fulfillments": [], "refunds": [], "returns": [],
            "disputes": [], "events": [], "metafields": [], "localizedFields": [],
            "transactions": [],
        });
        let more = json!({
            "lineItems": lines,
            "nonFulfillableLineItems": [],
            "originalTotalPriceSet": bag(total), "totalPriceSet": bag(total),
            "currentTotalPriceSet": bag(total),
            "subtotalPriceSet": bag(sums.items - sums.discount),
            "currentSubtotalPriceSet": bag(sums.items - sums.discount),
            "currentCartDiscountAmountSet": bag(sums.discount),
            "cartDiscountAmountSet": bag(sums.discount),
            "totalDiscountsSet": bag(sums.discount), "currentTotalDiscountsSet": bag(sums.discount),
            "totalShippingPriceSet": bag(shipping), "currentShippingPriceSet": bag(shipping),
            "totalTaxSet": bag(tax), "currentTotalTaxSet": bag(tax),
            "taxLines": [change::tax_line(tax, presentment)],
            "currentTaxLines": [change::tax_line(tax, presentment)],
            "totalReceivedSet": bag(zero), "totalOutstandingSet": bag(total),
            "totalRefundedSet": bag(zero), "totalRefundedShippingSet": bag(zero),
            "netPaymentSet": bag(zero), "totalCapturableSet": bag(zero),
            "totalTipReceivedSet": bag(zero), "refundDiscrepancySet": bag(zero),
            "currentTotalDutiesSet": null, "originalTotalDutiesSet": null,
            "currentTotalAdditionalFeesSet": null, "originalTotalAdditionalFeesSet": null,
            "totalCashRoundingAdjustment": {
                "__typename": "CashRoundingAdjustment",
                "paymentSet": bag(zero), "refundSet": bag(zero),
            },
            "totalWeight": sums.grams.to_string(), "currentTotalWeight": sums.grams.to_string(),
            "subtotalLineItemsQuantity": sums.units,
            "currentSubtotalLineItemsQuantity": sums.units,
            "risk": { "__typename": "OrderRiskSummary", "recommendation": "ACCEPT", "assessments": [] },
            "statusPageUrl": format!("https://lamplight.example/orders/{id}"),
            "merchantEditable": true, "merchantEditableErrors": [], "restockable": true,
            "canMarkAsPaid": false, "canNotifyCustomer": true, "hasTimelineComment": false,
            "productNetwork": false, "alerts": [],
            "app": { "__typename": "OrderApp", "id": "gid://shopify/App/580111", "name": "Online Store",
                     "icon": { "__typename": "Image", "url": "https://cdn.example/app.png" } },
            "attribution": { "__typename": "OrderAttribution", "displayName": "Online Store", "handle": "web" },
        });
        if let (Some(order), Value::Object(more)) = (order.as_object_mut(), more) {
            order.extend(more);
        }
        if let Some(line) = order.pointer("/shippingLines/0").cloned() {
            crate::shop::json::set(&mut order, "shippingLine", line);
        }
        pay(&mut order, story);
        order
    }

    fn customer(&self) -> Value {
        match self.story.buyer {
            Buyer::Customer(index) => json!({ "$ref": customer_gid(index) }),
            Buyer::Stranger(_) | Buyer::PhoneOnly(_) => Value::Null,
        }
    }

    fn address(&self, id: u64) -> Value {
        let mut address = address(self.who, id);
        let first = self.wish.first_name.as_deref().unwrap_or(self.who.first);
        let last = self.wish.last_name.as_deref().unwrap_or(self.who.last);
        crate::shop::json::set(&mut address, "firstName", first);
        crate::shop::json::set(&mut address, "lastName", last);
        crate::shop::json::set(&mut address, "name", format!("{first} {last}"));
        address
    }

    fn lines(&self, draw: &mut Draw, discount: Option<(&str, i64)>) -> (Vec<Value>, Sums) {
        let least = match self.story.fate {
            Fate::PartlyShipped | Fate::Edited | Fate::PartlyRefunded => 2,
            _ => 1,
        };
        let drawn = usize::try_from(draw.between(least, 4)).unwrap_or(1);
        let count = self.wish.lines.unwrap_or(drawn);
        let mut sums = Sums::default();
        let lines = (0..count)
            .map(|at| {
                let article = catalogue::pick(draw);
                let quantity = if draw.percent(25) { 2 } else { 1 };
                self.line(article, quantity, at, discount, &mut sums)
            })
            .collect();
        (lines, sums)
    }

    fn line(
        &self,
        article: &catalogue::Article,
        quantity: i64,
        at: usize,
        discount: Option<(&str, i64)>,
        sums: &mut Sums,
    ) -> Value {
        let presentment = self.story.presentment;
        let id = change::child_id(14_000_000_000_000, self.story.sequence, at);
        let unit = Amount::of_cents(article.cents, presentment);
        let total = unit.times(quantity);
        let off = discount.map_or_else(Amount::default, |(_, percent)| {
            total.share(percent, 100, presentment)
        });
        sums.items = sums.items + total;
        sums.discount = sums.discount + off;
        sums.units += quantity;
        sums.grams += article.grams * quantity;
        let bag = |amount: Amount| amount.bag(presentment);
        let paid = total - off;
        let unit_paid = paid.share(1, quantity, presentment);
        let name = article.variant.map_or_else(
            || article.title.to_owned(),
            |variant| format!("{} - {variant}", article.title),
        );
        let allocations = discount.map_or_else(Vec::new, |known| {
            vec![json!({
                "__typename": "DiscountAllocation",
                "allocatedAmountSet": bag(off),
                "discountApplication": application(known),
            })]
        });
        let product = 9_000_000_000 + article.product;
        json!({
            "__typename": "LineItem",
            "id": format!("gid://shopify/LineItem/{id}"),
            "name": name, "title": article.title, "variantTitle": article.variant,
            "sku": article.sku, "vendor": article.vendor,
            "quantity": quantity, "currentQuantity": quantity, "refundableQuantity": quantity,
            "unfulfilledQuantity": quantity, "nonFulfillableQuantity": 0,
            "requiresShipping": true, "isGiftCard": false, "taxable": true, "restockable": true,
            "merchantEditable": true, "customAttributes": [], "duties": [],
            "originalUnitPriceSet": bag(unit), "originalTotalSet": bag(total),
            "discountedUnitPriceSet": bag(unit),
            "discountedUnitPriceAfterAllDiscountsSet": bag(unit_paid),
            "discountedTotalSet": { "$when": "withCodeDiscounts", "yes": bag(paid), "no": bag(total) },
            "priceAfterAllDiscountsBeforeTaxesSet": bag(paid - paid.tax_inside(presentment)),
            "totalDiscountSet": bag(Amount::default()),
            "unfulfilledOriginalTotalSet": bag(total), "unfulfilledDiscountedTotalSet": bag(total),
            "discountAllocations": allocations,
            "taxLines": [change::tax_line(paid.tax_inside(presentment), presentment)],
            "image": { "__typename": "Image", "url": format!("https://cdn.example/{}.jpg", article.sku), "altText": null },
            "product": { "__typename": "Product", "id": format!("gid://shopify/Product/{product}"),
                         "legacyResourceId": product.to_string(), "title": article.title,
                         "handle": article.sku.to_ascii_lowercase(), "vendor": article.vendor,
                         "onlineStoreUrl": format!("https://lamplight.example/products/{}", article.sku.to_ascii_lowercase()) },
            "variant": { "__typename": "ProductVariant", "id": format!("gid://shopify/ProductVariant/{}", product * 10),
                         "legacyResourceId": (product * 10).to_string(),
                         "title": article.variant.unwrap_or("Default Title"), "sku": article.sku,
                         "barcode": null, "displayName": name },
            "weight": { "__typename": "Weight", "unit": "GRAMS", "value": article.grams },
        })
    }

    fn shipping_line(&self, price: Amount) -> Value {
        let presentment = self.story.presentment;
        let id = change::child_id(4_400_000_000_000, self.story.sequence, 0);
        let bag = price.bag(presentment);
        json!({
            "__typename": "ShippingLine",
            "id": format!("gid://shopify/ShippingLine/{id}"),
            "title": "Standard", "code": "Standard", "source": "shopify", "carrierIdentifier": null,
            "custom": false, "deliveryCategory": null, "phone": null, "isRemoved": false,
            "shippingRateHandle": null,
            "originalPriceSet": bag, "discountedPriceSet": bag, "currentDiscountedPriceSet": bag,
            "discountAllocations": [],
            "taxLines": [change::tax_line(price.tax_inside(presentment), presentment)],
        })
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    items: Amount,
    discount: Amount,
    units: i64,
    grams: i64,
}

fn confirmation(draw: &mut Draw) -> String {
    (0..9)
        .map(|_| *draw.one(b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", &b'A') as char)
        .collect()
}

fn application((code, percent): (&str, i64)) -> Value {
    json!({
        "__typename": "DiscountCodeApplication",
        "code": code, "index": 0, "allocationMethod": "ACROSS",
        "targetSelection": "ALL", "targetType": "LINE_ITEM",
        "value": { "__typename": "PricingPercentageValue", "percentage": percent },
    })
}

fn pay(order: &mut Value, story: &Story) {
    match story.fate {
        Fate::AwaitingPayment => change::expect_transfer(order, story.created),
        Fate::Authorized | Fate::Voided => change::authorize(order, story.created),
        _ => change::pay(order, story.created),
    }
}

/// Takes the order through what happened to it.
fn live(order: &mut Value, story: &Story, draw: &mut Draw) {
    let (carrier, url) = *draw.one(&CARRIERS, &("DHL", "https://tracking.example/dhl/"));
    let tracking = format!(
        "{}{}",
        carrier.get(..2).unwrap_or("XX").to_uppercase(),
        draw.digits(12)
    );
    let parcel = Parcel {
        carrier,
        tracking: &tracking,
        url: Some(&format!("{url}{tracking}")),
    };
    let turned = story.turned.unwrap_or(story.updated);
    match story.fate {
        Fate::Cancelled => {
            let reason = draw.word(&["CUSTOMER", "INVENTORY", "FRAUD", "OTHER"]);
            change::cancel(order, turned, reason);
        }
        Fate::Voided => change::void(order, turned),
        Fate::OnHold => change::hold(order),
        Fate::Edited => change::remove_last_line(order, turned),
        _ => {}
    }
    if let Some(at) = story.shipped {
        let units = match story.fate {
            Fate::PartlyShipped => Some(1),
            _ => None,
        };
        change::ship(order, at, parcel, units);
        if story.fate == Fate::OutForDelivery {
            change::scan(order, story.updated, "OUT_FOR_DELIVERY");
        } else if story.fate == Fate::Shipped && draw.percent(70) {
            change::scan(order, at + 3_600, "IN_TRANSIT");
        }
    }
    if let Some(at) = story.delivered {
        change::deliver(order, at);
    }
    match story.fate {
        Fate::PartlyRefunded => {
            change::refund_one_unit(order, turned, "One piece arrived scratched");
        }
        Fate::Returned => change::return_all(order, turned),
        Fate::ReturnRequested => change::request_return(order, turned),
        _ => {}
    }
}
