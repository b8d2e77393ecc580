//! The shop: GraphQL for our plugin and for loops that send its queries, REST for the others, a bulk operation for
//! Singer's tap. Every order is rendered before the port opens, so that no client waits for the shop; a page is the
//! joining of its orders. `--lazily` renders when asked instead, for shops that would not fit into memory.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};
use std::time::Instant;

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::order::{Order, graphql, places_until, rest};

/// Answers on a loopback port until it is ended.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Orders of the shop
    #[arg(long, default_value_t = 20_000)]
    orders: u64,
    /// Varies people, goods and amounts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Port on loopback; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Renders orders when they are asked for: for large shops
    #[arg(long)]
    lazily: bool,
    /// An order that is read alone has changed since it was read last
    #[arg(long)]
    moving: bool,
    /// Bucket of the REST API: calls that it holds, and calls a second that leak out of it
    #[arg(long, value_name = "HOLDS/LEAKS")]
    bucket: Option<String>,
    /// Budget of the GraphQL API: points that it holds, and points that return in a second
    #[arg(long, value_name = "HOLDS/RETURNS")]
    points: Option<String>,
}

struct Shop {
    orders: u64,
    seed: u64,
    port: u16,
    /// Rendered orders by place; empty when they are rendered on demand.
    nodes: Vec<String>,
    rest: Vec<String>,
    bucket: Option<Bucket>,
    points: Option<Bucket>,
    moving: bool,
    /// Orders that were read alone.
    reads: AtomicU64,
    calls: AtomicU64,
    pages: AtomicU64,
    bytes: AtomicU64,
    rejected: AtomicU64,
    /// Points that were paid.
    paid: AtomicU64,
}

struct Bucket {
    holds: f64,
    leaks: f64,
    level: Mutex<(f64, Instant)>,
}

/// Runs the shop.
///
/// # Errors
/// When the port cannot be taken.
pub(crate) async fn run(serve: Serve) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", serve.port)).await?;
    let port = listener.local_addr()?.port();
    let kept = if serve.lazily { 0 } else { serve.orders };
    let draw = |at| Order::draw(serve.seed, at, serve.orders);
    let shop = Shop {
        orders: serve.orders,
        seed: serve.seed,
        port,
        nodes: (0..kept)
            .map(|at| graphql::node(&draw(at)).to_string())
            .collect(),
        rest: (0..kept)
            .map(|at| rest::order(&draw(at)).to_string())
            .collect(),
        bucket: serve.bucket.as_deref().map(Bucket::parse).transpose()?,
        points: serve.points.as_deref().map(Bucket::parse).transpose()?,
        moving: serve.moving,
        reads: AtomicU64::new(0),
        calls: AtomicU64::new(0),
        pages: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        rejected: AtomicU64::new(0),
        paid: AtomicU64::new(0),
    };
    let mean = |all: &[String]| all.iter().map(String::len).sum::<usize>() / all.len().max(1);
    let sizes = json!({"graphql": mean(&shop.nodes), "rest": mean(&shop.rest)});
    let router = Router::new()
        .route("/admin/api/{version}/graphql.json", post(ask))
        .route("/admin/api/{version}/orders.json", get(page))
        .route("/admin/api/{version}/{file}", get(small))
        .route("/admin/oauth/{file}", get(small_of_account))
        .route("/bulk/orders.jsonl", get(bulk))
        .route("/_stats", get(stats))
        .with_state(Arc::new(shop));
    println!(
        "{}",
        json!({"ready": true, "address": format!("http://127.0.0.1:{port}"), "order_bytes": sizes})
    );
    axum::serve(listener, router).await?;
    Ok(())
}

impl Bucket {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (holds, leaks) = text
            .split_once('/')
            .ok_or_else(|| anyhow::anyhow!("{text} must be two numbers, such as 40/2"))?;
        Ok(Self {
            holds: holds.parse()?,
            leaks: leaks.parse()?,
            level: Mutex::new((0.0, Instant::now())),
        })
    }

    /// Whether so much still fits, and how full it is then.
    fn take(&self, much: f64) -> (bool, f64) {
        let Ok(mut level) = self.level.lock() else {
            return (true, 0.0);
        };
        let now = Instant::now();
        level.0 = (level.0 - (now - level.1).as_secs_f64() * self.leaks).max(0.0);
        level.1 = now;
        let fits = level.0 + much <= self.holds;
        if fits {
            level.0 += much;
        }
        (fits, level.0)
    }
}

impl Shop {
    fn draw(&self, at: u64) -> Order {
        Order::draw(self.seed, at, self.orders)
    }

    /// An order that is read alone.
    fn now(&self, at: u64) -> Order {
        let mut order = self.draw(at);
        if self.moving {
            order.change(1 + self.reads.fetch_add(1, Ordering::Relaxed));
        }
        order
    }

    fn push(&self, into: &mut String, kept: &[String], at: u64, render: fn(&Order) -> Value) {
        match usize::try_from(at).ok().and_then(|at| kept.get(at)) {
            Some(text) => into.push_str(text),
            None => into.push_str(&render(&self.draw(at)).to_string()),
        }
    }

    /// An answer in JSON, counted.
    fn answer(&self, body: String) -> Response {
        let bytes = body.len() as u64;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let json = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
        (json, Body::from(Bytes::from(body))).into_response()
    }
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    query: std::borrow::Cow<'a, str>,
    #[serde(default)]
    variables: Value,
}

/// Price of a query, as the shop reckons: six points an order of a page, ten for anything else.
fn price(asked: &Asked<'_>) -> f64 {
    let listed = |name: &str| asked.variables[name].as_array().map_or(0, Vec::len);
    let count = if asked.query.contains("query Orders(") {
        6 * asked.variables["first"].as_u64().unwrap_or(100)
    } else {
        10 * (1 + listed("ids") as u64)
    };
    count as f64
}

impl Shop {
    /// Takes the price of a query; what every answer then says of the budget, or that there is too little left.
    fn pay(&self, price: f64) -> Result<String, String> {
        let (fits, used, holds, returns) = match &self.points {
            Some(points) => {
                let (fits, used) = points.take(price);
                (fits, used, points.holds, points.leaks)
            }
            None => (true, price, 20_000.0, 1_000.0),
        };
        let cost = json!({"cost": {
            "requestedQueryCost": price, "actualQueryCost": price,
            "throttleStatus": {"maximumAvailable": holds, "currentlyAvailable": (holds - used).floor(), "restoreRate": returns}
        }});
        if !fits {
            self.rejected.fetch_add(1, Ordering::Relaxed);
            let errors = json!([{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]);
            return Err(json!({"errors": errors, "extensions": cost}).to_string());
        }
        self.paid.fetch_add(price as u64, Ordering::Relaxed);
        Ok(format!(",\"extensions\":{cost}}}"))
    }
}

async fn ask(State(shop): State<Arc<Shop>>, body: Bytes) -> Response {
    shop.calls.fetch_add(1, Ordering::Relaxed);
    let Ok(asked) = serde_json::from_slice::<Asked<'_>>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let cost = match shop.pay(price(&asked)) {
        Ok(cost) => cost,
        Err(throttled) => return shop.answer(throttled),
    };
    let has = |words: &str| asked.query.contains(words);
    let variables = &asked.variables;
    let data = if has("query Orders(") {
        shop.pages.fetch_add(1, Ordering::Relaxed);
        return shop.answer(orders(&shop, variables, &cost));
    } else if has("query OrderBacks(") {
        let ids = variables["ids"].as_array().into_iter().flatten();
        let nodes = ids.filter_map(|id| place(id.as_str()?));
        json!({"nodes": nodes.map(|at| graphql::back(&shop.draw(at))).collect::<Vec<_>>()})
    } else if has("query Order(") || has("query OrderLines(") {
        let at = variables["id"].as_str().and_then(place);
        json!({"order": at.filter(|at| *at < shop.orders).map(|at| graphql::whole(&shop.now(at)))})
    } else if has("query OrdersCount") {
        json!({"ordersCount": {"count": window(&shop, variables), "precision": "EXACT"}})
    } else if has("query CustomersCount") {
        json!({"customersCount": {"count": 0, "precision": "EXACT"}})
    } else if has("query Customers(") {
        json!({"customers": {"pageInfo": {"hasNextPage": false, "endCursor": null}, "nodes": []}})
    } else {
        other(&shop, &asked.query)
    };
    shop.answer(format!("{{\"data\":{data}{cost}"))
}

/// What is asked once: facts of the shop, and the bulk operation.
fn other(shop: &Shop, query: &str) -> Value {
    let operation = |status: &str| {
        json!({
            "id": "gid://shopify/BulkOperation/1", "status": status, "errorCode": null,
            "createdAt": "2026-10-21T00:00:00Z", "completedAt": "2026-10-21T00:00:01Z",
            "objectCount": shop.orders.to_string(), "fileSize": "1",
            "url": format!("http://127.0.0.1:{}/bulk/orders.jsonl", shop.port)
        })
    };
    if query.contains("bulkOperationRunQuery") {
        return json!({"bulkOperationRunQuery": {"bulkOperation": operation("CREATED"), "userErrors": []}});
    }
    if query.contains("BulkOperation") || query.contains("currentBulkOperation") {
        return json!({"node": operation("COMPLETED"), "currentBulkOperation": operation("COMPLETED")});
    }
    let scopes = [
        "read_orders",
        "read_all_orders",
        "read_customers",
        "read_fulfillments",
        "read_returns",
    ];
    let scopes: Vec<Value> = scopes
        .iter()
        .map(|scope| json!({"handle": scope}))
        .collect();
    json!({
        "shop": {
            "id": "gid://shopify/Shop/60000000000", "name": "Northwind", "myshopifyDomain": "bench.myshopify.com",
            "currencyCode": "USD", "enabledPresentmentCurrencies": ["USD"], "ianaTimezone": "America/New_York",
            "orderNumberFormatPrefix": "#", "orderNumberFormatSuffix": "",
            "plan": {"publicDisplayName": "Plus", "shopifyPlus": true, "partnerDevelopment": false}
        },
        "currentAppInstallation": {"accessScopes": scopes}
    })
}

fn place(gid: &str) -> Option<u64> {
    Order::place(gid.rsplit('/').next()?.parse().ok()?)
}

/// How many orders the asked window holds: those up to a moment, all, or none since a moment of change.
fn window(shop: &Shop, variables: &Value) -> u64 {
    let filter = variables["query"].as_str().unwrap_or_default();
    if filter.contains("updated_at:>=") {
        return 0;
    }
    let until = filter.split("created_at:<='").nth(1);
    match until.and_then(|rest| rest.split('\'').next()) {
        Some(moment) => places_until(moment, shop.orders),
        None => shop.orders,
    }
}

/// A page of orders, newest first unless asked otherwise.
fn orders(shop: &Shop, variables: &Value, cost: &str) -> String {
    let holds = window(shop, variables);
    let first = variables["first"].as_u64().unwrap_or(100).min(250);
    let given = variables["after"].as_str().and_then(|at| at.parse().ok());
    let from: u64 = given.unwrap_or(0);
    let to = (from + first).min(holds);
    let newest_first = variables["reverse"].as_bool().unwrap_or(false);
    let mut out = String::with_capacity(12_000 * usize::try_from(first).unwrap_or(100));
    out.push_str("{\"data\":{\"orders\":{\"pageInfo\":");
    out.push_str(&json!({"hasNextPage": to < holds, "endCursor": to.to_string()}).to_string());
    out.push_str(",\"nodes\":[");
    for at in from..to {
        if at > from {
            out.push(',');
        }
        let place = if newest_first { holds - 1 - at } else { at };
        shop.push(&mut out, &shop.nodes, place, graphql::node);
    }
    out.push_str("]}}");
    out.push_str(cost);
    out
}

#[derive(Deserialize)]
struct PageOf {
    limit: Option<u64>,
    page_info: Option<u64>,
    since_id: Option<u64>,
}

/// A page of the REST API, oldest first.
async fn page(
    State(shop): State<Arc<Shop>>,
    Path(version): Path<String>,
    Query(of): Query<PageOf>,
) -> Response {
    shop.calls.fetch_add(1, Ordering::Relaxed);
    let mut headers = HeaderMap::new();
    let mut level = "1/40".to_owned();
    if let Some(bucket) = &shop.bucket {
        let (fits, used) = bucket.take(1.0);
        level = format!("{}/{}", used.ceil(), bucket.holds);
        if !fits {
            shop.rejected.fetch_add(1, Ordering::Relaxed);
            let limits = [
                ("retry-after", "2.0".to_owned()),
                ("x-shopify-shop-api-call-limit", level),
            ];
            return (
                StatusCode::TOO_MANY_REQUESTS,
                limits,
                "{\"errors\":\"Exceeded 2 calls per second\"}",
            )
                .into_response();
        }
    }
    shop.pages.fetch_add(1, Ordering::Relaxed);
    let limit = of.limit.unwrap_or(50).min(250);
    let since = of
        .since_id
        .and_then(Order::place)
        .map_or(0, |place| place + 1);
    let from = of.page_info.unwrap_or(since);
    let to = (from + limit).min(shop.orders);
    if to < shop.orders {
        let next = format!(
            "<http://127.0.0.1:{}/admin/api/{version}/orders.json?limit={limit}&page_info={to}>; rel=\"next\"",
            shop.port
        );
        headers.extend(next.parse().ok().map(|next| (header::LINK, next)));
    }
    headers.extend(level.parse().ok().map(|level| {
        (
            header::HeaderName::from_static("x-shopify-shop-api-call-limit"),
            level,
        )
    }));
    let mut out = String::from("{\"orders\":[");
    for at in from..to {
        if at > from {
            out.push(',');
        }
        shop.push(&mut out, &shop.rest, at, rest::order);
    }
    out.push_str("]}");
    (headers, shop.answer(out)).into_response()
}

async fn small(State(shop): State<Arc<Shop>>, Path((_, file)): Path<(String, String)>) -> Response {
    facts(&shop, &file)
}

async fn small_of_account(State(shop): State<Arc<Shop>>, Path(file): Path<String>) -> Response {
    facts(&shop, &file)
}

/// What clients look at before they read.
fn facts(shop: &Shop, file: &str) -> Response {
    shop.calls.fetch_add(1, Ordering::Relaxed);
    let body = match file {
        "shop.json" => json!({"shop": {
            "id": 60_000_000_000_u64, "name": "Northwind", "myshopify_domain": "bench.myshopify.com",
            "email": "shop@example.com", "updated_at": "2026-01-01T00:00:00Z", "created_at": "2025-01-01T00:00:00Z"
        }}),
        "access_scopes.json" => {
            json!({"access_scopes": [{"handle": "read_orders"}, {"handle": "read_customers"}]})
        }
        "events.json" => json!({"events": []}),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    shop.answer(body.to_string())
}

/// The result of the bulk operation: a line an order, a line each of its lines.
async fn bulk(State(shop): State<Arc<Shop>>) -> Response {
    let mut out = String::new();
    for at in 0..shop.orders {
        let mut node = graphql::node(&shop.draw(at));
        let gid = node["id"].clone();
        let lines = node["lineItems"]["nodes"].take();
        if let Value::Object(node) = &mut node {
            for part in ["lineItems", "shippingLines"] {
                node.remove(part);
            }
        }
        out.push_str(&node.to_string());
        out.push('\n');
        for mut line in lines.as_array().cloned().unwrap_or_default() {
            line["__parentId"] = gid.clone();
            out.push_str(&line.to_string());
            out.push('\n');
        }
    }
    shop.bytes.fetch_add(out.len() as u64, Ordering::Relaxed);
    ([(header::CONTENT_TYPE, "application/jsonl")], out).into_response()
}

async fn stats(State(shop): State<Arc<Shop>>) -> Response {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let stats = json!({
        "calls": of(&shop.calls), "pages": of(&shop.pages), "bytes": of(&shop.bytes), "rejected": of(&shop.rejected),
        "paid": of(&shop.paid)
    });
    (
        [(header::CONTENT_TYPE, "application/json")],
        stats.to_string(),
    )
        .into_response()
}
