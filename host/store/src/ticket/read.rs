//! Reading what is stored about tickets and cases.

use ordercase_model::Kind;

use super::{CaseRow, CommentRow, TicketMirror, TicketState};
use crate::{
    CaseId, ChangedRecord, DeskId, DeskKey, Store, StoreError, TicketKey, View,
    db::{Arg, Conn, Row, Scope, args, statements},
    limits::LIST_ROWS_MAX,
};

macro_rules! case_columns {
    () => {
        "tenant_id, desk_id, ticket_id, case_id, number, subject, status, priority, body, created_at, \
         updated_at, closed_at"
    };
}
pub(crate) use case_columns;

statements! {
    MIRROR = "SELECT tenant_id, desk_id, ticket_id, class, body, revision, created_at, updated_at
              FROM ticket_mirrors WHERE tenant_id = $1 AND desk_id = $2 AND ticket_id = $3";
    MIRRORS = "SELECT tenant_id, desk_id, ticket_id, class, body, revision, created_at, updated_at
               FROM ticket_mirrors WHERE tenant_id = $1 AND desk_id = $2 AND ticket_id > $3
               ORDER BY ticket_id LIMIT $4";
    CASE = concat!("SELECT ", case_columns!(), " FROM cases
              WHERE tenant_id = $1 AND desk_id = $2 AND ticket_id = $3");
    FIND_CASE = concat!("SELECT ", case_columns!(), " FROM cases WHERE case_id = $1");
    CASES = concat!("SELECT ", case_columns!(), " FROM cases WHERE tenant_id = $1 AND desk_id = $2 AND number > $3
              ORDER BY number LIMIT $4");
    COMMENTS = "SELECT comment_key, remote_id, origin, author, body, public, detail, created_at, updated_at
              FROM case_comments WHERE tenant_id = $1 AND desk_id = $2 AND ticket_id = $3
              ORDER BY created_at, comment_key";
    SHOWN = "SELECT connection_id, kind, source_id FROM ticket_records
              WHERE tenant_id = $1 AND desk_id = $2 AND ticket_id = $3 ORDER BY connection_id, kind, source_id";
}

fn of(ticket: &TicketKey) -> Vec<Arg> {
    args![
        &ticket.tenant,
        &ticket.desk,
        i64::try_from(ticket.ticket_id).unwrap_or(i64::MAX)
    ]
}

impl Store {
    /// Everything stored about a ticket; `None` when it was never committed. A commit decided on it
    /// carries `mirror.revision`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ticket(&self, ticket: &TicketKey) -> Result<Option<TicketState>, StoreError> {
        let mut conn = self.reader(&ticket.tenant).await?;
        whole(&mut conn, ticket).await
    }

    /// Tickets of a desk in the order of their numbers, after a given one: a keyset page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tickets(
        &self,
        desk: &DeskKey,
        after: u64,
    ) -> Result<Vec<TicketMirror>, StoreError> {
        let mut conn = self.reader(&desk.tenant).await?;
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let args = args![&desk.tenant, &desk.desk, after, LIST_ROWS_MAX];
        conn.all(MIRRORS, args).await?.iter().map(mirror).collect()
    }

    /// A case by its id alone, in whichever tenant. The id is a hash of tenant, desk and ticket.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_case(&self, id: &CaseId) -> Result<Option<CaseRow>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        conn.first(FIND_CASE, args![id])
            .await?
            .as_ref()
            .map(case)
            .transpose()
    }

    /// Cases of a desk in the order of their numbers, after a given one: a keyset page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cases(&self, desk: &DeskKey, after: u64) -> Result<Vec<CaseRow>, StoreError> {
        let mut conn = self.reader(&desk.tenant).await?;
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let args = args![&desk.tenant, &desk.desk, after, LIST_ROWS_MAX];
        conn.all(CASES, args).await?.iter().map(case).collect()
    }
}

impl View {
    /// Everything stored about a ticket of the tenant; `None` when it was never committed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ticket(
        &mut self,
        desk: &DeskId,
        ticket_id: u64,
    ) -> Result<Option<TicketState>, StoreError> {
        let ticket = TicketKey {
            tenant: self.tenant.clone(),
            desk: desk.clone(),
            ticket_id,
        };
        whole(&mut self.conn, &ticket).await
    }
}

async fn whole(conn: &mut Conn, ticket: &TicketKey) -> Result<Option<TicketState>, StoreError> {
    let Some(row) = conn.first(MIRROR, of(ticket)).await? else {
        return Ok(None);
    };
    let case = conn.first(CASE, of(ticket)).await?;
    let comments = conn.all(COMMENTS, of(ticket)).await?;
    let shown = conn.all(SHOWN, of(ticket)).await?;
    Ok(Some(TicketState {
        mirror: mirror(&row)?,
        case: case.as_ref().map(self::case).transpose()?,
        comments: comments.iter().map(comment).collect::<Result<_, _>>()?,
        shown: shown.iter().map(record).collect::<Result<_, _>>()?,
    }))
}

fn ticket_key(row: &Row) -> Result<TicketKey, StoreError> {
    Ok(TicketKey {
        tenant: row.parse("tenant_id")?,
        desk: row.parse("desk_id")?,
        ticket_id: row.count("ticket_id")?,
    })
}

fn mirror(row: &Row) -> Result<TicketMirror, StoreError> {
    Ok(TicketMirror {
        ticket: ticket_key(row)?,
        class: row.text("class")?,
        body: row.json("body")?,
        revision: row.count("revision")?,
        created_at: row.instant("created_at")?,
        updated_at: row.instant("updated_at")?,
    })
}

pub(crate) fn case(row: &Row) -> Result<CaseRow, StoreError> {
    Ok(CaseRow {
        id: row.parse("case_id")?,
        ticket: ticket_key(row)?,
        number: row.count("number")?,
        subject: row.text("subject")?,
        status: row.text("status")?,
        priority: row.opt_text("priority")?,
        body: row.json("body")?,
        created_at: row.instant("created_at")?,
        updated_at: row.instant("updated_at")?,
        closed_at: row.opt_instant("closed_at")?,
    })
}

fn comment(row: &Row) -> Result<CommentRow, StoreError> {
    Ok(CommentRow {
        key: row.text("comment_key")?,
        remote_id: row
            .opt_int("remote_id")?
            .and_then(|id| u64::try_from(id).ok()),
        origin: row.text("origin")?,
        author: row.text("author")?,
        body: row.text("body")?,
        public: row.flag("public")?,
        detail: row.json("detail")?,
        created_at: row.instant("created_at")?,
        updated_at: row.instant("updated_at")?,
    })
}

fn record(row: &Row) -> Result<ChangedRecord, StoreError> {
    Ok(ChangedRecord {
        connection: row.parse("connection_id")?,
        kind: Kind::from_text(&row.text("kind")?),
        source_id: row.text("source_id")?,
    })
}
