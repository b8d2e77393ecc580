//! Filing a ticket, over the API or as an end user.

use serde_json::{Map, Value, json};

use super::World;
use super::ids::Kind;
use super::property::Ledger;
use super::ticket::{Ticket, Writer};
use super::update::Saved;
use crate::http::answer::ApiError;

impl World {
    /// Files a ticket as `POST /tickets` does. `flags` are doubts about the first comment's sender.
    pub(crate) fn create(
        &mut self,
        input: &Map<String, Value>,
        writer: &Writer,
        flags: &[u32],
        now: i64,
    ) -> Result<Saved, ApiError> {
        let Some(comment) = input.get("comment").filter(|comment| comment.is_object()) else {
            return Err(ApiError::record_invalid(
                "base",
                "Description: cannot be blank",
                Some("BlankValue"),
            ));
        };
        let mut ticket = Ticket {
            id: self.next_id(Kind::Ticket),
            status: "new".to_owned(),
            requester_id: writer.user_id,
            submitter_id: writer.user_id,
            via: writer.via.clone(),
            created_at: now,
            ..Ticket::default()
        };
        let mut ledger = Ledger {
            kind: "Create",
            events: Vec::new(),
        };
        self.set_properties(&mut ticket, input, &mut ledger, now)?;
        let audit_id = self.next_id(Kind::Audit);
        let author = Writer {
            user_id: input
                .get("submitter_id")
                .and_then(Value::as_u64)
                .filter(|id| self.users.get(id).is_some())
                .unwrap_or(ticket.requester_id),
            ..writer.clone()
        };
        self.add_comment(&mut ticket, comment, &author, audit_id, &mut ledger, now)?;
        let Some(first) = ticket.comments.last_mut() else {
            return Err(ApiError::record_invalid(
                "base",
                "Description: cannot be blank",
                Some("BlankValue"),
            ));
        };
        first.flags = flags.to_vec();
        if ticket.status == "new" && !input.contains_key("status") {
            ledger.events.push(json!({
                "id": self.next_id(Kind::Event), "type": "Create", "field_name": "status", "value": "new",
            }));
        }
        let custom = input.get("metadata").cloned();
        Ok(self.save(None, ticket, ledger, custom, audit_id, writer, now))
    }
}
