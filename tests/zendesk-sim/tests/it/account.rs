//! One account and a plain HTTP client.

use http::Method;
use serde_json::{Value, json};
use zendesk_sim::{Sim, SimConfig};

pub(crate) struct Account {
    pub(crate) sim: Sim,
    http: reqwest::Client,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
}

impl Account {
    pub(crate) async fn open() -> Self {
        Self::with(SimConfig::new("acme", 1)).await
    }

    pub(crate) async fn with(config: SimConfig) -> Self {
        Self {
            sim: Sim::start(config).await.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// A request as the admin with the legacy token.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let config = self.sim.config();
        let login = format!("{}/token", config.legacy_email);
        let url = format!("http://{}{path}", self.sim.address());
        let mut request = self
            .http
            .request(method, url)
            .basic_auth(login, Some(&config.legacy_token));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        Reply {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Files a ticket by e-mail and gives its id.
    pub(crate) async fn file(&self, external_id: &str) -> u64 {
        let filing = json!({
            "requester": {"name": "Grace", "email": "grace@shop.example", "verified": true},
            "subject": "Hello", "body": "Where is it?", "channel": "email", "external_id": external_id,
        });
        self.post("/_sim/tickets", filing).await.json()["ticket"]["id"]
            .as_u64()
            .unwrap()
    }

    pub(crate) async fn advance(&self, seconds: u64) {
        self.post("/_sim/clock", json!({"advance_seconds": seconds}))
            .await;
    }
}
