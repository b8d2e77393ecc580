//! Where a plugin may go, and what comes back.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use ordercase_runtime::{
    CallError, Lane, PluginError,
    egress::{OutboundAnswer, TransportError},
};
use serde_json::json;

use super::{
    guest::{CONNECTION, DENIED, DNS, TOO_LARGE, asker},
    world::{admit, canned, json_answer, probe, runtime, scope, told},
};

#[tokio::test]
async fn paths_that_lead_elsewhere_never_leave() {
    let shop = canned(|_| Ok(json_answer("{}")));
    let runtime = runtime(shop.clone());
    for path in [
        "https://evil.example/api/x",
        "//evil.example/api/x",
        "/\\evil.example/api/x",
        "/api/../admin",
        "/api/%2e%2e/admin",
        "/api/..%2fadmin",
        "/admin",
        "/apiary",
        "/api/x?token=1",
        "/api/x#y",
        "/api/x\r\nhost: evil.example",
        "@evil.example/api/",
        "",
    ] {
        let (case, text) = told(probe(&runtime, asker(path)).await);
        assert_eq!(case, DENIED, "{path:?}: {text}");
    }
    assert!(shop.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_goes_to_the_origin_signed_and_bounded() {
    let shop = canned(|_| Ok(json_answer("{}")));
    probe(&runtime(shop.clone()), asker("/api/orders"))
        .await
        .unwrap();
    let asked = shop.asked.lock().unwrap();
    let request = asked.first().unwrap();
    assert_eq!(request.url.as_str(), "https://shop.example/api/orders");
    assert_eq!(request.method, http::Method::POST);
    assert!(request.headers.get("x-token").unwrap().is_sensitive());
    assert_eq!(request.response_bytes_max, 8 << 20);
    assert_eq!(
        (request.tenant_id.as_str(), request.connection_id.as_str()),
        ("t", "t-shop")
    );
}

#[tokio::test]
async fn settings_that_are_no_host_name_go_nowhere() {
    let shop = canned(|_| Ok(json_answer("{}")));
    let runtime = runtime(shop.clone());
    let plugin = admit(&runtime, asker("/api/x")).await;
    for host in [
        "127.0.0.1",
        "[::1]",
        "2130706433",
        "shop.example/..",
        "u@shop.example",
        "",
    ] {
        let mut scope = scope("t");
        scope.settings = json!({ "host": host });
        let error = runtime.probe(&plugin, &scope).await.unwrap_err();
        assert!(
            matches!(error.plugin_error(), Some(PluginError::InvalidConfig { field, .. }) if field == "host"),
            "{host}: {error}"
        );
    }
    assert!(shop.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_the_network_says_reaches_the_plugin_by_name() {
    let table = [
        (TransportError::TooLarge { bytes_max: 1 }, TOO_LARGE),
        (TransportError::Dns("x".to_owned()), DNS),
        (TransportError::Connection("x".to_owned()), CONNECTION),
        (TransportError::Denied("x".to_owned()), DENIED),
    ];
    for (error, case) in table {
        let shop = canned(move |_| Err(error.clone()));
        assert_eq!(told(probe(&runtime(shop), asker("/api/x")).await).0, case);
    }
}

#[tokio::test]
async fn a_web_page_instead_of_json_is_not_an_answer() {
    let page = |status| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        OutboundAnswer {
            status,
            headers,
            body: "<html>log in</html>".into(),
        }
    };
    let shop = canned(move |_| Ok(page(StatusCode::OK)));
    let (case, text) = told(probe(&runtime(shop), asker("/api/x")).await);
    assert!(
        case == CONNECTION && text.contains("text/html"),
        "{case} {text}"
    );
    // An error page is worth its status, without its text: the guest gets an empty body.
    let shop = canned(move |_| Ok(page(StatusCode::BAD_GATEWAY)));
    let error = probe(&runtime(shop), asker("/api/x")).await.unwrap_err();
    assert!(matches!(error, CallError::OutputInvalid { .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let shop = canned(|_| {
        let mut answer = json_answer("{}");
        answer.status = StatusCode::FOUND;
        let evil = HeaderValue::from_static("https://evil.example/");
        answer.headers.insert(header::LOCATION, evil);
        Ok(answer)
    });
    let called = probe(&runtime(shop.clone()), asker("/api/x"))
        .await
        .unwrap();
    assert_eq!(called.exchanges[0].status, 302);
    assert_eq!(shop.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn after_a_429_nobody_asks_until_the_source_allows_it() {
    let shop = canned(|_| {
        let mut answer = json_answer("{}");
        answer.status = StatusCode::TOO_MANY_REQUESTS;
        answer
            .headers
            .insert(header::RETRY_AFTER, HeaderValue::from_static("600"));
        Ok(answer)
    });
    let runtime = runtime(shop.clone());
    let plugin = admit(&runtime, asker("/api/x")).await;
    let mut scope = scope("t");
    scope.lane = Lane::Agent;
    runtime.probe(&plugin, &scope).await.unwrap();
    let (case, _) = told(runtime.probe(&plugin, &scope).await);
    assert_eq!(case, 1, "rate-limited");
    assert_eq!(shop.asked.lock().unwrap().len(), 1);
    // Another connection has a throttle of its own.
    let mut other = scope.clone();
    other.connection_id = "other".to_owned();
    runtime.probe(&plugin, &other).await.unwrap();
}
