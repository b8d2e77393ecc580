//! A store in a temporary folder with one tenant, one connection, one desk; and snapshots to put into it.

use std::collections::BTreeMap;

use ordercase_model::{
    Comparability, Completeness, Instant, Kind, Record, RecordRef, SCHEMA, TombstoneReason,
};
use serde_json::{Value, json};

use crate::*;

pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000).unwrap()
}

pub(crate) fn snapshot(
    kind: Kind,
    id: &str,
    version: Option<i64>,
    seconds: i64,
    body: &Value,
) -> Snapshot {
    Snapshot {
        record: Record {
            schema: SCHEMA.to_owned(),
            kind,
            source_id: id.to_owned(),
            parent: None,
            source_version: version.map(|v| v.to_string()),
            source_updated_at: version.map(at),
            api_version: Some("2026-10".to_owned()),
            completeness: Completeness::Full,
            missing: BTreeMap::new(),
            warnings: Vec::new(),
            body: serde_json::value::to_raw_value(body).unwrap(),
        },
        comparability: Comparability::Integer,
        path: ReadPath::Poll,
        observed_at: at(seconds),
        event_at: None,
        raw: Vec::new(),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "reads better at the many callers"
)]
pub(crate) fn order(id: &str, version: i64, seconds: i64, body: Value) -> Snapshot {
    snapshot(Kind::Order, id, Some(version), seconds, &body)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "reads better at the many callers"
)]
pub(crate) fn customer(id: &str, seconds: i64, body: Value) -> Snapshot {
    snapshot(Kind::Customer, id, Some(1), seconds, &body)
}

pub(crate) fn tombstone(kind: Kind, id: &str, reason: TombstoneReason, seconds: i64) -> Snapshot {
    let target = RecordRef {
        kind,
        source_id: id.to_owned(),
    };
    Snapshot::gone(&target, reason, ReadPath::WebhookRefetch, at(seconds)).unwrap()
}

/// An order as people know it: a number, a buyer, one line.
pub(crate) fn plain_order(n: u32) -> Value {
    json!({
        "number": format!("#{n}"),
        "placed_at": {"raw": "x", "at": at(i64::from(n)), "zone": "source"},
        "buyer": {
            "kind": "registered", "customer_source_id": format!("c{}", n % 10),
            "email": {"value": format!("p{}@example.com", n % 10), "normalised": format!("p{}@example.com", n % 10), "kind": "direct"},
        },
        "lines": [{"source_id": "1", "title": "Tea", "countable": true}],
        "shipments": [{"source_id": "s", "tracking": [{"number": format!("TRACK{n}")}]}],
    })
}

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

/// Where a store is, so that it can be opened again.
pub(crate) enum Place {
    File(tempfile::TempDir),
    Url(String),
}

impl Place {
    /// An empty one, or a copy of one whose schema is there; `None` where the database is not installed.
    pub(crate) async fn new(on: On) -> Option<Self> {
        if on == On::Sqlite {
            return Some(Self::File(tempfile::tempdir().unwrap()));
        }
        let migrated = postgres_box::cluster()?.migrated(async |url| {
            let store = Store::connect(&url, StoreOptions::default()).await;
            store.unwrap().close().await.unwrap();
        });
        Some(Self::Url(migrated.await))
    }

    /// What a child process is told.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::File(folder) => folder.path().join("ordercase.db").display().to_string(),
            Self::Url(url) => url.clone(),
        }
    }

    pub(crate) async fn open(&self, key: Option<u8>) -> Store {
        open(&self.text(), key).await
    }
}

/// Opens what [`Place::text`] says.
pub(crate) async fn open(place: &str, key: Option<u8>) -> Store {
    let options = || StoreOptions {
        master_key: key.map(|byte| MasterKey::new([byte; 32])),
    };
    if place.starts_with("postgres") {
        return Store::connect(place, options()).await.unwrap();
    }
    loop {
        match Store::open(place, options()).await {
            // A program that another test is just starting still shares all files, for a moment.
            Err(StoreError::InUse { .. }) => {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            store => return store.unwrap(),
        }
    }
}

pub(crate) struct Home {
    pub(crate) store: Store,
    pub(crate) place: Place,
    pub(crate) connection: ConnectionKey,
    pub(crate) desk: DeskKey,
}

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

pub(crate) fn holder(name: &str) -> HolderId {
    HolderId::new(name).unwrap()
}

impl Home {
    /// `None`, with a notice, where the database is not installed.
    pub(crate) async fn new(on: On) -> Option<Self> {
        let place = Place::new(on).await?;
        let store = place.open(Some(1)).await;
        let (connection, desk) = settle(&store, "t1").await;
        Some(Self {
            store,
            place,
            connection,
            desk,
        })
    }

    /// What lies on the disk under a name, where the database is a file.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        match &self.place {
            Place::File(folder) => std::fs::read(folder.path().join(name)).unwrap_or_default(),
            Place::Url(_) => Vec::new(),
        }
    }

    pub(crate) fn batch(&self, snapshots: Vec<Snapshot>) -> Batch {
        Batch {
            connection: self.connection.clone(),
            plugin_digest: "d1".to_owned(),
            mappings: 0,
            raw: Vec::new(),
            snapshots,
        }
    }

    pub(crate) async fn apply(&self, snapshots: Vec<Snapshot>) -> Vec<Outcome> {
        let applied = self
            .store
            .apply_batch(self.batch(snapshots), "orders", at(1_000))
            .await
            .unwrap();
        applied.into_iter().map(|one| one.outcome).collect()
    }

    pub(crate) fn webhook(&self, key: &str, entity: &str) -> NewReceipt {
        NewReceipt {
            tenant: self.connection.tenant.clone(),
            owner: Owner::Connection(self.connection.connection.clone()),
            stream: "webhooks".to_owned(),
            kind: ReceiptKind::Webhook,
            topic: "orders/updated".to_owned(),
            dedupe_key: key.to_owned(),
            entity_key: entity.to_owned(),
            lane: Lane::Live,
            headers: vec![("x-topic".to_owned(), "orders/updated".to_owned())],
            body: b"{}".to_vec(),
            occurred_at: None,
            received_at: at(1),
            dead: None,
        }
    }

    pub(crate) async fn claim(&self, who: &str, limit: u32, now: i64) -> Vec<Receipt> {
        let ask = ask(Lane::Live, who, limit, now);
        self.store.claim_receipts(ask).await.unwrap()
    }

    pub(crate) async fn adds_up(&self) {
        let accounts = self.store.accounts(None).await.unwrap();
        assert!(
            self.store.accounts_add_up(None).await.unwrap(),
            "{accounts:#?}"
        );
    }

    pub(crate) fn ticket(&self, ticket_id: u64) -> TicketKey {
        TicketKey {
            tenant: self.desk.tenant.clone(),
            desk: self.desk.desk.clone(),
            ticket_id,
        }
    }
}

pub(crate) fn ask(lane: Lane, who: &str, limit: u32, now: i64) -> ClaimRequest {
    ClaimRequest {
        lane,
        limit,
        holder: holder(who),
        now: at(now),
        lease_until: at(now + 60),
    }
}

/// A tenant with a connection and a desk.
pub(crate) async fn settle(store: &Store, name: &str) -> (ConnectionKey, DeskKey) {
    let tenant = tenant(name);
    store
        .add_tenant(&tenant, name, &json!({}), at(0))
        .await
        .unwrap();
    let plugin = PluginRow {
        tenant: tenant.clone(),
        digest: "d1".to_owned(),
        plugin_id: "test".to_owned(),
        version: "0.1.0".to_owned(),
        manifest: json!({}),
        admitted_at: at(0),
    };
    store.put_plugin(&plugin).await.unwrap();
    let connection = connect(store, &tenant, &format!("{name}-shop"), "Shop").await;
    let desk = DeskKey {
        tenant,
        desk: DeskId::new(format!("{name}-desk")).unwrap(),
    };
    let new = NewDesk {
        key: desk.clone(),
        subdomain: name.to_owned(),
        account_id: None,
        settings: json!({}),
    };
    store.add_desk(new, at(0)).await.unwrap();
    (connection, desk)
}

/// A shop of a tenant, with the plugin that is there.
pub(crate) async fn connect(
    store: &Store,
    tenant: &TenantId,
    id: &str,
    name: &str,
) -> ConnectionKey {
    let connection = ConnectionKey {
        tenant: tenant.clone(),
        connection: ConnectionId::new(id).unwrap(),
    };
    let new = NewConnection {
        key: connection.clone(),
        name: name.to_owned(),
        plugin_id: "test".to_owned(),
        plugin_digest: "d1".to_owned(),
        settings: json!({}),
        shop: json!({}),
        overrides: json!({}),
        streams: Vec::new(),
        first_poll_at: at(0),
    };
    store.add_connection(new, at(0)).await.unwrap();
    connection
}
