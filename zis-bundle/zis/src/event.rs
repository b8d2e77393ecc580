//! Events of the support product, shaped as Zendesk sends them to flows.
//!
//! One save of a ticket emits several events that share a sequence id and count from position 1 to
//! total. The ticket inside has no subject, description, custom fields or comments; who needs them
//! reads the ticket through the API. Documented in full for "Ticket Created"; the other types'
//! `type` texts follow the same pattern, which no source confirms.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The `event_source` of ticket, user and organization events.
pub const SUPPORT: &str = "support";

/// Ticket event types, without the prefix `ticket.`.
pub const TICKET_EVENTS: [&str; 30] = [
    "AgentAssignmentChanged",
    "AttachmentLinkedToComment",
    "AttachmentRedactedFromComment",
    "BrandChanged",
    "CcsChanged",
    "CommentAdded",
    "CommentMadePrivate",
    "CommentRedacted",
    "CustomFieldChanged",
    "DescriptionChanged",
    "ExternalIdChanged",
    "FollowersChanged",
    "GroupAssignmentChanged",
    "MarkedAsSpam",
    "OrganizationChanged",
    "PriorityChanged",
    "ProblemLinkChanged",
    "RequesterChanged",
    "StatusChanged",
    "SubjectChanged",
    "SubmitterChanged",
    "TagsChanged",
    "TaskDueAtChanged",
    "TicketCreated",
    "TicketFormChanged",
    "TicketMerged",
    "TicketPermanentlyDeleted",
    "TicketSoftDeleted",
    "TicketTypeChanged",
    "TicketUndeleted",
];

/// An event as a flow receives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `support`, `sunshine`, or the source system of an inbound webhook.
    pub event_source: String,
    /// `ticket.TicketCreated` and the like.
    pub event_type: String,
    /// What becomes `$.input`.
    pub input: Value,
}

/// What an event tells about its ticket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are Zendesk's own")]
pub struct TicketFacts {
    pub id: u64,
    pub created_at: String,
    pub updated_at: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub priority: Option<String>,
    pub status: String,
    pub requester_id: u64,
    pub submitter_id: u64,
    pub assignee_id: Option<u64>,
    pub organization_id: Option<u64>,
    pub group_id: Option<u64>,
    pub brand_id: Option<u64>,
    pub form_id: Option<u64>,
    pub external_id: Option<String>,
    pub tags: Vec<String>,
    pub via: Via,
}

/// How a ticket came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Via {
    /// `web`, `email`, `api`, ...
    pub channel: String,
}

/// One thing that a save did to a ticket.
#[derive(Clone, Debug, PartialEq)]
pub enum TicketChange {
    /// It came into being.
    Created,
    /// It got a comment.
    CommentAdded {
        /// The comment's id.
        id: u64,
        /// Its text.
        body: String,
        /// Whether the requester sees it.
        is_public: bool,
        /// Its author.
        author_id: u64,
    },
    /// Its status changed.
    StatusChanged {
        /// The status before.
        previous: String,
        /// The status after.
        current: String,
    },
    /// Its priority changed; `None` where it has none.
    PriorityChanged {
        /// The priority before.
        previous: Option<String>,
        /// The priority after.
        current: Option<String>,
    },
    /// Anything else, with its event type's last part (`TagsChanged`) and extra fields.
    Other {
        /// `TagsChanged` and the like.
        name: String,
        /// Fields beside `ticket`.
        fields: serde_json::Map<String, Value>,
    },
}

impl TicketChange {
    /// The event type's last part.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Created => "TicketCreated",
            Self::CommentAdded { .. } => "CommentAdded",
            Self::StatusChanged { .. } => "StatusChanged",
            Self::PriorityChanged { .. } => "PriorityChanged",
            Self::Other { name, .. } => name,
        }
    }

    fn fields(&self) -> serde_json::Map<String, Value> {
        let fields = match self {
            Self::Created => json!({}),
            Self::CommentAdded {
                id,
                body,
                is_public,
                author_id,
            } => json!({
                "comment": {"id": id, "body": body, "is_public": is_public, "author_id": author_id}
            }),
            Self::StatusChanged { previous, current } => {
                json!({"previous": previous, "current": current})
            }
            Self::PriorityChanged { previous, current } => {
                json!({"previous": previous, "current": current})
            }
            Self::Other { fields, .. } => return fields.clone(),
        };
        fields.as_object().cloned().unwrap_or_default()
    }
}

/// One save of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketSave {
    /// Id that the save's events share; Zendesk's are 32 hexadecimal digits in capitals.
    pub sequence_id: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Zendesk's own reference of the event (`18-646602214`).
    pub reference: String,
}

/// The events of one save, in order.
#[must_use]
pub fn ticket_events(
    save: &TicketSave,
    ticket: &TicketFacts,
    changes: &[TicketChange],
) -> Vec<Event> {
    let total = changes.len();
    let event = |(index, change): (usize, &TicketChange)| {
        let name = change.name();
        let mut body = change.fields();
        body.insert(
            "meta".to_owned(),
            json!({
                "version": "1.0",
                "occurred_at": save.occurred_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "ref": save.reference,
                "sequence": {"id": save.sequence_id, "position": index + 1, "total": total},
            }),
        );
        body.insert("type".to_owned(), Value::from(words(name)));
        body.insert("ticket".to_owned(), json!(ticket));
        Event {
            event_source: SUPPORT.to_owned(),
            event_type: format!("ticket.{name}"),
            input: json!({ "ticket_event": body }),
        }
    };
    changes.iter().enumerate().map(event).collect()
}

/// `TicketCreated` as Zendesk's payload writes it: `Ticket Created`.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for (i, letter) in name.chars().enumerate() {
        if i > 0 && letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_emits_events_that_count_through_one_sequence() {
        let save = TicketSave {
            sequence_id: "C20565CD20591B5E81E2206E91ADFB2A".to_owned(),
            occurred_at: "2021-08-12T08:46:37.5Z".parse().unwrap(),
            reference: "18-646602214".to_owned(),
        };
        let ticket = TicketFacts {
            id: 1001,
            status: "new".to_owned(),
            ..TicketFacts::default()
        };
        let comment = TicketChange::CommentAdded {
            id: 5,
            body: "hello".to_owned(),
            is_public: true,
            author_id: 9,
        };
        let events = ticket_events(&save, &ticket, &[TicketChange::Created, comment]);
        let types: Vec<_> = events
            .iter()
            .map(|event| event.event_type.as_str())
            .collect();
        assert_eq!(types, ["ticket.TicketCreated", "ticket.CommentAdded"]);
        let second = &events[1].input["ticket_event"];
        assert_eq!(second["type"], "Comment Added");
        assert_eq!(second["comment"]["id"], 5);
        assert_eq!(second["meta"]["occurred_at"], "2021-08-12T08:46:37Z");
        assert_eq!(
            second["meta"]["sequence"],
            json!({"id": save.sequence_id, "position": 2, "total": 2})
        );
        assert_eq!(second["ticket"]["id"], 1001);
        assert!(second["ticket"].get("subject").is_none());
    }
}
