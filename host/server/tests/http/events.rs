//! `POST /v1/events/zendesk` answers as design §8 says.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Answer, Host, text};

const PATH: &str = "/v1/events/zendesk";

fn event() -> Value {
    json!({
        "schema": "zis-event/1", "account_id": 4242, "subdomain": "acme",
        "event_type": "ticket.TicketCreated", "ticket_id": 35436,
        "occurred_at": "2026-02-01T11:59:59Z",
        "sequence": { "id": "C20565CD", "position": 1, "total": 9 },
    })
}

async fn desk() -> (Host, String) {
    let host = Host::new().await;
    let (tenant, _) = host.tenant("Acme").await;
    let (_, token) = host.desk(&tenant, "acme").await;
    (host, token)
}

async fn post(host: &Host, token: &str, body: Value) -> Answer {
    host.ask(Method::POST, PATH, token, body).await
}

#[tokio::test]
async fn an_event_is_stored_once_and_answered_with_its_receipt() {
    let (host, token) = desk().await;
    let first = post(&host, &token, event()).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{first:?}");
    let again = post(&host, &token, event()).await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    assert_eq!(first.body["receipt"], again.body["receipt"]);
    let mut other = event();
    other["sequence"]["position"] = json!(2);
    let other = post(&host, &token, other).await;
    assert_ne!(first.body["receipt"], other.body["receipt"]);

    let accounts = host
        .operate(Method::GET, "/admin/v1/accounts", Value::Null)
        .await;
    assert_eq!(accounts.body["adds_up"], true);
    let row = &accounts.body["accounts"][0];
    assert_eq!(
        (&row["received"], &row["pending"], &row["duplicate"]),
        (&json!(3), &json!(2), &json!(1))
    );
}

#[tokio::test]
async fn an_unknown_token_is_401() {
    let (host, token) = desk().await;
    let (_, tenant_token) = host.tenant("Other").await;
    let admin = host.admin.clone();
    for wrong in [
        "",
        "nonsense",
        &tenant_token,
        &admin,
        &token[..token.len() - 1],
    ] {
        let answer = post(&host, wrong, event()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
        assert_eq!(answer.problem(), "unknown-token");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    }
}

#[tokio::test]
async fn another_accounts_event_is_403() {
    let (host, token) = desk().await;
    for (field, value) in [("account_id", json!(4243)), ("subdomain", json!("acme2"))] {
        let mut body = event();
        body[field] = value;
        let answer = post(&host, &token, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{field}");
        assert_eq!(answer.problem(), "other-account");
    }
}

#[tokio::test]
async fn a_malformed_event_is_422_with_its_path() {
    let (host, token) = desk().await;
    let mut wrong = event();
    wrong["sequence"]["position"] = json!("first");
    let answer = post(&host, &token, wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.body["path"], "sequence.position");
    assert_eq!(
        answer.headers[header::CONTENT_TYPE],
        "application/problem+json"
    );

    let mut extra = event();
    extra["subject"] = json!("secret of a customer");
    let answer = post(&host, &token, extra).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.body.to_string().contains("secret of a customer"));
}

#[tokio::test]
async fn a_malformed_event_of_a_stranger_is_401_first() {
    let (host, _) = desk().await;
    let answer = post(&host, "nonsense", json!({})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_large_event_is_413() {
    let (host, token) = desk().await;
    let mut large = event();
    large["sequence"]["id"] = json!("x".repeat(20_000));
    let answer = post(&host, &token, large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.problem(), "too-large");
}

#[tokio::test]
async fn what_cannot_be_stored_is_503_and_never_500() {
    let (host, token) = desk().await;
    host.app.store.clone().close().await.unwrap();
    let answer = post(&host, &token, event()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    let id = text(&answer.body["request_id"]);
    assert!(!id.is_empty() && answer.headers["x-request-id"] == id.as_str());
}
