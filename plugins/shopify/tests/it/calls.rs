//! The calls that reach out, against scripted answers: what is asked, what comes of each answer.

use ordercase_plugin_shopify::Shopify;
use ordercase_sdk::fake::FakeHost;
use ordercase_sdk::model::{Completeness, Customer, Kind, Missing, Order, RecordRef};
use ordercase_sdk::{
    Context, Fetch, HttpError, Input, Map, PluginError, Probe, Pull, PullRequest, Query, Receive,
    Search, Subscribe, Webhook, Window,
};
use serde_json::{Value, json};

fn request(cursor: Option<String>) -> PullRequest {
    PullRequest {
        stream: "orders".to_owned(),
        window: Window::default(),
        cursor,
        limit: 100,
    }
}

/// A small order; `more` overwrites.
fn order(id: u64, more: Value) -> Value {
    let mut order = json!({
        "id": format!("gid://shopify/Order/{id}"),
        "legacyResourceId": id.to_string(),
        "name": format!("#{id}"),
        "createdAt": "2026-03-01T09:00:00Z",
        "updatedAt": "2026-03-02T09:00:00Z",
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "returnStatus": "NO_RETURN",
        "lineItems": {"pageInfo": {"hasNextPage": false, "endCursor": null}, "nodes": []},
        "fulfillments": [],
        "transactions": [],
        "refunds": [],
    });
    for (key, value) in more.as_object().unwrap() {
        order[key] = value.clone();
    }
    order
}

fn page(nodes: &[Value], next: Option<&str>) -> String {
    json!({"data": {"orders": {
        "pageInfo": {"hasNextPage": next.is_some(), "endCursor": next},
        "nodes": nodes,
    }}})
    .to_string()
}

const COUNT: &str = r#"{"data": {"ordersCount": {"count": 2000, "precision": "EXACT"}}}"#;

fn variables(host: &FakeHost, index: usize) -> Value {
    let body = host.requests()[index].body.clone().unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    body["variables"].clone()
}

fn lines(from: u32, to: u32, next: Option<&str>) -> Value {
    let nodes: Vec<Value> = (from..to)
        .map(|i| json!({"id": format!("gid://shopify/LineItem/{i}"), "title": "x", "quantity": 1}))
        .collect();
    json!({"pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}, "nodes": nodes})
}

#[test]
fn a_backfill_reads_newest_first_counts_once_and_goes_on_from_its_cursor() {
    let host = FakeHost::new();
    let served = [("X-Shopify-API-Version", "2026-10")];
    host.answer_with(200, &served, &page(&[order(1, json!({}))], Some("c1")))
        .answer(COUNT)
        .answer(&page(&[order(2, json!({}))], None));
    let first = Shopify
        .pull(&host, &Context::default(), &request(None))
        .unwrap();
    assert_eq!(first.total, Some(2000));
    assert_eq!(first.records[0].exchanges, [0]);
    assert_eq!(
        first.records[0].record.api_version.as_deref(),
        Some("2026-10")
    );
    let asked = variables(&host, 0);
    assert_eq!(
        (&asked["sortKey"], &asked["reverse"]),
        (&json!("CREATED_AT"), &json!(true))
    );
    assert_eq!(asked["query"], Value::Null);
    let second = Shopify
        .pull(&host, &Context::default(), &request(first.next))
        .unwrap();
    assert_eq!(variables(&host, 2)["after"], "c1");
    assert_eq!((second.next, second.total), (None, None));
    assert_eq!(host.unused_answers(), 0);
}

#[test]
fn a_void_cursor_is_not_the_end_of_a_history() {
    let host = FakeHost::new();
    host.answer(&page(&[order(1, json!({}))], Some("c1")))
        .answer(COUNT)
        .answer(r#"{"data": {"orders": null}, "errors": [{"message": "Invalid cursor for current pagination sort.", "path": ["orders"], "extensions": {"code": "INVALID_CURSOR"}}]}"#);
    let first = Shopify.pull(&host, &Context::default(), &request(None));
    let next = first.unwrap().next;
    let void = Shopify.pull(&host, &Context::default(), &request(next));
    assert!(
        matches!(void, Err(PluginError::InvalidCursor(_))),
        "{void:?}"
    );
}

#[test]
fn an_order_that_could_not_be_read_is_not_gone() {
    let host = FakeHost::new();
    host.answer(r#"{"data": {"order": null}, "errors": [{"message": "Internal error", "path": ["order"], "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}"#);
    let target = RecordRef {
        kind: Kind::Order,
        source_id: "1".to_owned(),
    };
    let failed = Shopify.fetch(&host, &Context::default(), &target);
    assert!(
        matches!(failed, Err(PluginError::Upstream { .. })),
        "{failed:?}"
    );
}

#[test]
fn a_window_is_read_by_change_time_oldest_first() {
    let host = FakeHost::new();
    host.answer(&page(&[], None)).answer(COUNT);
    let mut request = request(None);
    request.window = Window {
        since: Some("2026-03-01T00:00:00Z".parse().unwrap()),
        until: Some("2026-03-02T00:00:00Z".parse().unwrap()),
    };
    Shopify.pull(&host, &Context::default(), &request).unwrap();
    let asked = variables(&host, 0);
    assert_eq!(
        asked["query"],
        "updated_at:>='2026-03-01T00:00:00Z' updated_at:<'2026-03-02T00:00:00Z'"
    );
    assert_eq!(
        (&asked["sortKey"], &asked["reverse"]),
        (&json!("UPDATED_AT"), &json!(false))
    );
}

#[test]
fn a_page_too_dear_is_asked_for_in_halves_and_the_cursor_remembers() {
    let dear = r#"{"errors": [{"message": "Query cost is 1200", "extensions": {"code": "MAX_COST_EXCEEDED"}}]}"#;
    let host = FakeHost::new();
    host.answer(dear).answer(dear);
    host.answer(&page(&[order(1, json!({}))], Some("c1")))
        .answer(COUNT);
    let page = Shopify
        .pull(&host, &Context::default(), &request(None))
        .unwrap();
    let sizes: Vec<Value> = (0..3)
        .map(|i| variables(&host, i)["first"].clone())
        .collect();
    assert_eq!(sizes, [100, 50, 25]);
    let next: Value = serde_json::from_str(&page.next.unwrap()).unwrap();
    assert_eq!(next["first"], 25);
}

#[test]
fn what_came_back_is_read_for_the_orders_that_have_some_and_maps_again_from_the_raw_set() {
    let refunded = order(
        2,
        json!({"refunds": [{"id": "gid://shopify/Refund/5"}], "displayFinancialStatus": "REFUNDED"}),
    );
    let amount = json!({"shopMoney": {"amount": "5.00", "currencyCode": "EUR"}});
    let backs = json!({"data": {"nodes": [{
        "id": "gid://shopify/Order/2",
        "refunds": [{"id": "gid://shopify/Refund/5", "legacyResourceId": "5", "totalRefundedSet": amount}],
        "returns": {"nodes": []},
    }]}});
    let host = FakeHost::new();
    let bodies = [
        page(&[order(1, json!({})), refunded], None),
        backs.to_string(),
    ];
    host.answer(&bodies[0]).answer(&bodies[1]).answer(COUNT);
    let pulled = Shopify
        .pull(&host, &Context::default(), &request(None))
        .unwrap();
    assert_eq!(variables(&host, 1)["ids"], json!(["gid://shopify/Order/2"]));
    assert_eq!(pulled.records[0].exchanges, [0]);
    assert_eq!(pulled.records[1].exchanges, [0, 1]);
    let order: Order = pulled.records[1].record.read().unwrap();
    assert_eq!(order.refunds[0].source_id, "5");
    assert_eq!(pulled.records[1].record.completeness, Completeness::Full);
    let roles = host.requests();
    let inputs: Vec<Input> = bodies
        .iter()
        .zip(&roles)
        .map(|(body, request)| Input {
            role: request.role.clone(),
            content_type: "application/json".to_owned(),
            bytes: body.clone().into_bytes(),
        })
        .collect();
    let again = Shopify
        .map(&host, &Context::default(), "orders", &inputs)
        .unwrap();
    assert_eq!(again[1].body.get(), pulled.records[1].record.body.get());
}

#[test]
fn five_hundred_lines_are_read_to_their_end() {
    let long = order(1, json!({"lineItems": lines(0, 10, Some("l10"))}));
    let host = FakeHost::new();
    host.answer(&page(&[long], None));
    for from in (10..500).step_by(100) {
        let to = (from + 100).min(500);
        let next = (to < 500).then(|| format!("l{to}"));
        let more = json!({"data": {"order": {
            "id": "gid://shopify/Order/1",
            "lineItems": lines(from, to, next.as_deref()),
        }}});
        host.answer(&more.to_string());
    }
    host.answer(COUNT);
    let pulled = Shopify
        .pull(&host, &Context::default(), &request(None))
        .unwrap();
    let record = &pulled.records[0].record;
    let order: Order = record.read().unwrap();
    assert_eq!(order.lines.len(), 500);
    assert_eq!(pulled.records[0].exchanges, [0, 1, 2, 3, 4, 5]);
    assert!(record.warnings.is_empty(), "{:?}", record.warnings);
    assert_eq!(host.unused_answers(), 0);
}

#[test]
fn spent_requests_leave_a_warning_or_a_partial_record_and_no_failure() {
    let long = order(1, json!({"lineItems": lines(0, 10, Some("l10"))}));
    let returned = order(2, json!({"returnStatus": "IN_PROGRESS"}));
    let host = FakeHost::new();
    host.answer(&page(&[long, returned], None));
    host.fail(HttpError::BudgetSpent)
        .fail(HttpError::BudgetSpent);
    let pulled = Shopify
        .pull(&host, &Context::default(), &request(None))
        .unwrap();
    assert_eq!(pulled.records[0].record.warnings, ["truncated_children"]);
    let partial = &pulled.records[1].record;
    assert!(matches!(&partial.completeness, Completeness::Partial(_)));
    assert_eq!(partial.missing["returns"], Missing::NotFetched);
    assert_eq!(pulled.total, None);
}

#[test]
fn a_field_that_the_token_may_not_read_is_said_to_be_so() {
    let mut body: Value =
        serde_json::from_str(&page(&[order(1, json!({"customer": null}))], None)).unwrap();
    body["errors"] = json!([{"message": "Access denied", "path": ["orders", "nodes", 0, "customer"], "extensions": {"code": "ACCESS_DENIED"}}]);
    let host = FakeHost::new();
    host.answer(&body.to_string()).answer(COUNT);
    let pulled = Shopify
        .pull(&host, &Context::default(), &request(None))
        .unwrap();
    let missing = &pulled.records[0].record.missing;
    assert_eq!(missing["buyer.customer_source_id"], Missing::NotPermitted);
}

#[test]
fn refusals_are_told_apart() {
    let pull = |status: u16, headers: &[(&str, &str)], body: &str| {
        let host = FakeHost::new();
        host.answer_with(status, headers, body);
        Shopify
            .pull(&host, &Context::default(), &request(None))
            .unwrap_err()
    };
    assert!(matches!(pull(401, &[], "{}"), PluginError::AuthExpired(_)));
    assert_eq!(
        pull(429, &[("retry-after", "2")], "{}"),
        PluginError::RateLimited(Some(2000))
    );
    assert!(matches!(
        pull(503, &[], "down"),
        PluginError::Upstream { status: 503, .. }
    ));
    assert!(matches!(
        pull(200, &[], "<html>"),
        PluginError::Malformed(_)
    ));
    let throttled = r#"{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": {"requestedQueryCost": 600, "throttleStatus": {"currentlyAvailable": 100, "restoreRate": 50}}}}"#;
    assert_eq!(
        pull(200, &[], throttled),
        PluginError::RateLimited(Some(10_000))
    );
    let foreign = request(Some("not ours".to_owned()));
    let refused = Shopify.pull(&FakeHost::new(), &Context::default(), &foreign);
    assert!(matches!(refused, Err(PluginError::InvalidCursor(_))));
}

#[test]
fn fetch_reads_one_order_or_customer_and_knows_when_it_is_gone() {
    let target = |kind: Kind, id: &str| RecordRef {
        kind,
        source_id: id.to_owned(),
    };
    let host = FakeHost::new();
    let whole = json!({"data": {"order": order(7, json!({"returns": {"nodes": []}}))}});
    host.answer(&whole.to_string());
    let found = Shopify
        .fetch(&host, &Context::default(), &target(Kind::Order, "7"))
        .unwrap();
    assert_eq!(found[0].record.source_id, "7");
    assert_eq!(variables(&host, 0)["id"], "gid://shopify/Order/7");
    host.answer(r#"{"data": {"order": null}}"#);
    let gone = Shopify.fetch(&host, &Context::default(), &target(Kind::Order, "8"));
    assert!(matches!(gone, Err(PluginError::NotFound(_))));
    host.answer(r#"{"data": {"customer": {"legacyResourceId": "9", "displayName": "Ada"}}}"#);
    let found = Shopify
        .fetch(&host, &Context::default(), &target(Kind::Customer, "9"))
        .unwrap();
    let customer: Customer = found[0].record.read().unwrap();
    assert_eq!(customer.display_name.unwrap().as_str(), "Ada");
    let shipment = Shopify.fetch(&host, &Context::default(), &target(Kind::Shipment, "1"));
    assert!(matches!(shipment, Err(PluginError::Unsupported(_))));
}

#[test]
fn search_asks_by_what_shopify_indexes() {
    let query = |by: &str, value: &str| Query {
        by: by.to_owned(),
        value: value.to_owned(),
    };
    let host = FakeHost::new();
    host.answer(&page(&[order(1001, json!({}))], None));
    let found = Shopify.search(
        &host,
        &Context::default(),
        &query("order_number", "#1001"),
        5,
    );
    assert_eq!(found.unwrap().len(), 1);
    assert_eq!(variables(&host, 0)["query"], "name:1001");
    host.answer(&page(&[], None));
    host.answer(r#"{"data": {"customers": {"nodes": [{"legacyResourceId": "3"}]}}}"#);
    let found = Shopify.search(
        &host,
        &Context::default(),
        &query("email", "a@b.example"),
        5,
    );
    assert_eq!(found.unwrap()[0].record.kind, Kind::Customer);
    assert_eq!(variables(&host, 1)["query"], "email:\"a@b.example\"");
    host.answer(r#"{"data": {"customers": {"nodes": [{"legacyResourceId": "3"}]}}}"#);
    host.answer(&page(&[order(5, json!({}))], None));
    let found = Shopify.search(&host, &Context::default(), &query("phone", "+49 421 1"), 5);
    let kinds: Vec<Kind> = found.unwrap().iter().map(|p| p.record.kind).collect();
    assert_eq!(kinds, [Kind::Customer, Kind::Order]);
    assert_eq!(variables(&host, 4)["query"], "customer_id:3");
    let tracking = Shopify.search(
        &host,
        &Context::default(),
        &query("tracking_number", "1Z"),
        5,
    );
    assert!(matches!(tracking, Err(PluginError::Unsupported(_))));
    let nothing = Shopify.search(
        &host,
        &Context::default(),
        &query("order_number", "hello"),
        5,
    );
    assert!(nothing.unwrap().is_empty());
    assert_eq!(host.unused_answers(), 0);
}

#[test]
fn webhooks_are_hints_to_the_record_that_they_touch() {
    let receive = |topic: &str, body: Value| {
        let webhook = Webhook {
            topic: topic.to_owned(),
            headers: vec![(
                "X-Shopify-Triggered-At".to_owned(),
                "2026-03-01T10:00:00.5Z".to_owned(),
            )],
            body: body.to_string().into_bytes(),
            received_at: "2026-03-01T10:00:01Z".parse().unwrap(),
        };
        Shopify.receive(&FakeHost::new(), &Context::default(), &webhook)
    };
    let order_topics = [
        (
            "orders/updated",
            json!({"id": 820982911946154508_u64, "name": "#1"}),
        ),
        ("orders/delete", json!({"id": 820982911946154508_u64})),
        (
            "orders/edited",
            json!({"order_edit": {"id": 1, "order_id": 820982911946154508_u64}}),
        ),
        (
            "refunds/create",
            json!({"id": 2, "order_id": 820982911946154508_u64}),
        ),
        (
            "fulfillments/update",
            json!({"id": 3, "order_id": 820982911946154508_u64}),
        ),
        (
            "returns/request",
            json!({"id": 4, "order": {"id": 820982911946154508_u64}}),
        ),
        (
            "order_transactions/create",
            json!({"id": 5, "order_id": 820982911946154508_u64}),
        ),
    ];
    for (topic, body) in order_topics {
        let reading = receive(topic, body).unwrap();
        let hint = &reading.hints[0];
        assert_eq!(hint.target.kind, Kind::Order, "{topic}");
        assert_eq!(hint.target.source_id, "820982911946154508", "{topic}");
        assert_eq!(
            hint.occurred_at.unwrap().to_string(),
            "2026-03-01T10:00:00.5Z"
        );
    }
    let customer = receive("customers/update", json!({"id": 9})).unwrap();
    assert_eq!(customer.hints[0].target.kind, Kind::Customer);
    let merged = json!({"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1", "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2"});
    assert_eq!(receive("customers/merge", merged).unwrap().hints.len(), 2);
    for topic in [
        "app/uninstalled",
        "shop/redact",
        "customers/redact",
        "products/update",
    ] {
        let reading = receive(topic, json!({"id": 1})).unwrap();
        assert!(
            reading.hints.is_empty() && reading.ignored.is_some(),
            "{topic}"
        );
    }
    assert!(matches!(
        receive("orders/create", json!({})),
        Err(PluginError::Malformed(_))
    ));
    assert!(matches!(
        receive("orders/create", json!([])),
        Err(PluginError::Malformed(_))
    ));
}

#[test]
fn a_probe_tells_the_shop_and_what_the_token_may_read() {
    let host = FakeHost::new();
    host.answer_with(
        200,
        &[("x-shopify-api-version", "2026-10")],
        &json!({"data": {
            "shop": {"name": "Nordhaus", "myshopifyDomain": "nordhaus.myshopify.com", "currencyCode": "EUR", "ianaTimezone": "Europe/Berlin", "orderNumberFormatPrefix": "#", "orderNumberFormatSuffix": "", "plan": {"publicDisplayName": "Plus", "shopifyPlus": true}},
            "currentAppInstallation": {"accessScopes": [{"handle": "read_orders"}, {"handle": "read_customers"}]},
        }})
        .to_string(),
    );
    let facts = Shopify.probe(&host, &Context::default()).unwrap();
    assert_eq!(facts.currency.unwrap().as_str(), "EUR");
    assert_eq!(facts.history_days, Some(60));
    assert_eq!(facts.extra["plus"], "true");
    assert!(facts.capabilities.contains(&"search_phone".to_owned()));
    assert!(!facts.capabilities.contains(&"returns".to_owned()));
}

fn hooks(nodes: Value, next: Option<&str>) -> String {
    json!({"data": {"webhookSubscriptions": {
        "pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}, "nodes": nodes,
    }}})
    .to_string()
}

fn hook(id: u64, topic: &str, uri: &str) -> Value {
    json!({"id": format!("gid://shopify/WebhookSubscription/{id}"), "topic": topic, "uri": uri})
}

const ADDRESS: &str = "https://host.example/v1/webhooks/con_1";

#[test]
fn a_webhook_is_registered_listed_and_removed() {
    let host = FakeHost::new();
    let created = json!({"data": {"webhookSubscriptionCreate": {
        "webhookSubscription": hook(1, "ORDERS_PARTIALLY_FULFILLED", ADDRESS), "userErrors": [],
    }}});
    let deleted = json!({"data": {"webhookSubscriptionDelete": {
        "deletedWebhookSubscriptionId": "gid://shopify/WebhookSubscription/1", "userErrors": [],
    }}});
    host.answer(&created.to_string())
        .answer(&hooks(
            json!([hook(1, "ORDERS_PARTIALLY_FULFILLED", ADDRESS)]),
            Some("c1"),
        ))
        .answer(&hooks(
            json!([hook(2, "ORDER_TRANSACTIONS_CREATE", "pubsub://p:t")]),
            None,
        ))
        .answer(&deleted.to_string());
    let ctx = Context::default();
    let made = Shopify
        .register(&host, &ctx, "orders/partially_fulfilled", ADDRESS)
        .unwrap();
    assert_eq!(made.topic, "orders/partially_fulfilled");
    let asked = variables(&host, 0);
    assert_eq!(asked["topic"], "ORDERS_PARTIALLY_FULFILLED");
    assert_eq!(asked["webhook"], json!({"uri": ADDRESS, "format": "JSON"}));
    let listed = Shopify.subscriptions(&host, &ctx).unwrap();
    assert_eq!(variables(&host, 2)["after"], "c1");
    assert_eq!(listed[0], made);
    assert_eq!(
        (listed[1].topic.as_str(), listed[1].address.as_str()),
        ("order_transactions/create", "pubsub://p:t")
    );
    Shopify.remove(&host, &ctx, &made.id).unwrap();
    assert_eq!(variables(&host, 3)["id"], made.id);
    assert_eq!(host.unused_answers(), 0);
}

#[test]
fn what_the_shop_refuses_to_register_is_told_in_its_words() {
    let refused = |field: &str, message: &str| {
        json!({"data": {"webhookSubscriptionCreate": {"webhookSubscription": null,
            "userErrors": [{"field": [field], "message": message}]}}})
        .to_string()
    };
    let ctx = Context::default();
    let host = FakeHost::new();
    let scope = "You cannot create a webhook subscription with the specified topic";
    host.answer(&refused("topic", scope));
    let error = Shopify
        .register(&host, &ctx, "returns/close", ADDRESS)
        .unwrap_err();
    assert!(error.to_string().contains(scope), "{error}");
    assert!(matches!(error, PluginError::InvalidConfig { .. }));
    // Registered already: the one that is there, however it came there.
    let taken = refused(
        "webhookSubscription",
        "Address for this topic has already been taken",
    );
    host.answer(&taken).answer(&hooks(
        json!([
            hook(1, "ORDERS_CREATE", "https://other.example/"),
            hook(7, "ORDERS_CREATE", ADDRESS)
        ]),
        None,
    ));
    let known = Shopify
        .register(&host, &ctx, "orders/create", ADDRESS)
        .unwrap();
    assert_eq!(known.id, "gid://shopify/WebhookSubscription/7");
    host.answer(&refused("webhookSubscription", "Address is invalid"));
    let error = Shopify
        .register(&host, &ctx, "orders/create", ADDRESS)
        .unwrap_err();
    assert!(matches!(error, PluginError::Upstream { status: 422, .. }));
}

#[test]
fn a_webhook_that_is_gone_is_not_found() {
    let host = FakeHost::new();
    let gone = json!({"data": {"webhookSubscriptionDelete": {"deletedWebhookSubscriptionId": null,
        "userErrors": [{"field": ["id"], "message": "Webhook subscription does not exist"}]}}});
    host.answer(&gone.to_string());
    let error = Shopify.remove(
        &host,
        &Context::default(),
        "gid://shopify/WebhookSubscription/9",
    );
    assert!(matches!(error, Err(PluginError::NotFound(_))));
}
