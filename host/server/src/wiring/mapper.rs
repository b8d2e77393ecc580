//! A plugin's `map` for replays: [`Mapper`] over the plugin runtime.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use ordercase_model::{Kind, Record};
use ordercase_runtime::{Lane, MapInput, Runtime};
use ordercase_store::{ConnectionKey, RawBody, Store};
use ordercase_sync::{Mapper, SourceFailure};

use super::{plugins::Plugins, scope::scope, source::classify};

/// Plugins that tell stored answers again.
pub struct ShopMapper {
    store: Store,
    runtime: Runtime,
    plugins: Arc<Plugins>,
}

impl ShopMapper {
    /// Over these.
    #[must_use]
    pub fn new(store: Store, runtime: Runtime, plugins: Arc<Plugins>) -> Self {
        Self {
            store,
            runtime,
            plugins,
        }
    }
}

#[async_trait]
impl Mapper for ShopMapper {
    async fn map(
        &self,
        key: &ConnectionKey,
        plugin_digest: &str,
        kind: Kind,
        inputs: &[RawBody],
    ) -> Result<Vec<Record>, SourceFailure> {
        let connection = self.store.connection(key).await;
        let connection = connection
            .map_err(|error| SourceFailure::Unavailable(error.to_string()))?
            .ok_or_else(|| {
                SourceFailure::Config(format!("there is no connection `{}`", key.connection))
            })?;
        let plugin = self.plugins.get(plugin_digest).await;
        let plugin = plugin.map_err(|error| SourceFailure::Config(error.to_string()))?;
        let streams = &plugin.manifest.streams;
        let stream = streams.iter().find(|(_, stream)| stream.kind == kind);
        let (stream, _) = stream
            .ok_or_else(|| SourceFailure::Unsupported(format!("it has no stream of {kind}s")))?;
        let scope = scope(&self.store, &connection, Lane::Backfill);
        let inputs: Vec<MapInput> = inputs.iter().map(input).collect();
        let called = self.runtime.map(&plugin, &scope, stream, &inputs).await;
        Ok(called.map_err(classify)?.value)
    }
}

fn input(raw: &RawBody) -> MapInput {
    MapInput {
        role: raw.role.clone(),
        content_type: raw.content_type.clone(),
        bytes: Bytes::from(raw.bytes.clone()),
    }
}
