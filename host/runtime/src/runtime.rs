//! The door to plugins: admission, and one method per export.

use std::sync::Arc;

use ordercase_model::{Instant, Record, RecordRef, ShopFacts};

use crate::{
    AdmissionError, CallError, CallScope, Called, DevConnect, Export, MapInput, Page, Plugin,
    PullRequest, Pulled, Reading, SearchQuery, WebhookDelivery, egress::Transport,
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
        }
    }
}

/// Why there is no runtime.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The engine cannot be set up.
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Engine(String),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(String),
}

/// Runs plugins. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    config: RuntimeConfig,
}

impl Runtime {
    /// Sets up a runtime.
    ///
    /// # Errors
    /// When the engine or the HTTP client cannot be set up.
    pub fn new(config: RuntimeConfig) -> Result<Self, RuntimeError> {
        Ok(Self { config })
    }

    /// Checks a component in full, compiles it and starts it once with everything denied.
    ///
    /// # Errors
    /// The first reason not to run it.
    pub async fn admit(&self, component: Vec<u8>) -> Result<Arc<Plugin>, AdmissionError> {
        let _ = (component, &self.config.clock);
        Err(AdmissionError::Host("not built yet".to_owned()))
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
        Err(unbuilt(plugin, scope, Export::Probe))
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
        let _ = request;
        Err(unbuilt(plugin, scope, Export::Pull))
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
        let _ = target;
        Err(unbuilt(plugin, scope, Export::Fetch))
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
        let _ = (query, limit);
        Err(unbuilt(plugin, scope, Export::Search))
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
        let _ = (stream, inputs);
        Err(unbuilt(plugin, scope, Export::Map))
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
        let _ = delivery;
        Err(unbuilt(plugin, scope, Export::Receive))
    }
}

fn unbuilt(plugin: &Plugin, _scope: &CallScope, export: Export) -> CallError {
    CallError::Host {
        plugin: plugin.manifest.plugin.id.clone(),
        export,
        problem: "not built yet".to_owned(),
    }
}
