//! The simulated shop, asked and changed through its admin endpoints.

use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    admin::{AdminApi, told},
    until,
};

const NAME: &str = "shop-sim";

const DELIVERED_WITHIN: Duration = Duration::from_secs(120);

/// An order as the simulated shop lists it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShopOrder {
    /// Numeric id.
    pub id: String,
    /// What people quote, such as `#1001`.
    pub name: String,
    /// Buyer's e-mail.
    pub email: Option<String>,
    /// Buyer's name.
    pub customer_name: Option<String>,
    /// Fulfilment status as the shop shows it.
    pub fulfillment_status: String,
    /// Financial status as the shop shows it.
    pub financial_status: String,
    /// When it was cancelled, if it was.
    pub cancelled_at: Option<String>,
}

/// A client of the simulated shop.
#[derive(Clone, Debug)]
pub struct ShopSim {
    admin: AdminApi,
    /// `<shop>.myshopify.com`.
    pub domain: String,
    /// Admin API access token.
    pub access_token: String,
    /// The app's client secret, which signs webhooks.
    pub webhook_secret: String,
}

impl ShopOrder {
    /// Whether a clear ticket can be about it: a buyer with an e-mail, nothing sent, not cancelled.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.email.as_deref().is_some_and(|email| !email.is_empty())
            && self.fulfillment_status == "UNFULFILLED"
            && self.cancelled_at.is_none()
    }
}

impl ShopSim {
    pub(crate) fn new(http: reqwest::Client, ready: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            domain: told(NAME, ready, "shop_domain")?,
            access_token: told(NAME, ready, "access_token")?,
            webhook_secret: told(NAME, ready, "webhook_secret")?,
            admin: AdminApi::new(NAME, http, ready)?,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        self.admin.address()
    }

    /// Reads an admin endpoint.
    ///
    /// # Errors
    /// When the simulator refuses or is gone.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.admin.get(path).await
    }

    /// Changes something by an admin endpoint.
    ///
    /// # Errors
    /// When the simulator refuses or is gone.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.admin.post(path, body).await
    }

    /// Changes something; `None` where the shop says that this cannot happen now, such as shipping what is
    /// shipped.
    ///
    /// # Errors
    /// When the simulator refuses otherwise or is gone.
    pub async fn try_post(&self, path: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        self.admin.try_post(path, body).await
    }

    /// Lets a fault happen to the next requests, or webhooks, that it fits.
    ///
    /// # Errors
    /// When the simulator knows no such fault.
    pub async fn fault(&self, kind: &str, count: u32) -> anyhow::Result<()> {
        let fault = json!({ "kind": kind, "count": count });
        self.post("faults", &fault).await.map(|_| ())
    }

    /// Ends all faults.
    ///
    /// # Errors
    /// When the simulator refuses or is gone.
    pub async fn faults_end(&self) -> anyhow::Result<()> {
        self.admin.delete("faults").await
    }

    /// Up to `limit` orders, newest first.
    ///
    /// # Errors
    /// When the simulator refuses or is gone.
    pub async fn orders(&self, limit: u32) -> anyhow::Result<Vec<ShopOrder>> {
        let answer = self.get(&format!("orders?limit={limit}")).await?;
        serde_json::from_value(answer["orders"].clone()).context("shop-sim lists orders otherwise")
    }

    /// Says where webhooks go.
    ///
    /// # Errors
    /// When the simulator refuses or is gone.
    pub async fn send_webhooks_to(&self, address: &str) -> anyhow::Result<()> {
        self.post("webhooks", &json!({ "address": address }))
            .await
            .map(|_| ())
    }

    /// Waits until every webhook was delivered, or given up.
    ///
    /// # Errors
    /// When the simulator is gone, or still delivers after two minutes.
    pub async fn webhooks_delivered(&self) -> anyhow::Result<()> {
        until("every webhook delivered", DELIVERED_WITHIN, || async {
            let answer = self.get("webhooks").await?;
            let counts = &answer["counts"];
            Ok(counts["waiting"].as_u64().unwrap_or(0) == 0)
        })
        .await
    }

    /// Ships an order; the shop tells by webhook.
    ///
    /// # Errors
    /// When the simulator refuses or is gone.
    pub async fn ship(&self, order: &str, carrier: &str, tracking: &str) -> anyhow::Result<()> {
        let body = json!({ "carrier": carrier, "tracking": tracking });
        self.post(&format!("orders/{order}/ship"), &body)
            .await
            .map(|_| ())
    }
}
