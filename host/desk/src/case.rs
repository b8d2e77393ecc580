//! A ticket's case: what is stored of it, and how a reading of the ticket changes it.

use std::collections::BTreeMap;

use ordercase_cases::{
    Base, CaseComment, CaseFields, CasePeople, CommentChange, CommentOrigin, Contested, Incoming,
    Lossless, Merged, OurWrites, Policy, SideTimes, TicketFields, case_people, comments, merge,
};
use ordercase_context::NOTE_MARK;
use ordercase_model::Instant;
use ordercase_store::{CaseRow, CaseWrite, CommentRow, CommentWrite};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    DeskError, Role, TicketComment, TicketSnapshot,
    mirror::{Mirror, Sent},
};

/// What is stored of a case beside its columns: `cases.body`. **Personal.**
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CaseDocument {
    /// What the case says.
    pub(crate) fields: CaseFields,
    /// What both sides last agreed on.
    pub(crate) base: Base,
    /// Counts the changes made at the case.
    pub(crate) revision: u64,
    /// When somebody last changed the case.
    pub(crate) changed_at: Option<Instant>,
    /// Whose it is.
    pub(crate) people: CasePeople,
    /// Names of the people that the ids stand for.
    pub(crate) names: BTreeMap<u64, String>,
    /// Fields that both sides had changed at the last merge that had any.
    #[serde(default)]
    pub(crate) contested: Vec<Contested>,
}

impl CaseDocument {
    pub(crate) fn read(row: &CaseRow) -> Result<Self, DeskError> {
        serde_json::from_value(row.body.clone()).map_err(|error| DeskError::Unreadable {
            what: "case",
            ticket_id: row.ticket.ticket_id,
            reason: error.to_string(),
        })
    }

    /// The row to be written.
    pub(crate) fn write(&self, closed_at: Option<Instant>) -> Result<CaseWrite, DeskError> {
        let body = serde_json::to_value(self)
            .map_err(|error| DeskError::Refused(format!("the case cannot be written: {error}")))?;
        Ok(CaseWrite {
            subject: self.fields.subject.clone(),
            status: self.fields.status.to_string(),
            priority: self.fields.priority.map(|priority| priority.to_string()),
            body,
            closed_at,
        })
    }
}

/// A ticket's fields in the words of a case.
pub(crate) fn ticket_fields(ticket: &TicketSnapshot) -> TicketFields {
    TicketFields {
        subject: ticket.subject.clone(),
        description: ticket.description.clone(),
        status: ticket.status.parse().ok(),
        priority: ticket
            .priority
            .as_deref()
            .and_then(|word| word.parse().ok()),
        kind: ticket.kind.clone(),
        requester: ticket.requester.as_ref().map(|person| person.id),
        submitter: ticket.submitter_id,
        assignee: ticket.assignee_id,
        followers: ticket.follower_ids.clone(),
    }
}

/// The case after a reading of its ticket, and what the ticket must be told.
pub(crate) struct Followed {
    pub(crate) document: CaseDocument,
    pub(crate) merged: Merged,
}

/// Lets a case follow its ticket. `landed` are writes of the case that the ticket shows by now: they
/// move the base, so that whoever changes the ticket after them is seen.
pub(crate) fn follow(
    before: Option<&CaseDocument>,
    ticket: &TicketSnapshot,
    landed: &[Sent],
    policy: Policy,
) -> Followed {
    let fields = ticket_fields(ticket);
    let mut base = before.map(|case| case.base.clone());
    for sent in landed {
        if let Some(base) = &mut base {
            land(base, sent);
        }
    }
    let times = SideTimes {
        local: before.and_then(|case| case.changed_at).map(Instant::micros),
        remote: ticket.updated_at.map(Instant::micros),
    };
    let merged = merge(
        &Lossless,
        base.as_ref(),
        before.map(|case| &case.fields),
        &fields,
        policy,
        times,
    );
    let is_user = |id: u64| {
        ticket
            .person(id)
            .is_some_and(|person| person.role != Role::EndUser)
    };
    let document = CaseDocument {
        fields: merged.case.clone(),
        base: merged.base.clone(),
        revision: before.map_or(0, |case| case.revision),
        changed_at: before.and_then(|case| case.changed_at),
        people: case_people(&fields, is_user),
        names: ticket
            .people
            .iter()
            .map(|person| (person.id, person.name.clone()))
            .collect(),
        contested: if merged.contested.is_empty() {
            before
                .map(|case| case.contested.clone())
                .unwrap_or_default()
        } else {
            merged.contested.clone()
        },
    };
    Followed { document, merged }
}

fn land(base: &mut Base, sent: &Sent) {
    if let Some(status) = sent.outgoing.status {
        base.ticket.status = Some(status);
        base.case.status = sent.case_status;
    }
    if let Some(priority) = sent.outgoing.priority {
        base.ticket.priority = Some(priority);
        base.case.priority = sent.case_priority;
    }
}

/// The case's comments after a reading of its ticket: only those that change.
pub(crate) fn comment_writes(
    known: &[CommentRow],
    ticket: &TicketSnapshot,
    mirror: &Mirror,
) -> Vec<CommentWrite> {
    let ours = our_writes(ticket, mirror);
    let incoming: Vec<Incoming<'_>> = ticket
        .comments
        .iter()
        .map(|comment| Incoming {
            id: comment.id,
            audit_id: comment.audit_id,
            body: &comment.body,
            public: comment.public,
        })
        .collect();
    let cases: Vec<CaseComment> = known.iter().map(case_comment).collect();
    comments(&cases, &incoming, &ours)
        .into_iter()
        .filter_map(|change| write(change, known, ticket))
        .collect()
}

fn our_writes(ticket: &TicketSnapshot, mirror: &Mirror) -> OurWrites {
    OurWrites {
        ops: ticket
            .audits
            .iter()
            .filter_map(|audit| Some((audit.id, audit.op_id.clone()?)))
            .filter(|(_, op_id)| mirror.ops.contains(op_id))
            .collect(),
        note_ops: mirror.note_ops.iter().cloned().collect(),
        note_comments: ticket
            .comments
            .iter()
            .filter(|comment| is_note(comment))
            .map(|comment| comment.id)
            .collect(),
    }
}

/// Whether a comment is one of our notes by its last line.
fn is_note(comment: &TicketComment) -> bool {
    let last = comment.body.trim_end().lines().next_back();
    !comment.public && last.is_some_and(|line| line.trim().starts_with(NOTE_MARK))
}

/// Whether the ticket shows the note with that key.
pub(crate) fn shows_note(ticket: &TicketSnapshot, key: &str) -> bool {
    ticket
        .comments
        .iter()
        .any(|comment| !comment.public && comment.body.contains(&format!("{NOTE_MARK}{key}")))
}

fn case_comment(row: &CommentRow) -> CaseComment {
    CaseComment {
        key: row.key.clone(),
        remote_id: row.remote_id,
        origin: if row.origin == "case" {
            CommentOrigin::Case
        } else {
            CommentOrigin::Ticket
        },
        body: row.body.clone(),
        public: row.public,
    }
}

fn write(
    change: CommentChange,
    known: &[CommentRow],
    ticket: &TicketSnapshot,
) -> Option<CommentWrite> {
    let row = |key: &str| known.iter().find(|row| row.key == key);
    match change {
        CommentChange::Add(comment) => {
            let seen = ticket
                .comments
                .iter()
                .find(|c| Some(c.id) == comment.remote_id)?;
            let author = ticket.person(seen.author_id);
            Some(CommentWrite {
                key: comment.key,
                remote_id: comment.remote_id,
                origin: "ticket".to_owned(),
                author: author.map_or_else(|| seen.author_id.to_string(), |p| p.name.clone()),
                body: comment.body,
                public: comment.public,
                detail: json!({
                    "author_id": seen.author_id,
                    "agent": author.is_some_and(|person| person.role != Role::EndUser),
                    "channel": seen.channel,
                }),
                created_at: seen.created_at.or(ticket.created_at)?,
            })
        }
        CommentChange::Link { key, remote_id } => Some(CommentWrite {
            remote_id: Some(remote_id),
            ..rewrite(row(&key)?)
        }),
        CommentChange::Update { key, body, public } => Some(CommentWrite {
            body,
            public,
            ..rewrite(row(&key)?)
        }),
    }
}

fn rewrite(row: &CommentRow) -> CommentWrite {
    CommentWrite {
        key: row.key.clone(),
        remote_id: row.remote_id,
        origin: row.origin.clone(),
        author: row.author.clone(),
        body: row.body.clone(),
        public: row.public,
        detail: match &row.detail {
            Value::Null => json!({}),
            detail => detail.clone(),
        },
        created_at: row.created_at,
    }
}
