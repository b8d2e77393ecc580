//! `ticket.update`: read, compare, write what differs under the stamp just read, check what stayed.
//!
//! A ticket update carries one comment. Where an effect holds a comment *and* a note, the note goes
//! before in a write of its own with an op id of its own, so each is found again by itself.

use serde_json::{Value, json};

use super::{EffectFailure, EffectOutcome, Ended, TicketUpdate, refused};
use crate::audit::{Audit, NOTE_KEY, OP_KEY};
use crate::client::Client;
use crate::error::ZendeskError;
use crate::limits::{AUDIT_PAGES_MAX, CONFLICTS_MAX};
use crate::ticket::{Changed, Ticket, TicketChange};

/// What one write brings.
struct Part<'a> {
    op_id: String,
    update: &'a TicketUpdate,
    comment: Option<Comment<'a>>,
    properties: bool,
}

/// A comment with who may see it.
struct Comment<'a> {
    body: &'a str,
    public: bool,
    note_key: Option<&'a str>,
}

pub(super) async fn execute(
    client: &Client,
    update: &TicketUpdate,
    attempt: u32,
) -> Result<EffectOutcome, EffectFailure> {
    let note = update.note.as_ref().map(|note| Comment {
        body: &note.body,
        public: false,
        note_key: Some(&note.key),
    });
    let comment = update.comment.as_ref().map(|comment| Comment {
        body: &comment.body,
        public: comment.public,
        note_key: None,
    });
    let (main, extra) = if comment.is_some() {
        (comment, note)
    } else {
        (note, None)
    };
    // The note goes first: whoever then finds the effect's own op id knows that both are there.
    if extra.is_some() {
        let part = Part {
            op_id: format!("{}/note", update.op_id),
            update,
            comment: extra,
            properties: false,
        };
        write(client, &part, attempt).await?;
    }
    let part = Part {
        op_id: update.op_id.clone(),
        update,
        comment: main,
        properties: true,
    };
    write(client, &part, attempt).await
}

/// Writes one part, against conflicts, after asking whether it already happened.
async fn write(
    client: &Client,
    part: &Part<'_>,
    attempt: u32,
) -> Result<EffectOutcome, EffectFailure> {
    let ticket_id = part.update.ticket_id;
    let mut conflicts = 0;
    loop {
        let ticket = client.ticket(ticket_id).await?.ticket;
        let stamp = ticket.updated_at.clone().unwrap_or_default();
        let doubt = attempt > 0 || conflicts > 0;
        let audits = if doubt || part.needs_audits(&stamp) {
            client.newest_audits(ticket_id, AUDIT_PAGES_MAX).await?
        } else {
            Vec::new()
        };
        if let Some(done) = part.find_done(&audits) {
            return Ok(EffectOutcome {
                ended: Ended::AlreadyApplied,
                audit_id: Some(done),
                updated_stamp: ticket.updated_at,
                fields_not_kept: Vec::new(),
            });
        }
        part.refuse_stale(&ticket, &audits)?;
        let Some(change) = part.change(&ticket, &audits) else {
            return Ok(EffectOutcome {
                updated_stamp: ticket.updated_at,
                ..EffectOutcome::default()
            });
        };
        if ticket.status == "closed" {
            return Err(refused(
                "closed",
                "the ticket is closed and takes no change",
            ));
        }
        match client.update_ticket(ticket_id, &change.safe(&stamp)).await {
            Ok(changed) => return Ok(part.applied(changed)),
            Err(ZendeskError::Conflict { .. }) if conflicts + 1 < CONFLICTS_MAX => conflicts += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

impl Part<'_> {
    /// Whether the audits must be read even on a first try: to write a note once for ever, or to
    /// see who moved the ticket since the decision.
    fn needs_audits(&self, stamp: &str) -> bool {
        let moved = self.decided_at().is_some_and(|decided| decided != stamp);
        let noted = self
            .comment
            .as_ref()
            .is_some_and(|comment| comment.note_key.is_some());
        noted || (moved && self.properties)
    }

    fn decided_at(&self) -> Option<&str> {
        self.update.safe_updated_stamp.as_deref()
    }

    fn find_done(&self, audits: &[Audit]) -> Option<u64> {
        audits
            .iter()
            .find(|audit| audit.op_id() == Some(&self.op_id))
            .map(|audit| audit.id)
    }

    /// A status or priority decided on an older ticket must not undo what somebody set since. Our
    /// own writes, and changes of anything else, do not matter.
    fn refuse_stale(&self, ticket: &Ticket, audits: &[Audit]) -> Result<(), EffectFailure> {
        let (Some(decided), true) = (self.decided_at(), self.properties) else {
            return Ok(());
        };
        let mut contested = Vec::new();
        if differs(self.update.status.as_deref(), &ticket.status) {
            contested.push("status");
        }
        if differs(
            self.update.priority.as_deref(),
            ticket.priority.as_deref().unwrap_or_default(),
        ) {
            contested.push("priority");
        }
        // Stamps are ISO 8601 in UTC, so text order is time order. The second itself is not
        // contested: whoever decided has seen it.
        let overtaken = audits.iter().any(|audit| {
            audit.op_id().is_none()
                && audit.created_at.as_deref().is_some_and(|at| at > decided)
                && audit.touches(&contested)
        });
        if overtaken {
            Err(EffectFailure::Stale)
        } else {
            Ok(())
        }
    }

    /// What still has to be written, or `None`.
    fn change(&self, ticket: &Ticket, audits: &[Audit]) -> Option<TicketChange> {
        let mut change = TicketChange::default();
        if self.properties {
            change = self.set_properties(change, ticket);
        }
        let mut metadata = json!({ OP_KEY: self.op_id });
        if let Some(comment) = &self.comment {
            let standing = comment.note_key.is_some()
                && audits
                    .iter()
                    .any(|audit| audit.note_key() == comment.note_key);
            if !standing {
                change = change.comment(&html(comment.body), comment.public);
                if let (Some(key), Value::Object(map)) = (comment.note_key, &mut metadata) {
                    map.insert(NOTE_KEY.to_owned(), key.into());
                }
            }
        }
        let nothing = change.properties.is_empty();
        (!nothing).then(|| change.set("metadata", metadata))
    }

    fn set_properties(&self, mut change: TicketChange, ticket: &Ticket) -> TicketChange {
        let fields: Vec<Value> = self
            .update
            .fields
            .iter()
            .filter_map(|(id, value)| Some((id.parse::<u64>().ok()?, value)))
            .filter(|(id, value)| !same(ticket.field(*id), value))
            .map(|(id, value)| json!({ "id": id, "value": value }))
            .collect();
        if !fields.is_empty() {
            change = change.set("custom_fields", fields);
        }
        if let Some(status) = &self.update.status
            && *status != ticket.status
        {
            change = change.set("status", status.as_str());
        }
        if let Some(priority) = &self.update.priority
            && ticket.priority.as_ref() != Some(priority)
        {
            change = change.set("priority", priority.as_str());
        }
        change
    }

    fn applied(&self, changed: Changed) -> EffectOutcome {
        let fields_not_kept = if self.properties {
            let kept = |id: &str, value: &Value| {
                id.parse()
                    .is_ok_and(|id| same(changed.ticket.field(id), value))
            };
            self.update
                .fields
                .iter()
                .filter(|(id, value)| !kept(id, value))
                .map(|(id, _)| id.clone())
                .collect()
        } else {
            Vec::new()
        };
        EffectOutcome {
            ended: Ended::Applied,
            audit_id: changed.audit.map(|audit| audit.id).filter(|id| *id != 0),
            updated_stamp: changed.ticket.updated_at,
            fields_not_kept,
        }
    }
}

fn differs(wanted: Option<&str>, standing: &str) -> bool {
    wanted.is_some_and(|wanted| wanted != standing)
}

/// Whether a field already shows a value. Zendesk has null for an empty field.
fn same(standing: Option<&Value>, wanted: &Value) -> bool {
    let empty = wanted.is_null() || wanted.as_str() == Some("");
    match standing {
        None => empty,
        Some(Value::String(text)) if text.is_empty() => empty,
        Some(standing) => standing == wanted,
    }
}

/// Plain text as harmless HTML. A zero-width space parts double braces, or Zendesk would fill in
/// placeholders that a customer wrote into an order; entities would not do, they are read first.
fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    let mut last = ' ';
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>"),
            '\r' => {}
            '{' if last == '{' => html.push_str("\u{200b}{"),
            other => html.push(other),
        }
        last = c;
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_harmless_html() {
        assert_eq!(
            html("a <b> & {{ticket.id}}\r\nc"),
            "a &lt;b&gt; &amp; {\u{200b}{ticket.id}}<br>c"
        );
    }

    #[test]
    fn an_empty_field_and_no_value_are_the_same() {
        assert!(same(None, &json!(null)));
        assert!(same(None, &json!("")));
        assert!(same(Some(&json!("")), &json!(null)));
        assert!(!same(Some(&json!("1001")), &json!(null)));
        assert!(same(Some(&json!("1001")), &json!("1001")));
    }
}
