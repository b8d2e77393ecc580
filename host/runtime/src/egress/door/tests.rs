//! Signing in: each scheme, and that nothing of it stays behind.

use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::{CredentialError, Credentials, Lane, SecretText, egress::OutboundAnswer};

struct Vault;

#[async_trait]
impl Credentials for Vault {
    async fn secret(&self, slot: &str) -> Result<SecretText, CredentialError> {
        match slot {
            "user" => Ok(SecretText::from("canary-user")),
            "password" => Ok(SecretText::from("canary/pass word")),
            "broken" => Ok(SecretText::from("canary\r\nx: y")),
            _ => Err(CredentialError::Missing {
                slot: slot.to_owned(),
            }),
        }
    }
}

#[derive(Default)]
struct Mirror(Mutex<Vec<OutboundRequest>>);

#[async_trait]
impl Transport for Mirror {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, TransportError> {
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", http::HeaderValue::from_static("text/plain"));
        let sent: Vec<String> = request
            .headers
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
            .collect();
        let body = format!("{} {}", request.url, sent.join(" "));
        self.0.lock().unwrap().push(request);
        Ok(OutboundAnswer {
            status: http::StatusCode::OK,
            headers,
            body: body.into(),
        })
    }
}

fn manifest(auth: &str) -> Manifest {
    Manifest::parse(&format!(
        r#"
        [plugin]
        id = "door"
        name = "Door"
        version = "0.1.0"
        wit = "ordercase:source@0.1.0"
        api-version = "1"
        exports = ["probe"]
        licence = "Apache-2.0"
        contact = "nobody"
        [[origins]]
        alias = "api"
        url = "https://shop.example"
        methods = ["GET"]
        path-prefixes = ["/"]
        content-types = ["text/plain"]
        auth = {{ {auth} }}
        [secrets.user]
        title = "u"
        [secrets.password]
        title = "p"
        [secrets.broken]
        title = "b"
        "#
    ))
    .unwrap()
}

fn scope(connection: &str) -> CallScope {
    CallScope {
        tenant_id: "t".to_owned(),
        connection_id: connection.to_owned(),
        settings: json!({}),
        shop: json!({}),
        overrides: json!({}),
        credentials: Arc::new(Vault),
        lane: Lane::Agent,
    }
}

async fn ask(
    auth: &str,
    query: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> (Result<Exchange, Refusal>, Vec<OutboundRequest>) {
    let pairs = |list: &[(&str, &str)]| {
        list.iter()
            .map(|&(a, b)| (a.to_owned(), b.to_owned()))
            .collect()
    };
    let mirror = Arc::new(Mirror::default());
    let now = "2026-01-31T09:05:00Z".parse().unwrap();
    let door = Door::new(mirror.clone(), Arc::new(move || now));
    let scope = scope("c");
    let asked = Asked {
        origin: Some("api".to_owned()),
        method: Method::Get,
        path: "/x".to_owned(),
        query: pairs(query),
        headers: pairs(headers),
        body: None,
        role: "r".to_owned(),
    };
    let leave = Leave {
        manifest: &manifest(auth),
        scope: &scope,
        deadline: Instant::now() + Duration::from_secs(5),
        index: 0,
        response_bytes_left: usize::MAX,
    };
    let outcome = door.send(asked, &leave).await;
    let sent = std::mem::take(&mut *mirror.0.lock().unwrap());
    (outcome, sent)
}

fn header<'a>(sent: &'a [OutboundRequest], name: &str) -> &'a str {
    sent[0].headers.get(name).unwrap().to_str().unwrap()
}

#[tokio::test]
async fn every_scheme_signs_and_leaves_no_trace() {
    let schemes = [
        r#"scheme = "header", header = "authorization", slot = "password", prefix = "Token ""#,
        r#"scheme = "bearer", slot = "password""#,
        r#"scheme = "basic", user-slot = "user", password-slot = "password""#,
        r#"scheme = "query", param = "key", slot = "password""#,
    ];
    let mut seen = Vec::new();
    for auth in schemes {
        let (outcome, sent) = ask(
            auth,
            &[("a", "b c")],
            &[("authorization", "Bearer guess"), ("accept", "text/plain")],
        )
        .await;
        let exchange = outcome.unwrap();
        let kept = format!("{exchange:?}");
        for trace in ["canary", "Y2FuYXJ5", "guess"] {
            assert!(!kept.contains(trace), "{auth} left {kept}");
        }
        assert_eq!(
            exchange.request.headers,
            [("accept".to_owned(), "text/plain".to_owned())]
        );
        let signed = if auth.contains("query") {
            sent[0].url.to_string()
        } else {
            header(&sent, "authorization").to_owned()
        };
        seen.push(signed);
    }
    assert_eq!(
        seen,
        [
            "Token canary/pass word",
            "Bearer canary/pass word",
            "Basic Y2FuYXJ5LXVzZXI6Y2FuYXJ5L3Bhc3Mgd29yZA==",
            "https://shop.example/x?a=b+c&key=canary%2Fpass+word",
        ]
    );
}

#[tokio::test]
async fn the_plugins_own_credential_is_not_sent() {
    let (outcome, sent) = ask(
        r#"scheme = "query", param = "key", slot = "password""#,
        &[("key", "guess")],
        &[],
    )
    .await;
    assert!(matches!(outcome, Err(Refusal::Denied(_))));
    assert!(sent.is_empty());
    let none = ask(
        r#"scheme = "none""#,
        &[],
        &[("authorization", "Bearer guess")],
    )
    .await;
    assert!(none.0.is_ok() && none.1[0].headers.get("authorization").is_none());
}

#[tokio::test]
async fn secrets_that_are_missing_or_cannot_be_sent_are_named_and_not_shown() {
    for slot in ["broken", "other"] {
        let auth = r#"scheme = "bearer", slot = "SLOT""#.replace("SLOT", "broken");
        let mut manifest = manifest(&auth);
        manifest.origins[0].auth = Auth::Bearer {
            slot: slot.to_owned(),
        };
        let mut url = Url::parse("https://shop.example").unwrap();
        let signed = auth::sign(
            &manifest.origins[0].auth,
            &Vault,
            &mut url,
            &mut http::HeaderMap::new(),
        )
        .await;
        let Err(refusal) = signed else {
            panic!("{slot} was sent")
        };
        let text = format!("{refusal} {refusal:?}");
        assert!(text.contains(slot) && !text.contains("canary"), "{text}");
    }
}

/// Answers customers, and nothing about orders while it is down.
#[derive(Default)]
struct HalfDown {
    down: std::sync::atomic::AtomicBool,
    dialled: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for HalfDown {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, TransportError> {
        let path = request.url.path().to_owned();
        self.dialled.lock().unwrap().push(path.clone());
        if path == "/orders" && self.down.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(TransportError::Timeout);
        }
        Ok(OutboundAnswer {
            status: http::StatusCode::OK,
            headers: http::HeaderMap::new(),
            body: Bytes::new(),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn orders_that_are_down_are_left_alone_while_customers_are_asked() {
    let source = Arc::new(HalfDown::default());
    source.down.store(true, std::sync::atomic::Ordering::SeqCst);
    let now = "2026-01-31T09:05:00Z".parse().unwrap();
    let door = Door::new(source.clone(), Arc::new(move || now));
    let manifest = manifest(r#"scheme = "none""#);
    let ask = async |role: &str, connection: &str| {
        let scope = scope(connection);
        let asked = Asked {
            origin: Some("api".to_owned()),
            method: Method::Get,
            path: format!("/{role}"),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            role: role.to_owned(),
        };
        let leave = Leave {
            manifest: &manifest,
            scope: &scope,
            deadline: Instant::now() + Duration::from_secs(5),
            index: 0,
            response_bytes_left: 1_000,
        };
        door.send(asked, &leave)
            .await
            .map(|exchange| exchange.status)
    };
    for _ in 0..limits::BREAKER.failures {
        let failed = ask("orders", "c").await;
        assert_eq!(failed, Err(Refusal::Transport(TransportError::Timeout)));
    }
    let dialled = || source.dialled.lock().unwrap().len();
    let before = dialled();
    let resting = ask("orders", "c").await.unwrap_err();
    assert!(resting.to_string().contains("failed 5 times"), "{resting}");
    assert_eq!(dialled(), before, "nothing left");
    assert_eq!(ask("customers", "c").await, Ok(200));
    let theirs = ask("orders", "another").await;
    assert_eq!(theirs, Err(Refusal::Transport(TransportError::Timeout)));
    source
        .down
        .store(false, std::sync::atomic::Ordering::SeqCst);
    tokio::time::advance(limits::BREAKER.wait).await;
    assert_eq!(ask("orders", "c").await, Ok(200));
    assert_eq!(ask("orders", "c").await, Ok(200));
}
