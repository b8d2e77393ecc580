//! Mappings at the operator's door: what is shown, what is refused, what goes back to work.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use ordercase_model::{Comparability, Completeness, Kind, Record, SCHEMA};
use ordercase_store::{Batch, Connection, ReadPath, Snapshot};
use serde_json::{Value, json};

use crate::{
    support::{Answer, Host},
    webhooks::shop,
};

struct Door {
    host: Host,
    connection: Connection,
    path: String,
}

impl Door {
    async fn open() -> Self {
        let (host, _) = shop().await;
        let connection = host.app.store.connections(None).await.unwrap().remove(0);
        let path = format!(
            "/admin/v1/connections/{}/mappings",
            connection.key.connection
        );
        Self {
            host,
            connection,
            path,
        }
    }

    async fn get(&self) -> Value {
        let answer = self
            .host
            .operate(Method::GET, &self.path, Value::Null)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body
    }

    async fn put(&self, body: Value) -> Answer {
        self.host.operate(Method::PUT, &self.path, body).await
    }

    /// An order of a page whose state the plugin knows by that word only.
    async fn order(&self, id: &str, word: &str, revision: u64) {
        let body = json!({
            "number": id,
            "order_state": {"canonical": "unknown", "raw": word, "source_field": "state"},
        });
        let now = self.host.app.clock.now();
        let record = Record {
            schema: SCHEMA.to_owned(),
            kind: Kind::Order,
            source_id: id.to_owned(),
            parent: None,
            source_version: None,
            source_updated_at: None,
            api_version: None,
            completeness: Completeness::Full,
            missing: BTreeMap::new(),
            warnings: Vec::new(),
            body: serde_json::value::to_raw_value(&body).unwrap(),
        };
        let batch = Batch {
            connection: self.connection.key.clone(),
            plugin_digest: self.connection.plugin_digest.clone(),
            mappings: revision,
            raw: Vec::new(),
            snapshots: vec![Snapshot {
                record,
                comparability: Comparability::Equality,
                path: ReadPath::Poll,
                observed_at: now,
                event_at: None,
                raw: Vec::new(),
            }],
        };
        let store = &self.host.app.store;
        store.apply_batch(batch, "orders", now).await.unwrap();
    }
}

#[tokio::test]
async fn a_mapping_is_asked_for_added_and_releases_what_waits() {
    let door = Door::open().await;
    let empty = json!({"overrides": {}, "required": [], "revision": 0, "missing": []});
    assert_eq!(door.get().await, empty);

    let required = json!({"overrides": {}, "required": ["state", "state"]});
    let answer = door.put(required).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.body["required"], json!(["state"]));
    assert_eq!(answer.body["released"], 0);
    door.order("1", "OnHold", 1).await;
    door.order("2", "OnHold", 1).await;
    let seen = door.get().await;
    assert_eq!(seen["missing"][0]["mapping"], "state=OnHold");
    assert_eq!(seen["missing"][0]["waiting"], 2);
    assert!(seen["missing"][0]["since"].is_string());

    let letters = "/admin/v1/dead-letters?class=mapping";
    let listed = door.host.operate(Method::GET, letters, Value::Null).await;
    let letter = &listed.body["dead_letters"][0];
    assert_eq!(letter["mapping"], "state=OnHold");
    let one = format!("/admin/v1/dead-letters/{}", letter["id"].as_str().unwrap());
    let shown = door.host.operate(Method::GET, &one, Value::Null).await;
    assert_eq!(shown.body["mapping"], "state=OnHold");
    let checks = door
        .host
        .operate(Method::GET, "/admin/v1/checks", Value::Null);
    let checks = checks.await.body["checks"].clone();
    let check = checks.as_array().unwrap().iter();
    let check = check
        .clone()
        .find(|one| one["check"] == "mappings")
        .unwrap();
    assert!(
        check["do"].to_string().contains("'state=OnHold'"),
        "{check}"
    );

    let overrides = json!({"state": {"OnHold": {"order": "on_hold", "payment": "paid"}}});
    let right = json!({"overrides": overrides, "required": ["state"], "revision": 1});
    let answer = door.put(right.clone()).await;
    assert_eq!(answer.body["released"], 2, "{answer:?}");
    assert_eq!(answer.body["overrides"], overrides);
    assert_eq!(answer.body["missing"], json!([]));
    let stale = door.put(right).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{stale:?}");
    assert!(door.host.app.store.accounts_add_up(None).await.unwrap());
}

#[tokio::test]
async fn what_cannot_be_a_mapping_is_refused_with_its_place() {
    let door = Door::open().await;
    let long = "w".repeat(129);
    for (body, place) in [
        (
            json!({"overrides": {"s": {"W": {"colour": "x"}}}, "required": []}),
            "overrides.s.W.colour",
        ),
        (
            json!({"overrides": {"s": {"W": {"order": "odd"}}}, "required": []}),
            "overrides.s.W.order",
        ),
        (
            json!({"overrides": {"s": {"W": {}}}, "required": []}),
            "overrides.s.W",
        ),
        (
            json!({"overrides": {}, "required": ["ok", long]}),
            "required[1]",
        ),
    ] {
        let answer = door.put(body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{answer:?}"
        );
        assert_eq!(answer.body["path"], place);
    }
    for body in [json!({}), json!({"overrides": {"s": "W"}, "required": []})] {
        let answer = door.put(body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{answer:?}"
        );
    }
    assert_eq!(door.get().await["revision"], 0);
    let none = "/admin/v1/connections/con_none/mappings";
    let answer = door.host.operate(Method::GET, none, Value::Null).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
