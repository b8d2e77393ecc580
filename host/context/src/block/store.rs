//! How far the tenant's shops can be trusted to be complete and fresh.

use ordercase_model::Instant;
use serde::{Deserialize, Serialize};

/// A shop as sync knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreState {
    /// The connection.
    pub connection: String,
    /// What the merchant calls it.
    pub name: String,
    /// `active`, `paused`, or what sync says.
    pub state: String,
    /// Why it is paused.
    pub reason: Option<String>,
    /// Whether all history is here.
    pub complete: bool,
    /// Records that were read and could not be stored yet: some lack a mapping, some need a person.
    pub unstored: u64,
    /// What is proven complete of its orders; absent while nothing is.
    pub proven: Option<ProvenSpan>,
    /// When something was last read.
    pub last_read_at: Option<Instant>,
}

/// Of which time everything is proven to be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenSpan {
    /// From when; from the shop's first order when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// Until when.
    pub through: Instant,
}

/// A shop as an agent sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreHealth {
    /// The connection.
    pub connection: String,
    /// What the merchant calls it.
    pub name: String,
    /// `active` or `paused`.
    pub state: String,
    /// Why it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether all history is here; counts are "at least" while it is not.
    pub complete: bool,
    /// Records that were read and could not be stored yet; absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unstored: u64,
    /// Of which time everything is proven to be here; absent while nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven: Option<ProvenSpan>,
    /// When something was last read; absent when nothing ever was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_read_at: Option<Instant>,
    /// Seconds since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to it"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

pub(crate) fn store_health(stores: &[StoreState], now: Instant) -> Vec<StoreHealth> {
    stores
        .iter()
        .map(|store| StoreHealth {
            connection: store.connection.clone(),
            name: store.name.clone(),
            state: store.state.clone(),
            reason: store.reason.clone(),
            complete: store.complete,
            unstored: store.unstored,
            proven: store.proven,
            last_read_at: store.last_read_at,
            age_seconds: store.last_read_at.map(|at| now.seconds_since(at).max(0)),
        })
        .collect()
}
