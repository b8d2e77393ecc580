//! `GET /v1/desks/{desk}/tickets/{ticket}/context`: a tenant reads its own and nothing else.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::support::Host;

#[tokio::test]
async fn a_tenant_reads_only_its_own_desks() {
    let host = Host::new().await;
    let (tenant, token) = host.tenant("Acme").await;
    let (_, strangers_token) = host.tenant("Stranger").await;
    let (desk, desk_token) = host.desk(&tenant, "acme").await;
    let path = format!("/v1/desks/{desk}/tickets/1/context");
    for (token, status, problem) in [
        ("", StatusCode::UNAUTHORIZED, "unknown-token"),
        (
            desk_token.as_str(),
            StatusCode::UNAUTHORIZED,
            "unknown-token",
        ),
        (
            host.admin.as_str(),
            StatusCode::UNAUTHORIZED,
            "unknown-token",
        ),
        (strangers_token.as_str(), StatusCode::NOT_FOUND, "not-found"),
        (token.as_str(), StatusCode::NOT_FOUND, "not-found"),
    ] {
        let answer = host.ask(Method::GET, &path, token, Value::Null).await;
        assert_eq!((answer.status, answer.problem()), (status, problem));
    }
    let odd = format!("/v1/desks/{desk}/tickets/abc/context");
    let answer = host.ask(Method::GET, &odd, &token, Value::Null).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
