//! Platforms for the engine: [`Platform`] over the plugins' `subscribe`. Where webhooks go is decided here, because
//! only the server knows under which address it is reached.

use std::sync::Arc;

use async_trait::async_trait;
use ordercase_runtime::{
    Export, Lane, Plugin, Runtime, Subscription as PluginSubscription,
    package::{Scheme, Webhooks},
};
use ordercase_store::{Connection, ConnectionKey, Owner, SecretValue, Store, TokenPurpose};
use ordercase_sync::{Callback, Platform, SourceFailure, Subscription, Wanted};

use super::{plugins::Plugins, scope::scope, source::classify};
use crate::{clock::Clock, config::PublicUrl, http::auth, ids};

/// Slot of the token in a shop's address, where its deliveries are not signed. No manifest can name it: names of
/// slots have no hyphen.
const TOKEN_SLOT: &str = "webhook-path";

/// Platforms through plugins.
pub struct PluginPlatform {
    /// The store.
    pub store: Store,
    /// Runs plugins.
    pub runtime: Runtime,
    /// Plugins by digest.
    pub plugins: Arc<Plugins>,
    /// Where platforms reach the host.
    pub public_url: PublicUrl,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// The path to which a connection's webhooks come.
#[must_use]
pub fn webhook_path(key: &ConnectionKey) -> String {
    format!("/v1/webhooks/{}", key.connection)
}

impl PluginPlatform {
    async fn ready(&self, key: &ConnectionKey) -> Result<(Connection, Arc<Plugin>), SourceFailure> {
        let connection = self.store.connection(key).await.map_err(unavailable)?;
        let connection = connection.ok_or_else(|| {
            SourceFailure::Config(format!("there is no connection `{}`", key.connection))
        })?;
        let plugin = self.plugins.get(&connection.plugin_digest).await;
        let plugin = plugin.map_err(|error| SourceFailure::Config(error.to_string()))?;
        Ok((connection, plugin))
    }

    /// The address. A platform that signs gets no token: its signature is the better proof, and a token there would
    /// be one secret more that lies with others.
    async fn callback(
        &self,
        key: &ConnectionKey,
        recipe: &Webhooks,
    ) -> Result<Option<Callback>, SourceFailure> {
        if !self.public_url.is_known() {
            return Ok(None);
        }
        let plain = self.public_url.join(&webhook_path(key));
        if recipe.scheme != Scheme::None {
            let shown = plain.clone();
            return Ok(Some(Callback {
                address: plain,
                shown,
            }));
        }
        let token = self.token(key).await.map_err(unavailable)?;
        Ok(Some(Callback {
            address: format!("{plain}/{}", token.expose()),
            shown: format!("{plain}/(token)"),
        }))
    }

    /// The token in the address: minted once, sealed, so that each look registers the same.
    async fn token(&self, key: &ConnectionKey) -> Result<SecretValue, ordercase_store::StoreError> {
        let owner = Owner::Connection(key.connection.clone());
        if let Some(token) = self.store.secret(&key.tenant, &owner, TOKEN_SLOT).await? {
            return Ok(token);
        }
        let now = self.clock.now();
        let token = ids::token(auth::WEBHOOK);
        let purpose = TokenPurpose::WebhookPath;
        self.store
            .put_token(&key.tenant, purpose, &owner, token.expose(), now, None)
            .await?;
        let token = SecretValue::new(token.expose().to_owned());
        self.store
            .put_secret(&key.tenant, &owner, TOKEN_SLOT, &token, now)
            .await?;
        Ok(token)
    }
}

#[async_trait]
impl Platform for PluginPlatform {
    async fn wanted(&self, key: &ConnectionKey) -> Result<Wanted, SourceFailure> {
        let (_, plugin) = self.ready(key).await?;
        let path = webhook_path(key);
        let recipe = plugin.manifest.webhooks.as_ref();
        let recipe = recipe.filter(|_| plugin.manifest.exports(Export::Subscribe));
        let Some(recipe) = recipe else {
            return Ok(Wanted {
                path,
                ..Wanted::default()
            });
        };
        Ok(Wanted {
            can_register: true,
            topics: recipe.registered_by_host().map(str::to_owned).collect(),
            path,
            callback: self.callback(key, recipe).await?,
        })
    }

    async fn list(&self, key: &ConnectionKey) -> Result<Vec<Subscription>, SourceFailure> {
        let (connection, plugin) = self.ready(key).await?;
        let scope = scope(&self.store, &connection, Lane::Poll);
        let called = self.runtime.subscriptions(&plugin, &scope).await;
        let all = called.map_err(classify)?.value;
        Ok(all.into_iter().map(subscription).collect())
    }

    async fn register(
        &self,
        key: &ConnectionKey,
        topic: &str,
        address: &str,
    ) -> Result<Subscription, SourceFailure> {
        let (connection, plugin) = self.ready(key).await?;
        let scope = scope(&self.store, &connection, Lane::Poll);
        let called = self.runtime.register(&plugin, &scope, topic, address).await;
        Ok(subscription(called.map_err(classify)?.value))
    }

    async fn remove(&self, key: &ConnectionKey, id: &str) -> Result<(), SourceFailure> {
        let (connection, plugin) = self.ready(key).await?;
        let scope = scope(&self.store, &connection, Lane::Poll);
        let called = self.runtime.remove_subscription(&plugin, &scope, id).await;
        called.map(|_| ()).map_err(classify)
    }
}

fn subscription(one: PluginSubscription) -> Subscription {
    Subscription {
        id: one.id,
        topic: one.topic,
        address: one.address,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a mapping function")]
fn unavailable(error: ordercase_store::StoreError) -> SourceFailure {
    SourceFailure::Unavailable(error.to_string())
}
