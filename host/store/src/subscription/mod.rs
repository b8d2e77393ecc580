//! Webhooks registered at the platforms. One row per connection is the work of looking (claimed under a lease like
//! every other work), one row per topic is what was found, and a gap is a time during which a topic did not stand
//! there: what happened then may not have been told.
//!
//! What is to be registered and what is ours is decided by the engine; this module keeps it.

mod leave;
mod work;

#[cfg(test)]
pub(crate) use leave::STATEMENTS as LEAVE_STATEMENTS;
pub(crate) use leave::ignore_waiting;
pub use leave::{Departure, Leaving};
#[cfg(test)]
pub(crate) use work::STATEMENTS as WORK_STATEMENTS;
pub(crate) use work::{free, missing_at, open};

use ordercase_model::Instant;
use serde::{Deserialize, Serialize};

use crate::{ConnectionKey, HolderId, NewAudit, StoreError, db::Row};

/// Whether a connection's webhooks are looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Looked at again and again.
    Watched,
    /// What is ours is being removed.
    Leaving,
    /// Done: the connection is gone.
    Left,
}

/// What the last look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Nobody looked yet.
    Unchecked,
    /// Every topic stands at the platform.
    Registered,
    /// Some could not be registered.
    Incomplete,
    /// The host has no public address that a platform could reach.
    NoAddress,
    /// The plugin cannot register: the shop's own forwarder sends.
    Forwarder,
    /// The platform could not be asked.
    Failing,
}

/// Where a topic stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// It stands at the platform, with our address.
    Registered,
    /// It does not.
    Missing,
    /// We removed it.
    Removed,
    /// It could not be removed when the shop was disconnected.
    LeftBehind,
}

macro_rules! texts {
    ($type:ty: $($variant:ident = $text:literal),+ $(,)?) => {
        impl $type {
            /// The text in SQL and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(format!("`{text}` is not one of {}", [$($text),+].join(", "))),
                }
            }
        }
    };
}
texts!(CheckState: Watched = "watched", Leaving = "leaving", Left = "left");
texts!(Condition: Unchecked = "unchecked", Registered = "registered", Incomplete = "incomplete",
    NoAddress = "no_address", Forwarder = "forwarder", Failing = "failing");
texts!(SubscriptionState: Registered = "registered", Missing = "missing", Removed = "removed",
    LeftBehind = "left_behind");

/// The work of looking after a connection's webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionCheck {
    /// Connection.
    pub connection: ConnectionKey,
    /// Whether it is looked after.
    pub state: CheckState,
    /// Since when.
    pub since: Instant,
    /// When it is due.
    pub due_at: Instant,
    /// Failed attempts since the last look.
    pub attempts: u32,
    /// Who has it.
    pub holder: Option<HolderId>,
    /// What the last look came to.
    pub condition: Condition,
    /// When the platform last answered.
    pub checked_at: Option<Instant>,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// A topic and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionRow {
    /// Topic.
    pub topic: String,
    /// The platform's id.
    pub platform_id: Option<String>,
    /// Where it points; without the token, where it carries one.
    pub address: Option<String>,
    /// Where it stands.
    pub state: SubscriptionState,
    /// When it was last seen at the platform.
    pub checked_at: Option<Instant>,
    /// Since when it is missing.
    pub missing_since: Option<Instant>,
    /// Why it could not be registered or removed.
    pub last_error: Option<String>,
}

/// A time during which a topic did not stand at the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionGap {
    /// Topic.
    pub topic: String,
    /// From when: last seen there, or connected.
    pub since: Instant,
    /// Until when; still missing when absent.
    pub until: Option<Instant>,
}

/// What a look came to, to be kept whole.
#[derive(Clone, Debug)]
pub struct CheckCommit {
    /// The claimed work.
    pub check: SubscriptionCheck,
    /// What it came to.
    pub condition: Condition,
    /// Whether it counts as a failed attempt.
    pub failed: bool,
    /// What went wrong.
    pub error: Option<String>,
    /// When the platform answered, if it did.
    pub checked_at: Option<Instant>,
    /// The topics as they are now.
    pub rows: Vec<SubscriptionRow>,
    /// Gaps, opened or closed.
    pub gaps: Vec<SubscriptionGap>,
    /// Deeds to be noted.
    pub audits: Vec<NewAudit>,
    /// When to look again.
    pub next: Instant,
    /// Now.
    pub now: Instant,
}

macro_rules! check_columns {
    () => {
        "tenant_id, connection_id, state, since, due_at, attempts, holder, condition, checked_at, last_error"
    };
}
use check_columns;

fn read_check(row: &Row) -> Result<SubscriptionCheck, StoreError> {
    Ok(SubscriptionCheck {
        connection: ConnectionKey {
            tenant: row.parse("tenant_id")?,
            connection: row.parse("connection_id")?,
        },
        state: row.parse("state")?,
        since: row.instant("since")?,
        due_at: row.instant("due_at")?,
        attempts: u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX),
        holder: row
            .opt_text("holder")?
            .and_then(|id| HolderId::new(id).ok()),
        condition: row.parse("condition")?,
        checked_at: row.opt_instant("checked_at")?,
        last_error: row.opt_text("last_error")?,
    })
}

fn lost(check: &SubscriptionCheck) -> StoreError {
    StoreError::LeaseLost {
        what: "subscription check",
        id: check.connection.connection.to_string(),
    }
}
