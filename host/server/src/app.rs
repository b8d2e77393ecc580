//! What is wired to what: one [`App`] per process, shared by every request and task.
//!
//! It looks things up and hands them on; every rule lives in the crate that owns it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::Router;
use ordercase_runtime::{Runtime, RuntimeConfig};
use ordercase_store::{Desk, HolderId, Owner, Store, TenantId, TokenPurpose};
use ordercase_sync::{Mapper, OnDemand, Replayer, Source, Subscriber};
use tokio_util::sync::CancellationToken;

use crate::{
    cli,
    clock::{Clock, SystemClock},
    config::{Config, PublicUrl, ShopTimes},
    data_dir::DataDir,
    database::Database,
    dev_connect::DevConnect,
    http::{
        self,
        auth::{self, AdminToken},
        problem::Problem,
    },
    limits::EFFECT_REST_SECONDS,
    secret::{Secret, SecretRef},
    tasks::Supervisor,
    wiring::{
        self,
        desks::Desks,
        door::{Door, Shop},
        engine::EngineClock,
        finder::ShopFinder,
        helpdesk::ZendeskDesk,
        plugins::Plugins,
        source::ShopSource,
        subscriptions::PluginPlatform,
    },
};

/// The application.
pub struct App {
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The operator's token.
    pub admin: AdminToken,
    /// Runs plugins.
    pub runtime: Runtime,
    /// Plugins by digest.
    pub plugins: Arc<Plugins>,
    /// What deliveries are checked against.
    pub door: Door,
    /// Shops through their plugins.
    pub source: Arc<ShopSource>,
    /// Tells stored records again and works stored receipts off again.
    pub replayer: Replayer,
    /// Looks after the webhooks at the platforms.
    pub subscriber: Subscriber,
    /// Zendesk clients by desk.
    pub desks: Arc<Desks>,
    /// The use case.
    pub desk: ordercase_desk::Desk,
    /// Where others reach the host.
    pub public_url: PublicUrl,
    /// When the host asks the shops by itself.
    pub shops: ShopTimes,
    /// Tasks beside the requests.
    pub tasks: Supervisor,
    running: AtomicBool,
}

/// What [`App::assemble`] needs.
pub struct Parts {
    /// The data directory, prepared.
    pub data: DataDir,
    /// Where others reach the host.
    pub public_url: PublicUrl,
    /// Development redirects.
    pub dev_connect: Vec<DevConnect>,
    /// The key by reference.
    pub master_key: Option<SecretRef>,
    /// The database.
    pub database: Database,
    /// When the host asks the shops by itself.
    pub shops: ShopTimes,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The signal that ends everything.
    pub stop: CancellationToken,
}

impl App {
    /// Opens the data directory and wires everything; starts nothing.
    ///
    /// # Errors
    /// When the directory, its keys or the database cannot be used.
    pub async fn open(config: &Config, stop: CancellationToken) -> anyhow::Result<Arc<Self>> {
        let parts = Parts {
            data: config.data.clone(),
            public_url: config.public_url.clone(),
            dev_connect: config.dev_connect.clone(),
            master_key: config.master_key.clone(),
            database: config.database.clone(),
            shops: config.shops,
            clock: Arc::new(SystemClock),
            stop,
        };
        Self::assemble(parts).await
    }

    /// Wires everything over those parts.
    ///
    /// # Errors
    /// When the directory, its keys or the database cannot be used.
    pub async fn assemble(parts: Parts) -> anyhow::Result<Arc<Self>> {
        let Parts { data, clock, .. } = parts;
        data.prepare()?;
        let store = parts
            .database
            .open(&data, parts.master_key.as_ref())
            .await?;
        let admin = AdminToken::new(&data.ensure_admin_token()?);
        let runtime = Runtime::new(RuntimeConfig {
            dev_connect: wiring::runtime_redirects(&parts.dev_connect)?,
            artifacts: Some(data.artifacts(parts.master_key.as_ref())?),
            ..RuntimeConfig::new({
                let clock = Arc::clone(&clock);
                Arc::new(move || clock.now())
            })
        })?;
        let desks = Arc::new(Desks::new(
            store.clone(),
            wiring::zendesk_redirects(&parts.dev_connect)?,
        ));
        let plugins = Arc::new(Plugins::new(runtime.clone(), data));
        let source = Arc::new(ShopSource::new(
            store.clone(),
            runtime.clone(),
            Arc::clone(&plugins),
        ));
        let replayer = Replayer::new(
            store.clone(),
            Arc::clone(&source) as Arc<dyn Mapper>,
            Arc::new(EngineClock(Arc::clone(&clock))),
        );
        let subscriber = Subscriber::new(
            store.clone(),
            Arc::new(PluginPlatform {
                store: store.clone(),
                runtime: runtime.clone(),
                plugins: Arc::clone(&plugins),
                public_url: parts.public_url.clone(),
                clock: Arc::clone(&clock),
            }),
            Arc::new(EngineClock(Arc::clone(&clock))),
            HolderId::mint(rand::random()),
            ShopTimes::seconds(parts.shops.webhook_check),
        );
        let on_demand = OnDemand::new(
            store.clone(),
            Arc::clone(&source) as Arc<dyn Source>,
            Arc::new(EngineClock(Arc::clone(&clock))),
        );
        let finder = Arc::new(ShopFinder::new(store.clone(), on_demand));
        let help_desk = Arc::new(ZendeskDesk::new(Arc::clone(&desks)));
        let desk = ordercase_desk::Desk::new(store.clone(), help_desk, Some(finder));
        Ok(Arc::new(Self {
            desk,
            door: Door::new(store.clone(), Arc::clone(&plugins)),
            replayer,
            subscriber,
            source,
            plugins,
            store,
            clock,
            admin,
            runtime,
            desks,
            public_url: parts.public_url,
            shops: parts.shops,
            tasks: Supervisor::new(parts.stop),
            running: AtomicBool::new(false),
        }))
    }

    /// Loads pinned plugins, frees what an ended process held, and starts the tasks.
    pub async fn start(self: &Arc<Self>, ticket_poll: std::time::Duration) {
        wiring::load_plugins(self).await;
        let effects_from = self.clock.now().plus_seconds(EFFECT_REST_SECONDS);
        if let Err(error) = self.store.take_over(effects_from).await {
            // Leases end by themselves; work only waits longer.
            tracing::error!("cannot free the work of an ended process: {error}");
        }
        wiring::engine::start(self);
        wiring::poll::start(self, ticket_poll);
        let subscriber = self.subscriber.clone();
        self.tasks.keep("subscriptions", move |stop| {
            let subscriber = subscriber.clone();
            async move { subscriber.run(stop).await }
        });
        self.running.store(true, Ordering::Relaxed);
    }

    /// Ends tasks, then the store.
    pub async fn close(&self) {
        self.running.store(false, Ordering::Relaxed);
        self.tasks.shut_down().await;
        if let Err(error) = self.store.clone().close().await {
            tracing::error!("the store did not close in order: {error}");
        }
    }

    /// Whether work is done, not only taken.
    #[must_use]
    pub fn engine_runs(&self) -> bool {
        self.running.load(Ordering::Relaxed) && !self.tasks.stop().is_cancelled()
    }

    /// The desk that a token of its flows names.
    ///
    /// # Errors
    /// When nobody has the token, or the store cannot say.
    pub async fn desk_of_token(&self, token: &Secret) -> Result<Desk, Problem> {
        let found = self.owner(TokenPurpose::DeskEvents, token).await?;
        let Owner::Desk(desk) = found.owner else {
            return Err(auth::unknown());
        };
        let key = ordercase_store::DeskKey {
            tenant: found.tenant,
            desk,
        };
        self.store.desk(&key).await?.ok_or_else(auth::unknown)
    }

    /// The tenant that a token of its API names.
    ///
    /// # Errors
    /// When nobody has the token, or the store cannot say.
    pub async fn tenant_of_token(&self, token: &Secret) -> Result<TenantId, Problem> {
        Ok(self.owner(TokenPurpose::TenantApi, token).await?.tenant)
    }

    async fn owner(
        &self,
        purpose: TokenPurpose,
        token: &Secret,
    ) -> Result<ordercase_store::TokenOwner, Problem> {
        let now = self.clock.now();
        let found = self.store.token_owner(purpose, token.expose(), now).await?;
        found.ok_or_else(auth::unknown)
    }

    /// Whether a token names that shop's webhooks.
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn is_webhook_token(&self, shop: &Shop, token: &Secret) -> Result<bool, Problem> {
        let now = self.clock.now();
        let purpose = TokenPurpose::WebhookPath;
        let found = self.store.token_owner(purpose, token.expose(), now).await?;
        let key = &shop.connection.key;
        Ok(found.is_some_and(|found| {
            found.tenant == key.tenant && found.owner == Owner::Connection(key.connection.clone())
        }))
    }

    /// Counts a delivery that was refused at the door.
    ///
    /// # Errors
    /// When the store cannot count.
    pub async fn count_unverified(&self, shop: &Shop, stream: &str) -> Result<(), Problem> {
        let key = &shop.connection.key;
        let owner = Owner::Connection(key.connection.clone());
        Ok(self
            .store
            .count_unverified(&key.tenant, &owner, stream)
            .await?)
    }
}

/// A host without a listener and without tasks: a verb runs in it where no server does.
pub struct Local {
    app: Arc<App>,
    token: Secret,
}

impl Local {
    /// Takes the data directory.
    ///
    /// # Errors
    /// When a server has it, or it cannot be used.
    pub async fn open(host: &cli::Host) -> anyhow::Result<Self> {
        let data = DataDir::at(&host.data);
        let public_url = data
            .announced()
            .and_then(|server| PublicUrl::new(&server.public_url.parse().ok()?).ok())
            .unwrap_or_default();
        let app = App::assemble(Parts {
            public_url,
            dev_connect: host.dev_connect.clone(),
            master_key: host.master_key.clone(),
            database: host.database.clone(),
            shops: ShopTimes::default(),
            clock: Arc::new(SystemClock),
            stop: CancellationToken::new(),
            data: data.clone(),
        })
        .await?;
        Ok(Self {
            token: data.admin_token()?,
            app,
        })
    }

    /// The operator's token.
    #[must_use]
    pub fn admin_token(&self) -> Secret {
        self.token.clone()
    }

    /// The routes.
    pub fn router(&self) -> Router {
        http::router::router(Arc::clone(&self.app))
    }

    /// Gives the data directory back.
    pub async fn close(self) {
        self.app.close().await;
    }
}
