//! A host in a temporary folder, and how to ask it.

use std::sync::Arc;

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use ordercase_server::{
    app::{App, Parts},
    clock::Clock,
    config::PublicUrl,
    data_dir::DataDir,
    database::Database,
    http::router::router,
    secret::SecretRef,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// A host that stands still: its clock says one moment, its engine does not run.
pub(crate) struct Host {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) admin: String,
    _folder: tempfile::TempDir,
}

struct Still;

impl Clock for Still {
    fn now(&self) -> ordercase_model::Instant {
        "2026-02-01T12:00:00Z".parse().unwrap()
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The last part of a problem's `type`.
    pub(crate) fn problem(&self) -> &str {
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.rsplit(':').next().unwrap_or_default()
    }
}

impl Host {
    pub(crate) async fn new() -> Self {
        Self::over(tempfile::tempdir().unwrap(), Database::Sqlite, None).await
    }

    /// With its data in that folder, over that database.
    pub(crate) async fn over(
        folder: tempfile::TempDir,
        database: Database,
        master_key: Option<SecretRef>,
    ) -> Self {
        let data = DataDir::at(folder.path());
        let app = App::assemble(Parts {
            data: data.clone(),
            shops: ordercase_server::config::ShopTimes::default(),
            public_url: PublicUrl::new(&"https://ordercase.example".parse().unwrap()).unwrap(),
            dev_connect: Vec::new(),
            master_key,
            database,
            clock: Arc::new(Still),
            stop: CancellationToken::new(),
        })
        .await
        .unwrap();
        Self {
            router: router(Arc::clone(&app)),
            admin: data.admin_token().unwrap().expose().to_owned(),
            app,
            _folder: folder,
        }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())),
        }
    }

    /// Asks with JSON and a bearer token; an empty token sends none.
    pub(crate) async fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Asks as the operator.
    pub(crate) async fn operate(&self, method: Method, path: &str, body: Value) -> Answer {
        self.ask(method, path, &self.admin, body).await
    }

    /// A tenant: its id and its token.
    pub(crate) async fn tenant(&self, name: &str) -> (String, String) {
        let added = self
            .operate(Method::POST, "/admin/v1/tenants", json!({ "name": name }))
            .await;
        assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
        (
            text(&added.body["tenant_id"]),
            text(&added.body["context_token"]),
        )
    }

    /// A desk: its id and its token.
    pub(crate) async fn desk(&self, tenant: &str, subdomain: &str) -> (String, String) {
        let body = json!({
            "subdomain": subdomain, "account_id": 4242,
            "secrets": { "email": "agent@example.com", "api_token": "canary-api-token" },
        });
        let path = format!("/admin/v1/tenants/{tenant}/desks");
        let added = self.operate(Method::POST, &path, body).await;
        assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
        (
            text(&added.body["desk_id"]),
            text(&added.body["event_token"]),
        )
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
