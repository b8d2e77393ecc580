//! What a delivery is checked against, kept for a moment: the connection that it names, its plugin's recipe, its key.
//!
//! Deliveries come in hundreds a second, and each would read the same rows. What was read is kept for
//! [`limits::SHOP_KEPT`], and no longer than until this process changes a connection or a secret. What another replica
//! changes counts once that time is over, a new key at once: a delivery that does not verify against what was kept is
//! checked against what is read then.

use std::sync::Arc;

use moka::future::Cache;
use ordercase_runtime::{Plugin, SecretText, package::Scheme};
use ordercase_store::{Connection, ConnectionId, Owner, Store};

use super::plugins::Plugins;
use crate::{http::problem::Problem, limits};

/// A shop that a delivery is for.
pub struct Shop {
    /// Its connection.
    pub connection: Connection,
    /// Its plugin.
    pub plugin: Arc<Plugin>,
    /// What it signs with, where the recipe asks for that and it is set.
    pub key: Option<SecretText>,
}

/// Why there is no shop.
enum Missing {
    /// Nobody has the id, or the shop was disconnected.
    Unknown,
    /// It could not be read.
    Failed(Problem),
}

impl<E: Into<Problem>> From<E> for Missing {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Lets deliveries in, by the id in the address that they come to.
pub struct Door {
    store: Store,
    plugins: Arc<Plugins>,
    /// By id, and by the store's revision when it was read: what was read before a change is not found after it.
    kept: Cache<(ConnectionId, u64), Arc<Shop>>,
}

impl Door {
    /// Nothing read yet.
    #[must_use]
    pub fn new(store: Store, plugins: Arc<Plugins>) -> Self {
        let kept = Cache::builder()
            .max_capacity(limits::SHOPS_KEPT_MAX)
            .time_to_live(limits::SHOP_KEPT)
            .build();
        Self {
            store,
            plugins,
            kept,
        }
    }

    /// The shop of a connection, and whether it was read for this question alone; `None` where there is none.
    ///
    /// # Errors
    /// When the store or the plugin is not there.
    pub async fn shop(&self, connection: &str) -> Result<Option<(Arc<Shop>, bool)>, Problem> {
        let Ok(id) = ConnectionId::new(connection) else {
            return Ok(None);
        };
        let place = (id.clone(), self.store.admission_revision());
        let entry = self.kept.entry(place);
        match entry.or_try_insert_with(self.read(&id)).await {
            Ok(entry) => Ok(Some((entry.value().clone(), entry.is_fresh()))),
            Err(missing) => match &*missing {
                Missing::Unknown => Ok(None),
                Missing::Failed(problem) => Err(problem.clone()),
            },
        }
    }

    /// The same, read now: not what somebody else is reading already, which may be older than the delivery.
    ///
    /// # Errors
    /// When the store or the plugin is not there.
    pub async fn shop_read_now(&self, connection: &str) -> Result<Option<Arc<Shop>>, Problem> {
        let Ok(id) = ConnectionId::new(connection) else {
            return Ok(None);
        };
        let place = (id.clone(), self.store.admission_revision());
        match self.read(&id).await {
            Ok(shop) => {
                self.kept.insert(place, Arc::clone(&shop)).await;
                Ok(Some(shop))
            }
            Err(Missing::Unknown) => {
                self.kept.invalidate(&place).await;
                Ok(None)
            }
            Err(Missing::Failed(problem)) => Err(problem),
        }
    }

    async fn read(&self, id: &ConnectionId) -> Result<Arc<Shop>, Missing> {
        let found = self.store.find_connection(id).await?;
        // What a disconnected shop still sends is refused like a stranger's.
        let found = found.filter(|connection| !connection.activity.is_over());
        let connection = found.ok_or(Missing::Unknown)?;
        let plugin = self.plugins.get(&connection.plugin_digest).await?;
        let recipe = plugin.manifest.webhooks.as_ref();
        let signed = recipe.filter(|recipe| recipe.scheme == Scheme::Hmac);
        let key = match signed.and_then(|recipe| recipe.slot.as_deref()) {
            Some(slot) => {
                let owner = Owner::Connection(id.clone());
                let tenant = &connection.key.tenant;
                self.store.secret(tenant, &owner, slot).await?
            }
            None => None,
        };
        Ok(Arc::new(Shop {
            key: key.map(|key| SecretText::new(key.expose().to_owned())),
            connection,
            plugin,
        }))
    }
}
