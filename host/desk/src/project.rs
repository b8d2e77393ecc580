//! From a context to what the ticket must be told, and only what it does not show yet.
//!
//! What a ticket should show is compared with what it was last told to show. Only when that changed is
//! anything written, and then only what differs. So an agent or a trigger that changes one of our fields
//! is never fought, and a projection that is on its way is not sent again.

use std::collections::BTreeMap;

use ordercase_context::{MATCH_TAG_PREFIX, SupportContext, TagChange, fields, note, tags};
use ordercase_identity::{MatchClass, RecordLink};
use ordercase_store::{EffectId, TicketKey};
use serde_json::Value;

use crate::{
    DeskSettings, TicketSnapshot,
    case::shows_note,
    effect::{self, Planned, Update},
    mirror::{Mirror, Projected},
};

/// What a ticket must be told.
#[derive(Debug, Default)]
pub(crate) struct Projection {
    pub(crate) effects: Vec<Planned>,
    /// Whether the last of them carries a note.
    pub(crate) noted: Option<RecordLink>,
    pub(crate) note_op: Option<String>,
    pub(crate) projected: Option<Projected>,
}

/// All that a projection follows from.
pub(crate) struct Showing<'a> {
    pub(crate) ticket: &'a TicketKey,
    pub(crate) settings: &'a DeskSettings,
    pub(crate) mirror: &'a Mirror,
    pub(crate) context: &'a SupportContext,
    /// The ticket as just read; absent when it is decided from memory.
    pub(crate) fresh: Option<&'a TicketSnapshot>,
}

impl Showing<'_> {
    /// Plans the effects.
    pub(crate) fn plan(&self) -> Projection {
        if self.mirror.ticket.status == "closed" {
            // It takes no writes; what it was last told stays what it was last told.
            return Projection {
                projected: self.mirror.projected.clone(),
                ..Projection::default()
            };
        }
        let before = self.mirror.projected.clone().unwrap_or_default();
        let mut wanted = Projected {
            rev: before.rev,
            class: self.context.matched.class,
            order: self.order(),
            fields: self.wanted_fields(),
        };
        let first = self.mirror.projected.is_none();
        let moved = first || wanted != before;
        if moved {
            wanted.rev += 1;
        }
        let mut plan = Projection::default();
        let changed = if moved {
            self.differing(&wanted.fields, &before)
        } else {
            BTreeMap::new()
        };
        self.plan_update(&wanted, changed, &mut plan);
        if first || wanted.class != before.class {
            let change = self.tag_change((!first).then_some(before.class));
            if !change.is_empty() {
                let intent = format!("{}-{}", wanted.rev, wanted.class);
                let key = effect::key(self.ticket, None, "tags", &intent);
                plan.effects.push(effect::tags(self.ticket, key, &change));
            }
        }
        plan.projected = Some(wanted);
        plan
    }

    fn plan_update(
        &self,
        wanted: &Projected,
        changed: BTreeMap<String, Option<String>>,
        plan: &mut Projection,
    ) {
        let order = wanted.order.as_ref();
        let due = order.filter(|order| self.note_is_due(order));
        let note_key = due.map(|order| self.note_key(order));
        let text = note_key.as_deref().and_then(|key| note(self.context, key));
        if let (Some(order), Some(key), Some(body)) = (due, note_key, text) {
            plan.noted = Some(order.clone());
            if self.fresh.is_none_or(|ticket| !shows_note(ticket, &key)) {
                let update = Update {
                    fields: changed,
                    note: Some((body, key)),
                    ..Update::default()
                };
                let key = effect::key(self.ticket, Some(order), "note", "");
                let planned = update.planned(self.ticket, key);
                plan.note_op = Some(planned.op_id.clone());
                plan.effects.push(planned);
                return;
            }
        }
        if !changed.is_empty() {
            let intent = format!("{}-{}", wanted.rev, short_hash(&changed));
            let key = effect::key(self.ticket, order, "fields", &intent);
            let update = Update {
                fields: changed,
                ..Update::default()
            };
            plan.effects.push(update.planned(self.ticket, key));
        }
    }

    /// A ticket's first note; or the note of another order, when the ticket itself names that order.
    fn note_is_due(&self, order: &RecordLink) -> bool {
        let confirmed = self.context.matched.class == MatchClass::Confirmed;
        let noted = &self.mirror.noted;
        let named = self.fresh.is_some()
            && self
                .context
                .order_in_question
                .as_ref()
                .is_some_and(|order| order.quoted);
        self.settings.note_rule
            && confirmed
            && !noted.contains(order)
            && (noted.is_empty() || named)
    }

    fn note_key(&self, order: &RecordLink) -> String {
        let ticket = self.ticket;
        let id = EffectId::of(&[
            "note",
            ticket.desk.as_str(),
            &ticket.ticket_id.to_string(),
            &order.connection,
            &order.source_id,
        ]);
        id.as_str()
            .trim_start_matches("eff_")
            .chars()
            .take(16)
            .collect()
    }

    fn order(&self) -> Option<RecordLink> {
        let order = self.context.order_in_question.as_ref()?;
        let source = self.context.sources.get(&order.src)?;
        Some(RecordLink::new(
            ordercase_model::Kind::Order,
            &source.connection,
            &source.source_id,
        ))
    }

    /// Values by the help desk's field id, for the keys that the desk has fields for.
    fn wanted_fields(&self) -> BTreeMap<String, Option<String>> {
        let values = fields(self.context);
        self.settings
            .fields
            .iter()
            .filter_map(|(key, id)| Some((id.clone(), values.get(key.as_str())?.clone())))
            .collect()
    }

    /// Fields that the ticket was last told otherwise; where it was never told, those that it shows
    /// otherwise.
    fn differing(
        &self,
        wanted: &BTreeMap<String, Option<String>>,
        before: &Projected,
    ) -> BTreeMap<String, Option<String>> {
        let shows = |id: &String| self.mirror.ticket.fields.get(id).and_then(text);
        wanted
            .iter()
            .filter(|(id, value)| match before.fields.get(*id) {
                Some(told) => told != *value,
                None => shows(id) != **value,
            })
            .map(|(id, value)| (id.clone(), value.clone()))
            .collect()
    }

    /// Tags as just read; from memory, those of the class that the ticket was last told.
    fn tag_change(&self, before: Option<MatchClass>) -> TagChange {
        let told = before.map(|class| format!("{MATCH_TAG_PREFIX}{class}"));
        let mut present = self.mirror.ticket.tags.clone();
        if let Some(told) = told.filter(|told| !present.contains(told)) {
            present.push(told);
        }
        let mut change = tags(self.context, &present);
        let wanted = format!("{MATCH_TAG_PREFIX}{}", self.context.matched.class);
        let shows = self.mirror.ticket.tags.contains(&wanted);
        // Told something else since it was read: say it again.
        if shows && before.is_some() && change.add.is_empty() {
            change.add.push(wanted);
        }
        change
    }
}

/// A field's value as text; empty and absent are the same.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn short_hash(fields: &BTreeMap<String, Option<String>>) -> String {
    let parts: Vec<String> = fields
        .iter()
        .flat_map(|(id, value)| [id.clone(), value.clone().unwrap_or_default()])
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let id = EffectId::of(&parts);
    id.as_str()
        .trim_start_matches("eff_")
        .chars()
        .take(12)
        .collect()
}
