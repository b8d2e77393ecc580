//! The outbox: what is to happen outside. Effects are committed with the state that caused them and
//! executed later, one at a time per target and in the order of their commit. The same intent twice is
//! one effect; updates of one ticket that wait are merged; every attempt is journalled before it begins.

mod coalesce;
mod put;
mod work;

pub use coalesce::merge_payloads;
pub(crate) use put::put_in;
#[cfg(test)]
pub(crate) use {put::STATEMENTS as PUT_STATEMENTS, work::STATEMENTS as WORK_STATEMENTS};

use ordercase_model::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Death, DeskKey, EffectId, HolderId, StoreError, db::Row};

/// A change outside that is to happen once.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEffect {
    /// Deterministic: the same intent has the same key, within the desk.
    pub key: String,
    /// One in flight per target, in order.
    pub target: String,
    /// Waiting effects of the same kind with the same value here are merged.
    pub coalesce_key: Option<String>,
    /// What the executor does, such as `ticket.update`.
    pub kind: String,
    /// What it does it with.
    pub payload: Value,
}

/// What became of a new effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectPut {
    /// It waits.
    Stored(EffectId),
    /// It waits and took in an older one that had not begun.
    Merged {
        /// This one.
        id: EffectId,
        /// The older one.
        superseded: EffectId,
    },
    /// This intent is known: waiting, done, or dead.
    Known(EffectId),
}

/// Where an effect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectState {
    /// To be executed.
    Pending,
    /// Happened.
    Done,
    /// Taken in by a newer one.
    Superseded,
    /// Waiting for a person.
    Dead,
    /// A person decided that it shall not happen.
    Discarded,
}

impl EffectState {
    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Superseded => "superseded",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }
}

impl std::str::FromStr for EffectState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "pending" => Ok(Self::Pending),
            "done" => Ok(Self::Done),
            "superseded" => Ok(Self::Superseded),
            "dead" => Ok(Self::Dead),
            "discarded" => Ok(Self::Discarded),
            _ => Err(format!("`{text}` is no state of an effect")),
        }
    }
}

/// An effect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// Id.
    pub id: EffectId,
    /// Desk that it acts on.
    pub desk: DeskKey,
    /// Deterministic key.
    pub key: String,
    /// Target.
    pub target: String,
    /// Place in the order of its target.
    pub seq: u64,
    /// What merges.
    pub coalesce_key: Option<String>,
    /// Kind.
    pub kind: String,
    /// Payload.
    pub payload: Value,
    /// Where it stands.
    pub state: EffectState,
    /// When it may be executed.
    pub due_at: Instant,
    /// How often somebody took it, this time included.
    pub attempts: u32,
    /// How often it went wrong since it was due first, or since a person put it back to work.
    pub failures: u32,
    /// Who has it.
    pub holder: Option<HolderId>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// What the executor answered.
    pub outcome: Option<Value>,
    /// When it was committed.
    pub created_at: Instant,
    /// When it was settled.
    pub settled_at: Option<Instant>,
    /// Since when it is being tried: its commit, or when a person put it back to work.
    pub tried_since: Instant,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum EffectSettlement {
    /// It happened now.
    Done(Value),
    /// It had happened before.
    AlreadyDone(Value),
    /// Not yet: again at `at`.
    Retry {
        /// When.
        at: Instant,
        /// What went wrong.
        error: String,
    },
    /// A person must look, for this.
    Dead(Death),
    /// Given back before anything was sent.
    Released,
}

/// What an effect worker asks for.
#[derive(Clone, Debug)]
pub struct EffectRequest {
    /// At most so many.
    pub limit: u32,
    /// Who asks.
    pub holder: HolderId,
    /// Now.
    pub now: Instant,
    /// Until when the work is its own.
    pub lease_until: Instant,
}

/// One attempt at an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Which one, from 1.
    pub attempt: u32,
    /// When it began.
    pub started_at: Instant,
    /// When it ended; absent when nobody came back to say.
    pub ended_at: Option<Instant>,
    /// `done`, `already_done`, `retry` or `dead`.
    pub outcome: Option<String>,
    /// What went wrong.
    pub detail: Option<String>,
}

macro_rules! effect_columns {
    () => {
        "tenant_id, desk_id, effect_id, effect_key, target, seq, coalesce_key, kind, payload, state, due_at, \
         attempts, failures, holder, last_error, outcome, created_at, settled_at, tried_since"
    };
}
pub(crate) use effect_columns;

pub(crate) fn read(row: &Row) -> Result<Effect, StoreError> {
    let outcome = row.opt_text("outcome")?;
    Ok(Effect {
        id: row.parse("effect_id")?,
        desk: DeskKey {
            tenant: row.parse("tenant_id")?,
            desk: row.parse("desk_id")?,
        },
        key: row.text("effect_key")?,
        target: row.text("target")?,
        seq: row.count("seq")?,
        coalesce_key: row.opt_text("coalesce_key")?,
        kind: row.text("kind")?,
        payload: row.json("payload")?,
        state: row.parse("state")?,
        due_at: row.instant("due_at")?,
        attempts: u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX),
        failures: u32::try_from(row.int("failures")?).unwrap_or(u32::MAX),
        holder: row
            .opt_text("holder")?
            .and_then(|id| HolderId::new(id).ok()),
        last_error: row.opt_text("last_error")?,
        outcome: outcome.and_then(|text| serde_json::from_str(&text).ok()),
        created_at: row.instant("created_at")?,
        settled_at: row.opt_instant("settled_at")?,
        tried_since: match row.opt_instant("tried_since")? {
            Some(since) => since,
            None => row.instant("created_at")?,
        },
    })
}
