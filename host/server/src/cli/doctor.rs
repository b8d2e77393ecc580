//! `ordercase doctor`: what commonly goes wrong, found from outside in, each with what to do.
//!
//! It never changes anything. Where no server answers it looks at the data directory alone.

use serde_json::{Value, json};
use url::Url;

use super::{
    Host,
    transport::{self, Admin},
};
use crate::{data_dir::DataDir, limits};

/// Looks, and reports `{"ok", "checks": [{"check", "ok", "found", "do"}], "limits"}`.
pub async fn examine(host: &Host) -> Value {
    let data = DataDir::at(&host.data);
    let mut checks = Vec::new();
    match server(host, &data).await {
        Ok(base) => {
            checks.push(good("server", format!("answers at {base}")));
            inside(host, base, &mut checks).await;
        }
        Err(check) => checks.push(check),
    }
    let ok = checks
        .iter()
        .all(|check| check.get("ok") == Some(&Value::Bool(true)));
    let limits: serde_json::Map<String, Value> = limits::table()
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.into()))
        .collect();
    json!({ "ok": ok, "checks": checks, "limits": limits })
}

async fn server(host: &Host, data: &DataDir) -> Result<Url, Value> {
    let Some(base) = host.server.clone().or_else(|| data.running_server()) else {
        return Err(bad(
            "server",
            format!("no server was ever started with {}", host.data.display()),
            "start one with `ordercase serve --data DIR`, or name its directory with --data",
        ));
    };
    if transport::answers(&base).await {
        return Ok(base);
    }
    Err(bad(
        "server",
        format!("nobody answers at {base}"),
        "start it with `ordercase serve`, or name a running one with --server",
    ))
}

async fn inside(host: &Host, base: Url, checks: &mut Vec<Value>) {
    let host = Host {
        server: Some(base),
        ..host.clone()
    };
    let asked = match Admin::open(&host).await {
        Ok(admin) => admin.get("/admin/v1/checks").await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(found) => {
            checks.push(good("admin_token", "is accepted"));
            if let Some(found) = found.get("checks").and_then(Value::as_array) {
                checks.extend(found.iter().cloned());
            }
        }
        Err(error) => checks.push(bad(
            "admin_token",
            format!("{error:#}"),
            "name the data directory of that very server with --data; its admin-token file opens it",
        )),
    }
}

/// A check that found nothing to do.
#[must_use]
pub fn good(check: &str, found: impl Into<String>) -> Value {
    json!({ "check": check, "ok": true, "found": found.into() })
}

/// A check that found something, and what to do about it.
#[must_use]
pub fn bad(check: &str, found: impl Into<String>, remedy: &str) -> Value {
    json!({ "check": check, "ok": false, "found": found.into(), "do": remedy })
}
