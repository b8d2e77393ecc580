//! The simulated shop, asked and changed through its admin endpoints.

use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::until;

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
    address: String,
    http: reqwest::Client,
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
        let text = |key: &str| {
            ready[key]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("shop-sim told no {key}"))
        };
        Ok(Self {
            address: text("address")?,
            http,
            domain: text("shop_domain")?,
            access_token: text("access_token")?,
            webhook_secret: text("webhook_secret")?,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Reads an admin endpoint.
    ///
    /// # Errors
    /// When the simulator refuses or is gone.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}/_sim/{path}", self.address);
        Ok(self
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// Changes something by an admin endpoint.
    ///
    /// # Errors
    /// When the simulator refuses or is gone.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/_sim/{path}", self.address);
        let answer = self.http.post(url).json(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(
            status.is_success(),
            "shop-sim answered {status} to {path}: {text}"
        );
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
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
        let url = format!("{}/_sim/faults", self.address);
        self.http.delete(url).send().await?.error_for_status()?;
        Ok(())
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
            Ok(answer["counts"]["waiting"].as_u64().unwrap_or(0) == 0)
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
