//! Answers that no Zendesk should give: each is a named error, and none carries the credential on.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::any;
use ordercase_zendesk::limits::ANSWER_BYTES_MAX;
use ordercase_zendesk::ticket::TicketChange;
use ordercase_zendesk::{Auth, Client, ClientConfig, DevConnect, Secret, ZendeskError};

use crate::desk::TestClock;

/// A client whose account is answered by `router`.
async fn client_for(router: Router) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let token = Secret::new("planted");
    let mut config = ClientConfig::new("acme", Auth::OAuth { token });
    config.dev_connect = vec![DevConnect::new("acme.zendesk.com", address).unwrap()];
    config.clock = Arc::new(TestClock::default());
    Client::new(config).unwrap()
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let visits = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&visits);
    let router = Router::new()
        .route(
            "/api/v2/tickets/1.json",
            any(|| async { (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]) }),
        )
        .route(
            "/elsewhere",
            any(move || async move { *seen.lock().unwrap() += 1 }),
        );
    let error = client_for(router).await.ticket(1).await.unwrap_err();
    assert!(
        matches!(error, ZendeskError::Refused { status: 302, .. }),
        "{error}"
    );
    assert_eq!(*visits.lock().unwrap(), 0);
}

#[tokio::test]
async fn an_answer_beyond_the_bound_is_cut_off() {
    let router = Router::new().fallback(any(|| async { vec![b' '; ANSWER_BYTES_MAX + 1] }));
    let error = client_for(router).await.ticket(1).await.unwrap_err();
    let ZendeskError::Retry { reason } = error else {
        panic!("{error}");
    };
    assert!(reason.contains("longer than"), "{reason}");
}

#[tokio::test]
async fn an_answer_of_another_shape_says_where_and_quotes_nothing() {
    for body in [
        "<html>planted</html>",
        r#"{"ticket": {"id": "planted"}}"#,
        "",
        "[]",
    ] {
        let router = Router::new().fallback(any(move || async move { body.into_response() }));
        let error = client_for(router).await.ticket(1).await.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, ZendeskError::Shape { .. }), "{text}");
        assert!(text.contains("GET /api/v2/tickets/1.json"), "{text}");
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
}

#[tokio::test]
async fn the_host_header_keeps_the_real_name_when_loopback_is_dialled() {
    let router = Router::new().fallback(any(|headers: axum::http::HeaderMap| async move {
        let host = headers[header::HOST].to_str().unwrap().to_owned();
        let agent = headers[header::USER_AGENT].to_str().unwrap().to_owned();
        axum::Json(serde_json::json!({"ticket": {"id": 1, "subject": host, "description": agent}}))
    }));
    let ticket = client_for(router).await.ticket(1).await.unwrap().ticket;
    assert_eq!(ticket.subject.as_deref(), Some("acme.zendesk.com"));
    assert!(ticket.description.unwrap().starts_with("Ordercase/"));
}

#[tokio::test]
async fn a_write_that_was_never_sent_may_be_repeated() {
    // A port that nobody listens on.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut config = ClientConfig::new("acme", Auth::Anonymous);
    config.dev_connect = vec![DevConnect::new("acme.zendesk.com", address).unwrap()];
    config.clock = Arc::new(TestClock::default());
    let client = Client::new(config).unwrap();
    let change = TicketChange::default().set("priority", "high");
    let error = client.update_ticket(1, &change).await.unwrap_err();
    assert!(matches!(error, ZendeskError::Retry { .. }), "{error}");
}

#[test]
fn a_subdomain_is_a_name_and_nothing_else() {
    for bad in ["", "Acme", "acme.evil", "acme/..", "a b", "acme@x"] {
        let made = Client::new(ClientConfig::new(bad, Auth::Anonymous));
        assert!(matches!(made, Err(ZendeskError::Setup { .. })), "{bad}");
    }
}
