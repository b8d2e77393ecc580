//! A stand-in for the Ordercase host: answers events as told, and keeps what it got.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use ordercase_zendesk::Secret;
use ordercase_zendesk::install::InstallRequest;
use serde_json::{Value, json};

pub(crate) const HOST: &str = "ordercase.example";
pub(crate) const TOKEN: &str = "planted-desk-token";

/// One event as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) authorization: String,
    pub(crate) body: Value,
}

/// The stand-in.
#[derive(Clone, Default)]
pub(crate) struct Host {
    arrived: Arc<Mutex<Vec<Arrived>>>,
    /// Statuses of the next answers; 202 when there is none left.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Host {
    pub(crate) async fn start(answers: &[u16]) -> (Self, SocketAddr) {
        let host = Self::default();
        host.answers.lock().unwrap().extend(answers);
        let router = Router::new()
            .route("/v1/events/zendesk", post(receive))
            .with_state(host.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (host, address)
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    pub(crate) fn event_types(&self) -> Vec<String> {
        let mut types: Vec<String> = self
            .arrived()
            .iter()
            .map(|event| event.body["event_type"].as_str().unwrap().to_owned())
            .collect();
        types.sort();
        types
    }
}

async fn receive(State(host): State<Host>, headers: HeaderMap, body: String) -> Response {
    host.arrived.lock().unwrap().push(Arrived {
        authorization: headers["authorization"].to_str().unwrap().to_owned(),
        body: serde_json::from_str(&body).unwrap(),
    });
    match host.answers.lock().unwrap().pop_front() {
        None | Some(202) => {
            (StatusCode::ACCEPTED, axum::Json(json!({"receipt": "r-1"}))).into_response()
        }
        Some(status) => StatusCode::from_u16(status).unwrap().into_response(),
    }
}

/// The project's own bundle, made for this account and host.
pub(crate) fn request() -> InstallRequest {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../zis-bundle/bundle/bundle.json"
    );
    let template = std::fs::read_to_string(path).unwrap();
    let bundle = ordercase_zis::Bundle::parse(&template).unwrap();
    let bundle = bundle.rekey("ordercase_acme", HOST).unwrap();
    InstallRequest {
        integration: "ordercase_acme".to_owned(),
        public_host: HOST.to_owned(),
        desk_token: Secret::new(TOKEN),
        bundle: bundle.document().clone(),
        replace_token: false,
    }
}
