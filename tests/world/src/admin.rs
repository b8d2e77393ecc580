//! The admin endpoints that both simulators have.

use anyhow::Context as _;
use serde_json::Value;

/// A simulator's `/_sim` endpoints.
#[derive(Clone, Debug)]
pub(crate) struct AdminApi {
    name: &'static str,
    address: String,
    http: reqwest::Client,
}

impl AdminApi {
    /// From what the simulator said when it was ready.
    pub(crate) fn new(
        name: &'static str,
        http: reqwest::Client,
        ready: &Value,
    ) -> anyhow::Result<Self> {
        let address = told(name, ready, "address")?;
        Ok(Self {
            name,
            address,
            http,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(path, self.http.get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(self.url(path)).json(body);
        self.answer(path, request).await
    }

    /// Like [`AdminApi::post`]; `None` where the simulator says that this cannot happen now.
    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        let answer = self.http.post(self.url(path)).json(body).send().await?;
        if answer.status() == reqwest::StatusCode::CONFLICT {
            return Ok(None);
        }
        self.read(path, answer).await.map(Some)
    }

    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        let request = self.http.delete(self.url(path));
        self.answer(path, request).await.map(|_| ())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_sim/{path}", self.address)
    }

    async fn answer(&self, path: &str, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        self.read(path, request.send().await?).await
    }

    async fn read(&self, path: &str, answer: reqwest::Response) -> anyhow::Result<Value> {
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(
            status.is_success(),
            "{} answered {status} to {path}: {text}",
            self.name
        );
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

/// A text of what a simulator said when it was ready.
pub(crate) fn told(name: &str, ready: &Value, key: &str) -> anyhow::Result<String> {
    let text = ready[key].as_str().map(str::to_owned);
    text.with_context(|| format!("{name} told no {key}"))
}
