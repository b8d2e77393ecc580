//! A help desk and a clock, scripted like the shop, around a real store and a real engine.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ordercase_model::{Instant, Kind};
use ordercase_store::*;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) use super::shop::{PAGE, Shop};
use crate::*;

pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000).unwrap()
}

/// Time stands still until the test moves it.
pub(crate) struct TestClock {
    micros: AtomicI64,
    moved: watch::Sender<()>,
    pub(crate) sleeps: AtomicUsize,
}

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        self.moved.send_replace(());
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.micros.load(Ordering::SeqCst)).unwrap()
    }

    async fn sleep_until(&self, at: Instant) {
        self.sleeps.fetch_add(1, Ordering::SeqCst);
        let mut moved = self.moved.subscribe();
        while self.now() < at {
            if moved.changed().await.is_err() {
                return;
            }
        }
    }
}

/// A help desk that remembers what was done to it.
#[derive(Default)]
pub(crate) struct HelpDesk {
    /// Effects that happened, in order.
    pub(crate) done: Mutex<Vec<EffectId>>,
    /// Failures to come; with `true` the effect happens nevertheless.
    pub(crate) failures: Mutex<VecDeque<(EffectFailure, bool)>>,
    /// Tickets that were woken by record changes.
    pub(crate) woken: Mutex<Vec<u64>>,
    /// Events handed over.
    pub(crate) events: Mutex<Vec<String>>,
    /// With `true`, an effect that happened never gets its answer.
    pub(crate) hangs: AtomicBool,
    /// Failures of the desk to come.
    pub(crate) desk_failures: Mutex<VecDeque<DeskFailure>>,
}

#[async_trait]
impl EffectExecutor for HelpDesk {
    async fn execute(&self, effect: &Effect) -> Result<Value, EffectFailure> {
        let failure = self.failures.lock().unwrap().pop_front();
        if failure.as_ref().is_none_or(|(_, happens)| *happens) {
            self.done.lock().unwrap().push(effect.id.clone());
        }
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        failure.map_or(Ok(json!({"ok": true})), |(failure, _)| Err(failure))
    }

    async fn did_it_happen(&self, effect: &Effect) -> Result<Option<Value>, EffectFailure> {
        // An answer that is lost is lost of this question, too.
        let lost = self
            .failures
            .lock()
            .unwrap()
            .pop_front_if(|(_, happens)| *happens);
        if let Some((failure, _)) = lost {
            return Err(failure);
        }
        let done = self.done.lock().unwrap().contains(&effect.id);
        Ok(done.then(|| json!({"found": true})))
    }
}

#[async_trait]
impl DeskHandler for HelpDesk {
    async fn handle(&self, receipt: &Receipt) -> Result<Handled, DeskFailure> {
        if let Some(failure) = self.desk_failures.lock().unwrap().pop_front() {
            return Err(failure);
        }
        self.events.lock().unwrap().push(receipt.topic.clone());
        Ok(Handled::Settle(Settlement::Applied))
    }

    async fn record_changed(
        &self,
        _: &Receipt,
        ticket: &TicketKey,
        _: &RecordChange,
    ) -> Result<Handled, DeskFailure> {
        self.woken.lock().unwrap().push(ticket.ticket_id);
        Ok(Handled::Settle(Settlement::Applied))
    }
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) shop: Arc<Shop>,
    pub(crate) help_desk: Arc<HelpDesk>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) connection: ConnectionKey,
    pub(crate) desk: DeskKey,
    pub(crate) url: Option<String>,
    _folder: tempfile::TempDir,
}

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

/// A running engine.
pub(crate) struct Running {
    pub(crate) engine: Engine,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(engine: Engine) -> Self {
        let stop = CancellationToken::new();
        let (running, token) = (engine.clone(), stop.clone());
        let task = tokio::spawn(async move { running.run(token).await });
        Self { engine, stop, task }
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Ends it as a killed process ends: at whatever it is waiting for.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _broken_off = self.task.await;
    }
}

pub(crate) const START: i64 = 1_000_000;

impl World {
    /// `None`, with a notice, where the database is not installed.
    pub(crate) async fn new(on: On, orders: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let url = match on {
            On::Sqlite => None,
            On::Postgres => Some(database().await?),
        };
        let store = match &url {
            None => Store::open(folder.path().join("db"), StoreOptions::default()).await,
            Some(url) => Store::connect(url, StoreOptions::default()).await,
        }
        .unwrap();
        let (connection, desk) = settle(&store, "").await;
        let shop = Arc::new(Shop::default());
        for id in 1..=orders {
            shop.change(id, START - 10_000 + i64::from(id));
        }
        let clock = Arc::new(TestClock {
            micros: AtomicI64::new(START * 1_000_000),
            moved: watch::Sender::new(()),
            sleeps: AtomicUsize::new(0),
        });
        shop.clock.set(Arc::clone(&clock)).ok().unwrap();
        shop.store.set(store.clone()).ok().unwrap();
        Some(Self {
            store,
            shop,
            help_desk: Arc::new(HelpDesk::default()),
            clock,
            connection,
            desk,
            url,
            _folder: folder,
        })
    }

    pub(crate) fn engine(&self, holder: &str) -> Engine {
        // The test's clock leaps; what is still at work then must not lose its lease.
        self.engine_on(self.store.clone(), holder, 3_600)
    }

    /// Another replica: on PostgreSQL with a store of its own.
    pub(crate) async fn replica(&self, holder: &str, lease_seconds: i64) -> Running {
        let store = match &self.url {
            None => self.store.clone(),
            Some(url) => Store::connect(url, StoreOptions::default()).await.unwrap(),
        };
        Running::start(self.engine_on(store, holder, lease_seconds))
    }

    fn engine_on(&self, store: Store, holder: &str, lease_seconds: i64) -> Engine {
        Engine::new(
            store,
            self.shop.clone(),
            self.help_desk.clone(),
            self.help_desk.clone(),
            self.clock.clone(),
            EngineOptions {
                lease_seconds,
                ..EngineOptions::new(HolderId::new(holder).unwrap())
            },
        )
    }

    pub(crate) fn start(&self, holder: &str) -> Running {
        Running::start(self.engine(holder))
    }

    pub(crate) async fn connect(&self, engine: &Engine) {
        self.connect_shop(engine, &self.connection).await;
    }

    pub(crate) async fn connect_shop(&self, engine: &Engine, connection: &ConnectionKey) {
        let spec = StreamSpec {
            stream: "orders".to_owned(),
            kind: Kind::Order,
            comparability: self.shop.comparability(),
            page_limit: u32::try_from(PAGE).unwrap(),
        };
        engine.open_streams(connection, &[spec]).await.unwrap();
    }

    pub(crate) async fn webhook(&self, key: &str, body: &Value) -> Put {
        self.receipt(key, body.to_string().into_bytes()).await
    }

    pub(crate) async fn receipt(&self, key: &str, body: Vec<u8>) -> Put {
        let receipt = NewReceipt {
            tenant: self.connection.tenant.clone(),
            owner: Owner::Connection(self.connection.connection.clone()),
            stream: "webhooks".to_owned(),
            kind: ReceiptKind::Webhook,
            topic: "orders/updated".to_owned(),
            dedupe_key: key.to_owned(),
            entity_key: key.to_owned(),
            lane: Lane::Live,
            headers: Vec::new(),
            body,
            occurred_at: None,
            received_at: self.clock.now(),
            dead: None,
        };
        self.store.put_receipt(receipt).await.unwrap()
    }

    pub(crate) async fn state_of(&self, put: &Put) -> Receipt {
        self.store
            .receipt(&self.connection.tenant, put.id())
            .await
            .unwrap()
            .unwrap()
    }

    /// Waits until something holds, moving the clock by `step` seconds whenever it does not yet.
    pub(crate) async fn until<F>(&self, step: i64, what: &str, mut holds: impl FnMut() -> F)
    where
        F: Future<Output = bool>,
    {
        for _ in 0..20_000 {
            if holds().await {
                return;
            }
            // Lets the database's threads run; the clock decides nothing here.
            tokio::time::sleep(Duration::from_millis(2)).await;
            self.clock.advance(step);
        }
        panic!("it never came to pass that {what}");
    }

    pub(crate) async fn settled(&self, put: &Put, state: ReceiptState) -> Receipt {
        self.until(
            1,
            &format!("the receipt is {}", state.as_str()),
            async || self.state_of(put).await.state == state,
        )
        .await;
        self.state_of(put).await
    }

    /// Seconds on the clock.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().micros() / 1_000_000
    }

    pub(crate) async fn track(&self, track: Track) -> StreamTrack {
        let tracks = self.store.streams(&self.connection).await.unwrap();
        tracks.into_iter().find(|one| one.track == track).unwrap()
    }

    pub(crate) async fn backfilled(&self) {
        self.until(1, "history is read", async || {
            self.track(Track::Backfill).await.state == TrackState::Done
        })
        .await;
    }

    /// Orders as they are stored: number and tags.
    pub(crate) async fn stored(&self) -> BTreeMap<u32, String> {
        let mut view = self.store.view(&self.connection.tenant).await.unwrap();
        let mut all = BTreeMap::new();
        let mut last = String::new();
        loop {
            let page = view
                .after(&self.connection.connection, Kind::Order, &last)
                .await
                .unwrap();
            let Some(end) = page.last() else { return all };
            last = end.key.source_id.clone();
            for record in page.iter().filter(|record| !record.is_deleted()) {
                let body: Value = record.record.read().unwrap();
                all.insert(
                    record.key.source_id.parse().unwrap(),
                    body["tags"][0].as_str().unwrap().to_owned(),
                );
            }
        }
    }

    /// What the shop has now, in the same form.
    pub(crate) fn expected(&self) -> BTreeMap<u32, String> {
        let orders = self.shop.orders.lock().unwrap();
        orders
            .iter()
            .map(|(id, (version, _))| (*id, self.shop.tag(*id, *version)))
            .collect()
    }

    pub(crate) async fn adds_up(&self) {
        let accounts = self.store.accounts(None).await.unwrap();
        assert!(
            self.store.accounts_add_up(None).await.unwrap(),
            "{accounts:#?}"
        );
    }
}

async fn database() -> Option<String> {
    let migrated = postgres_box::cluster()?.migrated(async |url| {
        let store = Store::connect(&url, StoreOptions::default()).await;
        store.unwrap().close().await.unwrap();
    });
    Some(migrated.await)
}

/// A tenant with a shop and a desk; `suffix` tells it from another.
pub(crate) async fn settle(store: &Store, suffix: &str) -> (ConnectionKey, DeskKey) {
    let tenant = TenantId::new(format!("t1{suffix}")).unwrap();
    store
        .add_tenant(&tenant, tenant.as_str(), &json!({}), at(0))
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
    let connection = ConnectionKey {
        tenant: tenant.clone(),
        connection: ConnectionId::new(format!("shop{suffix}")).unwrap(),
    };
    let new = NewConnection {
        key: connection.clone(),
        name: "Shop".to_owned(),
        plugin_id: "test".to_owned(),
        plugin_digest: "d1".to_owned(),
        settings: json!({}),
        shop: json!({}),
        overrides: json!({}),
        streams: Vec::new(),
        first_poll_at: at(0),
    };
    store.add_connection(new, at(0)).await.unwrap();
    let desk = DeskKey {
        tenant,
        desk: DeskId::new(format!("desk{suffix}")).unwrap(),
    };
    let new = NewDesk {
        key: desk.clone(),
        subdomain: format!("acme{suffix}"),
        account_id: None,
        settings: json!({}),
    };
    store.add_desk(new, at(0)).await.unwrap();
    (connection, desk)
}
