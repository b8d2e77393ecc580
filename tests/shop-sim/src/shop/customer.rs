//! Customer records, written out from the person and the orders under their name.

use serde_json::{Value, json};

use super::amount::{Amount, SHOP_CURRENCY, money};
use super::{Shop, json as fields};
use crate::clock::utc;
use crate::population::{CUSTOMER_ID_BASE, address, customer_gid, order_gid, person};

impl Shop {
    /// The orders of a customer, oldest first.
    pub(crate) fn orders_of(&self, index: u32) -> &[u32] {
        self.by_customer.get(&index).map_or(&[], Vec::as_slice)
    }

    /// When the record began and when it last changed, Unix seconds. A new order changes it; what becomes of
    /// an order later does not.
    pub(super) fn customer_times(&self, index: u32) -> (i64, i64) {
        let stories = self
            .orders_of(index)
            .iter()
            .filter_map(|at| self.stories.get(usize::try_from(*at).ok()?));
        let (mut first, mut last) = (i64::MAX, 0);
        for story in stories {
            first = first.min(story.created);
            last = last.max(story.created);
        }
        if last == 0 {
            let joined = self.origin.now - crate::limits::HISTORY_SECONDS + i64::from(index) * 60;
            (first, last) = (joined, joined);
        }
        let patched = self.customer_patches.get(&index);
        let patched =
            patched.and_then(|patch| crate::clock::parse(fields::text(patch, "updatedAt")));
        (first - 300, last.max(patched.unwrap_or(0)))
    }

    /// The customer with that index in the API's shape.
    pub(crate) fn customer(&self, index: u32) -> Option<Value> {
        if index >= self.customer_count() {
            return None;
        }
        let who = person(self.origin.seed, index);
        let number = CUSTOMER_ID_BASE + u64::from(index);
        let orders = self.orders_of(index);
        let spent: Amount = orders
            .iter()
            .filter_map(|at| self.order(*at))
            .filter(|order| fields::text(order, "cancelledAt").is_empty())
            .map(|order| {
                order
                    .get("currentTotalPriceSet")
                    .map(Amount::of_bag)
                    .unwrap_or_default()
            })
            .sum();
        let (created, updated) = self.customer_times(index);
        let home = address(&who, number);
        let email = who.email.as_deref().map(str::to_ascii_lowercase);
        let marketing = if index.is_multiple_of(3) {
            "SUBSCRIBED"
        } else {
            "NOT_SUBSCRIBED"
        };
        let mut customer = json!({
            "__typename": "Customer",
            "id": customer_gid(index), "legacyResourceId": number.to_string(),
            "firstName": who.first, "lastName": who.last, "displayName": who.name(),
            "email": email, "phone": who.phone,
            "defaultEmailAddress": email.as_ref().map(|email| json!({
                "__typename": "CustomerEmailAddress", "emailAddress": email,
                "marketingState": marketing, "marketingOptInLevel": "SINGLE_OPT_IN",
                "marketingUpdatedAt": utc(created), "validFormat": true,
                "marketingUnsubscribeUrl": "https://lamplight.example/unsubscribe",
                "openTrackingLevel": "UNKNOWN", "openTrackingUrl": "https://lamplight.example/o",
                "sourceLocation": null,
            })),
            "defaultPhoneNumber": who.phone.as_ref().map(|phone| json!({
                "__typename": "CustomerPhoneNumber", "phoneNumber": phone,
                "marketingState": "NOT_SUBSCRIBED", "marketingOptInLevel": "SINGLE_OPT_IN",
                "marketingUpdatedAt": null, "marketingCollectedFrom": null, "sourceLocation": null,
                "smsMarketingConsent": { "__typename": "CustomerSmsMarketingConsent",
                    "state": "NEVER_SUBSCRIBED", "optInLevel": "SINGLE_OPT_IN",
                    "collectedFrom": null, "updatedAt": null, "sourceLocation": null },
            })),
            "emailMarketingConsent": { "__typename": "CustomerEmailMarketingConsentState",
                "marketingState": marketing, "marketingOptInLevel": "SINGLE_OPT_IN",
                "consentUpdatedAt": utc(created), "sourceLocation": null },
            "smsMarketingConsent": null,
            "state": if who.account { "ENABLED" } else { "DISABLED" },
            "verifiedEmail": who.account, "validEmailAddress": true,
            "tags": if who.vip { json!(["vip"]) } else { json!([]) },
            "note": null, "locale": who.place.locale.get(..2).unwrap_or("en"),
            "createdAt": utc(created), "updatedAt": utc(updated),
            "numberOfOrders": orders.len().to_string(),
            "amountSpent": money(spent.shop, SHOP_CURRENCY),
            "lifetimeDuration": "1 year", "taxExempt": false, "taxExemptions": [],
            "canDelete": orders.is_empty(), "dataSaleOptOut": false,
            "productSubscriberStatus": "NEVER_SUBSCRIBED", "companyContactProfiles": [],
            "hasTimelineComment": false, "multipassIdentifier": null, "image": { "__typename": "Image", "url": "https://cdn.example/person.png", "altText": null }, "events": [],
            "metafields": [], "identityProviderSubjects": [],
            "statistics": { "__typename": "CustomerStatistics", "predictedSpendTier": null, "rfmGroup": null },
            "mergeable": { "__typename": "CustomerMergeable", "isMergeable": true, "reason": null,
                           "errorFields": [], "mergeInProgress": null },
        });
        let last = orders.last().map(|at| json!({ "$ref": order_gid(*at) }));
        fields::set(&mut customer, "lastOrder", last);
        fields::set(&mut customer, "orders", json!({ "$orders_of": index }));
        for key in ["defaultAddress", "addresses", "addressesV2"] {
            let value = if key == "defaultAddress" {
                home.clone()
            } else {
                json!([home])
            };
            fields::set(&mut customer, key, value);
        }
        if let Some(patch) = self.customer_patches.get(&index) {
            fields::merge(&mut customer, patch);
        }
        Some(customer)
    }
}
