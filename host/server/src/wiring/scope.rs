//! For whom a plugin is called: a connection as the runtime wants it, its secrets opened only when they
//! are used.

use std::sync::Arc;

use async_trait::async_trait;
use ordercase_runtime::{CallScope, CredentialError, Credentials, Lane, SecretText};
use ordercase_store::{Connection, ConnectionKey, Owner, Store};

/// The scope of a call for a connection.
#[must_use]
pub fn scope(store: &Store, connection: &Connection, lane: Lane) -> CallScope {
    CallScope {
        tenant_id: connection.key.tenant.to_string(),
        connection_id: connection.key.connection.to_string(),
        settings: connection.settings.clone(),
        shop: connection.shop.clone(),
        overrides: connection.overrides.clone(),
        credentials: Arc::new(Stored {
            store: store.clone(),
            key: connection.key.clone(),
        }),
        lane,
    }
}

/// Secrets of a connection in the store. Asked for each request, so a rotated secret holds at once.
struct Stored {
    store: Store,
    key: ConnectionKey,
}

#[async_trait]
impl Credentials for Stored {
    async fn secret(&self, slot: &str) -> Result<SecretText, CredentialError> {
        let owner = Owner::Connection(self.key.connection.clone());
        match self.store.secret(&self.key.tenant, &owner, slot).await {
            Ok(Some(secret)) => Ok(SecretText::new(secret.expose().to_owned())),
            Ok(None) => Err(CredentialError::Missing {
                slot: slot.to_owned(),
            }),
            Err(error) => Err(CredentialError::Unavailable {
                slot: slot.to_owned(),
                problem: error.to_string(),
            }),
        }
    }
}
