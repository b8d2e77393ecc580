//! Dead letters and replay at the operator's door: what is shown, what is refused.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use ordercase_model::{Comparability, Completeness, Kind, Record, SCHEMA};
use ordercase_store::{Batch, Connection, ReadPath, Snapshot};
use serde_json::{Value, json};

use crate::{
    support::{Answer, Host, text},
    webhooks::{SECRET, deliver, shop},
};

const LETTERS: &str = "/admin/v1/dead-letters";

/// A host with a connected shop and so many dead webhooks; their ids, newest first.
async fn dead(count: usize) -> (Host, Vec<String>) {
    let (host, path) = shop().await;
    for n in 0..count {
        let body = format!("{{\"topic\": \"orders/updated\", \"email\": \"canary{n}@example.com\"");
        let answer = deliver(&host, &path, body.as_bytes(), SECRET, &format!("e{n}")).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    }
    let listed = get(&host, LETTERS).await;
    let ids = listed.body["dead_letters"].as_array().unwrap();
    let ids = ids.iter().map(|letter| text(&letter["id"])).collect();
    (host, ids)
}

async fn get(host: &Host, path: &str) -> Answer {
    host.operate(Method::GET, path, Value::Null).await
}

async fn post(host: &Host, path: &str, body: Value) -> Answer {
    host.operate(Method::POST, path, body).await
}

async fn connection(host: &Host) -> Connection {
    host.app.store.connections(None).await.unwrap().remove(0)
}

async fn adds_up(host: &Host) {
    assert!(host.app.store.accounts_add_up(None).await.unwrap());
}

#[tokio::test]
async fn a_list_goes_on_with_its_cursor_and_takes_filters() {
    let (host, ids) = dead(5).await;
    assert_eq!(ids.len(), 5);
    let (mut paged, mut path) = (Vec::new(), format!("{LETTERS}?limit=2"));
    loop {
        let page = get(&host, &path).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        for letter in page.body["dead_letters"].as_array().unwrap() {
            paged.push(text(&letter["id"]));
        }
        match page.body["next"].as_str() {
            Some(next) => path = format!("{LETTERS}?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(paged, ids);
    let tenant = connection(&host).await.key.tenant;
    let (other, _) = host.tenant("Other").await;
    for (query, count) in [
        (format!("tenant={tenant}"), 5),
        (format!("tenant={other}"), 0),
        ("stream=webhooks&class=malformed".to_owned(), 5),
        ("class=plugin".to_owned(), 0),
        ("stream=orders".to_owned(), 0),
        ("stream=webhooks'%20OR%20'1'='1".to_owned(), 0),
    ] {
        let listed = get(&host, &format!("{LETTERS}?{query}")).await;
        let found = listed.body["dead_letters"].as_array().unwrap().len();
        assert_eq!(found, count, "{query}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_place() {
    let (host, ids) = dead(1).await;
    let long = "A".repeat(5_000);
    for (query, place) in [
        ("class=nonsense".to_owned(), "class"),
        ("class=dead'--".to_owned(), "class"),
        ("after=nonsense".to_owned(), "after"),
        (format!("after={long}"), "after"),
        ("limit=many".to_owned(), "?"),
        ("order=asc".to_owned(), "?"),
        ("limit=1&limit=2".to_owned(), "?"),
    ] {
        let answer = get(&host, &format!("{LETTERS}?{query}")).await;
        let found = (answer.status, answer.problem(), &answer.body["path"]);
        assert_eq!(
            found,
            (StatusCode::UNPROCESSABLE_ENTITY, "malformed", &json!(place)),
            "{query}"
        );
    }
    let many: Vec<String> = (0..201).map(|n| format!("rcp_{n}")).collect();
    for body in [
        json!({}),
        json!({ "ids": [] }),
        json!({ "ids": many }),
        json!({ "ids": ids, "class": "plugin" }),
        json!({ "class": "nonsense" }),
        json!({ "id": ids }),
    ] {
        let answer = post(&host, &format!("{LETTERS}/retry"), body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    let discard = format!("{LETTERS}/{}/discard", ids[0]);
    for body in [
        json!({}),
        json!({ "reason": "  " }),
        json!({ "reason": "two\nlines" }),
        json!({ "reason": "x".repeat(501) }),
    ] {
        let answer = post(&host, &discard, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let huge = post(&host, &discard, json!({ "reason": "x".repeat(2 << 20) })).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        get(&host, LETTERS).await.body["dead_letters"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_dead_letter_is_shown_masked() {
    let (host, ids) = dead(1).await;
    let shown = get(&host, &format!("{LETTERS}/{}", ids[0])).await;
    assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
    let body = &shown.body;
    assert_eq!(body["class"], "malformed");
    assert_eq!(body["plugin"], "signed 0.1.0");
    assert_eq!(body["attempts"], 0);
    for known in [
        "owner",
        "stream",
        "kind",
        "topic",
        "entity_key",
        "reason",
        "first_at",
        "last_at",
    ] {
        assert!(
            !text(&body[known]).is_empty() || known == "topic",
            "{known}"
        );
    }
    assert_eq!(body["body"]["form"], "text");
    assert!(!body.to_string().contains("canary"), "{body}");
}

#[tokio::test]
async fn another_tenants_dead_letter_is_not_there() {
    let (host, ids) = dead(1).await;
    let (other, _) = host.tenant("Other").await;
    let id = &ids[0];
    let answers = [
        get(&host, &format!("{LETTERS}/{id}?tenant={other}")).await,
        post(
            &host,
            &format!("{LETTERS}/{id}/discard"),
            json!({ "reason": "x", "tenant": other }),
        )
        .await,
        get(&host, &format!("{LETTERS}/rcp_none")).await,
        get(&host, &format!("{LETTERS}/nonsense")).await,
        get(&host, &format!("{LETTERS}?tenant=ten_none")).await,
        post(
            &host,
            &format!("{LETTERS}/eff_none/discard"),
            json!({ "reason": "x" }),
        )
        .await,
    ];
    for answer in answers {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{answer:?}");
        assert_eq!(answer.problem(), "not-found");
    }
    let retried = post(
        &host,
        &format!("{LETTERS}/retry"),
        json!({ "ids": [id], "tenant": other }),
    )
    .await;
    assert_eq!(retried.body["retried"], json!([]));
    assert_eq!(retried.body["refused"][0]["id"], json!(id));
    adds_up(&host).await;
}

#[tokio::test]
async fn retry_and_discard_do_what_they_say_once() {
    let (host, ids) = dead(3).await;
    let retried = post(
        &host,
        &format!("{LETTERS}/retry"),
        json!({ "ids": [ids[0]] }),
    )
    .await;
    assert_eq!(retried.body, json!({ "retried": [ids[0]], "refused": [] }));
    let discard = format!("{LETTERS}/{}/discard", ids[1]);
    let done = post(&host, &discard, json!({ "reason": "spam" })).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let again = post(&host, &discard, json!({ "reason": "spam" })).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    adds_up(&host).await;
    let rest = post(
        &host,
        &format!("{LETTERS}/retry"),
        json!({ "class": "malformed" }),
    )
    .await;
    assert_eq!(rest.body["retried"], json!([ids[2]]));
    adds_up(&host).await;
    let tenant = connection(&host).await.key.tenant;
    let deeds = host.app.store.audits(&tenant).await.unwrap();
    let words: Vec<&str> = deeds.iter().map(|deed| deed.action.as_str()).collect();
    assert_eq!(
        words
            .iter()
            .filter(|word| **word == "dead_letter.retry")
            .count(),
        2
    );
    assert_eq!(
        words
            .iter()
            .filter(|word| **word == "dead_letter.discard")
            .count(),
        1
    );
}

/// A record with an answer behind it.
async fn record(host: &Host, connection: &Connection, schema: &str) {
    let record = Record {
        schema: schema.to_owned(),
        kind: Kind::Order,
        source_id: "1001".to_owned(),
        parent: None,
        source_version: None,
        source_updated_at: None,
        api_version: None,
        completeness: Completeness::Full,
        missing: BTreeMap::new(),
        warnings: Vec::new(),
        body: serde_json::value::to_raw_value(&json!({ "number": "#1001" })).unwrap(),
    };
    let now = host.app.clock.now();
    let batch = Batch {
        connection: connection.key.clone(),
        plugin_digest: connection.plugin_digest.clone(),
        mappings: 0,
        raw: vec![ordercase_store::RawBody {
            role: "orders".to_owned(),
            content_type: "application/json".to_owned(),
            bytes: b"{}".to_vec(),
        }],
        snapshots: vec![Snapshot {
            record,
            comparability: Comparability::Equality,
            path: ReadPath::Poll,
            observed_at: now,
            event_at: None,
            raw: vec![0],
        }],
    };
    host.app
        .store
        .apply_batch(batch, "orders", now)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_replay_tells_of_every_record_and_breaks_nothing() {
    let (host, _) = dead(0).await;
    let connection = connection(&host).await;
    record(&host, &connection, SCHEMA).await;
    let (tenant, id) = (&connection.key.tenant, &connection.key.connection);
    let path = format!("/admin/v1/tenants/{tenant}/connections/{id}/replay");
    // This plugin has no `map`: each record says so, and stays.
    let told = post(
        &host,
        &path,
        json!({ "entity": "order:1001", "dry_run": true }),
    )
    .await;
    assert_eq!(told.status, StatusCode::OK, "{told:?}");
    assert_eq!(told.body["counts"]["failed"], 1);
    assert_eq!(told.body["records"][0]["verdict"], "failed");
    assert_eq!(told.body["plugin_digest"], json!(connection.plugin_digest));
    let none = post(&host, &path, json!({ "plugin_digest": "' OR 1=1 --" })).await;
    assert_eq!(none.body["records"], json!([]));
    let all = post(&host, &path, json!({ "limit": 1, "per_second": 1000 })).await;
    let next = text(&all.body["next"]);
    let rest = post(&host, &path, json!({ "after": next })).await;
    assert_eq!(
        (rest.status, &rest.body["next"]),
        (StatusCode::OK, &Value::Null)
    );
    adds_up(&host).await;
}

#[tokio::test]
async fn receipts_are_replayed_by_id_class_and_time() {
    let (host, ids) = dead(3).await;
    let key = connection(&host).await.key;
    let path = format!(
        "/admin/v1/tenants/{}/connections/{}/replay",
        key.tenant, key.connection
    );
    let look = post(
        &host,
        &path,
        json!({ "class": "malformed", "dry_run": true }),
    )
    .await;
    assert_eq!(look.body["receipts"].as_array().unwrap().len(), 3);
    assert_eq!(look.body["counts"]["again"], 0);
    let one = post(&host, &path, json!({ "id": ids[0] })).await;
    assert_eq!(one.body["counts"]["again"], 1, "{one:?}");
    let none = post(&host, &path, json!({ "id": ids[0] })).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND, "it is pending now");
    let later = json!({ "receipts": true, "since": "2026-03-01T00:00:00Z" });
    assert_eq!(post(&host, &path, later).await.body["receipts"], json!([]));
    let rest = post(
        &host,
        &path,
        json!({ "receipts": true, "until": "2026-03-01T00:00:00Z" }),
    )
    .await;
    assert_eq!(rest.body["counts"]["again"], 2);
    adds_up(&host).await;
}

#[tokio::test]
async fn a_replay_that_makes_no_sense_is_refused() {
    let (host, ids) = dead(1).await;
    let connection = connection(&host).await;
    let (tenant, id) = (&connection.key.tenant, &connection.key.connection);
    let (other, _) = host.tenant("Other").await;
    for (tenant, id) in [
        (other.as_str(), id.as_str()),
        ("ten_none", id.as_str()),
        (tenant.as_str(), "con_none"),
        (tenant.as_str(), "%27%20OR%201=1"),
    ] {
        let path = format!("/admin/v1/tenants/{tenant}/connections/{id}/replay");
        let answer = post(&host, &path, json!({})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let path = format!("/admin/v1/tenants/{tenant}/connections/{id}/replay");
    let digest = &connection.plugin_digest;
    for (body, place) in [
        (json!({ "entity": "nonsense" }), "entity"),
        (json!({ "entity": "planet:1" }), "entity"),
        (
            json!({ "entity": format!("order:{}", "1".repeat(2_000)) }),
            "entity",
        ),
        (json!({ "id": ids[0], "class": "malformed" }), "id"),
        (json!({ "id": "' OR 1=1" }), "id"),
        (
            json!({ "class": "malformed", "entity": "order:1" }),
            "entity",
        ),
        (json!({ "class": "nonsense" }), "class"),
        (json!({ "after": "nonsense" }), "after"),
        (json!({ "receipts": true, "after": "nonsense" }), "after"),
        (
            json!({ "since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z" }),
            "until",
        ),
        (json!({ "since": "yesterday" }), "since"),
        (json!({ "everything": true }), "everything"),
    ] {
        let answer = post(&host, &path, body.clone()).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}: {answer:?}"
        );
        assert_eq!(answer.body["path"], place, "{body}");
    }
    let unknown = post(
        &host,
        &path,
        json!({ "with_plugin": "0".repeat(64), "dry_run": true }),
    )
    .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let pinned = post(
        &host,
        &path,
        json!({ "with_plugin": digest, "dry_run": true }),
    )
    .await;
    assert_eq!(pinned.status, StatusCode::OK, "{pinned:?}");
    adds_up(&host).await;
}

#[tokio::test]
async fn the_certificate_says_that_a_record_of_a_page_is_a_dead_letter() {
    let (host, _) = dead(0).await;
    let connection = connection(&host).await;
    let path = format!(
        "/admin/v1/connections/{}/certificate",
        connection.key.connection
    );
    let reasons = async |host: &Host| {
        let answer = get(host, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let streams = answer.body["streams"].as_array().unwrap().clone();
        let orders = streams.iter().find(|one| one["stream"] == "orders");
        orders.unwrap()["reasons"].to_string()
    };
    let before = reasons(&host).await;
    assert!(!before.contains("not stored"), "{before}");
    record(&host, &connection, "ordercase/999").await;
    let after = reasons(&host).await;
    assert!(
        after.contains("1 records were read and are not stored"),
        "{after}"
    );
    let letter = get(&host, LETTERS).await.body["dead_letters"][0].clone();
    let discard = format!("{LETTERS}/{}/discard", text(&letter["id"]));
    let answer = post(&host, &discard, json!({ "reason": "a test" })).await;
    assert!(answer.status.is_success(), "{answer:?}");
    let put_away = reasons(&host).await;
    assert!(!put_away.contains("not stored"), "{put_away}");
}
