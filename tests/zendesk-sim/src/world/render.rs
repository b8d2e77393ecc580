//! Tickets, comments and audits as the API shows them: every documented key, nulls where empty.

use serde_json::{Value, json};

use super::World;
use super::ticket::{Audit, Comment, Ticket};
use crate::clock::iso;

impl World {
    pub(crate) fn show_ticket(&self, ticket: &Ticket) -> Value {
        let custom_fields: Vec<Value> = self
            .fields
            .values()
            .filter(|field| field.is_custom() && field.active)
            .map(|field| {
                let value = ticket.custom.get(&field.id).cloned().unwrap_or(Value::Null);
                json!({ "id": field.id, "value": value })
            })
            .collect();
        json!({
            "id": ticket.id,
            "url": self.url(&format!("tickets/{}", ticket.id)),
            "external_id": ticket.external_id,
            "via": ticket.via,
            "created_at": iso(ticket.created_at),
            "updated_at": iso(ticket.updated_at),
            "generated_timestamp": ticket.generated_at,
            "type": ticket.kind,
            "subject": ticket.subject,
            "raw_subject": ticket.subject,
            "description": ticket.description,
            "priority": ticket.priority,
            "status": if ticket.deleted { "deleted" } else { ticket.status.as_str() },
            "recipient": ticket.recipient,
            "requester_id": ticket.requester_id,
            "submitter_id": ticket.submitter_id,
            "assignee_id": ticket.assignee_id,
            "organization_id": null,
            "group_id": ticket.group_id,
            "collaborator_ids": [],
            "follower_ids": ticket.follower_ids,
            "email_cc_ids": ticket.email_cc_ids,
            "forum_topic_id": null,
            "problem_id": null,
            "has_incidents": false,
            "is_public": ticket.is_public,
            "due_at": null,
            "tags": ticket.tags,
            "custom_fields": custom_fields,
            "satisfaction_rating": null,
            "sharing_agreement_ids": [],
            "custom_status_id": null,
            "fields": custom_fields,
            "followup_ids": [],
            "ticket_form_id": null,
            "brand_id": null,
            "allow_channelback": false,
            "allow_attachments": true,
            "from_messaging_channel": false,
        })
    }
}

pub(crate) fn show_comment(comment: &Comment) -> Value {
    let mut metadata = json!({ "system": system(), "custom": {} });
    if !comment.flags.is_empty()
        && let Value::Object(map) = &mut metadata
    {
        map.insert("flags".to_owned(), json!(comment.flags));
        let options: serde_json::Map<String, Value> = comment
            .flags
            .iter()
            .map(|flag| (flag.to_string(), json!({ "trusted": false })))
            .collect();
        map.insert("flags_options".to_owned(), options.into());
    }
    json!({
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author_id,
        "body": comment.plain_body,
        "html_body": comment.html_body,
        "plain_body": comment.plain_body,
        "public": comment.public,
        "attachments": [],
        "audit_id": comment.audit_id,
        "via": comment.via,
        "created_at": iso(comment.created_at),
        "metadata": metadata,
    })
}

pub(crate) fn show_audit(audit: &Audit) -> Value {
    json!({
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "created_at": iso(audit.created_at),
        "author_id": audit.author_id,
        "metadata": { "system": system(), "custom": audit.custom },
        "events": audit.events,
        "via": audit.via,
    })
}

fn system() -> Value {
    json!({ "client": "zendesk-sim", "ip_address": "192.0.2.1", "location": null })
}
