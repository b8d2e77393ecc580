//! The payloads of effects, as the desk commits them, parsed and bounded at the edge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EffectFailure, refused};
use crate::limits::{COMMENT_BYTES_MAX, FIELDS_MAX, OP_ID_CHARS_MAX, TAGS_MAX};

/// An effect on a ticket.
#[derive(Clone, Debug, PartialEq)]
pub enum TicketEffect {
    /// `ticket.update`.
    Update(TicketUpdate),
    /// `ticket.tags`.
    Tags(TicketTags),
}

/// Payload of `ticket.update`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TicketUpdate {
    /// The ticket.
    pub ticket_id: u64,
    /// Names this effect in the ticket's audits.
    pub op_id: String,
    /// Values by Zendesk field id.
    pub fields: BTreeMap<String, Value>,
    /// An internal note.
    pub note: Option<Note>,
    /// New status.
    pub status: Option<String>,
    /// New priority.
    pub priority: Option<String>,
    /// A comment of a case.
    pub comment: Option<CommentDraft>,
    /// The ticket's `updated_at` when status or priority were decided.
    pub safe_updated_stamp: Option<String>,
}

/// An internal note that is written once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Plain text.
    pub body: String,
    /// The note's identity; a ticket never gets two with the same.
    pub key: String,
}

/// A comment to write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentDraft {
    /// Plain text.
    pub body: String,
    /// Whether the requester sees it.
    pub public: bool,
}

/// Payload of `ticket.tags`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TicketTags {
    /// The ticket.
    pub ticket_id: u64,
    /// Names this effect; the tag endpoints have no place for it, so it serves logs only.
    pub op_id: String,
    /// Tags to add.
    pub add: Vec<String>,
    /// Tags to remove.
    pub remove: Vec<String>,
}

impl TicketEffect {
    /// Parses an effect's kind and payload.
    ///
    /// # Errors
    /// [`EffectFailure::Refused`] with code `payload`: it will never parse.
    pub fn parse(kind: &str, payload: &Value) -> Result<Self, EffectFailure> {
        let bad = |reason: String| refused("payload", &reason);
        let effect = match kind {
            "ticket.update" => TicketUpdate::deserialize(payload).map(Self::Update),
            "ticket.tags" => TicketTags::deserialize(payload).map(Self::Tags),
            other => return Err(bad(format!("no effect is called `{other}`"))),
        }
        .map_err(|error| bad(error.to_string()))?;
        effect.check().map_err(bad)?;
        Ok(effect)
    }

    fn check(&self) -> Result<(), String> {
        let (ticket_id, op_id) = match self {
            Self::Update(update) => (update.ticket_id, &update.op_id),
            Self::Tags(tags) => (tags.ticket_id, &tags.op_id),
        };
        let op_fits = !op_id.is_empty() && op_id.chars().count() <= OP_ID_CHARS_MAX;
        if ticket_id == 0 || !op_fits {
            return Err(format!(
                "ticket_id and op_id (1 to {OP_ID_CHARS_MAX} characters) are needed"
            ));
        }
        match self {
            Self::Tags(tags) if tags.add.len() + tags.remove.len() > TAGS_MAX => {
                Err(format!("more than {TAGS_MAX} tags"))
            }
            Self::Update(update) => update.check(),
            Self::Tags(_) => Ok(()),
        }
    }
}

impl TicketUpdate {
    fn check(&self) -> Result<(), String> {
        if self.fields.len() > FIELDS_MAX {
            return Err(format!("more than {FIELDS_MAX} fields"));
        }
        if let Some(key) = self.fields.keys().find(|key| key.parse::<u64>().is_err()) {
            return Err(format!(
                "`fields` is keyed by Zendesk field id, not `{key}`"
            ));
        }
        let note = self.note.as_ref().map(|note| &note.body);
        let comment = self.comment.as_ref().map(|comment| &comment.body);
        if note
            .into_iter()
            .chain(comment)
            .any(|body| body.len() > COMMENT_BYTES_MAX)
        {
            return Err(format!(
                "a comment is longer than {COMMENT_BYTES_MAX} bytes"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(kind: &str, payload: &Value) -> String {
        match TicketEffect::parse(kind, payload) {
            Err(EffectFailure::Refused { code, .. }) => code,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_desks_payload_parses() {
        let payload = json!({
            "ticket_id": 5_000_000_001_u64, "op_id": "op-1", "fields": {"27642000000001": "1001"},
            "note": {"body": "Order 1001", "key": "k"}, "status": null, "priority": null,
            "comment": null, "safe_updated_stamp": null
        });
        let Ok(TicketEffect::Update(update)) = TicketEffect::parse("ticket.update", &payload)
        else {
            panic!("did not parse");
        };
        assert_eq!(update.note.unwrap().key, "k");
    }

    #[test]
    fn what_can_never_work_is_refused_at_once() {
        assert_eq!(code("ticket.delete", &json!({})), "payload");
        assert_eq!(code("ticket.update", &json!({"ticket_id": 1})), "payload");
        assert_eq!(
            code(
                "ticket.update",
                &json!({"ticket_id": 1, "op_id": "x", "fields": {"match": 1}})
            ),
            "payload"
        );
        assert_eq!(
            code(
                "ticket.update",
                &json!({"ticket_id": 1, "op_id": "x", "surprise": 1})
            ),
            "payload"
        );
        let tags: Vec<String> = (0..=TAGS_MAX).map(|n| format!("t{n}")).collect();
        assert_eq!(
            code(
                "ticket.tags",
                &json!({"ticket_id": 1, "op_id": "x", "add": tags})
            ),
            "payload"
        );
        let long = "x".repeat(COMMENT_BYTES_MAX + 1);
        assert_eq!(
            code(
                "ticket.update",
                &json!({"ticket_id": 1, "op_id": "x", "comment": {"body": long, "public": true}})
            ),
            "payload"
        );
    }
}
