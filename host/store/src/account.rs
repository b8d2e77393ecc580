//! Accounts: received = applied + superseded + duplicate + ignored + dead + pending, per stream and way
//! in, at any moment (design §2.6). Counters move in the transaction of what they count. A webhook or
//! desk event is a row of the inbox, so its counters must also equal a recount of the rows, those that
//! retention deleted included; a record of a page is counted without a row. What was refused at the door is counted apart and never received.

use serde::Serialize;

use crate::{
    ConnectionId, Owner, ReceiptState, Store, StoreError, TenantId, View,
    db::{Conn, Row, Scope, Sql, args, statements},
    record::Outcome,
};

/// By which way something came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// As a receipt with a row of its own.
    Inbox,
    /// As a record of a page or an answer.
    Page,
}

impl Via {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Page => "page",
        }
    }
}

/// One line of the accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountRow {
    /// Tenant.
    pub tenant: TenantId,
    /// Connection, desk or tenant.
    pub owner: String,
    /// Stream.
    pub stream: String,
    /// Way in.
    pub via: Via,
    /// All that came in.
    pub received: i64,
    /// Changed what is stored.
    pub applied: i64,
    /// Older than what is stored.
    pub superseded: i64,
    /// Known already.
    pub duplicate: i64,
    /// Deliberately without consequence.
    pub ignored: i64,
    /// Waiting for a person.
    pub dead: i64,
    /// Waiting for the engine.
    pub pending: i64,
    /// Refused at the door; not part of `received`.
    pub unverified: i64,
    /// Whether the line adds up and, for the inbox, equals a recount of its rows, deleted ones included.
    pub adds_up: bool,
}

/// Movements of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moves {
    pub(crate) received: i64,
    pub(crate) applied: i64,
    pub(crate) superseded: i64,
    pub(crate) duplicate: i64,
    pub(crate) ignored: i64,
    pub(crate) dead: i64,
    pub(crate) pending: i64,
    pub(crate) unverified: i64,
}

impl Moves {
    /// Records of a page: received and settled at once.
    pub(crate) fn of_page<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let mut moves = Self::default();
        for outcome in outcomes {
            let settled = match outcome {
                Outcome::Applied => &mut moves.applied,
                Outcome::Superseded => &mut moves.superseded,
                Outcome::Duplicate => &mut moves.duplicate,
                // Counted as a row of the inbox instead.
                Outcome::Refused(_) | Outcome::Parked(_) => continue,
            };
            *settled += 1;
            moves.received += 1;
        }
        moves
    }

    /// The counter of a receipt's state.
    pub(crate) fn of(&mut self, state: ReceiptState) -> &mut i64 {
        match state {
            ReceiptState::Pending => &mut self.pending,
            ReceiptState::Applied => &mut self.applied,
            ReceiptState::Superseded => &mut self.superseded,
            ReceiptState::Duplicate => &mut self.duplicate,
            ReceiptState::Ignored => &mut self.ignored,
            ReceiptState::Dead => &mut self.dead,
        }
    }
}

statements! {
    MOVE = "INSERT INTO accounts (tenant_id, owner_id, stream, via, received, applied, superseded, duplicate,
                ignored, dead, pending, unverified)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (tenant_id, owner_id, stream, via) DO UPDATE SET
                received = accounts.received + excluded.received,
                applied = accounts.applied + excluded.applied,
                superseded = accounts.superseded + excluded.superseded,
                duplicate = accounts.duplicate + excluded.duplicate,
                ignored = accounts.ignored + excluded.ignored,
                dead = accounts.dead + excluded.dead,
                pending = accounts.pending + excluded.pending,
                unverified = accounts.unverified + excluded.unverified";
    /// The counters beside a recount of the inbox, in one statement so that both see the same moment.
    LIST = "SELECT a.tenant_id, a.owner_id, a.stream, a.via, a.received, a.applied, a.superseded, a.duplicate,
                a.ignored, a.dead, a.pending, a.unverified,
                COALESCE(r.received, 0) + COALESCE(k.received, 0) AS r_received, COALESCE(r.applied, 0) + COALESCE(k.applied, 0) AS r_applied,
                COALESCE(r.superseded, 0) + COALESCE(k.superseded, 0) AS r_superseded, COALESCE(r.duplicate, 0) + COALESCE(k.duplicate, 0) AS r_duplicate,
                COALESCE(r.ignored, 0) + COALESCE(k.ignored, 0) AS r_ignored, COALESCE(r.dead, 0) AS r_dead,
                COALESCE(r.pending, 0) AS r_pending
            FROM accounts a LEFT JOIN (
                SELECT tenant_id, owner_id, stream,
                    CAST(SUM(1 + repeats) AS BIGINT) AS received,
                    CAST(SUM(CASE state WHEN 'applied' THEN 1 ELSE 0 END) AS BIGINT) AS applied,
                    CAST(SUM(CASE state WHEN 'superseded' THEN 1 ELSE 0 END) AS BIGINT) AS superseded,
                    CAST(SUM(CASE state WHEN 'duplicate' THEN 1 ELSE 0 END + repeats) AS BIGINT) AS duplicate,
                    CAST(SUM(CASE state WHEN 'ignored' THEN 1 ELSE 0 END) AS BIGINT) AS ignored,
                    CAST(SUM(CASE state WHEN 'dead' THEN 1 ELSE 0 END) AS BIGINT) AS dead,
                    CAST(SUM(CASE state WHEN 'pending' THEN 1 ELSE 0 END) AS BIGINT) AS pending
                FROM receipts GROUP BY tenant_id, owner_id, stream
            ) r ON a.via = 'inbox' AND r.tenant_id = a.tenant_id AND r.owner_id = a.owner_id
                AND r.stream = a.stream
            LEFT JOIN kept_accounts k ON a.via = 'inbox' AND k.tenant_id = a.tenant_id AND k.owner_id = a.owner_id
                AND k.stream = a.stream
            WHERE CAST($1 AS TEXT) IS NULL OR a.tenant_id = $1
            ORDER BY a.tenant_id, a.owner_id, a.stream, a.via";
    /// Only records of pages that could not be stored are receipts of their stream.
    UNSTORED = "SELECT stream, CAST(SUM(dead + pending) AS BIGINT) AS n FROM accounts
            WHERE tenant_id = $1 AND owner_id = $2 GROUP BY stream HAVING SUM(dead + pending) > 0 ORDER BY stream";
    /// Rows of the inbox that no line counts: there must be none.
    UNCOUNTED = "SELECT COUNT(*) AS n FROM receipts r WHERE NOT EXISTS (
                SELECT 1 FROM accounts a WHERE a.tenant_id = r.tenant_id AND a.owner_id = r.owner_id
                    AND a.stream = r.stream AND a.via = 'inbox')
            AND (CAST($1 AS TEXT) IS NULL OR r.tenant_id = $1)";
}

pub(crate) async fn record(
    conn: &mut Conn,
    tenant: &TenantId,
    owner: &str,
    stream: &str,
    via: Via,
    moves: Moves,
) -> Result<(), StoreError> {
    if moves == Moves::default() {
        return Ok(());
    }
    let args = args![
        tenant,
        owner,
        stream,
        via.as_str(),
        moves.received,
        moves.applied,
        moves.superseded,
        moves.duplicate,
        moves.ignored,
        moves.dead,
        moves.pending,
        moves.unverified,
    ];
    conn.run(MOVE, args).await?;
    Ok(())
}

impl View {
    /// How many receipts of each of a connection's streams are not settled, or dead. Those of a stream that is read in
    /// pages are records that were read and could not be stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unstored_by_stream(
        &mut self,
        shop: &ConnectionId,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        self.count_by_stream(UNSTORED, shop).await
    }

    /// Rows of a statement that counts, by `stream`, something of a connection as `n`.
    pub(crate) async fn count_by_stream(
        &mut self,
        counting: Sql,
        shop: &ConnectionId,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = self.conn.all(counting, args![&self.tenant, shop]).await?;
        rows.iter()
            .map(|row| Ok((row.text("stream")?, row.count("n")?)))
            .collect()
    }
}

impl Store {
    /// The accounts of one tenant, or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self, tenant: Option<&TenantId>) -> Result<Vec<AccountRow>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        let rows = conn.all(LIST, args![tenant]).await?;
        rows.iter().map(read).collect()
    }

    /// Whether every line adds up and every row of the inbox is counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts_add_up(&self, tenant: Option<&TenantId>) -> Result<bool, StoreError> {
        // Given back before `accounts` takes one: callers that each held one would wait for each other.
        let uncounted = {
            let mut conn = self.reader(tenant).await?;
            conn.first(UNCOUNTED, args![tenant]).await?
        };
        let uncounted = uncounted.map_or(Ok(0), |row| row.int("n"))?;
        let rows = self.accounts(tenant).await?;
        Ok(uncounted == 0 && rows.iter().all(|row| row.adds_up))
    }

    /// Counts a delivery whose signature does not hold. Nothing of it is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_unverified(
        &self,
        tenant: &TenantId,
        owner: &Owner,
        stream: &str,
    ) -> Result<(), StoreError> {
        let (tenant, owner, stream) = (tenant.clone(), owner.id().to_owned(), stream.to_owned());
        self.write(Scope::from(&tenant), move |tx| {
            Box::pin(async move {
                let moves = Moves {
                    unverified: 1,
                    ..Moves::default()
                };
                record(&mut tx.conn, &tenant, &owner, &stream, Via::Inbox, moves).await
            })
        })
        .await
    }
}

fn read(row: &Row) -> Result<AccountRow, StoreError> {
    let via = match row.text("via")?.as_str() {
        "inbox" => Via::Inbox,
        _ => Via::Page,
    };
    let settled = [
        "applied",
        "superseded",
        "duplicate",
        "ignored",
        "dead",
        "pending",
    ];
    let mut sum = 0;
    for column in settled {
        sum += row.int(column)?;
    }
    let mut adds_up = sum == row.int("received")?;
    if via == Via::Inbox {
        let pairs = [
            ("received", "r_received"),
            ("applied", "r_applied"),
            ("superseded", "r_superseded"),
            ("duplicate", "r_duplicate"),
            ("ignored", "r_ignored"),
            ("dead", "r_dead"),
            ("pending", "r_pending"),
        ];
        for (counted, recounted) in pairs {
            adds_up &= row.int(counted)? == row.int(recounted)?;
        }
    }
    Ok(AccountRow {
        tenant: row.parse("tenant_id")?,
        owner: row.text("owner_id")?,
        stream: row.text("stream")?,
        via,
        received: row.int("received")?,
        applied: row.int("applied")?,
        superseded: row.int("superseded")?,
        duplicate: row.int("duplicate")?,
        ignored: row.int("ignored")?,
        dead: row.int("dead")?,
        pending: row.int("pending")?,
        unverified: row.int("unverified")?,
        adds_up,
    })
}
