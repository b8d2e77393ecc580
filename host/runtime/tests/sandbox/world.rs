//! A runtime with a transport that answers what a test says and remembers what it was asked.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ordercase_runtime::{
    CallError, CallScope, Called, CredentialError, Credentials, Lane, Plugin, PluginError, Runtime,
    RuntimeConfig, SecretText,
    egress::{OutboundAnswer, OutboundRequest, Transport, TransportError},
};
use serde_json::json;

/// Planted in every connection; must turn up nowhere but in the request's own header.
pub(crate) const CANARY: &str = "canary-0123456789-\"quoted\"";

pub(crate) struct Vault;

#[async_trait]
impl Credentials for Vault {
    async fn secret(&self, slot: &str) -> Result<SecretText, CredentialError> {
        match slot {
            "token" => Ok(SecretText::from(CANARY)),
            _ => Err(CredentialError::Missing {
                slot: slot.to_owned(),
            }),
        }
    }
}

type Answering = dyn Fn(&OutboundRequest) -> Result<OutboundAnswer, TransportError> + Send + Sync;

/// Answers as told.
pub(crate) struct Canned {
    answer: Box<Answering>,
    pub(crate) asked: Mutex<Vec<OutboundRequest>>,
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, TransportError> {
        let answer = (self.answer)(&request);
        self.asked.lock().unwrap().push(request);
        answer
    }
}

pub(crate) fn canned(
    answer: impl Fn(&OutboundRequest) -> Result<OutboundAnswer, TransportError> + Send + Sync + 'static,
) -> Arc<Canned> {
    Arc::new(Canned {
        answer: Box::new(answer),
        asked: Mutex::default(),
    })
}

/// A JSON answer.
pub(crate) fn json_answer(body: &str) -> OutboundAnswer {
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, json);
    OutboundAnswer {
        status: StatusCode::OK,
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

pub(crate) fn config() -> RuntimeConfig {
    let now = "2026-01-31T09:05:00Z".parse().unwrap();
    RuntimeConfig::new(Arc::new(move || now))
}

pub(crate) fn runtime(transport: Arc<dyn Transport>) -> Runtime {
    Runtime::new(RuntimeConfig {
        transport: Some(transport),
        ..config()
    })
    .unwrap()
}

/// A runtime whose shop answers `{}`.
pub(crate) fn quiet() -> Runtime {
    runtime(canned(|_| Ok(json_answer("{}"))))
}

pub(crate) fn scope(tenant: &str) -> CallScope {
    CallScope {
        tenant_id: tenant.to_owned(),
        connection_id: format!("{tenant}-shop"),
        settings: json!({ "host": "shop.example" }),
        shop: json!({}),
        overrides: json!({}),
        credentials: Arc::new(Vault),
        lane: Lane::Poll,
    }
}

/// What `probe` of that component comes to.
pub(crate) async fn probe(
    runtime: &Runtime,
    component: Vec<u8>,
) -> Result<Called<ordercase_model::ShopFacts>, CallError> {
    let plugin = admit(runtime, component).await;
    runtime.probe(&plugin, &scope("t")).await
}

pub(crate) async fn admit(runtime: &Runtime, component: Vec<u8>) -> Arc<Plugin> {
    match runtime.admit(component).await {
        Ok(plugin) => plugin,
        Err(error) => panic!("{error}"),
    }
}

/// What the guest was told by `http`: the case's number and text.
pub(crate) fn told<T: std::fmt::Debug>(outcome: Result<T, CallError>) -> (u16, String) {
    match outcome {
        Err(CallError::Plugin {
            error: PluginError::Upstream { status, message },
            ..
        }) => (status, message),
        other => panic!("the guest was not refused: {other:?}"),
    }
}
