//! The one transaction of a ticket. A commit that was decided on an older revision is refused, so two
//! events of one ticket, or an event and a person, never overwrite each other.

use std::collections::BTreeSet;

use ordercase_model::Instant;

use super::{CaseRow, CaseWrite, CommentWrite, MirrorWrite, TicketCommit, TicketCommitted, read};
use crate::{
    ChangedRecord, LookupKey, Store, StoreError, TicketKey,
    db::{Arg, Scope, Tx, args, statements},
    inbox::settle_in,
    limits::{SHOWN_PER_TICKET_MAX, WATCHES_PER_TICKET_MAX},
    mutation::mutated,
    outbox::put_in,
    record::wake_again,
    tenant::audit_in,
};

statements! {
    NEW_MIRROR = "INSERT INTO ticket_mirrors (tenant_id, desk_id, ticket_id, class, body, revision, created_at,
                      updated_at)
                  VALUES ($1, $2, $3, $4, $5, 1, $6, $6)
                  ON CONFLICT (tenant_id, desk_id, ticket_id) DO NOTHING";
    MIRROR = "UPDATE ticket_mirrors SET class = COALESCE($4, class), body = COALESCE($5, body), updated_at = $6,
                  revision = revision + 1
              WHERE tenant_id = $1 AND desk_id = $2 AND ticket_id = $3 AND revision = $7";
    CASE = concat!("UPDATE cases SET subject = $4, status = $5, priority = $6, body = $7, closed_at = $8,
                  updated_at = $9
              WHERE tenant_id = $1 AND desk_id = $2 AND ticket_id = $3 RETURNING ", read::case_columns!());
    NUMBER = "INSERT INTO case_numbers (tenant_id, desk_id, last) VALUES ($1, $2, 1)
              ON CONFLICT (tenant_id, desk_id) DO UPDATE SET last = case_numbers.last + 1 RETURNING last";
    NEW_CASE = concat!("INSERT INTO cases (tenant_id, desk_id, ticket_id, subject, status, priority, body,
                  closed_at, created_at, updated_at, case_id, number)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11) RETURNING ", read::case_columns!());
    COMMENT = "INSERT INTO case_comments (tenant_id, desk_id, ticket_id, comment_key, remote_id, origin, author,
                   body, public, detail, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
               ON CONFLICT (tenant_id, desk_id, ticket_id, comment_key) DO UPDATE SET
                   remote_id = COALESCE(excluded.remote_id, case_comments.remote_id),
                   origin = excluded.origin, author = excluded.author, body = excluded.body,
                   public = excluded.public, detail = excluded.detail, created_at = excluded.created_at,
                   updated_at = excluded.updated_at";
    UNSHOW = "DELETE FROM ticket_records WHERE tenant_id = $1 AND desk_id = $2 AND ticket_id = $3";
    SHOW = "INSERT INTO ticket_records (tenant_id, desk_id, ticket_id, connection_id, kind, source_id)
            VALUES ($1, $2, $3, $4, $5, $6)";
    UNWATCH = "DELETE FROM ticket_watches WHERE tenant_id = $1 AND desk_id = $2 AND ticket_id = $3";
    WATCH = "INSERT INTO ticket_watches (tenant_id, desk_id, ticket_id, key_kind, key_value)
             VALUES ($1, $2, $3, $4, $5)";
}

impl Store {
    /// Writes all that follows from one look at a ticket, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the ticket was committed in between: look again.
    /// [`StoreError::LeaseLost`] when the receipt to be settled is somebody else's by now.
    pub async fn commit_ticket(
        &self,
        commit: TicketCommit,
        now: Instant,
    ) -> Result<TicketCommitted, StoreError> {
        #[cfg(feature = "simulation")]
        if crate::simulation::is_off(crate::simulation::Mutation::StateWithEffects) {
            return self.commit_ticket_apart(commit, now).await;
        }
        self.write(Scope::from(&commit.ticket.tenant), move |tx| {
            Box::pin(async move { write(tx, commit, now).await })
        })
        .await
    }
}

#[cfg(feature = "simulation")]
impl Store {
    /// What the simulation must notice: the state first, the effects later.
    async fn commit_ticket_apart(
        &self,
        mut commit: TicketCommit,
        now: Instant,
    ) -> Result<TicketCommitted, StoreError> {
        let (desk, effects) = (
            commit.ticket.desk_key(),
            std::mem::take(&mut commit.effects),
        );
        let scope = Scope::from(&desk.tenant);
        let mut committed = self
            .write(scope.clone(), move |tx| {
                Box::pin(async move { write(tx, commit, now).await })
            })
            .await?;
        committed.effects = self
            .write(scope, move |tx| {
                Box::pin(async move {
                    let mut put = Vec::with_capacity(effects.len());
                    for effect in &effects {
                        put.push(put_in(tx, &desk, effect, now).await?);
                    }
                    Ok(put)
                })
            })
            .await?;
        Ok(committed)
    }
}

async fn write(
    tx: &mut Tx,
    commit: TicketCommit,
    now: Instant,
) -> Result<TicketCommitted, StoreError> {
    let ticket = &commit.ticket;
    mirror(
        tx,
        ticket,
        commit.expected_revision,
        commit.mirror.as_ref(),
        now,
    )
    .await?;
    let case = match &commit.case {
        Some(case) => Some(write_case(tx, ticket, case, now).await?),
        None => None,
    };
    for comment in &commit.comments {
        write_comment(tx, ticket, comment, now).await?;
    }
    if let Some(records) = commit.shown {
        show(tx, ticket, records.into_iter().collect()).await?;
    }
    if let Some(keys) = commit.watched {
        watch(tx, ticket, keys.into_iter().collect()).await?;
    }
    if let Some(looked_at) = &commit.looked_at
        && !mutated!(LookedMeanwhile)
    {
        wake_again(tx, ticket, looked_at, now).await?;
    }
    let desk = ticket.desk_key();
    let mut effects = Vec::with_capacity(commit.effects.len());
    for effect in &commit.effects {
        effects.push(put_in(tx, &desk, effect, now).await?);
    }
    for audit in &commit.audit {
        audit_in(&mut tx.conn, &ticket.tenant, audit, now).await?;
    }
    if let Some((claim, settlement)) = &commit.settle {
        settle_in(tx, claim, settlement, now).await?;
    }
    Ok(TicketCommitted {
        revision: commit.expected_revision + 1,
        case,
        effects,
    })
}

/// `$1` to `$3` of every statement here.
fn of(ticket: &TicketKey) -> Vec<Arg> {
    args![&ticket.tenant, &ticket.desk, number(ticket.ticket_id)]
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

async fn mirror(
    tx: &mut Tx,
    ticket: &TicketKey,
    expected: u64,
    mirror: Option<&MirrorWrite>,
    now: Instant,
) -> Result<(), StoreError> {
    let mut args = of(ticket);
    let written = if expected == 0 {
        let mirror = mirror
            .ok_or_else(|| StoreError::refused("the first commit of a ticket needs its mirror"))?;
        args.extend(args![&mirror.class, mirror.body.to_string(), now]);
        tx.conn.run(NEW_MIRROR, args).await?
    } else {
        args.extend(args![
            mirror.map(|mirror| &mirror.class),
            mirror.map(|mirror| mirror.body.to_string()),
            now,
            number(expected)
        ]);
        tx.conn.run(MIRROR, args).await?
    };
    if written == 0 {
        return Err(StoreError::Conflict {
            what: "ticket",
            id: ticket.ticket_id.to_string(),
        });
    }
    Ok(())
}

async fn write_case(
    tx: &mut Tx,
    ticket: &TicketKey,
    case: &CaseWrite,
    now: Instant,
) -> Result<CaseRow, StoreError> {
    let mut args = of(ticket);
    args.extend(args![
        &case.subject,
        &case.status,
        case.priority.as_ref(),
        case.body.to_string(),
        case.closed_at,
        now
    ]);
    if let Some(row) = tx.conn.first(CASE, args.clone()).await? {
        return read::case(&row);
    }
    let numbered = tx
        .conn
        .first(NUMBER, args![&ticket.tenant, &ticket.desk])
        .await?;
    let last = numbered
        .ok_or_else(|| StoreError::missing("case number", "next"))?
        .int("last")?;
    args.extend(args![&ticket.case_id(), last]);
    let row = tx.conn.first(NEW_CASE, args).await?;
    read::case(&row.ok_or_else(|| StoreError::missing("case", &ticket.ticket_id))?)
}

async fn write_comment(
    tx: &mut Tx,
    ticket: &TicketKey,
    comment: &CommentWrite,
    now: Instant,
) -> Result<(), StoreError> {
    let mut args = of(ticket);
    args.extend(args![
        &comment.key,
        comment.remote_id.map(number),
        &comment.origin,
        &comment.author,
        &comment.body,
        comment.public,
        comment.detail.to_string(),
        comment.created_at,
        now
    ]);
    tx.conn.run(COMMENT, args).await?;
    Ok(())
}

async fn show(
    tx: &mut Tx,
    ticket: &TicketKey,
    records: BTreeSet<ChangedRecord>,
) -> Result<(), StoreError> {
    tx.conn.run(UNSHOW, of(ticket)).await?;
    for record in records.iter().take(SHOWN_PER_TICKET_MAX) {
        let mut args = of(ticket);
        args.extend(args![
            &record.connection,
            record.kind.as_str(),
            &record.source_id
        ]);
        tx.conn.run(SHOW, args).await?;
    }
    Ok(())
}

async fn watch(
    tx: &mut Tx,
    ticket: &TicketKey,
    keys: BTreeSet<LookupKey>,
) -> Result<(), StoreError> {
    tx.conn.run(UNWATCH, of(ticket)).await?;
    for key in keys.iter().take(WATCHES_PER_TICKET_MAX) {
        let mut args = of(ticket);
        args.extend(args![key.kind.as_str(), &key.value]);
        tx.conn.run(WATCH, args).await?;
    }
    Ok(())
}
