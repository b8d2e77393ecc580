//! For whom a call is made.

use std::{fmt, sync::Arc};

use serde_json::Value;

use crate::Credentials;

/// The connection that a call serves, and in which lane.
#[derive(Clone)]
pub struct CallScope {
    /// The merchant.
    pub tenant_id: String,
    /// The merchant's shop.
    pub connection_id: String,
    /// Settings, checked by [`crate::Manifest::check_settings`].
    pub settings: Value,
    /// What the last probe returned; `{}` before the first.
    pub shop: Value,
    /// The operator's status mappings.
    pub overrides: Value,
    /// Secrets. They never reach the plugin.
    pub credentials: Arc<dyn Credentials>,
    /// Who waits.
    pub lane: Lane,
}

impl fmt::Debug for CallScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallScope")
            .field("tenant_id", &self.tenant_id)
            .field("connection_id", &self.connection_id)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

/// Who waits for a call. Agents and live events have shares that history cannot use up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// A person looks at a screen.
    Agent,
    /// Something just happened.
    Live,
    /// Incremental reading.
    #[default]
    Poll,
    /// Reading history for the first time.
    Backfill,
    /// Proving that nothing was missed.
    Reconcile,
}

impl Lane {
    /// Whether a person or a live event waits.
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::Agent | Self::Live)
    }
}
