//! Pages of a desk's ticket export: their receipts and the cursor behind them, in one transaction.
//!
//! Flows and webhooks are hints and may be lost; the export is read regularly and brings whatever they
//! did not. So the cursor must never move without its receipts.

use ordercase_model::Instant;

use super::{NewReceipt, Put, put_in};
use crate::{
    DeskKey, Store, StoreError,
    db::{Scope, args, statements},
};

statements! {
    GET = "SELECT cursor, read_at FROM desk_exports WHERE tenant_id = $1 AND desk_id = $2";
    MOVE = "INSERT INTO desk_exports (tenant_id, desk_id, cursor, read_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (tenant_id, desk_id) DO UPDATE SET cursor = excluded.cursor, read_at = excluded.read_at";
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
    /// Desk.
    pub desk: DeskKey,
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

    /// Stores the receipts of a page and moves the cursor: both or neither. Returns how many were new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_export_page(&self, page: ExportCommit) -> Result<usize, StoreError> {
        self.write(Scope::from(&page.desk.tenant), move |tx| {
            Box::pin(async move {
                let mut stored = 0;
                for receipt in &page.receipts {
                    if matches!(put_in(tx, receipt).await?, Put::Stored(_)) {
                        stored += 1;
                    }
                }
                if let Some(at) = &page.position {
                    let args = args![&page.desk.tenant, &page.desk.desk, &at.cursor, at.read_at];
                    tx.conn.run(MOVE, args).await?;
                }
                Ok(stored)
            })
        })
        .await
    }
}
