//! Zendesk clients, one per desk: they share a connection pool and a budget, so there must not be two.
//!
//! Credentials are opened from the store when a client is made, and the client is dropped when somebody
//! changes them.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use ordercase_store::{Desk, DeskId, DeskKey, Owner, Store, StoreError, TenantId};
use ordercase_zendesk::{Auth, Client, ClientConfig, DevConnect, Plan, Secret, ZendeskError};
use serde_json::Value;

/// Slot of an OAuth access token.
pub const OAUTH_TOKEN: &str = "oauth_token";
/// Slot of an agent's address, for an old API token.
pub const EMAIL: &str = "email";
/// Slot of an old API token.
pub const API_TOKEN: &str = "api_token";
/// Slot of the token that the desk's flows send; kept so that the installer can put it into the account.
pub const EVENT_TOKEN: &str = "event_token";

/// Clients by desk.
pub struct Desks {
    store: Store,
    dev_connect: Vec<DevConnect>,
    clients: Mutex<HashMap<DeskKey, Client>>,
}

impl Desks {
    /// None yet.
    #[must_use]
    pub fn new(store: Store, dev_connect: Vec<DevConnect>) -> Self {
        Self {
            store,
            dev_connect,
            clients: Mutex::default(),
        }
    }

    /// The client of a desk.
    ///
    /// # Errors
    /// When there is no such desk or its credentials are not there.
    pub async fn client(&self, tenant: &TenantId, desk: &DeskId) -> Result<Client, ZendeskError> {
        let key = DeskKey {
            tenant: tenant.clone(),
            desk: desk.clone(),
        };
        if let Some(client) = self.lock().get(&key) {
            return Ok(client.clone());
        }
        let found = self.store.desk(&key).await.map_err(later)?;
        let found = found.ok_or_else(|| ZendeskError::Setup {
            reason: format!("there is no desk `{desk}`"),
        })?;
        let client = self.make(&found).await?;
        // Whoever was first wins, so that there is one budget per account.
        Ok(self.lock().entry(key).or_insert(client).clone())
    }

    /// Forgets the client of a desk: its credentials or plan changed.
    pub fn forget(&self, key: &DeskKey) {
        self.lock().remove(key);
    }

    async fn make(&self, desk: &Desk) -> Result<Client, ZendeskError> {
        let plan = desk.settings.get("plan").and_then(Value::as_str);
        Client::new(ClientConfig {
            plan: plan.and_then(|plan| plan.parse().ok()).unwrap_or_default(),
            dev_connect: self.dev_connect.clone(),
            seed: rand::random(),
            ..ClientConfig::new(desk.subdomain.clone(), self.auth(desk).await?)
        })
    }

    /// A client with credentials that are not stored yet: to try them first.
    ///
    /// # Errors
    /// When the subdomain or the credentials cannot be right.
    pub fn trial(&self, subdomain: &str, auth: Auth, plan: Plan) -> Result<Client, ZendeskError> {
        Client::new(ClientConfig {
            plan,
            dev_connect: self.dev_connect.clone(),
            ..ClientConfig::new(subdomain, auth)
        })
    }

    /// The credential of a desk, from its secrets.
    ///
    /// # Errors
    /// When none is set.
    pub async fn auth(&self, desk: &Desk) -> Result<Auth, ZendeskError> {
        let [oauth, email, token] = [
            self.secret(desk, OAUTH_TOKEN).await?,
            self.secret(desk, EMAIL).await?,
            self.secret(desk, API_TOKEN).await?,
        ];
        auth(oauth, email, token).ok_or_else(|| ZendeskError::Setup {
            reason: CREDENTIALS_WANTED.to_owned(),
        })
    }

    async fn secret(&self, desk: &Desk, slot: &str) -> Result<Option<Secret>, ZendeskError> {
        let owner = Owner::Desk(desk.key.desk.clone());
        let found = self.store.secret(&desk.key.tenant, &owner, slot).await;
        Ok(found
            .map_err(later)?
            .map(|secret| Secret::new(secret.expose())))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<DeskKey, Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to give a desk.
pub const CREDENTIALS_WANTED: &str = "set the secret `oauth_token`, or `email` and `api_token`";

/// OAuth where it is there, else an old API token.
#[must_use]
pub fn auth(oauth: Option<Secret>, email: Option<Secret>, token: Option<Secret>) -> Option<Auth> {
    match (oauth, email, token) {
        (Some(token), _, _) => Some(Auth::OAuth { token }),
        (None, Some(email), Some(token)) => Some(Auth::ApiToken {
            email: email.expose().to_owned(),
            token,
        }),
        _ => None,
    }
}

/// The store did not answer: not the account's fault, so no reason to pause it.
#[expect(clippy::needless_pass_by_value, reason = "used as a mapping function")]
fn later(error: StoreError) -> ZendeskError {
    ZendeskError::Retry {
        reason: error.to_string(),
    }
}
