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
        orders: 400,
        plan: Plan::Plus,
        ..Options::default()
    })
    .await;
    let orders = client.get("/_sim/orders?limit=400").await;
    let ids: Vec<&str> = orders["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["gid"].as_str().unwrap())
        .collect();
    let customers = client.get("/_sim/customers").await;
    let page = json!({ "first": 25, "query": null, "sortKey": "UPDATED_AT", "reverse": true, "lines": 5, "children": 3 });
    let cases = [
        ("shop", json!({})),
        ("orders", page),
        (
            "orders_count",
            json!({ "query": "updated_at:>='2026-01-01T00:00:00Z'" }),
        ),
        (
            "customers",
            json!({ "first": 25, "query": null, "sortKey": "UPDATED_AT", "reverse": false }),
        ),
        ("customers_count", json!({ "query": null })),
        (
            "customer",
            json!({ "id": customers["customers"][0]["gid"] }),
        ),
        (
            "order_lines",
            json!({ "id": ids[0], "after": null, "lines": 20 }),
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
            .ask(&query, json!({ "id": id, "lines": 20, "children": 5 }))
            .await;
        assert_clean(&answer);
        assert_eq!(answer["data"]["order"]["id"], **id);
    }
}
