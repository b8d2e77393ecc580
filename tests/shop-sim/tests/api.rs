//! The shop from outside, over HTTP, with the plugin's own queries where they are in the checkout.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail the test by panicking"
)]

use std::path::PathBuf;

use serde_json::{Value, json};
use shop_sim::{Handle, Options, Plan, start};

struct Client {
    shop: Handle,
    http: reqwest::Client,
}

impl Client {
    async fn of(options: Options) -> Self {
        let shop = start(options).await.unwrap();
        // The shop has installed the TLS provider; only loopback is spoken here.
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { shop, http }
    }

    async fn raw(&self, token: &str, body: String) -> (u16, String) {
        let url = format!("{}/admin/api/2026-10/graphql.json", self.shop.url());
        let response = self
            .http
            .post(url)
            .header("host", &self.shop.facts().shop_domain)
            .header("x-shopify-access-token", token)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let (status, text) = self.raw(&self.shop.facts().access_token, body).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.shop.url());
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.shop.url());
        let response = self
            .http
            .post(url)
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

/// The documents that the Shopify plugin sends: an operation file with every fragment file.
fn plugin_query(name: &str) -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/shopify/src/query");
    let mut text = std::fs::read_to_string(folder.join(format!("{name}.graphql"))).ok()?;
    let mut fragments: Vec<_> = std::fs::read_dir(&folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".fragment.graphql"))
        .collect();
    fragments.sort();
    loop {
        let before = text.len();
        fragments.retain(|path| {
            let fragment = std::fs::read_to_string(path).unwrap();
            let head = fragment
                .split("fragment ")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap()
                .to_owned();
            let wanted = text.contains(&format!("...{head}"));
            if wanted {
                text.push_str(&fragment);
            }
            !wanted
        });
        if text.len() == before {
            return Some(text);
        }
    }
}

fn assert_clean(answer: &Value) {
    assert!(answer.get("errors").is_none(), "{}", answer["errors"]);
}

#[tokio::test]
async fn every_query_of_the_plugin_is_answered_without_an_error() {
    let client = Client::of(Options {
        orders: 120,
        plan: Plan::Plus,
        ..Options::default()
    })
    .await;
    let orders = client.get("/_sim/orders?limit=120").await;
    let ids: Vec<&str> = orders["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["gid"].as_str().unwrap())
        .collect();
    let customers = client.get("/_sim/customers").await;
    let page = json!({ "first": 50, "query": null, "sortKey": "UPDATED_AT", "reverse": true, "lines": 10, "children": 5 });
    let cases = [
        ("shop", json!({})),
        ("orders", page),
        (
            "orders_count",
            json!({ "query": "updated_at:>='2026-01-01T00:00:00Z'" }),
        ),
        (
            "customers",
            json!({ "first": 100, "query": null, "sortKey": "UPDATED_AT", "reverse": false }),
        ),
        ("customers_count", json!({ "query": null })),
        (
            "customer",
            json!({ "id": customers["customers"][0]["gid"] }),
        ),
        (
            "order_lines",
            json!({ "id": ids[0], "after": null, "lines": 100 }),
        ),
        (
            "order_backs",
            json!({ "ids": &ids[..10], "lines": 10, "children": 5 }),
        ),
    ];
    for (name, variables) in cases {
        let Some(query) = plugin_query(name) else {
            println!("skipped: the plugin has no query '{name}'");
            continue;
        };
        let answer = client.ask(&query, variables).await;
        assert_clean(&answer);
        println!("{name}: cost {}", answer["extensions"]["cost"]);
    }
    let Some(query) = plugin_query("order") else {
        return;
    };
    for id in &ids {
        let answer = client
            .ask(&query, json!({ "id": id, "lines": 50, "children": 20 }))
            .await;
        assert_clean(&answer);
        assert_eq!(answer["data"]["order"]["id"], **id);
    }
}

const NAMES: &str = "query Names($first: Int!, $after: String) { orders(first: $first, after: $after, sortKey: CREATED_AT, reverse: true) { pageInfo { hasNextPage endCursor } nodes { id name note } } }";

#[tokio::test]
async fn a_wrong_token_is_refused_and_a_wrong_host_is_not_found() {
    let client = Client::of(Options {
        orders: 10,
        ..Options::default()
    })
    .await;
    let body = json!({ "query": "{ shop { name } }" }).to_string();
    let (status, text) = client.raw("shpat_wrong", body.clone()).await;
    assert_eq!(status, 401);
    assert!(text.contains("Invalid API key or access token"));
    let url = format!("{}/admin/api/2026-10/graphql.json", client.shop.url());
    let response = client
        .http
        .post(url)
        .header("host", "other.myshopify.com")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn an_unknown_field_is_refused_as_shopify_refuses_it() {
    let client = Client::of(Options {
        orders: 10,
        ..Options::default()
    })
    .await;
    if client.shop.facts().schema != "validated" {
        println!("skipped: ../shared is not here");
        return;
    }
    let answer = client
        .ask(
            "query Q { shop { nam } orders(first: 1, colour: RED) { nodes { id } } }",
            json!({}),
        )
        .await;
    assert!(answer.get("data").is_none());
    let codes: Vec<&str> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["extensions"]["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["undefinedField", "argumentNotAccepted"]);
    assert_eq!(
        answer["errors"][0]["message"],
        "Field 'nam' doesn't exist on type 'Shop'"
    );
}

#[tokio::test]
async fn a_query_dearer_than_the_bucket_is_throttled_with_the_numbers_to_wait_by() {
    let client = Client::of(Options {
        orders: 10,
        ..Options::default()
    })
    .await;
    client
        .post("/_sim/faults", json!({ "kind": "throttle" }))
        .await;
    let answer = client.ask(NAMES, json!({ "first": 250 })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "THROTTLED");
    let cost = &answer["extensions"]["cost"];
    assert_eq!(cost["actualQueryCost"], Value::Null);
    assert_eq!(cost["throttleStatus"]["maximumAvailable"], 2_000.0);
    assert_eq!(cost["throttleStatus"]["restoreRate"], 100.0);
    assert!(
        cost["throttleStatus"]["currentlyAvailable"]
            .as_f64()
            .unwrap()
            < cost["requestedQueryCost"].as_f64().unwrap()
    );
}

#[tokio::test]
async fn weather_lasts_until_it_is_ended_and_may_cut_an_answer_in_the_middle() {
    let client = Client::of(Options {
        orders: 5,
        ..Options::default()
    })
    .await;
    let url = format!("{}/admin/api/2026-10/graphql.json", client.shop.url());
    let ask = || {
        let request = client
            .http
            .post(&url)
            .header("host", &client.shop.facts().shop_domain)
            .header("x-shopify-access-token", &client.shop.facts().access_token)
            .header("content-type", "application/json")
            .body(json!({ "query": "{ shop { name } }" }).to_string());
        async move { request.send().await?.text().await }
    };
    let gusts = json!({ "seed": 3, "gusts": [{ "kind": "cut_answer", "per_mille": 1000 }] });
    let (status, _) = client.post("/_sim/weather", gusts).await;
    assert_eq!(status, 200);
    for _ in 0..3 {
        assert!(ask().await.is_err(), "an answer came whole");
    }
    let faults = format!("{}/_sim/faults", client.shop.url());
    client.http.delete(faults).send().await.unwrap();
    assert!(ask().await.unwrap().contains("data"));
    let (status, _) = client.post("/_sim/weather", json!({ "wind": 1 })).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn faults_happen_as_often_as_asked_and_then_stop() {
    let client = Client::of(Options {
        orders: 10,
        ..Options::default()
    })
    .await;
    let token = client.shop.facts().access_token.clone();
    let body = json!({ "query": "{ shop { name } }" }).to_string();
    client
        .post("/_sim/faults", json!([{ "kind": "status", "status": 503, "count": 2 }, { "kind": "half_answer" }, { "kind": "token_revoked" }]))
        .await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let (status, text) = client.raw(&token, body.clone()).await;
        statuses.push((status, serde_json::from_str::<Value>(&text).is_ok()));
    }
    assert_eq!(
        statuses,
        [
            (503, true),
            (503, true),
            (401, true),
            (200, false),
            (200, true)
        ]
    );
    let (status, _) = client
        .post("/_sim/faults", json!({ "kind": "earthquake" }))
        .await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn a_cursor_reset_makes_the_next_page_fail_and_the_first_one_work() {
    let client = Client::of(Options {
        orders: 30,
        ..Options::default()
    })
    .await;
    let first = client.ask(NAMES, json!({ "first": 10 })).await;
    let after = first["data"]["orders"]["pageInfo"]["endCursor"].clone();
    client
        .post("/_sim/faults", json!({ "kind": "cursor_reset" }))
        .await;
    let second = client
        .ask(NAMES, json!({ "first": 10, "after": after }))
        .await;
    assert!(
        second["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("Invalid cursor")
    );
    assert_clean(&client.ask(NAMES, json!({ "first": 10 })).await);
}

/// Takes deliveries and answers them with the statuses given, then 200.
async fn receiver(
    statuses: Vec<u16>,
) -> (
    String,
    tokio::sync::mpsc::Receiver<(Vec<(String, String)>, String)>,
) {
    use axum::http::{HeaderMap, StatusCode};
    let (sender, taken) = tokio::sync::mpsc::channel(100);
    let left = std::sync::Arc::new(std::sync::Mutex::new(statuses));
    let app = axum::Router::new().fallback(move |headers: HeaderMap, body: String| {
        let (sender, left) = (sender.clone(), left.clone());
        async move {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            sender.send((headers, body)).await.unwrap();
            let next = left.lock().unwrap().pop();
            StatusCode::from_u16(next.unwrap_or(200)).unwrap()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (target, taken)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    &headers.iter().find(|(known, _)| known == name).unwrap().1
}

async fn told_to(target: &str, seed: u64) -> Client {
    Client::of(Options {
        orders: 40,
        seed,
        webhook_address: Some("https://ordercase.example/v1/webhooks/x".to_owned()),
        dev_connect: vec![format!("ordercase.example={target}").parse().unwrap()],
        webhook_retry_ms: 1,
        ..Options::default()
    })
    .await
}

async fn unfulfilled(client: &Client) -> String {
    let orders = client
        .get("/_sim/orders?state=UNFULFILLED&financial=PAID")
        .await;
    orders["orders"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn shipping_an_order_tells_the_webhook_signed_and_changes_the_api() {
    let (target, mut taken) = receiver(vec![]).await;
    let client = told_to(&target, 3).await;
    let id = unfulfilled(&client).await;
    let (status, row) = client
        .post(
            &format!("/_sim/orders/{id}/ship"),
            json!({ "carrier": "UPS", "tracking": "1Z999" }),
        )
        .await;
    assert_eq!(
        (status, row["fulfillment_status"].as_str()),
        (200, Some("FULFILLED"))
    );
    let mut topics = Vec::new();
    for _ in 0..3 {
        let (headers, body) = taken.recv().await.unwrap();
        assert_eq!(header(&headers, "host"), "ordercase.example");
        assert_eq!(
            header(&headers, "x-shopify-shop-domain"),
            "lamplight.myshopify.com"
        );
        assert_eq!(header(&headers, "x-shopify-api-version"), "2026-10");
        let secret = &client.shop.facts().webhook_secret;
        assert_eq!(
            header(&headers, "x-shopify-hmac-sha256"),
            signed(secret, &body)
        );
        let body: Value = serde_json::from_str(&body).unwrap();
        let of = if body.get("order_id").is_some() {
            &body["order_id"]
        } else {
            &body["id"]
        };
        assert_eq!(of.to_string(), id);
        topics.push(header(&headers, "x-shopify-topic").to_owned());
    }
    topics.sort();
    assert_eq!(
        topics,
        ["fulfillments/create", "orders/fulfilled", "orders/updated"]
    );
    let query = "query($id: ID!) { order(id: $id) { fulfillments(first: 5) { trackingInfo(first: 2) { company number } } } }";
    let answer = client
        .ask(query, json!({ "id": format!("gid://shopify/Order/{id}") }))
        .await;
    let tracking = &answer["data"]["order"]["fulfillments"][0]["trackingInfo"][0];
    assert_eq!(*tracking, json!({ "company": "UPS", "number": "1Z999" }));
    let (status, _) = client
        .post(&format!("/_sim/orders/{id}/ship"), json!({}))
        .await;
    assert_eq!(status, 409);
}

#[tokio::test]
async fn a_deleted_order_is_nowhere_and_its_webhook_holds_the_id_alone() {
    let (target, mut taken) = receiver(vec![]).await;
    let client = told_to(&target, 3).await;
    let id = unfulfilled(&client).await;
    let path = format!("/_sim/orders/{id}/delete");
    assert_eq!(client.post(&path, json!({})).await.0, 200);
    let (headers, body) = taken.recv().await.unwrap();
    assert_eq!(header(&headers, "x-shopify-topic"), "orders/delete");
    assert_eq!(body, format!(r#"{{"id":{id}}}"#));
    let gid = format!("gid://shopify/Order/{id}");
    let query = "query($id: ID!) { order(id: $id) { id } orders(first: 50) { nodes { id } } }";
    let answer = client.ask(query, json!({ "id": gid })).await;
    assert_eq!(answer["data"]["order"], Value::Null);
    let listed = answer["data"]["orders"]["nodes"].as_array().unwrap();
    assert_eq!(listed.len(), 39);
    assert!(listed.iter().all(|order| order["id"] != gid));
    assert_eq!(client.post(&path, json!({})).await.0, 404);
}

fn signed(secret: &str, body: &str) -> String {
    use base64::Engine as _;
    use hmac::{KeyInit as _, Mac as _};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn a_failed_delivery_is_retried_with_the_same_body_and_ids() {
    let (target, mut taken) = receiver(vec![500, 503]).await;
    let client = told_to(&target, 4).await;
    let id = unfulfilled(&client).await;
    client
        .post(
            &format!("/_sim/orders/{id}/edit-note"),
            json!({ "note": "ring 🔔" }),
        )
        .await;
    let first = taken.recv().await.unwrap();
    for _ in 0..2 {
        let again = taken.recv().await.unwrap();
        assert_eq!(again.1, first.1);
        assert_eq!(
            header(&again.0, "x-shopify-webhook-id"),
            header(&first.0, "x-shopify-webhook-id")
        );
        assert_eq!(
            header(&again.0, "x-shopify-event-id"),
            header(&first.0, "x-shopify-event-id")
        );
    }
}

#[tokio::test]
async fn webhook_faults_double_and_missign() {
    let (target, mut taken) = receiver(vec![]).await;
    let client = told_to(&target, 5).await;
    let id = unfulfilled(&client).await;
    client
        .post(
            "/_sim/faults",
            json!([{ "kind": "webhook_duplicate" }, { "kind": "webhook_bad_signature" }]),
        )
        .await;
    client
        .post(
            &format!("/_sim/orders/{id}/edit-note"),
            json!({ "note": "a" }),
        )
        .await;
    let (first, second) = (taken.recv().await.unwrap(), taken.recv().await.unwrap());
    assert_eq!(
        header(&first.0, "x-shopify-event-id"),
        header(&second.0, "x-shopify-event-id")
    );
    assert_ne!(
        header(&first.0, "x-shopify-webhook-id"),
        header(&second.0, "x-shopify-webhook-id")
    );
    let secret = &client.shop.facts().webhook_secret;
    assert_ne!(
        header(&first.0, "x-shopify-hmac-sha256"),
        signed(secret, &first.1)
    );
}

#[tokio::test]
async fn a_restart_on_the_same_folder_is_the_same_shop() {
    let folder = tempfile::tempdir().unwrap();
    let options = || Options {
        orders: 60,
        seed: 9,
        data: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let client = Client::of(options()).await;
    let id = unfulfilled(&client).await;
    client
        .post(
            &format!("/_sim/orders/{id}/ship"),
            json!({ "tracking": "KEPT" }),
        )
        .await;
    let (_, placed) = client
        .post(
            "/_sim/orders",
            json!({ "email": "new@example.test", "lines": 500, "currency": "JPY" }),
        )
        .await;
    let before = client.get("/_sim/orders?limit=100").await;
    client.shop.stop().await;
    let client = Client::of(options()).await;
    let after = client.get("/_sim/orders?limit=100").await;
    assert_eq!(before, after);
    assert_eq!(after["orders"][0]["name"], placed["name"]);
    client.shop.stop().await;
    let other = start(Options {
        seed: 10,
        ..options()
    })
    .await;
    assert!(other.unwrap_err().to_string().contains("seed 9"));
}

#[tokio::test]
async fn two_shops_of_one_seed_are_equal_and_of_two_seeds_are_not() {
    let of = |seed| async move {
        let client = Client::of(Options {
            orders: 50,
            seed,
            ..Options::default()
        })
        .await;
        client.get("/_sim/orders").await
    };
    assert_eq!(of(1).await, of(1).await);
    assert_ne!(of(1).await, of(2).await);
}

#[tokio::test]
async fn subscriptions_are_as_strict_as_shopifys_and_deliver_their_topic_only() {
    let client = Client::of(Options {
        dev_connect: vec!["ordercase.example=127.0.0.1:9".parse().unwrap()],
        webhook_retry_ms: 1,
        ..Options::default()
    })
    .await;
    let (Some(create), Some(list), Some(delete)) = (
        plugin_query("subscribe"),
        plugin_query("subscriptions"),
        plugin_query("unsubscribe"),
    ) else {
        return;
    };
    let uri = "https://ordercase.example/v1/webhooks/con_1";
    let subscribe = async |topic: &str, input: Value| {
        let variables = json!({ "topic": topic, "webhook": input });
        client.ask(&create, variables).await
    };
    let made = subscribe("REFUNDS_CREATE", json!({ "uri": uri, "format": "JSON" })).await;
    assert_clean(&made);
    let made = &made["data"]["webhookSubscriptionCreate"];
    assert_eq!(made["userErrors"], json!([]));
    let id = made["webhookSubscription"]["id"].clone();

    let refused = async |topic: &str, input: Value| {
        let answer = subscribe(topic, input).await;
        let payload = answer["data"]["webhookSubscriptionCreate"].clone();
        assert_eq!(payload["webhookSubscription"], Value::Null);
        payload["userErrors"][0]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let taken = refused("REFUNDS_CREATE", json!({ "uri": uri })).await;
    assert_eq!(taken, "Address for this topic has already been taken");
    let plain = refused("REFUNDS_CREATE", json!({ "uri": "http://x.example/" })).await;
    assert!(plain.contains("http://"), "{plain}");
    assert!(
        refused("REFUNDS_CREATE", json!({ "uri": "nowhere" }))
            .await
            .contains("invalid")
    );
    assert!(refused("REFUNDS_CREATE", json!({})).await.contains("blank"));
    client
        .post(
            "/_sim/subscriptions",
            json!({ "refuse": ["returns/close"] }),
        )
        .await;
    let scope = refused("RETURNS_CLOSE", json!({ "uri": uri })).await;
    assert!(scope.starts_with("You cannot create"), "{scope}");
    // The privacy topics are no constants of the API.
    if client.shop.facts().schema == "validated" {
        let answer = subscribe("SHOP_REDACT", json!({ "uri": uri })).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"],
            "INVALID_VARIABLE"
        );
    }

    // Paged like every connection.
    for topic in ["ORDERS_CREATE", "ORDERS_PAID"] {
        subscribe(topic, json!({ "uri": uri })).await;
    }
    let first = client
        .ask(&list, json!({ "first": 2, "after": null }))
        .await;
    let page = &first["data"]["webhookSubscriptions"];
    assert_eq!(page["nodes"].as_array().unwrap().len(), 2);
    let after = page["pageInfo"]["endCursor"].clone();
    let second = client
        .ask(&list, json!({ "first": 2, "after": after }))
        .await;
    let page = &second["data"]["webhookSubscriptions"];
    assert_eq!(page["nodes"][0]["topic"], "ORDERS_PAID");
    assert_eq!(page["pageInfo"]["hasNextPage"], false);

    // Only what is subscribed is delivered; what is given up loses its subscription.
    let orders = client.get("/_sim/orders?limit=1&financial=PAID").await;
    let order = orders["orders"][0]["id"].as_str().unwrap().to_owned();
    client
        .post(
            &format!("/_sim/orders/{order}/refund"),
            json!({ "amount": "1.00" }),
        )
        .await;
    let log = client.get("/_sim/webhooks").await;
    let topics: Vec<&str> = log["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["topic"].as_str().unwrap())
        .collect();
    assert_eq!(topics, ["refunds/create"]);
    loop {
        let left = client.get("/_sim/subscriptions").await;
        if left["subscriptions"].as_array().unwrap().len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let gone = client.ask(&delete, json!({ "id": id })).await;
    let payload = &gone["data"]["webhookSubscriptionDelete"];
    assert_eq!(payload["deletedWebhookSubscriptionId"], Value::Null);
    assert_eq!(payload["userErrors"][0]["field"], json!(["id"]));
}
