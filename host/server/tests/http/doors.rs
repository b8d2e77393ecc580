//! What is the same at every door: problem documents, request ids, the description, the page.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use ordercase_server::http::router;
use serde_json::{Value, json};

use crate::support::Host;

#[tokio::test]
async fn no_route_and_another_method_are_problems() {
    let host = Host::new().await;
    let nothing = host.ask(Method::GET, "/v2/nothing", "", Value::Null).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert_eq!(nothing.problem(), "no-such-route");
    let method = host
        .ask(Method::DELETE, "/v1/events/zendesk", "", Value::Null)
        .await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(method.problem(), "method-not-allowed");
    assert!(method.headers.contains_key(header::ALLOW));
    for answer in [nothing, method] {
        assert_eq!(
            answer.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
}

#[tokio::test]
async fn a_request_keeps_a_harmless_id_and_gets_one_otherwise() {
    let host = Host::new().await;
    let with = |id: &str| {
        Request::get("/health")
            .header("x-request-id", id)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(
        host.send(with("abc-1")).await.headers["x-request-id"],
        "abc-1"
    );
    let given = host.send(with("a b; drop")).await;
    assert!(
        given.headers["x-request-id"]
            .to_str()
            .unwrap()
            .starts_with("req_")
    );
}

#[tokio::test]
async fn it_lives_before_it_is_ready() {
    let host = Host::new().await;
    let health = host.ask(Method::GET, "/health", "", Value::Null).await;
    assert_eq!(
        (health.status, &health.body["status"]),
        (StatusCode::OK, &json!("ok"))
    );
    let ready = host.ask(Method::GET, "/ready", "", Value::Null).await;
    assert_eq!(
        ready.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "its engine does not run"
    );
}

#[tokio::test]
async fn the_page_brings_nothing_from_elsewhere_and_lets_nothing_in() {
    let host = Host::new().await;
    for path in ["/context", "/context/page.js", "/context/page.css"] {
        let page = host.ask(Method::GET, path, "", Value::Null).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let policy = page.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
        let text = page.body.as_str().unwrap();
        for foreign in [
            "src=\"http",
            "href=\"http",
            "innerHTML",
            "localStorage",
            "onclick",
            "<style",
        ] {
            assert!(!text.contains(foreign), "{path} has {foreign}");
        }
    }
}

#[test]
fn the_description_of_the_api_is_a_promise() {
    let document = serde_json::to_value(router::document()).unwrap();
    insta::assert_json_snapshot!("openapi", document, { ".info.version" => "[version]" });
}

#[test]
fn every_route_describes_its_refusals_as_problems() {
    let document = serde_json::to_value(router::document()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            for (status, answer) in route["responses"].as_object().unwrap() {
                if status.starts_with('2') {
                    continue;
                }
                let content = answer["content"].as_object().unwrap();
                assert!(
                    content.contains_key("application/problem+json"),
                    "{method} {path} {status}"
                );
            }
        }
    }
}
