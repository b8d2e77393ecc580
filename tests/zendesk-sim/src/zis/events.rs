//! From a save to the events that it emits, and from an event to the flows that it starts.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ordercase_zis::{Event, TicketChange, TicketFacts, TicketSave, event, ticket_events};
use serde_json::{Map, Value, json};

use super::run;
use crate::clock::iso;
use crate::http::fault::FaultKind;
use crate::shared::Shared;
use crate::world::ticket::Ticket;
use crate::world::update::Saved;

/// Emits the events of a save. They are delivered at once, at least once, in no certain order.
pub(crate) fn emit(shared: &Arc<Shared>, saved: &Saved) {
    let Some(audit) = &saved.audit else {
        return;
    };
    let save = TicketSave {
        sequence_id: format!(
            "{:032X}",
            u128::from(audit.id) << 64 | u128::from(saved.after.id)
        ),
        occurred_at: Timestamp::from_second(audit.created_at).unwrap_or(Timestamp::UNIX_EPOCH),
        reference: format!("{}-{}", audit.id % 100, saved.after.id % 1_000_000_000),
    };
    let events = ticket_events(&save, &facts(&saved.after), &changes(saved));
    for event in events {
        shared.records().note_event(json!({
            "event_type": event.event_type,
            "ticket_id": saved.after.id,
            "audit_id": audit.id,
            "input": event.input,
        }));
        deliver(shared, &event);
    }
}

/// Starts the flows of an event, unless a fault has other plans.
fn deliver(shared: &Arc<Shared>, event: &Event) {
    let fault = shared.faults().for_event(&event.event_type);
    match fault {
        Some(FaultKind::EventDrop) => {}
        Some(FaultKind::EventDuplicate) => {
            run::start(shared, event, Duration::ZERO);
            run::start(shared, event, Duration::ZERO);
        }
        Some(FaultKind::EventDelay { millis }) => {
            run::start(shared, event, Duration::from_millis(millis));
        }
        _ => run::start(shared, event, Duration::ZERO),
    }
}

fn facts(ticket: &Ticket) -> TicketFacts {
    TicketFacts {
        id: ticket.id,
        created_at: iso(ticket.created_at),
        updated_at: iso(ticket.updated_at),
        kind: ticket.kind.clone(),
        priority: ticket.priority.clone(),
        status: ticket.status.clone(),
        requester_id: ticket.requester_id,
        submitter_id: ticket.submitter_id,
        assignee_id: ticket.assignee_id,
        organization_id: None,
        group_id: ticket.group_id,
        brand_id: None,
        form_id: None,
        external_id: ticket.external_id.clone(),
        tags: ticket.tags.clone(),
        via: event::Via {
            channel: ticket.channel().to_owned(),
        },
    }
}

/// What a save did, in the words of events.
fn changes(saved: &Saved) -> Vec<TicketChange> {
    let mut changes = Vec::new();
    let after = &saved.after;
    match &saved.before {
        None => {
            changes.push(TicketChange::Created);
            if after.priority.is_some() {
                changes.push(TicketChange::PriorityChanged {
                    previous: None,
                    current: after.priority.clone(),
                });
            }
        }
        Some(before) => compare(before, after, &mut changes),
    }
    let old = saved
        .before
        .as_ref()
        .map_or(0, |before| before.comments.len());
    for comment in after.comments.iter().skip(old) {
        changes.push(TicketChange::CommentAdded {
            id: comment.id,
            body: comment.plain_body.clone(),
            is_public: comment.public,
            author_id: comment.author_id,
        });
    }
    changes
}

fn compare(before: &Ticket, after: &Ticket, changes: &mut Vec<TicketChange>) {
    if before.status != after.status {
        changes.push(TicketChange::StatusChanged {
            previous: before.status.clone(),
            current: after.status.clone(),
        });
    }
    if before.priority != after.priority {
        changes.push(TicketChange::PriorityChanged {
            previous: before.priority.clone(),
            current: after.priority.clone(),
        });
    }
    let mut other = |name: &str, previous: Value, current: Value| {
        if previous != current {
            let mut fields = Map::new();
            fields.insert("previous".to_owned(), previous);
            fields.insert("current".to_owned(), current);
            let name = name.to_owned();
            changes.push(TicketChange::Other { name, fields });
        }
    };
    other(
        "SubjectChanged",
        json!(before.subject),
        json!(after.subject),
    );
    other("TicketTypeChanged", json!(before.kind), json!(after.kind));
    other(
        "ExternalIdChanged",
        json!(before.external_id),
        json!(after.external_id),
    );
    other(
        "RequesterChanged",
        json!(before.requester_id),
        json!(after.requester_id),
    );
    other(
        "AgentAssignmentChanged",
        json!(before.assignee_id),
        json!(after.assignee_id),
    );
    compare_tags(before, after, changes);
    for (id, value) in &after.custom {
        let previous = before.custom.get(id).unwrap_or(&Value::Null);
        if previous != value {
            let fields = json!({
                "custom_field": { "id": id, "title": "", "field_type": "text" },
                "previous": previous, "current": value,
            });
            changes.push(TicketChange::Other {
                name: "CustomFieldChanged".to_owned(),
                fields: fields.as_object().cloned().unwrap_or_default(),
            });
        }
    }
}

fn compare_tags(before: &Ticket, after: &Ticket, changes: &mut Vec<TicketChange>) {
    let missing = |from: &[String], into: &[String]| -> Vec<String> {
        from.iter()
            .filter(|tag| !into.contains(tag))
            .cloned()
            .collect()
    };
    let added = missing(&after.tags, &before.tags);
    let removed = missing(&before.tags, &after.tags);
    if !added.is_empty() || !removed.is_empty() {
        let fields = json!({ "tags_added": added, "tags_removed": removed });
        changes.push(TicketChange::Other {
            name: "TagsChanged".to_owned(),
            fields: fields.as_object().cloned().unwrap_or_default(),
        });
    }
}
