//! The shop's own description, and its two secrets.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Shop;
use super::amount::SHOP_CURRENCY;

fn secret(seed: u64, purpose: &str) -> String {
    let digest = Sha256::digest(format!("shop-sim {purpose} {seed}").as_bytes());
    hex::encode(digest).chars().take(32).collect()
}

/// Invented, and the same for the same seed.
pub(super) fn access_token(seed: u64) -> String {
    format!("shpat_{}", secret(seed, "access token"))
}

pub(super) fn webhook_secret(seed: u64) -> String {
    format!("shpss_{}", secret(seed, "webhook secret"))
}

impl Shop {
    /// `shop` of the query root.
    pub(crate) fn facts(&self) -> Value {
        let url = format!("https://{}", self.domain);
        json!({
            "__typename": "Shop",
            "id": "gid://shopify/Shop/4711",
            "name": "Lamplight Works",
            "myshopifyDomain": self.domain,
            "primaryDomain": { "__typename": "Domain", "id": "gid://shopify/Domain/1",
                               "host": self.domain, "url": url, "sslEnabled": true },
            "url": url,
            "email": "owner@lamplight.example", "contactEmail": "hello@lamplight.example",
            "shopOwnerName": "Lamplight Works", "description": null,
            "currencyCode": SHOP_CURRENCY,
            "currencyFormats": { "__typename": "CurrencyFormats",
                "moneyFormat": "€{{amount}}", "moneyWithCurrencyFormat": "€{{amount}} EUR",
                "moneyInEmailsFormat": "€{{amount}}", "moneyWithCurrencyInEmailsFormat": "€{{amount}} EUR" },
            "enabledPresentmentCurrencies": ["EUR", "USD", "JPY"],
            "ianaTimezone": "Europe/Berlin", "timezoneAbbreviation": "CET",
            "timezoneOffset": "+0100", "timezoneOffsetMinutes": 60,
            "weightUnit": "GRAMS", "unitSystem": "METRIC_SYSTEM",
            "taxesIncluded": true, "taxShipping": false, "checkoutApiSupported": true,
            "shipsToCountries": ["AT", "DE", "ES", "FR", "JP", "NL", "PL", "US"],
            "countriesInShippingZones": { "__typename": "CountriesInShippingZones",
                "countryCodes": ["DE"], "includeRestOfWorld": true },
            "customerAccounts": "OPTIONAL", "setupRequired": false,
            "orderNumberFormatPrefix": "#", "orderNumberFormatSuffix": "",
            "createdAt": "2021-03-01T09:00:00Z", "updatedAt": "2026-11-01T09:00:00Z",
            "transactionalSmsDisabled": true, "marketingSmsConsentEnabledAtCheckout": true,
            "plan": { "__typename": "ShopPlan", "displayName": self.plan.display_name(),
                      "publicDisplayName": self.plan.display_name(), "partnerDevelopment": false,
                      "shopifyPlus": matches!(self.plan, crate::Plan::Plus | crate::Plan::Enterprise) },
            "shopAddress": { "__typename": "ShopAddress", "id": "gid://shopify/ShopAddress/1",
                "address1": "Lindenstraße 1", "address2": null, "city": "Leipzig", "zip": "04109",
                "company": "Lamplight Works", "country": "Germany", "countryCodeV2": "DE",
                "province": null, "provinceCode": null, "phone": null, "name": "", "formatted": ["Lindenstraße 1", "04109 Leipzig", "Germany"],
                "formattedArea": "Leipzig, Germany", "coordinatesValidated": false },
            "billingAddress": { "__typename": "ShopAddress", "id": "gid://shopify/ShopAddress/1",
                "address1": "Lindenstraße 1", "address2": null, "city": "Leipzig", "zip": "04109",
                "company": "Lamplight Works", "country": "Germany", "countryCodeV2": "DE",
                "province": null, "provinceCode": null, "phone": null, "name": "", "formatted": ["Lindenstraße 1", "04109 Leipzig", "Germany"],
                "formattedArea": "Leipzig, Germany", "coordinatesValidated": false },
            "features": { "__typename": "ShopFeatures", "storefront": true, "liveView": true,
                          "reports": true, "avalaraAvatax": false, "harmonizedSystemCode": true },
            "alerts": [], "metafields": [], "allProductCategoriesList": [],
        })
    }

    /// `currentAppInstallation` of the query root: which scopes the token has.
    pub(crate) fn installation() -> Value {
        let scopes = [
            "read_orders",
            "read_all_orders",
            "read_customers",
            "read_products",
            "read_fulfillments",
            "read_returns",
            "read_locations",
            "read_merchant_managed_fulfillment_orders",
        ];
        let scopes: Vec<Value> = scopes
            .iter()
            .map(|handle| json!({ "__typename": "AccessScope", "handle": handle, "description": handle }))
            .collect();
        json!({
            "__typename": "AppInstallation",
            "id": "gid://shopify/AppInstallation/1",
            "accessScopes": scopes,
            "activeSubscriptions": [], "allSubscriptions": [], "metafields": [],
            "launchUrl": "https://ordercase.example/shopify", "uninstallUrl": null,
            "app": { "__typename": "App", "id": "gid://shopify/App/1", "title": "Ordercase",
                     "handle": "ordercase", "apiKey": "simulated" },
        })
    }
}
