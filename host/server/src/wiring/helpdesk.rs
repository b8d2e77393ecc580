//! Tickets for the desk: [`HelpDesk`] over the Zendesk client, words translated, nothing decided.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use ordercase_desk::{
    AuditMark, DeskKey, HelpDesk, HelpDeskError, Person, Role, Suspicion, TicketComment,
    TicketSnapshot,
};
use ordercase_zendesk::{
    Lane, TicketReading, ZendeskError,
    audit::Audit,
    comment::Comment,
    user::{Identity, User},
};

use super::desks::Desks;

/// Reads tickets of every desk.
pub struct ZendeskDesk {
    desks: Arc<Desks>,
}

impl ZendeskDesk {
    /// Over these clients.
    #[must_use]
    pub fn new(desks: Arc<Desks>) -> Self {
        Self { desks }
    }
}

#[async_trait]
impl HelpDesk for ZendeskDesk {
    async fn read_ticket(
        &self,
        desk: &DeskKey,
        ticket_id: u64,
    ) -> Result<TicketSnapshot, HelpDeskError> {
        let client = self.desks.client(&desk.tenant, &desk.desk).await;
        let client = client.map_err(|error| explain(error, ticket_id))?;
        ordercase_zendesk::read_ticket(&client.lane(Lane::Live), ticket_id)
            .await
            .map(snapshot)
            .map_err(|error| explain(error, ticket_id))
    }
}

/// What the desk does next about an error of the client.
fn explain(error: ZendeskError, ticket_id: u64) -> HelpDeskError {
    match error {
        ZendeskError::Gone { .. } => HelpDeskError::Gone(ticket_id),
        ZendeskError::RetryAfter { after, reason } => HelpDeskError::Later {
            reason,
            after_seconds: Some(after.as_secs()),
        },
        ZendeskError::Retry { .. }
        | ZendeskError::AnswerLost { .. }
        | ZendeskError::Conflict { .. } => HelpDeskError::Later {
            reason: error.to_string(),
            after_seconds: None,
        },
        ZendeskError::Credentials { .. }
        | ZendeskError::Forbidden { .. }
        | ZendeskError::Setup { .. } => HelpDeskError::Refused(error.to_string()),
        ZendeskError::Closed | ZendeskError::Refused { .. } | ZendeskError::Shape { .. } => {
            HelpDeskError::Shape(error.to_string())
        }
    }
}

/// A reading in the desk's words.
fn snapshot(reading: TicketReading) -> TicketSnapshot {
    let identities = &reading.identities;
    let requester = reading
        .requester
        .as_ref()
        .map(|user| person(user, identities));
    let people = reading.people.iter().map(|user| person(user, identities));
    let people = people.collect();
    let mut audits: Vec<AuditMark> = reading.audits.iter().map(mark).collect();
    audits.sort_by_key(|audit| audit.id);
    let ticket = reading.ticket;
    TicketSnapshot {
        id: ticket.id,
        subject: ticket.subject.unwrap_or_default(),
        description: ticket.description.unwrap_or_default(),
        status: ticket.status,
        priority: ticket.priority,
        kind: ticket.kind,
        channel: ticket.via.channel,
        created_at: instant(ticket.created_at.as_deref()),
        updated_at: instant(ticket.updated_at.as_deref()),
        updated_stamp: ticket.updated_at,
        external_id: ticket.external_id,
        requester,
        submitter_id: ticket.submitter_id,
        assignee_id: ticket.assignee_id,
        follower_ids: ticket.follower_ids,
        people,
        custom_fields: ticket
            .custom_fields
            .into_iter()
            .map(|field| (field.id.to_string(), field.value))
            .collect::<BTreeMap<_, _>>(),
        tags: ticket.tags,
        comments: reading.comments.iter().map(comment).collect(),
        audits,
    }
}

/// A user. The address counts as verified only where that very identity is; `user.verified` alone only
/// says that some identity of the user is.
fn person(user: &User, identities: &[Identity]) -> Person {
    let id = user.id.unwrap_or_default();
    let verified = user.email.as_deref().is_some_and(|email| {
        identities.iter().any(|identity| {
            identity.user_id == id
                && identity.kind == "email"
                && identity.verified
                && identity.value.eq_ignore_ascii_case(email)
        })
    });
    Person {
        id,
        name: user.name.clone(),
        email: user.email.clone(),
        email_verified: verified,
        phone: match user.shared_phone_number {
            Some(true) => None,
            _ => user.phone.clone(),
        },
        role: match user.role.as_deref() {
            Some("admin") => Role::Admin,
            Some("agent") => Role::Agent,
            _ => Role::EndUser,
        },
    }
}

fn comment(comment: &Comment) -> TicketComment {
    TicketComment {
        id: comment.id,
        author_id: comment.author_id.unwrap_or_default(),
        body: comment.text().to_owned(),
        public: comment.public,
        created_at: instant(comment.created_at.as_deref()),
        audit_id: comment.audit_id,
        channel: comment.via.channel.clone(),
        from_address: comment.via.from_address().map(str::to_owned),
        suspicion: comment
            .flags()
            .into_iter()
            .filter_map(Suspicion::from_flag)
            .collect(),
    }
}

fn mark(audit: &Audit) -> AuditMark {
    AuditMark {
        id: audit.id,
        created_at: instant(audit.created_at.as_deref()),
        op_id: audit.op_id().map(str::to_owned),
    }
}

fn instant(text: Option<&str>) -> Option<ordercase_model::Instant> {
    text.and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use ordercase_zendesk::ticket::Ticket;
    use serde_json::json;

    use super::*;

    fn user(email: &str, verified: bool) -> User {
        User {
            id: Some(7),
            email: Some(email.to_owned()),
            verified,
            shared_phone_number: Some(true),
            phone: Some("+49 30 1".to_owned()),
            role: Some("end-user".to_owned()),
            ..User::default()
        }
    }

    fn identity(value: &str, verified: bool) -> Identity {
        Identity {
            user_id: 7,
            kind: "email".to_owned(),
            value: value.to_owned(),
            verified,
            ..Identity::default()
        }
    }

    #[test]
    fn an_address_is_verified_only_by_its_own_identity() {
        let user = user("a@example.com", true);
        assert!(!person(&user, &[]).email_verified);
        assert!(!person(&user, &[identity("b@example.com", true)]).email_verified);
        assert!(!person(&user, &[identity("a@example.com", false)]).email_verified);
        assert!(person(&user, &[identity("A@example.com", true)]).email_verified);
        let other = Identity {
            user_id: 8,
            ..identity("a@example.com", true)
        };
        assert!(!person(&user, &[other]).email_verified);
    }

    #[test]
    fn a_shared_line_is_left_out() {
        assert_eq!(person(&user("a@example.com", true), &[]).phone, None);
    }

    #[test]
    fn a_reading_keeps_what_the_desk_reasons_from() {
        let reading = TicketReading {
            ticket: Ticket {
                id: 9_000_000_000,
                updated_at: Some("2026-01-28T09:00:00Z".to_owned()),
                ..Ticket::default()
            },
            comments: vec![Comment {
                id: 3,
                metadata: json!({ "flags": [14, 5] }),
                ..Comment::default()
            }],
            audits: vec![
                Audit {
                    id: 2,
                    metadata: json!({"custom": {"ordercase_op": "op_1"}}),
                    ..Audit::default()
                },
                Audit {
                    id: 1,
                    ..Audit::default()
                },
            ],
            ..TicketReading::default()
        };
        let found = snapshot(reading);
        assert_eq!(found.updated_stamp.as_deref(), Some("2026-01-28T09:00:00Z"));
        assert_eq!(found.comments[0].suspicion, [Suspicion::Spoofed]);
        let ids: Vec<u64> = found.audits.iter().map(|audit| audit.id).collect();
        assert_eq!(ids, [1, 2], "oldest first");
        assert_eq!(found.audits[1].op_id.as_deref(), Some("op_1"));
    }
}
