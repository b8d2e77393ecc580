//! The door to plugins: admission, and one method per export.

use std::sync::Arc;

use ordercase_model::{Instant, Record, RecordRef, ShopFacts};

use tokio::sync::{OnceCell, Semaphore};

use crate::{
    AdmissionError, CallError, CallScope, Called, DevConnect, Export, MapInput, Page, Plugin,
    PullRequest, Pulled, Reading, SearchQuery, Subscription, Tier, WebhookDelivery,
    abi::call::{self, Make},
    admit,
    call::{Host, run},
    egress::{Direct, Door, Transport},
    engine::{ADMISSIONS_MAX, TierEngine},
    limits,
    package::Artifacts,
    record::{Invalid, Output},
};

/// Where wall time comes from.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// How a runtime is set up.
#[derive(Clone)]
pub struct RuntimeConfig {
    /// Hosts that are dialled on loopback.
    pub dev_connect: Vec<DevConnect>,
    /// Wall time: for plugins, and for when a request was sent.
    pub clock: Clock,
    /// Fuel for each call, where repeatability is the point; without it, nothing is counted.
    pub fuel: Option<u64>,
    /// How requests leave; the production door when absent.
    pub transport: Option<Arc<dyn Transport>>,
    /// Where compiled code is kept; without it, every admission compiles.
    pub artifacts: Option<Artifacts>,
}

impl RuntimeConfig {
    /// The production door, no fuel, nothing redirected.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            dev_connect: Vec::new(),
            clock,
            fuel: None,
            transport: None,
            artifacts: None,
        }
    }
}

/// Why there is no runtime.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(String),
}

/// Runs plugins. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    fuel: Option<u64>,
    door: Arc<Door>,
    admissions: Semaphore,
    artifacts: Option<Artifacts>,
    rust: OnceCell<Arc<TierEngine>>,
    interpreter: OnceCell<Arc<TierEngine>>,
}

impl Runtime {
    /// Sets up a runtime. Engines are made when the first plugin of their tier comes.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(config: RuntimeConfig) -> Result<Self, RuntimeError> {
        let transport = match config.transport {
            Some(transport) => transport,
            None => Arc::new(Direct::new(config.dev_connect)?),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                door: Arc::new(Door::new(transport, Arc::clone(&config.clock))),
                clock: config.clock,
                fuel: config.fuel,
                artifacts: config.artifacts,
                admissions: Semaphore::new(ADMISSIONS_MAX as usize),
                rust: OnceCell::new(),
                interpreter: OnceCell::new(),
            }),
        })
    }

    /// Checks a component in full, compiles it and starts it once with everything denied.
    ///
    /// # Errors
    /// The first reason not to run it.
    pub async fn admit(&self, component: Vec<u8>) -> Result<Arc<Plugin>, AdmissionError> {
        let host = |problem: String| AdmissionError::Host(problem);
        let _turn = self
            .inner
            .admissions
            .acquire()
            .await
            .map_err(|e| host(e.to_string()))?;
        let inspecting = tokio::task::spawn_blocking(move || {
            admit::inspect(&component).map(|(manifest, lock)| (component, manifest, lock))
        });
        let (component, manifest, lock) = inspecting.await.map_err(|e| host(e.to_string()))??;
        let engine = self.engine(manifest.plugin.tier).await?;
        let compile_timeout = engine.limits.compile_timeout;
        let artifacts = self.inner.artifacts.clone();
        let compiling = tokio::task::spawn_blocking(move || {
            admit::compile(engine, artifacts.as_ref(), &component, manifest, lock)
        });
        let compiled = tokio::time::timeout(compile_timeout, compiling).await;
        let compiled = compiled.map_err(|_| {
            AdmissionError::Compile(format!("not done after {} s", compile_timeout.as_secs()))
        })?;
        let plugin = compiled.map_err(|e| host(e.to_string()))??;
        admit::start_once(&plugin, &self.inner.clock).await?;
        Ok(Arc::new(plugin))
    }

    /// What kind of shop this is.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn probe(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
    ) -> Result<Called<ShopFacts>, CallError> {
        let export = Export::Probe;
        ready(plugin, scope, export)?;
        let make = call::probe(scope, api_version(plugin));
        let called = self.run(plugin, scope, export, make).await?;
        checked(plugin, export, Output(&plugin.manifest).facts(called))
    }

    /// A page of a stream.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn pull(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
        request: &PullRequest,
    ) -> Result<Called<Page>, CallError> {
        let export = Export::Pull;
        ready(plugin, scope, export)?;
        let stream = plugin.manifest.streams.get(&request.stream);
        let stream = stream.ok_or_else(|| {
            let problem = format!("the manifest has no stream `{}`", request.stream);
            input(plugin, export, problem)
        })?;
        let mut request = request.clone();
        request.limit = request.limit.clamp(1, stream.page_limit);
        let make = call::pull(scope, api_version(plugin), request);
        let called = self.run(plugin, scope, export, make).await?;
        checked(plugin, export, Output(&plugin.manifest).page(called))
    }

    /// One record by its id, first, and whatever else the same answers hold.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn fetch(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
        target: &RecordRef,
    ) -> Result<Called<Vec<Pulled>>, CallError> {
        let export = Export::Fetch;
        ready(plugin, scope, export)?;
        let make = call::fetch(scope, api_version(plugin), target);
        let called = self.run(plugin, scope, export, make).await?;
        checked(plugin, export, Output(&plugin.manifest).found(called))
    }

    /// Records by what people quote.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn search(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
        query: &SearchQuery,
        limit: u32,
    ) -> Result<Called<Vec<Pulled>>, CallError> {
        let export = Export::Search;
        ready(plugin, scope, export)?;
        let limit = limit.clamp(1, limits::PAGE_LIMIT_MAX);
        let make = call::search(scope, api_version(plugin), query, limit);
        let called = self.run(plugin, scope, export, make).await?;
        checked(plugin, export, Output(&plugin.manifest).found(called))
    }

    /// Records from a stored raw set. Pure: no request leaves.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn map(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
        stream: &str,
        inputs: &[MapInput],
    ) -> Result<Called<Vec<Record>>, CallError> {
        let export = Export::Map;
        ready(plugin, scope, export)?;
        let bytes: usize = inputs.iter().map(|i| i.bytes.len() + i.role.len()).sum();
        if bytes > limits::MAP_INPUT_BYTES_MAX {
            let problem = format!(
                "the raw set has {bytes} bytes, more than {}",
                limits::MAP_INPUT_BYTES_MAX
            );
            return Err(input(plugin, export, problem));
        }
        let make = call::map(scope, api_version(plugin), stream, inputs);
        let called = self.run(plugin, scope, export, make).await?;
        checked(plugin, export, Output(&plugin.manifest).mapped(called))
    }

    /// What follows from a verified webhook. Pure: no request leaves.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn receive(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
        delivery: &WebhookDelivery,
    ) -> Result<Called<Reading>, CallError> {
        let export = Export::Receive;
        ready(plugin, scope, export)?;
        if delivery.body.len() > limits::WEBHOOK_BODY_BYTES_MAX {
            let problem = format!(
                "the webhook is longer than {} bytes",
                limits::WEBHOOK_BODY_BYTES_MAX
            );
            return Err(input(plugin, export, problem));
        }
        let make = call::receive(scope, api_version(plugin), delivery);
        let called = self.run(plugin, scope, export, make).await?;
        checked(
            plugin,
            export,
            Output(&plugin.manifest).reading(&delivery.topic, called),
        )
    }

    /// Registers a topic at the platform.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn register(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
        topic: &str,
        address: &str,
    ) -> Result<Called<Subscription>, CallError> {
        let export = Export::Subscribe;
        ready(plugin, scope, export)?;
        let make = call::register(scope, api_version(plugin), topic, address);
        let called = self.run(plugin, scope, export, make).await?;
        checked(plugin, export, Output::subscription(called))
    }

    /// All subscriptions that the platform holds for this app and shop.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn subscriptions(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
    ) -> Result<Called<Vec<Subscription>>, CallError> {
        let export = Export::Subscribe;
        ready(plugin, scope, export)?;
        let make = call::subscriptions(scope, api_version(plugin));
        let called = self.run(plugin, scope, export, make).await?;
        checked(plugin, export, Output::subscriptions(called))
    }

    /// Removes a subscription by its id at the platform.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn remove_subscription(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
        id: &str,
    ) -> Result<Called<()>, CallError> {
        let export = Export::Subscribe;
        ready(plugin, scope, export)?;
        let make = call::remove(scope, api_version(plugin), id);
        self.run(plugin, scope, export, make).await
    }

    async fn run<T: Send>(
        &self,
        plugin: &Plugin,
        scope: &CallScope,
        export: Export,
        make: Make<T>,
    ) -> Result<Called<T>, CallError> {
        let host = Host {
            door: &self.inner.door,
            clock: &self.inner.clock,
        };
        run(&host, plugin, scope, export, make).await
    }

    async fn engine(&self, tier: Tier) -> Result<Arc<TierEngine>, AdmissionError> {
        let cell = match tier {
            Tier::Rust => &self.inner.rust,
            Tier::Interpreter => &self.inner.interpreter,
        };
        let make = || async { TierEngine::new(tier, self.inner.fuel) };
        let engine = cell.get_or_try_init(make).await;
        engine
            .cloned()
            .map_err(|error| AdmissionError::Host(format!("{error:#}")))
    }
}

/// Whether the plugin has the export and the connection's context is of a size to be handed over.
fn ready(plugin: &Plugin, scope: &CallScope, export: Export) -> Result<(), CallError> {
    if !plugin.manifest.exports(export) {
        return Err(CallError::NotExported {
            plugin: plugin.manifest.plugin.id.clone(),
            export,
        });
    }
    let parts = [&scope.settings, &scope.shop, &scope.overrides];
    let bytes: usize = parts.into_iter().map(|value| value.to_string().len()).sum();
    if bytes > limits::CONTEXT_BYTES_MAX {
        let problem = format!(
            "its context has {bytes} bytes, more than {}",
            limits::CONTEXT_BYTES_MAX
        );
        return Err(input(plugin, export, problem));
    }
    Ok(())
}

fn api_version(plugin: &Plugin) -> &str {
    &plugin.manifest.plugin.api_version
}

fn input(plugin: &Plugin, export: Export, problem: String) -> CallError {
    CallError::InputInvalid {
        plugin: plugin.manifest.plugin.id.clone(),
        export,
        problem,
    }
}

fn checked<T>(plugin: &Plugin, export: Export, output: Result<T, Invalid>) -> Result<T, CallError> {
    output.map_err(|invalid| CallError::OutputInvalid {
        plugin: plugin.manifest.plugin.id.clone(),
        export,
        path: invalid.path,
        problem: invalid.problem,
    })
}
