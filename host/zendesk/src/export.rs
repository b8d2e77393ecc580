//! The incremental ticket export: the truth about what changed, behind every event.
//!
//! The newest minute is withheld, tickets repeat and also come deleted; the caller dedupes by
//! `(id, updated_at)` and keeps the cursor even at the end of the stream.

use serde::Deserialize;

use crate::budget::Meter;
use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;
use crate::limits::EXPORT_PAGE_SIZE;
use crate::ticket::Ticket;

/// Where to read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportFrom {
    /// Everything that changed since these Unix seconds; at least a minute ago.
    Start(i64),
    /// After the page that gave this cursor.
    Cursor(String),
}

/// One page of changed tickets.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ExportPage {
    /// The tickets, by time of change.
    pub tickets: Vec<Ticket>,
    /// Where to read on; also at the end.
    pub after_cursor: Option<String>,
    /// Whether everything up to a minute ago has been read.
    #[serde(default)]
    pub end_of_stream: bool,
}

impl Client {
    /// One page of the export.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn export_tickets(&self, from: &ExportFrom) -> Result<ExportPage, ZendeskError> {
        let call = Call::get("/api/v2/incremental/tickets/cursor.json")
            .query("per_page", EXPORT_PAGE_SIZE.to_string())
            .meter(Meter::Export);
        self.json(match from {
            ExportFrom::Start(seconds) => call.query("start_time", seconds.to_string()),
            ExportFrom::Cursor(cursor) => call.query("cursor", cursor.clone()),
        })
        .await
    }
}
