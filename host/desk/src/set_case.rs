//! A change made at a case: the case and what its ticket must be told, in one transaction.

use ordercase_cases::{
    CommentOrigin, Lossless, Outgoing, Profile, TicketPriority, TicketStatus, comment_key,
};
use ordercase_model::Instant;
use ordercase_store::{CaseId, CommentWrite, NewAudit, TicketCommit, TicketKey};
use serde_json::json;

use crate::{
    CaseChanged, CasePatch, Desk, DeskError, DeskSettings,
    case::CaseDocument,
    decide::{Before, closed_at},
    desk::{retried, unknown_ticket},
    effect::{self, Planned, Update},
    limits::COMMENT_CHARS_MAX,
    mirror::{Mirror, Sent},
};

impl Desk {
    /// Changes a case. The ticket is told only what it does not say already; its echo changes nothing.
    /// A closed ticket takes no writes: then only the case changes, and the answer says so.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] when there is no such case, [`DeskError::Refused`] when the patch is
    /// empty or too long.
    pub async fn set_case(
        &self,
        case: &CaseId,
        patch: &CasePatch,
        actor: &str,
        now: Instant,
    ) -> Result<CaseChanged, DeskError> {
        check(patch)?;
        let row = self
            .store
            .find_case(case)
            .await?
            .ok_or_else(|| DeskError::NotFound {
                what: "case",
                id: case.to_string(),
            })?;
        retried(row.ticket.ticket_id, || {
            self.try_set(&row.ticket, patch, actor, now)
        })
        .await
    }

    async fn try_set(
        &self,
        ticket: &TicketKey,
        patch: &CasePatch,
        actor: &str,
        now: Instant,
    ) -> Result<CaseChanged, DeskError> {
        let settings = self.settings(&ticket.desk_key()).await?;
        let state = self
            .store
            .ticket(ticket)
            .await?
            .ok_or_else(|| unknown_ticket(ticket))?;
        let before = Before::read(Some(state))?;
        let Some(mut case) = before.case.clone() else {
            return Err(unknown_ticket(ticket));
        };
        let mut mirror = before.mirror.clone();
        case.revision += 1;
        case.changed_at = Some(now);
        case.fields.status = patch.status.unwrap_or(case.fields.status);
        case.fields.priority = patch.priority.or(case.fields.priority);

        let told = tell(ticket, &settings, &case, &mut mirror, patch);
        let state = before
            .state
            .as_ref()
            .ok_or_else(|| unknown_ticket(ticket))?;
        let mut commit = TicketCommit::new(ticket.clone(), state.mirror.revision);
        commit.case = Some(case.write(closed_at(&case, state.case.as_ref(), None, now))?);
        commit.comments = said(patch, ticket, case.revision, actor, now);
        commit.audit.push(audit(patch, ticket, actor));
        let (effects, not_sent_because) = match told {
            Told::Send(planned) => (planned, None),
            Told::Cannot(reason) => (Vec::new(), Some(reason.to_owned())),
        };
        for planned in effects {
            mirror.remember(&planned.op_id);
            commit.effects.push(planned.effect);
        }
        let sent = !commit.effects.is_empty();
        commit.mirror = Some(mirror.write(&state.mirror.class)?);
        let committed = self.store.commit_ticket(commit, now).await?;
        Ok(CaseChanged {
            case: committed.case.ok_or_else(|| unknown_ticket(ticket))?,
            sent,
            not_sent_because,
        })
    }
}

fn check(patch: &CasePatch) -> Result<(), DeskError> {
    let refused = |reason: &str| Err(DeskError::Refused(reason.to_owned()));
    match &patch.comment {
        Some(comment) if comment.trim().is_empty() => refused("the comment is empty"),
        Some(comment) if comment.chars().count() > COMMENT_CHARS_MAX => refused(&format!(
            "the comment is longer than {COMMENT_CHARS_MAX} characters"
        )),
        None if patch.status.is_none() && patch.priority.is_none() => {
            refused("nothing to change: give a status, a priority or a comment")
        }
        _ => Ok(()),
    }
}

/// What becomes of the ticket.
enum Told {
    /// It is told this; nothing where it says all of it already.
    Send(Vec<Planned>),
    /// It cannot be told, for this reason.
    Cannot(&'static str),
}

/// A comment goes out by itself: a status may turn out to be stale and is dropped then, words never.
fn tell(
    ticket: &TicketKey,
    settings: &DeskSettings,
    case: &CaseDocument,
    mirror: &mut Mirror,
    patch: &CasePatch,
) -> Told {
    let outgoing = outgoing(case, mirror, patch);
    if outgoing.is_empty() && patch.comment.is_none() {
        return Told::Send(Vec::new());
    }
    if mirror.ticket.status == "closed" {
        return Told::Cannot("the ticket is closed and takes no change");
    }
    if !settings.two_way {
        return Told::Cannot("the desk does not send changes of cases to tickets");
    }
    let mut planned = Vec::new();
    if let Some(comment) = &patch.comment {
        let update = Update {
            comment: Some((comment.clone(), patch.public)),
            ..Update::default()
        };
        planned.push(update.planned(ticket, key(ticket, "comment", case.revision)));
    }
    if !outgoing.is_empty() {
        let update = Update {
            outgoing: outgoing.clone(),
            stamp: mirror.ticket.updated_stamp.clone(),
            ..Update::default()
        };
        let status = update.planned(ticket, key(ticket, "case", case.revision));
        mirror.sent.push(Sent {
            op_id: status.op_id.clone(),
            case_revision: case.revision,
            outgoing,
            case_status: case.fields.status,
            case_priority: case.fields.priority,
            stamp: mirror.ticket.updated_stamp.clone(),
        });
        planned.push(status);
    }
    Told::Send(planned)
}

fn key(ticket: &TicketKey, kind: &str, revision: u64) -> String {
    effect::key(ticket, None, kind, &revision.to_string())
}

/// What the ticket must be told: what it will not say once everything that is on its way has arrived.
fn outgoing(case: &CaseDocument, mirror: &Mirror, patch: &CasePatch) -> Outgoing {
    let on_its_way = |status: bool| {
        mirror.sent.iter().rev().find(|sent| {
            if status {
                sent.outgoing.status.is_some()
            } else {
                sent.outgoing.priority.is_some()
            }
        })
    };
    let status: Option<TicketStatus> = on_its_way(true)
        .and_then(|sent| sent.outgoing.status)
        .or_else(|| mirror.ticket.status.parse().ok());
    let priority: Option<TicketPriority> = on_its_way(false)
        .and_then(|sent| sent.outgoing.priority)
        .or(case.base.ticket.priority);
    let new_status = patch
        .status
        .filter(|wanted| status.is_none_or(|now| !Lossless.status_agrees(*wanted, now)));
    let new_priority = patch
        .priority
        .filter(|wanted| priority.is_none_or(|now| !Lossless.priority_agrees(*wanted, now)));
    Outgoing {
        subject: None,
        status: new_status.map(|status| Lossless.status_out(status)),
        priority: new_priority.map(|priority| Lossless.priority_out(priority)),
    }
}

/// The comment at the case, under the op id of the write that carries it out.
fn said(
    patch: &CasePatch,
    ticket: &TicketKey,
    revision: u64,
    actor: &str,
    now: Instant,
) -> Vec<CommentWrite> {
    let Some(comment) = &patch.comment else {
        return Vec::new();
    };
    let op_id = effect::op_id(ticket, &key(ticket, "comment", revision));
    vec![CommentWrite {
        key: comment_key(CommentOrigin::Case, &op_id),
        remote_id: None,
        origin: "case".to_owned(),
        author: actor.to_owned(),
        body: comment.clone(),
        public: patch.public,
        detail: json!({ "op_id": op_id }),
        created_at: now,
    }]
}

fn audit(patch: &CasePatch, ticket: &TicketKey, actor: &str) -> NewAudit {
    NewAudit {
        actor: actor.to_owned(),
        action: "case.set".to_owned(),
        subject: ticket.case_id().to_string(),
        detail: json!({
            "status": patch.status,
            "priority": patch.priority,
            "comment": patch.comment.is_some(),
        }),
    }
}
