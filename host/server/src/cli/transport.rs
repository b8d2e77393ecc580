//! How a verb reaches the admin API: over HTTP where a server runs, else in this process.
//!
//! `--server` decides; without it the address that the data directory's last server wrote is tried,
//! and where nobody answers there the data directory's lock is taken and the same router serves the
//! request without a socket. So each verb has one code path, tested once.

use anyhow::{Context as _, bail};
use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;
use url::Url;

use super::Host;
use crate::{app, data_dir::DataDir, limits, secret::Secret};

/// The admin API, wherever it is.
pub struct Admin {
    token: Secret,
    way: Way,
}

enum Way {
    Remote {
        base: Url,
        client: reqwest::Client,
    },
    Local {
        router: Router,
        app: Box<app::Local>,
    },
}

impl Admin {
    /// Finds a server, or becomes one for this verb.
    ///
    /// # Errors
    /// When neither works; the message says what to do.
    pub async fn open(host: &Host) -> anyhow::Result<Self> {
        let data = DataDir::at(&host.data);
        if let Some(base) = &host.server {
            return Self::remote(&data, base.clone());
        }
        if let Some(base) = data.running_server()
            && answers(&base).await
        {
            return Self::remote(&data, base);
        }
        let local = app::Local::open(host).await?;
        Ok(Self {
            token: local.admin_token(),
            way: Way::Local {
                router: local.router(),
                app: Box::new(local),
            },
        })
    }

    fn remote(data: &DataDir, base: Url) -> anyhow::Result<Self> {
        let loopback = match base.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if base.scheme() != "https" && !loopback {
            bail!("{base} would carry the admin token and secrets in the clear: use https");
        }
        let token = data.admin_token()?;
        Ok(Self {
            token,
            way: Way::Remote {
                base,
                client: client(limits::ADMIN_TIMEOUT)?,
            },
        })
    }

    /// Reads one document.
    ///
    /// # Errors
    /// What the API answered, in words.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None, Bytes::new()).await
    }

    /// Takes away what a path names, and reads the answer.
    ///
    /// # Errors
    /// What the API answered, in words.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, None, Bytes::new()).await
    }

    /// Sends one document and reads the answer.
    ///
    /// # Errors
    /// What the API answered, in words.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> anyhow::Result<Value> {
        let bytes = serde_json::to_vec(&body)?;
        self.send(method, path, Some("application/json"), bytes.into())
            .await
    }

    /// Sends a plugin.
    ///
    /// # Errors
    /// What the API answered, in words.
    pub async fn upload(&self, path: &str, wasm: Vec<u8>) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some("application/wasm"), wasm.into())
            .await
    }

    /// Opens a stream of server-sent events.
    ///
    /// # Errors
    /// When no server runs, or what it answered, in words.
    pub async fn events(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let Way::Remote { base, .. } = &self.way else {
            bail!(
                "no server runs with this data directory, so nothing is being read; start one with `ordercase serve`"
            );
        };
        let url = base.join(path).context("not an address")?;
        let answer = client(limits::RUN_EVENTS_TIME_MAX)?
            .get(url)
            .bearer_auth(self.token.expose())
            .send()
            .await
            .with_context(|| format!("no answer from {base}"))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        read(status, &answer.bytes().await?)?;
        bail!("the server answered {status} without events")
    }

    /// Finishes what this process did itself.
    pub async fn close(self) {
        if let Way::Local { app, .. } = self.way {
            app.close().await;
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        kind: Option<&str>,
        body: Bytes,
    ) -> anyhow::Result<Value> {
        let (status, bytes) = match &self.way {
            Way::Remote { base, client } => {
                let url = base.join(path).context("not an address")?;
                let mut request = client
                    .request(method, url)
                    .bearer_auth(self.token.expose())
                    .body(body);
                if let Some(kind) = kind {
                    request = request.header(header::CONTENT_TYPE, kind);
                }
                let answer = request
                    .send()
                    .await
                    .with_context(|| format!("no answer from {base}"))?;
                (answer.status(), answer.bytes().await?)
            }
            Way::Local { router, .. } => {
                let mut request = Request::builder().method(method).uri(path).header(
                    header::AUTHORIZATION,
                    format!("Bearer {}", self.token.expose()),
                );
                if let Some(kind) = kind {
                    request = request.header(header::CONTENT_TYPE, kind);
                }
                let answer = router
                    .clone()
                    .oneshot(request.body(Body::from(body))?)
                    .await?;
                let (parts, body) = answer.into_parts();
                let bytes = axum::body::to_bytes(body, limits::ADMIN_BODY_BYTES_MAX).await?;
                (parts.status, bytes)
            }
        };
        read(status, &bytes)
    }
}

/// A client for calls to our own API: no redirects, so that the token goes nowhere else.
///
/// # Errors
/// When TLS cannot be set up.
pub fn client(timeout: std::time::Duration) -> anyhow::Result<reqwest::Client> {
    // Fails only when another provider was installed before, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(timeout)
        .no_proxy()
        .build()?)
}

/// Whether a live Ordercase is at that address.
pub async fn answers(base: &Url) -> bool {
    let Ok(client) = client(std::time::Duration::from_secs(2)) else {
        return false;
    };
    let Ok(url) = base.join("/health") else {
        return false;
    };
    client
        .get(url)
        .send()
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

fn read(status: StatusCode, bytes: &[u8]) -> anyhow::Result<Value> {
    let document: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(document);
    }
    let text = |key: &str| document.get(key).and_then(Value::as_str);
    let title = text("title").unwrap_or("the server refused");
    let detail = text("detail").unwrap_or("it gave no reason");
    match text("path") {
        Some(path) => bail!("{title} ({status}): {detail} (at {path})"),
        None => bail!("{title} ({status}): {detail}"),
    }
}
