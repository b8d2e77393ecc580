//! Effects on a ticket: deterministic keys and op ids, and the payloads that the executor knows.

use std::collections::BTreeMap;

use ordercase_cases::Outgoing;
use ordercase_context::TagChange;
use ordercase_identity::RecordLink;
use ordercase_store::{EffectId, NewEffect, TicketKey};
use serde_json::{Value, json};

/// Kind of an effect that changes fields, status, priority, or says something.
pub(crate) const UPDATE: &str = "ticket.update";
/// Kind of an effect that changes tags.
pub(crate) const TAGS: &str = "ticket.tags";

/// An effect with the op id that the ticket's history will show.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    pub(crate) effect: NewEffect,
    pub(crate) op_id: String,
}

/// What a `ticket.update` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Update {
    pub(crate) fields: BTreeMap<String, Option<String>>,
    /// Body and key.
    pub(crate) note: Option<(String, String)>,
    pub(crate) outgoing: Outgoing,
    /// Body, and whether the requester sees it.
    pub(crate) comment: Option<(String, bool)>,
    pub(crate) stamp: Option<String>,
}

impl Update {
    pub(crate) fn planned(self, ticket: &TicketKey, key: String) -> Planned {
        let op_id = op_id(ticket, &key);
        let said = self.note.is_some() || self.comment.is_some() || !self.outgoing.is_empty();
        let decided = !self.outgoing.is_empty();
        let payload = json!({
            "ticket_id": ticket.ticket_id,
            "op_id": op_id,
            "fields": self.fields,
            "note": self.note.map(|(body, key)| json!({ "body": body, "key": key })),
            "status": self.outgoing.status,
            "priority": self.outgoing.priority,
            "comment": self.comment.map(|(body, public)| json!({ "body": body, "public": public })),
            "safe_updated_stamp": self.stamp.filter(|_| decided),
        });
        // What is said once, or decided at the case, goes out under its own op id; merging would hide it.
        planned(ticket, key, op_id, UPDATE, payload, !said)
    }
}

/// Tags to be changed.
pub(crate) fn tags(ticket: &TicketKey, key: String, change: &TagChange) -> Planned {
    let op_id = op_id(ticket, &key);
    let payload = json!({
        "ticket_id": ticket.ticket_id,
        "op_id": op_id,
        "add": change.add,
        "remove": change.remove,
    });
    planned(ticket, key, op_id, TAGS, payload, false)
}

/// The key of an effect: desk (by its place), ticket, order, kind, and what tells intents apart.
pub(crate) fn key(
    ticket: &TicketKey,
    order: Option<&RecordLink>,
    kind: &str,
    intent: &str,
) -> String {
    let order = order.map_or_else(
        || "-".to_owned(),
        |order| format!("{}/{}", order.connection, order.source_id),
    );
    let id = ticket.ticket_id;
    if intent.is_empty() {
        format!("ticket:{id}/{order}/{kind}")
    } else {
        format!("ticket:{id}/{order}/{kind}/{intent}")
    }
}

/// The op id of the effect with that key: the id that the store will give it.
pub(crate) fn op_id(ticket: &TicketKey, key: &str) -> String {
    EffectId::of(&[ticket.tenant.as_str(), ticket.desk.as_str(), key]).to_string()
}

/// Effects on one ticket go out one at a time.
pub(crate) fn target(ticket: &TicketKey) -> String {
    format!("ticket:{}", ticket.ticket_id)
}

fn planned(
    ticket: &TicketKey,
    key: String,
    op_id: String,
    kind: &str,
    payload: Value,
    merges: bool,
) -> Planned {
    Planned {
        effect: NewEffect {
            key,
            target: target(ticket),
            coalesce_key: merges.then(|| target(ticket)),
            kind: kind.to_owned(),
            payload,
        },
        op_id,
    }
}
