//! What the ZIS registry keeps of an integration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An integration with its bundle, job specs and connections.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Integration {
    pub(crate) name: String,
    pub(crate) description: String,
    /// Its OAuth client.
    pub(crate) client_id: u64,
    pub(crate) bundle: Option<StoredBundle>,
    /// Installed job specs by name.
    pub(crate) installed: BTreeMap<String, Installed>,
    pub(crate) connections: BTreeMap<String, StoredConnection>,
}

/// An uploaded bundle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredBundle {
    pub(crate) uuid: String,
    pub(crate) document: Value,
    /// Counts uploads. A job spec installed under an older upload is listed and never fires.
    pub(crate) upload: u64,
}

/// An installed job spec.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Installed {
    /// The upload under which it was installed.
    pub(crate) upload: u64,
    pub(crate) event_source: String,
    pub(crate) event_type: String,
    pub(crate) flow_name: String,
}

/// A connection of any kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredConnection {
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) allowed_domain: String,
    pub(crate) credential: StoredCredential,
    pub(crate) created_at: i64,
}

/// A connection's credential.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum StoredCredential {
    Bearer { token: String },
    Basic { username: String, password: String },
}
