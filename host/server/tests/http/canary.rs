//! Planted secrets and personal data never reach a log.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::body::Body;
use http::{Method, Request};
use ordercase_server::telemetry;
use serde_json::json;

use crate::webhooks;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that a caller can send, with something planted in each place.
async fn storm() -> Vec<String> {
    let (host, path) = webhooks::shop().await;
    let (tenant, tenant_token) = host.tenant("canary-tenant-name").await;
    let (desk, desk_token) = host.desk(&tenant, "acme").await;
    for token in [
        "canary-bearer",
        desk_token.as_str(),
        tenant_token.as_str(),
        &host.admin,
    ] {
        let body = json!({ "canary-key": "canary-value" });
        for path in [
            "/v1/events/zendesk",
            "/v1/events/zendesk?canary=query",
            "/canary/path",
            "/admin/v1/tenants",
            &format!("/v1/desks/{desk}/tickets/1/context"),
        ] {
            host.ask(Method::POST, path, token, body.clone()).await;
            host.ask(Method::GET, path, token, serde_json::Value::Null)
                .await;
        }
    }
    let request = Request::post(format!("{path}/canary-path-token"))
        .header("x-signature", "canary-signature")
        .body(Body::from(
            r#"{"topic":"canary-topic","email":"canary@example.com"}"#,
        ))
        .unwrap();
    host.send(request).await;
    vec![
        desk_token,
        tenant_token,
        host.admin.clone(),
        "canary".to_owned(),
    ]
}

#[tokio::test]
async fn what_is_planted_stays_out_of_the_log() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = telemetry::subscriber("trace", move || writer.clone()).unwrap();
    // For the whole process: other tests run beside this one, and what they log must not hold it either.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let planted = storm().await;
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("answered 401"),
        "the log does not tell of a refusal, so the test proves nothing:\n{log}"
    );
    for line in log.lines() {
        for secret in &planted {
            assert!(!line.contains(secret.as_str()), "{secret} is in {line}");
        }
    }
}
