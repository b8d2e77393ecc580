//! The operator's API.

use http::{Method, StatusCode};
use ordercase_server::http::router;
use serde_json::{Value, json};

use crate::support::{Host, text};

#[tokio::test]
async fn no_admin_route_opens_without_the_operators_token() {
    let host = Host::new().await;
    let (tenant, tenant_token) = host.tenant("Acme").await;
    let (_, desk_token) = host.desk(&tenant, "acme").await;
    let document = serde_json::to_value(router::document()).unwrap();
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/admin/") {
            continue;
        }
        let path = path.replace(['{', '}'], "");
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            for token in ["", "nonsense", &tenant_token, &desk_token] {
                let answer = host.ask(method.clone(), &path, token, json!({})).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 40, "only {tried} were tried");
}

#[tokio::test]
async fn a_desk_needs_a_tenant_a_subdomain_and_credentials() {
    let host = Host::new().await;
    let (tenant, _) = host.tenant("Acme").await;
    let add = |tenant: String, body: Value| {
        let host = &host;
        async move {
            let path = format!("/admin/v1/tenants/{tenant}/desks");
            host.operate(Method::POST, &path, body).await
        }
    };
    let good = json!({ "subdomain": "acme", "secrets": { "oauth_token": "t" } });
    let missing = add("ten_none".to_owned(), good.clone()).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    for (body, path) in [
        (
            json!({ "subdomain": "Acme.zendesk.com", "secrets": { "oauth_token": "t" } }),
            "subdomain",
        ),
        (
            json!({ "subdomain": "acme", "secrets": { "email": "a@example.com" } }),
            "secrets",
        ),
        (
            json!({ "subdomain": "acme", "secrets": { "password": "x" } }),
            "secrets.password",
        ),
        (
            json!({ "subdomain": "acme", "plan": "gold", "secrets": { "oauth_token": "t" } }),
            "plan",
        ),
        (json!({ "subdomain": "acme" }), "."),
    ] {
        let answer = add(tenant.clone(), body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{path}: {answer:?}"
        );
        assert_eq!(answer.body["path"], path);
    }
    let added = add(tenant.clone(), good.clone()).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    assert_eq!(added.body["note_rule"], false, "notes are off by default");
    assert_eq!(add(tenant.clone(), good).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_note_rule_can_be_switched_and_nothing_else_changes() {
    let host = Host::new().await;
    let (tenant, _) = host.tenant("Acme").await;
    let (desk, _) = host.desk(&tenant, "acme").await;
    let path = format!("/admin/v1/tenants/{tenant}/desks/{desk}");
    let changed = host
        .operate(Method::PATCH, &path, json!({ "note_rule": true }))
        .await;
    assert_eq!(
        (changed.status, &changed.body["note_rule"]),
        (StatusCode::OK, &json!(true))
    );
    assert_eq!(changed.body["account_id"], "4242");
    let other = host
        .operate(Method::PATCH, &path, json!({ "subdomain": "x" }))
        .await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn tokens_are_shown_once_and_legacy_ones_are_named() {
    let host = Host::new().await;
    let (tenant, token) = host.tenant("Acme").await;
    let (_, event_token) = host.desk(&tenant, "acme").await;
    for path in [
        "/admin/v1/tenants".to_owned(),
        format!("/admin/v1/tenants/{tenant}/desks"),
    ] {
        let listed = host
            .operate(Method::GET, &path, Value::Null)
            .await
            .body
            .to_string();
        for secret in [&token, &event_token, "canary-api-token"] {
            assert!(!listed.contains(secret), "{path} shows a secret");
        }
    }
    let checks = host
        .operate(Method::GET, "/admin/v1/checks", Value::Null)
        .await;
    let found = checks.body["checks"].as_array().unwrap().clone();
    let legacy = found
        .iter()
        .find(|check| check["check"] == "legacy_token")
        .unwrap();
    assert_eq!(legacy["ok"], false);
    assert!(text(&legacy["found"]).contains("2027-04-30"));
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let host = Host::new().await;
    for path in [
        "/admin/v1/connections/con_none",
        "/admin/v1/desks/dsk_none/tickets/1",
        "/admin/v1/tenants/ten_none/desks",
        "/admin/v1/tenants/ten_none/connections",
    ] {
        let answer = host.operate(Method::GET, path, Value::Null).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.problem(), "not-found");
    }
    let case = json!({ "status": "open" });
    let answer = host
        .operate(Method::PATCH, "/admin/v1/cases/cas_none", case)
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_plugin_that_is_none_is_refused_by_name() {
    let host = Host::new().await;
    let request = http::Request::post("/admin/v1/plugins")
        .header("authorization", format!("Bearer {}", host.admin))
        .header("content-type", "application/wasm")
        .body(axum::body::Body::from(&b"\0asm\x0d\0\x01\0garbage"[..]))
        .unwrap();
    let answer = host.send(request).await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{answer:?}"
    );
    assert_eq!(answer.problem(), "plugin-refused");
}

#[tokio::test]
async fn how_long_things_are_kept_is_set_for_one_tenant_within_bounds() {
    let host = Host::new().await;
    let (tenant, _) = host.tenant("Acme").await;
    let (other, _) = host.tenant("Other").await;
    let path = format!("/admin/v1/tenants/{tenant}/retention");
    let usual = host.operate(Method::GET, &path, json!({})).await;
    assert_eq!(usual.status, StatusCode::OK, "{usual:?}");
    assert_eq!(usual.body["raw_days"], 90);
    let shorter = json!({ "raw_days": 7, "receipts_days": 10 });
    let set = host.operate(Method::PUT, &path, shorter).await;
    assert_eq!(set.status, StatusCode::OK, "{set:?}");
    let shown = host.operate(Method::GET, &path, json!({})).await.body;
    assert_eq!(shown, set.body);
    assert_eq!(
        (
            &shown["raw_days"],
            &shown["receipts_days"],
            &shown["audit_days"]
        ),
        (&json!(7), &json!(10), &json!(400))
    );
    for (field, days) in [("receipts_days", 6), ("raw_days", 0), ("audit_days", 3_661)] {
        let refused = host
            .operate(Method::PUT, &path, json!({ field: days }))
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(refused.body["path"], field);
    }
    let unknown = host
        .operate(Method::PUT, &path, json!({ "forever": 1 }))
        .await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        host.operate(Method::GET, &path, json!({})).await.body,
        shown
    );
    let theirs = format!("/admin/v1/tenants/{other}/retention");
    let theirs = host.operate(Method::GET, &theirs, json!({})).await;
    assert_eq!(
        theirs.body, usual.body,
        "another merchant's are as they were"
    );
}
