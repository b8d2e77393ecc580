//! A tenant with a shop and a desk, tickets in memory, and time that only moves when a test says so.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use ordercase_desk::{
    AuditMark, Desk, DeskKey, Finder, Handled, HelpDesk, HelpDeskError, Person, RecordsChanged,
    Role, TicketComment, TicketEvent, TicketSnapshot,
};
use ordercase_model::{Comparability, Completeness, Instant, Kind, Record, SCHEMA};
use ordercase_store::{
    Batch, ClaimRequest, ConnectionId, ConnectionKey, DeskId, Effect, EffectRequest,
    EffectSettlement, HolderId, Lane, NewConnection, NewDesk, PluginRow, ReadPath, Receipt,
    RecordChange, Snapshot, Store, StoreOptions, TenantId, TicketKey,
};
use serde_json::{Value, json};

pub(crate) const FIELDS: [(&str, &str); 7] = [
    ("match", "1"),
    ("order_number", "2"),
    ("order_status", "3"),
    ("payment_status", "4"),
    ("fulfilment_status", "5"),
    ("tracking", "6"),
    ("case", "7"),
];

pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000).unwrap()
}

/// A help desk in memory.
#[derive(Default)]
pub(crate) struct Tickets {
    tickets: Mutex<BTreeMap<u64, TicketSnapshot>>,
    next: AtomicUsize,
    clock: AtomicI64,
    /// When people moved a property of a ticket.
    moved: Mutex<Vec<(u64, Instant, &'static str)>>,
}

impl Tickets {
    fn id(&self) -> u64 {
        100 + self.next.fetch_add(1, Ordering::SeqCst) as u64
    }

    /// Changes a ticket the way a person does: with an audit that is not ours.
    pub(crate) fn change(&self, id: u64, change: impl FnOnce(&mut TicketSnapshot)) {
        let audit = self.id();
        self.write(id, audit, None, change);
    }

    pub(crate) fn get(&self, id: u64) -> TicketSnapshot {
        self.tickets.lock().unwrap()[&id].clone()
    }

    pub(crate) fn remove(&self, id: u64) {
        self.tickets.lock().unwrap().remove(&id);
    }

    /// Adds a comment of that author.
    pub(crate) fn comment(&self, id: u64, author_id: u64, body: &str, public: bool) {
        let (audit, comment) = (self.id(), self.id());
        self.write(id, audit, None, |ticket| {
            ticket.comments.push(TicketComment {
                id: comment,
                author_id,
                body: body.to_owned(),
                public,
                created_at: ticket.updated_at,
                audit_id: Some(audit),
                channel: "web".to_owned(),
                ..TicketComment::default()
            });
        });
    }

    fn write(
        &self,
        id: u64,
        audit: u64,
        op_id: Option<String>,
        change: impl FnOnce(&mut TicketSnapshot),
    ) {
        let mut tickets = self.tickets.lock().unwrap();
        let ticket = tickets.entry(id).or_default();
        let before = ticket.clone();
        let now = at(self.clock.fetch_add(1, Ordering::SeqCst));
        ticket.updated_at = Some(now);
        ticket.updated_stamp = Some(now.to_string());
        change(ticket);
        if op_id.is_none() {
            let mut moved = self.moved.lock().unwrap();
            moved.extend((before.status != ticket.status).then_some((id, now, "status")));
            moved.extend((before.priority != ticket.priority).then_some((id, now, "priority")));
        }
        ticket.audits.push(AuditMark {
            id: audit,
            created_at: Some(now),
            op_id,
        });
    }

    /// Executes an effect as the real executor does; whether anything was written.
    fn execute(&self, effect: &Effect) -> bool {
        let payload = &effect.payload;
        let id = payload["ticket_id"].as_u64().unwrap();
        let before = self.get(id);
        let op = payload["op_id"].as_str().unwrap().to_owned();
        if before
            .audits
            .iter()
            .any(|audit| audit.op_id.as_ref() == Some(&op))
        {
            return false;
        }
        if self.is_stale(id, payload) {
            return false;
        }
        let mut after = before.clone();
        let audit = self.id();
        match effect.kind.as_str() {
            "ticket.tags" => {
                let list = |name: &str| -> Vec<String> {
                    serde_json::from_value(payload[name].clone()).unwrap()
                };
                after.tags.retain(|tag| !list("remove").contains(tag));
                for tag in list("add") {
                    if !after.tags.contains(&tag) {
                        after.tags.push(tag);
                    }
                }
            }
            "ticket.update" => self.update(payload, &mut after, audit),
            other => panic!("unknown effect {other}"),
        }
        if after == before {
            return false;
        }
        assert_ne!(
            before.status, "closed",
            "a closed ticket was written: {payload}"
        );
        self.write(id, audit, Some(op), |ticket| {
            let stamps = (ticket.updated_at, ticket.updated_stamp.clone());
            *ticket = after;
            (ticket.updated_at, ticket.updated_stamp) = stamps;
        });
        true
    }

    /// Whether somebody moved what the effect writes since it was decided.
    fn is_stale(&self, id: u64, payload: &Value) -> bool {
        let Some(decided) = payload["safe_updated_stamp"].as_str() else {
            return false;
        };
        let decided: Instant = decided.parse().unwrap();
        self.moved
            .lock()
            .unwrap()
            .iter()
            .any(|(ticket, when, property)| {
                *ticket == id && *when > decided && !payload[*property].is_null()
            })
    }

    fn update(&self, payload: &Value, ticket: &mut TicketSnapshot, audit: u64) {
        for (field, value) in payload["fields"].as_object().unwrap() {
            if value.is_null() {
                ticket.custom_fields.remove(field);
            } else {
                ticket.custom_fields.insert(field.clone(), value.clone());
            }
        }
        if let Some(status) = payload["status"].as_str() {
            ticket.status = status.to_owned();
        }
        if let Some(priority) = payload["priority"].as_str() {
            ticket.priority = Some(priority.to_owned());
        }
        let said = [
            (&payload["note"], false),
            (&payload["comment"], payload["comment"]["public"] == true),
        ];
        for (said, public) in said {
            if let Some(body) = said["body"].as_str() {
                ticket.comments.push(TicketComment {
                    id: self.id(),
                    author_id: 1,
                    body: body.to_owned(),
                    public,
                    created_at: ticket.updated_at,
                    audit_id: Some(audit),
                    channel: "api".to_owned(),
                    ..TicketComment::default()
                });
            }
        }
    }
}

#[async_trait::async_trait]
impl HelpDesk for Tickets {
    async fn read_ticket(&self, _: &DeskKey, id: u64) -> Result<TicketSnapshot, HelpDeskError> {
        let tickets = self.tickets.lock().unwrap();
        tickets.get(&id).cloned().ok_or(HelpDeskError::Gone(id))
    }
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) desk: Desk,
    pub(crate) tickets: Arc<Tickets>,
    pub(crate) key: DeskKey,
    pub(crate) shop: ConnectionKey,
    now: AtomicI64,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(json!({}), None).await
    }

    pub(crate) async fn with(settings: Value, finder: Option<Arc<dyn Finder>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("test.db"), StoreOptions::default())
            .await
            .unwrap();
        let (shop, key) = tenant(&store, "t1", settings).await;
        let tickets = Arc::new(Tickets::default());
        tickets.clock.store(10_000, Ordering::SeqCst);
        Self {
            desk: Desk::new(
                store.clone(),
                Arc::clone(&tickets) as Arc<dyn HelpDesk>,
                finder,
            ),
            store,
            tickets,
            key,
            shop,
            now: AtomicI64::new(20_000),
            _folder: folder,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        at(self.now.fetch_add(1, Ordering::SeqCst))
    }

    pub(crate) fn ticket_key(&self, ticket_id: u64) -> TicketKey {
        TicketKey {
            tenant: self.key.tenant.clone(),
            desk: self.key.desk.clone(),
            ticket_id,
        }
    }

    /// Files a ticket from that address; its requester is person 50.
    pub(crate) fn file(&self, id: u64, email: &str, verified: bool, subject: &str, body: &str) {
        let requester = Person {
            id: 50,
            name: "Somebody".to_owned(),
            email: Some(email.to_owned()),
            email_verified: verified,
            ..Person::default()
        };
        let agent = Person {
            id: 60,
            name: "Agent Smith".to_owned(),
            role: Role::Agent,
            ..Person::default()
        };
        self.tickets.change(id, |ticket| {
            *ticket = TicketSnapshot {
                id,
                subject: subject.to_owned(),
                description: body.to_owned(),
                status: "new".to_owned(),
                channel: "web".to_owned(),
                created_at: Some(at(10_000)),
                updated_at: ticket.updated_at,
                updated_stamp: ticket.updated_stamp.clone(),
                requester: Some(requester.clone()),
                submitter_id: Some(50),
                people: vec![requester, agent],
                ..TicketSnapshot::default()
            };
        });
        self.tickets.comment(id, 50, body, true);
    }

    pub(crate) async fn event(&self, ticket: u64) -> Handled {
        let event = TicketEvent {
            ticket: self.ticket_key(ticket),
            receipt: None,
        };
        self.desk.handle_event(&event, self.now()).await.unwrap()
    }

    /// Stores a customer with one order; answers nothing.
    pub(crate) async fn buyer(
        &self,
        shop: &ConnectionKey,
        id: &str,
        name: &str,
        email: &str,
        number: &str,
    ) {
        let customer = json!({
            "source_id": id, "kind": "registered", "display_name": name,
            "emails": [{"value": email, "normalised": email, "kind": "direct"}],
        });
        let order = order(id, email, number);
        let order_id = format!("o{number}");
        let records = vec![
            snapshot(Kind::Customer, id, 1, &customer),
            snapshot(Kind::Order, &order_id, 1, &order),
        ];
        self.apply(shop, records).await;
    }

    pub(crate) async fn apply(&self, shop: &ConnectionKey, snapshots: Vec<Snapshot>) {
        let batch = Batch {
            connection: shop.clone(),
            plugin_digest: "d1".to_owned(),
            mappings: 0,
            raw: Vec::new(),
            snapshots,
        };
        self.store
            .apply_batch(batch, "orders", self.now())
            .await
            .unwrap();
    }

    /// Executes everything in the outbox; how many writes reached a ticket.
    pub(crate) async fn execute(&self) -> usize {
        let mut written = 0;
        loop {
            let now = self.now();
            let ask = EffectRequest {
                limit: 10,
                holder: HolderId::new("h").unwrap(),
                now,
                lease_until: now.plus_seconds(60),
            };
            let effects = self.store.claim_effects(ask).await.unwrap();
            if effects.is_empty() {
                return written;
            }
            for effect in effects {
                written += usize::from(self.tickets.execute(&effect));
                let done = EffectSettlement::Done(json!({}));
                self.store
                    .settle_effect(&effect, done, self.now())
                    .await
                    .unwrap();
            }
        }
    }

    /// Works off the record changes that wait.
    pub(crate) async fn follow_records(&self) -> Vec<Handled> {
        let mut handled = Vec::new();
        for lane in Lane::ALL {
            for receipt in self.receipts(lane).await {
                let body: RecordChange = serde_json::from_slice(&receipt.body).unwrap();
                let change = RecordsChanged {
                    ticket: self.ticket_key(body.ticket_id),
                    records: body.records,
                    receipt: Some(receipt.claim()),
                };
                handled.push(self.desk.record_changed(&change, self.now()).await.unwrap());
            }
        }
        handled
    }

    async fn receipts(&self, lane: Lane) -> Vec<Receipt> {
        let now = self.now();
        let ask = ClaimRequest {
            lane,
            limit: 50,
            holder: HolderId::new("h").unwrap(),
            now,
            lease_until: now.plus_seconds(60),
        };
        self.store.claim_receipts(ask).await.unwrap()
    }

    /// An event, its effects, and the events that the effects cause, until nothing moves.
    pub(crate) async fn settle(&self, ticket: u64) {
        self.event(ticket).await;
        for _ in 0..5 {
            if self.execute().await == 0 {
                return;
            }
            self.event(ticket).await;
        }
        panic!("ticket {ticket} never settles");
    }

    /// The value of one of our fields.
    pub(crate) fn field(&self, ticket: u64, key: &str) -> Option<String> {
        let (_, id) = FIELDS.iter().find(|(known, _)| *known == key).unwrap();
        let value = self.tickets.get(ticket).custom_fields.get(*id).cloned()?;
        value.as_str().map(str::to_owned)
    }

    pub(crate) fn notes(&self, ticket: u64) -> Vec<String> {
        let notes = self
            .tickets
            .get(ticket)
            .comments
            .into_iter()
            .filter(|c| !c.public);
        notes.map(|comment| comment.body).collect()
    }

    pub(crate) async fn context(&self, ticket: u64) -> Value {
        let (tenant, desk) = (&self.key.tenant, &self.key.desk);
        let context = self.desk.context(tenant, desk, ticket, self.now()).await;
        serde_json::to_value(context.unwrap().unwrap()).unwrap()
    }
}

/// A tenant with a shop and a desk whose note rule is on.
pub(crate) async fn tenant(store: &Store, name: &str, more: Value) -> (ConnectionKey, DeskKey) {
    let tenant = TenantId::new(name).unwrap();
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
    let shop = ConnectionKey {
        tenant: tenant.clone(),
        connection: ConnectionId::new(format!("{name}-shop")).unwrap(),
    };
    let connection = NewConnection {
        key: shop.clone(),
        name: "Tea Shop".to_owned(),
        plugin_id: "test".to_owned(),
        plugin_digest: "d1".to_owned(),
        settings: json!({}),
        shop: json!({}),
        overrides: json!({}),
        streams: Vec::new(),
        first_poll_at: at(0),
    };
    store.add_connection(connection, at(0)).await.unwrap();
    let desk = DeskKey {
        tenant,
        desk: DeskId::new(format!("{name}-desk")).unwrap(),
    };
    let fields: BTreeMap<&str, &str> = FIELDS.into_iter().collect();
    let mut settings = json!({ "fields": fields, "note_rule": true });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    let new = NewDesk {
        key: desk.clone(),
        subdomain: name.to_owned(),
        account_id: None,
        settings,
    };
    store.add_desk(new, at(0)).await.unwrap();
    (shop, desk)
}

pub(crate) fn order(customer: &str, email: &str, number: &str) -> Value {
    json!({
        "number": format!("#{number}"), "number_search": number,
        "order_state": {"canonical": "open"},
        "payment_state": {"canonical": "paid"},
        "fulfilment_state": {"canonical": "unfulfilled"},
        "placed_at": {"at": at(9_000), "raw": "x", "zone": "source"},
        "buyer": {
            "kind": "registered", "customer_source_id": customer,
            "email": {"value": email, "normalised": email, "kind": "direct"},
        },
        "lines": [{"source_id": "1", "title": "Darjeeling", "countable": true, "quantity": {"ordered": "2"}}],
    })
}

pub(crate) fn snapshot(kind: Kind, id: &str, version: i64, body: &Value) -> Snapshot {
    Snapshot {
        record: Record {
            schema: SCHEMA.to_owned(),
            kind,
            source_id: id.to_owned(),
            parent: None,
            source_version: Some(version.to_string()),
            source_updated_at: Some(at(9_000 + version)),
            api_version: None,
            completeness: Completeness::Full,
            missing: BTreeMap::new(),
            warnings: Vec::new(),
            body: serde_json::value::to_raw_value(body).unwrap(),
        },
        comparability: Comparability::Integer,
        path: ReadPath::WebhookRefetch,
        observed_at: at(15_000 + version),
        event_at: None,
        raw: Vec::new(),
    }
}
