//! The help desk: tickets that show the version of an order in a field, and one note each. It knows what
//! was done to it, and notices what must not happen.

use std::collections::BTreeMap;

use ordercase_store::{Effect, EffectId};
use serde_json::{Value, json};

/// A ticket, as an agent sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// The version in the field.
    pub(super) version: Option<u64>,
    /// Notes.
    pub(super) notes: u32,
}

/// The help desk.
#[derive(Default)]
pub(super) struct HelpDesk {
    pub(super) tickets: BTreeMap<u64, Shown>,
    done: BTreeMap<EffectId, u64>,
    last: BTreeMap<String, u64>,
    /// With `true` nothing reaches it, for ever.
    pub(super) dead: bool,
}

impl HelpDesk {
    /// Does what an effect asks for.
    pub(super) fn apply(&mut self, effect: &Effect) -> Result<(), String> {
        let last = self.last.insert(effect.target.clone(), effect.seq);
        let before = self.done.insert(effect.id.clone(), effect.seq);
        let ticket = effect.payload.get("ticket").and_then(Value::as_u64);
        let shown = self.tickets.entry(ticket.unwrap_or_default()).or_default();
        if let Some(version) = effect.payload.pointer("/fields/order") {
            shown.version = version.as_u64();
        }
        if effect.payload.get("note").is_some() {
            shown.notes += 1;
        }
        if before.is_some() {
            return Err(format!("{} is done twice", effect.key));
        }
        match last {
            Some(last) if last >= effect.seq => Err(format!(
                "{} (place {}) is done after place {last} of {}",
                effect.key, effect.seq, effect.target
            )),
            _ => Ok(()),
        }
    }

    /// Whether it did.
    pub(super) fn happened(&self, effect: &Effect) -> Option<Value> {
        let done = self.done.contains_key(&effect.id);
        done.then(|| json!({ "found": true }))
    }
}
