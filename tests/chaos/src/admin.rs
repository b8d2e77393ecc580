//! The hosts' admin API, through the balancer, as an operator's tool calls it.

use anyhow::Context as _;
use ordercase_world::World;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A client with the operator's token.
#[derive(Clone, Debug)]
pub(crate) struct Admin {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Admin {
    pub(crate) fn of(world: &World) -> anyhow::Result<Self> {
        let file = world.data().join("host").join("admin-token");
        let token = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self {
            http: world.http().clone(),
            base: format!("{}/admin/v1/", world.host_address()),
            token: token.trim().to_owned(),
        })
    }

    /// Status and answer; an error when no answer came.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        Ok((status, answer.json().await?))
    }

    /// The answer where there is a good one: whoever asks during a storm asks again.
    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        let answer = self.call(Method::GET, path, None).await.ok()?;
        answer.0.is_success().then_some(answer.1)
    }

    /// Lets paused work go on with the credentials that are known; whether it was done.
    pub(crate) async fn resume(&self, path: &str) -> bool {
        let body = json!({ "secrets": {} });
        let path = format!("{path}/resume");
        let answer = self.call(Method::POST, &path, Some(&body)).await;
        answer.is_ok_and(|(status, _)| status.is_success())
    }
}
