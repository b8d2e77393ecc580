//! What a run asks of the world, as traits.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::connection::Connection;
use super::http::{HttpFailure, HttpRequest, HttpResponse};

/// The integration's connections.
pub trait ConnectionPort: Send + Sync {
    /// The connection of this name, as it is now: a rotated token counts from the next call on.
    fn connection(&self, name: &str) -> Option<Connection>;

    /// All connections; those with OAuth appear at `$.connections` when a flow starts.
    fn all(&self) -> Vec<Connection>;
}

/// The integration's settings.
pub trait ConfigPort: Send + Sync {
    /// The settings of the first scope that matches; `*` in `scope` matches any text.
    fn load(&self, scope: &str) -> Option<Value>;
}

/// The network. The connection's allowed domain is checked before a request gets here.
#[async_trait]
pub trait HttpPort: Send + Sync {
    /// Sends a request, obeying its timeout.
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpFailure>;
}

/// Time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Returns when `duration` has passed.
    async fn wait(&self, duration: Duration);
}

/// Connections and settings, as a run holds them.
#[derive(Clone)]
pub struct Stores {
    /// Connections.
    pub connections: Arc<dyn ConnectionPort>,
    /// Settings.
    pub configs: Arc<dyn ConfigPort>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

impl Stores {
    /// No connections and no settings.
    #[must_use]
    pub fn none() -> Self {
        Self {
            connections: Arc::new(NoStores),
            configs: Arc::new(NoStores),
        }
    }
}

/// Connections and settings of an integration that has none.
#[derive(Clone, Copy, Debug)]
pub struct NoStores;

impl ConnectionPort for NoStores {
    fn connection(&self, _name: &str) -> Option<Connection> {
        None
    }

    fn all(&self) -> Vec<Connection> {
        Vec::new()
    }
}

impl ConfigPort for NoStores {
    fn load(&self, _scope: &str) -> Option<Value> {
        None
    }
}

/// A fixed set of connections.
impl ConnectionPort for Vec<Connection> {
    fn connection(&self, name: &str) -> Option<Connection> {
        self.iter()
            .find(|connection| connection.name == name)
            .cloned()
    }

    fn all(&self) -> Vec<Connection> {
        self.clone()
    }
}

/// A fixed set of settings by scope, searched in order.
impl ConfigPort for Vec<(String, Value)> {
    fn load(&self, scope: &str) -> Option<Value> {
        let found = self.iter().find(|(name, _)| matches_scope(scope, name));
        found.map(|(_, config)| config.clone())
    }
}

fn matches_scope(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<_> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = left.split_once(part) else {
            return false;
        };
        left = after;
    }
    left.ends_with(last)
}

/// A clock that stands still until someone waits.
#[derive(Debug)]
pub struct VirtualClock {
    now: Mutex<Timestamp>,
}

impl VirtualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub const fn new(start: Timestamp) -> Self {
        Self {
            now: Mutex::new(start),
        }
    }

    /// Moves the clock on.
    pub fn advance(&self, duration: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(duration).unwrap_or(Timestamp::MAX);
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait(&self, duration: Duration) {
        self.advance(duration);
    }
}

#[cfg(test)]
mod tests {
    use super::matches_scope;

    #[test]
    fn a_star_matches_any_text() {
        for (pattern, name) in [
            ("a_*", "a_settings"),
            ("*", ""),
            ("*x*z", "wxyz"),
            ("a", "a"),
        ] {
            assert!(matches_scope(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a_*", "b_settings"),
            ("a", "ab"),
            ("*x", "xy"),
            ("ab*ba", "aba"),
        ] {
            assert!(!matches_scope(pattern, name), "{pattern} {name}");
        }
    }
}
