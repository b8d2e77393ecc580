//! Pages of a desk's ticket export: their receipts and the cursor behind them, in one transaction.
//!
//! Flows and webhooks are hints and may be lost; the export is read regularly and brings whatever they
//! did not. So the cursor must never move without its receipts. One replica reads a desk at a time: it takes the
//! turn, each page keeps it, and the end says when the next one is due.

use ordercase_model::Instant;

use super::{NewReceipt, Put, put_in};
use crate::{
    DeskKey, HolderId, Store, StoreError,
    db::{Scope, Tx, args, statements},
};

statements! {
    GET = "SELECT cursor, read_at FROM desk_exports WHERE tenant_id = $1 AND desk_id = $2";
    MOVE = "INSERT INTO desk_exports (tenant_id, desk_id, cursor, read_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (tenant_id, desk_id) DO UPDATE SET cursor = excluded.cursor, read_at = excluded.read_at";
    DUE = "SELECT d.tenant_id, d.desk_id FROM desks d
               LEFT JOIN desk_export_turns t ON t.tenant_id = d.tenant_id AND t.desk_id = d.desk_id
           WHERE d.state = 'active' AND (t.desk_id IS NULL
               OR (t.due_at <= $1 AND (t.lease_until IS NULL OR t.lease_until <= $2)))
           ORDER BY t.due_at, d.tenant_id, d.desk_id";
    /// Whoever looked at the same list and came first has it.
    TAKE = "INSERT INTO desk_export_turns (tenant_id, desk_id, due_at, holder, lease_until) VALUES ($1, $2, $6, $3, $4)
            ON CONFLICT (tenant_id, desk_id) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until
            WHERE desk_export_turns.due_at <= $5
                AND (desk_export_turns.lease_until IS NULL OR desk_export_turns.lease_until <= $6)";
    KEEP = "UPDATE desk_export_turns SET lease_until = $4 WHERE tenant_id = $1 AND desk_id = $2 AND holder = $3";
    END = "UPDATE desk_export_turns SET holder = NULL, lease_until = NULL, due_at = $4
           WHERE tenant_id = $1 AND desk_id = $2 AND holder = $3";
    FREE = "UPDATE desk_export_turns SET holder = NULL, lease_until = NULL WHERE holder IS NOT NULL";
}

/// Which exports are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportsDue {
    /// Those whose time has come.
    By(Instant),
    /// All: a host that starts does not know what it missed.
    AtStart(Instant),
}

impl ExportsDue {
    fn now(self) -> Instant {
        match self {
            Self::By(now) | Self::AtStart(now) => now,
        }
    }

    /// Micros since 1970 up to which an export counts as due.
    fn until(self) -> i64 {
        match self {
            Self::By(now) => now.micros(),
            Self::AtStart(_) => i64::MAX,
        }
    }
}

/// A turn at reading a desk's export, kept while pages come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportTurn {
    /// Desk.
    pub desk: DeskKey,
    /// Who reads.
    pub holder: HolderId,
    /// Until when it is theirs.
    pub lease_until: Instant,
}

/// Where a desk's export was read to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPosition {
    /// The help desk's cursor.
    pub cursor: String,
    /// When the page before it was asked for.
    pub read_at: Instant,
}

/// A page of a desk's export.
#[derive(Clone, Debug)]
pub struct ExportCommit {
    /// Under which it was read; its lease is extended to what stands here.
    pub turn: ExportTurn,
    /// One per ticket of the page.
    pub receipts: Vec<NewReceipt>,
    /// Where to read on; `None` leaves the position.
    pub position: Option<ExportPosition>,
}

impl Store {
    /// Where a desk's export was read to; `None` before the first page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn export_position(
        &self,
        desk: &DeskKey,
    ) -> Result<Option<ExportPosition>, StoreError> {
        let mut conn = self.reader(&desk.tenant).await?;
        let row = conn.first(GET, args![&desk.tenant, &desk.desk]).await?;
        row.map(|row| {
            Ok(ExportPosition {
                cursor: row.text("cursor")?,
                read_at: row.instant("read_at")?,
            })
        })
        .transpose()
    }

    /// Active desks, of all tenants, whose export is to be read and is not being read; the longest due first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn exports_due(&self, due: ExportsDue) -> Result<Vec<DeskKey>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        let rows = conn.all(DUE, args![due.until(), due.now()]).await?;
        rows.iter()
            .map(|row| {
                Ok(DeskKey {
                    tenant: row.parse("tenant_id")?,
                    desk: row.parse("desk_id")?,
                })
            })
            .collect()
    }

    /// Takes the turn at a desk's export; `false` when somebody else was faster.
    ///
    /// # Errors
    /// When the database fails, or there is no such desk.
    pub async fn take_export(&self, turn: ExportTurn, due: ExportsDue) -> Result<bool, StoreError> {
        self.write(Scope::from(&turn.desk.tenant), move |tx| {
            Box::pin(async move {
                let mut args = args![&turn.desk.tenant, &turn.desk.desk, &turn.holder];
                args.extend(args![turn.lease_until, due.until(), due.now()]);
                Ok(tx.conn.run(TAKE, args).await? > 0)
            })
        })
        .await
    }

    /// Ends a turn; the next one is due then. Nothing happens when it was lost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_export(&self, turn: ExportTurn, due_at: Instant) -> Result<(), StoreError> {
        self.write(Scope::from(&turn.desk.tenant), move |tx| {
            Box::pin(async move {
                let args = args![&turn.desk.tenant, &turn.desk.desk, &turn.holder, due_at];
                tx.conn.run(END, args).await.map(|_| ())
            })
        })
        .await
    }

    /// Stores the receipts of a page and moves the cursor: both or neither. Returns how many were new.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else reads this export by now: nothing is kept, the page is theirs. When
    /// the database fails.
    pub async fn put_export_page(&self, page: ExportCommit) -> Result<usize, StoreError> {
        self.write(Scope::from(&page.turn.desk.tenant), move |tx| {
            Box::pin(async move {
                let (tenant, desk) = (&page.turn.desk.tenant, &page.turn.desk.desk);
                let kept = args![tenant, desk, &page.turn.holder, page.turn.lease_until];
                if tx.conn.run(KEEP, kept).await? == 0 {
                    return Err(StoreError::LeaseLost {
                        what: "ticket export of desk",
                        id: desk.to_string(),
                    });
                }
                let mut stored = 0;
                for receipt in &page.receipts {
                    if matches!(put_in(tx, receipt).await?, Put::Stored(_)) {
                        stored += 1;
                    }
                }
                if let Some(at) = &page.position {
                    let args = args![tenant, desk, &at.cursor, at.read_at];
                    tx.conn.run(MOVE, args).await?;
                }
                Ok(stored)
            })
        })
        .await
    }
}

/// Frees what an ended process of this database read.
pub(crate) async fn free(tx: &mut Tx) -> Result<(), StoreError> {
    tx.conn.run(FREE, Vec::new()).await.map(|_| ())
}
