//! Changing a ticket: who may, what conflicts, which comment it gets, and the audit that it leaves.

use serde_json::{Map, Value, json};

use super::World;
use super::html;
use super::ids::Kind;
use super::property::{Ledger, normal_tags};
use super::ticket::{Audit, Comment, Ticket, Writer};
use crate::http::answer::ApiError;
use crate::limits::{COMMENT_BYTES_MAX, COMMENTS_MAX};

/// What a save did.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    /// The ticket before, or `None` for a new one.
    pub(crate) before: Option<Ticket>,
    /// The ticket after.
    pub(crate) after: Ticket,
    /// The audit, or `None` where nothing changed.
    pub(crate) audit: Option<Audit>,
}

/// How the tag endpoints change tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TagChange {
    Add,
    Set,
    Remove,
}

impl World {
    /// The living ticket with that id.
    pub(crate) fn ticket(&self, id: u64) -> Result<&Ticket, ApiError> {
        self.tickets
            .get(&id)
            .filter(|ticket| !ticket.deleted)
            .ok_or_else(ApiError::not_found)
    }

    /// Changes a ticket as `PUT /tickets/{id}` does.
    pub(crate) fn update(
        &mut self,
        id: u64,
        input: &Map<String, Value>,
        writer: &Writer,
        now: i64,
    ) -> Result<Saved, ApiError> {
        let before = self.ticket(id)?.clone();
        refuse_closed(&before)?;
        refuse_outdated(&before, input)?;
        let mut after = before.clone();
        let mut ledger = Ledger {
            kind: "Change",
            events: Vec::new(),
        };
        self.set_properties(&mut after, input, &mut ledger, now)?;
        let audit_id = self.next_id(Kind::Audit);
        if let Some(comment) = input.get("comment").filter(|comment| !comment.is_null()) {
            self.add_comment(&mut after, comment, writer, audit_id, &mut ledger, now)?;
        }
        let custom = input.get("metadata").cloned();
        Ok(self.save(Some(before), after, ledger, custom, audit_id, writer, now))
    }

    /// Changes the tags alone.
    pub(crate) fn change_tags(
        &mut self,
        id: u64,
        input: &Map<String, Value>,
        change: TagChange,
        writer: &Writer,
        now: i64,
    ) -> Result<Saved, ApiError> {
        let before = self.ticket(id)?.clone();
        refuse_closed(&before)?;
        refuse_outdated(&before, input)?;
        let given = normal_tags(input.get("tags").unwrap_or(&Value::Null));
        let tags = match change {
            TagChange::Set => given,
            TagChange::Add => {
                let all: Vec<Value> = before
                    .tags
                    .iter()
                    .chain(&given)
                    .map(|tag| json!(tag))
                    .collect();
                normal_tags(&Value::Array(all))
            }
            TagChange::Remove => {
                let left = before.tags.iter().filter(|tag| !given.contains(tag));
                left.cloned().collect()
            }
        };
        let mut after = before.clone();
        let mut ledger = Ledger {
            kind: "Change",
            events: Vec::new(),
        };
        self.set_tags(&mut after, &tags, &mut ledger);
        let audit_id = self.next_id(Kind::Audit);
        Ok(self.save(Some(before), after, ledger, None, audit_id, writer, now))
    }

    /// Adds a comment; who sees it is inherited from the ticket's first comment unless stated.
    pub(crate) fn add_comment(
        &mut self,
        ticket: &mut Ticket,
        input: &Value,
        writer: &Writer,
        audit_id: u64,
        ledger: &mut Ledger,
        now: i64,
    ) -> Result<(), ApiError> {
        if ticket.comments.len() >= COMMENTS_MAX {
            return Err(ApiError::record_invalid(
                "base",
                "Ticket has too many comments",
                None,
            ));
        }
        let (plain_body, html_body) = texts(input, ticket.id, writer.staff);
        if plain_body.trim().is_empty() {
            return Ok(());
        }
        let author_id = input
            .get("author_id")
            .and_then(Value::as_u64)
            .filter(|id| self.users.get(id).is_some())
            .unwrap_or(writer.user_id);
        let stated = input.get("public").and_then(Value::as_bool);
        let public = stated.unwrap_or(ticket.comments.is_empty() || ticket.is_public);
        let comment = Comment {
            id: self.next_id(Kind::Comment),
            author_id,
            plain_body,
            html_body,
            // Only agents can write where the requester does not see it.
            public: public || !writer.staff,
            audit_id,
            via: writer.via.clone(),
            flags: Vec::new(),
            created_at: now,
        };
        if ticket.comments.is_empty() {
            ticket.description.clone_from(&comment.plain_body);
            ticket.is_public = comment.public;
        }
        ledger.events.push(json!({
            "id": comment.id,
            "type": "Comment",
            "author_id": comment.author_id,
            "body": comment.plain_body,
            "html_body": comment.html_body,
            "plain_body": comment.plain_body,
            "public": comment.public,
            "attachments": [],
            "audit_id": audit_id,
        }));
        ticket.comments.push(comment);
        Ok(())
    }

    /// Keeps a changed ticket with its audit. A save that changes nothing leaves no audit and moves
    /// no stamp.
    #[expect(
        clippy::too_many_arguments,
        reason = "one save in one place, called from three"
    )]
    pub(crate) fn save(
        &mut self,
        before: Option<Ticket>,
        mut after: Ticket,
        ledger: Ledger,
        custom: Option<Value>,
        audit_id: u64,
        writer: &Writer,
        now: i64,
    ) -> Saved {
        if ledger.events.is_empty() {
            return Saved {
                before,
                after,
                audit: None,
            };
        }
        let audit = Audit {
            id: audit_id,
            ticket_id: after.id,
            author_id: writer.user_id,
            created_at: now,
            via: writer.via.clone(),
            custom: custom.filter(Value::is_object).unwrap_or_else(|| json!({})),
            events: ledger.events,
        };
        after.audits.push(audit.clone());
        after.updated_at = now;
        after.generated_at = now;
        self.tickets.insert(after.id, after.clone());
        Saved {
            before,
            after,
            audit: Some(audit),
        }
    }
}

fn refuse_closed(ticket: &Ticket) -> Result<(), ApiError> {
    if ticket.status == "closed" {
        return Err(ApiError::record_invalid(
            "status",
            "closed prevents ticket update",
            None,
        ));
    }
    Ok(())
}

/// `safe_update` in any form asks for the check; leaving it out forces the change.
fn refuse_outdated(ticket: &Ticket, input: &Map<String, Value>) -> Result<(), ApiError> {
    if !input.contains_key("safe_update") {
        return Ok(());
    }
    let stamp = input.get("updated_stamp").and_then(Value::as_str);
    let same = stamp
        .and_then(|stamp| stamp.parse::<jiff::Timestamp>().ok())
        .is_some_and(|stamp| stamp.as_second() == ticket.updated_at);
    if same {
        Ok(())
    } else {
        Err(ApiError::conflict())
    }
}

/// Plain text and HTML of a comment; `html_body` wins over `body`.
fn texts(input: &Value, ticket_id: u64, staff: bool) -> (String, String) {
    let text = |key: &str| input.get(key).and_then(Value::as_str);
    let fill = |text: &str| {
        if staff {
            text.replace("{{ticket.id}}", &ticket_id.to_string())
        } else {
            text.to_owned()
        }
    };
    if let Some(given) = text("html_body") {
        let html_body = fill(html::cut(given, COMMENT_BYTES_MAX));
        return (html::to_plain(&html_body), html_body);
    }
    let given = text("body").or_else(|| text("value")).unwrap_or_default();
    let plain = fill(&html::to_plain(html::cut(given, COMMENT_BYTES_MAX)));
    let html_body = html::to_html(&plain);
    (plain, html_body)
}
