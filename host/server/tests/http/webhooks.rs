//! `POST /v1/webhooks/{connection}` answers as the issue says under "Bad input gets".

use axum::body::Body;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Method, Request, StatusCode};
use ordercase_store::{ConnectionId, ConnectionKey, HolderId, Owner, SecretValue};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    plugin,
    support::{Answer, Host, text},
};

pub(crate) const SECRET: &str = "canary-webhook-secret";

/// A host with one connected shop; its webhook path.
pub(crate) async fn shop() -> (Host, String) {
    let host = Host::new().await;
    let path = connect(&host).await;
    (host, path)
}

/// Connects a shop to the host; its webhook path.
pub(crate) async fn connect(host: &Host) -> String {
    let (tenant, _) = host.tenant("Acme").await;
    let request = Request::post("/admin/v1/plugins")
        .header("authorization", format!("Bearer {}", host.admin))
        .body(Body::from(plugin::component()))
        .unwrap();
    let admitted = host.send(request).await;
    assert_eq!(admitted.status, StatusCode::CREATED, "{admitted:?}");
    let body = json!({
        "plugin_digest": admitted.body["digest"], "name": "shop",
        "secrets": { "webhook_secret": SECRET },
    });
    let path = format!("/admin/v1/tenants/{tenant}/connections");
    let added = host.operate(Method::POST, &path, body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    let url = text(&added.body["webhook_url"]);
    url.strip_prefix("https://ordercase.example")
        .unwrap()
        .to_owned()
}

/// The connection that a webhook path names.
pub(crate) async fn connection(host: &Host, path: &str) -> ConnectionKey {
    let id = ConnectionId::new(path.rsplit('/').next().unwrap()).unwrap();
    let found = host.app.store.find_connection(&id).await.unwrap();
    found.unwrap().key
}

/// Sets what the shop signs with.
pub(crate) async fn sign_with(host: &Host, shop: &ConnectionKey, secret: &str) {
    let owner = Owner::Connection(shop.connection.clone());
    let secret = SecretValue::new(secret.to_owned());
    let now = host.app.clock.now();
    let store = &host.app.store;
    let put = store.put_secret(&shop.tenant, &owner, "webhook_secret", &secret, now);
    put.await.unwrap();
}

/// Begins to disconnect the shop.
pub(crate) async fn disconnect(host: &Host, shop: &ConnectionKey) {
    let (now, holder) = (host.app.clock.now(), HolderId::mint(1));
    let store = &host.app.store;
    let left = store.begin_leaving(shop, &holder, now, now.plus_seconds(60));
    left.await.unwrap();
}

#[tokio::test]
async fn what_changed_a_moment_ago_counts_for_the_next_delivery() {
    let (host, path) = shop().await;
    let shop = connection(&host, &path).await;
    let status = async |secret, id| deliver(&host, &path, &body(), secret, id).await.status;
    assert_eq!(status(SECRET, "e1").await, StatusCode::OK);
    sign_with(&host, &shop, "another").await;
    assert_eq!(status(SECRET, "e2").await, StatusCode::UNAUTHORIZED);
    assert_eq!(status("another", "e3").await, StatusCode::OK);
    disconnect(&host, &shop).await;
    assert_eq!(status("another", "e4").await, StatusCode::UNAUTHORIZED);
}

pub(crate) async fn deliver(
    host: &Host,
    path: &str,
    body: &[u8],
    secret: &str,
    id: &str,
) -> Answer {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let request = Request::post(path)
        .header("x-signature", hex::encode(mac.finalize().into_bytes()))
        .header("x-event-id", id)
        .header("content-type", "application/json")
        .body(Body::from(body.to_vec()))
        .unwrap();
    host.send(request).await
}

fn body() -> Vec<u8> {
    json!({ "topic": "orders/updated", "id": 1 })
        .to_string()
        .into_bytes()
}

async fn account(host: &Host) -> Value {
    let accounts = host
        .operate(Method::GET, "/admin/v1/accounts", Value::Null)
        .await;
    assert_eq!(accounts.body["adds_up"], true);
    accounts.body["accounts"][0].clone()
}

#[tokio::test]
async fn a_signed_webhook_is_200_and_so_is_its_replay() {
    let (host, path) = shop().await;
    let first = deliver(&host, &path, &body(), SECRET, "e1").await;
    assert_eq!(
        (first.status, &first.body["outcome"]),
        (StatusCode::OK, &json!("stored")),
        "{first:?}"
    );
    let again = deliver(&host, &path, &body(), SECRET, "e1").await;
    assert_eq!(
        (again.status, &again.body["outcome"]),
        (StatusCode::OK, &json!("known"))
    );
    assert_eq!(first.body["receipt"], again.body["receipt"]);
    assert_eq!(account(&host).await["received"], 2);
}

#[tokio::test]
async fn a_bad_signature_is_401_and_counted_apart() {
    let (host, path) = shop().await;
    let answer = deliver(&host, &path, &body(), "wrong", "e1").await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::UNAUTHORIZED, "bad-signature")
    );
    let bare = Request::post(&path).body(Body::from(body())).unwrap();
    assert_eq!(host.send(bare).await.status, StatusCode::UNAUTHORIZED);
    let row = account(&host).await;
    assert_eq!(
        (&row["unverified"], &row["received"]),
        (&json!(2), &json!(0))
    );
}

#[tokio::test]
async fn an_unknown_connection_looks_like_a_bad_signature() {
    let (host, path) = shop().await;
    let known = deliver(&host, &path, &body(), "wrong", "e1").await;
    let unknown = deliver(&host, "/v1/webhooks/con_none", &body(), SECRET, "e1").await;
    assert_eq!(unknown.status, known.status);
    assert_eq!(unknown.body["detail"], known.body["detail"]);
}

#[tokio::test]
async fn a_large_webhook_is_413() {
    let (host, path) = shop().await;
    let large = vec![b' '; 3 * 1024 * 1024];
    let answer = deliver(&host, &path, &large, SECRET, "e1").await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too-large")
    );
}

#[tokio::test]
async fn a_verified_webhook_that_is_not_readable_is_202_and_a_dead_letter() {
    let (host, path) = shop().await;
    for (broken, id) in [
        (&b"{\"topic\": \"orders/updated\","[..], "e1"),
        (b"{}", "e2"),
    ] {
        let answer = deliver(&host, &path, broken, SECRET, id).await;
        assert_eq!(
            (answer.status, &answer.body["outcome"]),
            (StatusCode::ACCEPTED, &json!("dead_lettered"))
        );
        let again = deliver(&host, &path, broken, SECRET, id).await;
        assert_eq!(again.status, StatusCode::ACCEPTED);
    }
    let listed = host
        .operate(Method::GET, "/admin/v1/dead-letters", Value::Null)
        .await;
    let dead = listed.body["dead_letters"].as_array().unwrap();
    assert_eq!(dead.len(), 2, "{dead:?}");
    assert!(
        dead.iter()
            .all(|letter| !text(&letter["reason"]).is_empty())
    );
    assert_eq!(account(&host).await["dead"], 2);
}

#[tokio::test]
async fn what_cannot_be_stored_is_503() {
    let (host, path) = shop().await;
    host.app.store.clone().close().await.unwrap();
    let answer = deliver(&host, &path, &body(), SECRET, "e1").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
}

#[tokio::test]
async fn a_name_is_taken_once_and_wrong_settings_leave_nothing_behind() {
    let (host, _) = shop().await;
    let tenants = host
        .operate(Method::GET, "/admin/v1/tenants", Value::Null)
        .await;
    let tenant = text(&tenants.body["tenants"][0]["tenant_id"]);
    let path = format!("/admin/v1/tenants/{tenant}/connections");
    let listed = host.operate(Method::GET, &path, Value::Null).await;
    let digest = listed.body["connections"][0]["plugin_digest"].clone();
    for (change, status, at) in [
        (json!({ "name": "shop" }), StatusCode::CONFLICT, "name"),
        (
            json!({ "secrets": {} }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "secrets",
        ),
        (
            json!({ "secrets": { "webhook_secret": "s", "x": "y" } }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "secrets.x",
        ),
        (
            json!({ "settings": { "x": "y" } }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "settings.x",
        ),
        (
            json!({ "plugin_digest": "../../etc" }),
            StatusCode::NOT_FOUND,
            "plugin_digest",
        ),
    ] {
        let mut new = json!({
            "plugin_digest": digest, "name": "other", "secrets": { "webhook_secret": "s" },
        });
        for (key, value) in change.as_object().unwrap() {
            new[key] = value.clone();
        }
        let answer = host.operate(Method::POST, &path, new).await;
        assert_eq!(
            (answer.status, answer.body["path"].as_str()),
            (status, Some(at)),
            "{answer:?}"
        );
    }
    let after = host.operate(Method::GET, &path, Value::Null).await;
    assert_eq!(after.body["connections"].as_array().unwrap().len(), 1);
}
