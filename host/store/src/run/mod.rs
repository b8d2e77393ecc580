//! Runs: one per window of a track. A run says how far the window is, what it changed, and, when it has ended,
//! what it proved.
//!
//! A page moves its run in the transaction that stores it. A verifying run writes down its [`Hole`]s there too:
//! records that differed from the source although nothing had told of it. When the window is read and compared, the
//! records of the window are summed up ([`Proof`]), and what is proven complete grows ([`Coverage`]).

mod coverage;
mod hole;
mod proof;
mod write;

pub use coverage::{Coverage, Gap};
pub(crate) use hole::{Before, found};
pub use hole::{Hole, HoleCause, HoleKind};
pub use proof::{MonthProof, Proof};
pub(crate) use write::{
    Progress, add_holes, advance, begin, drop_empty, end, resume, started, trouble,
};
#[cfg(test)]
pub(crate) use {
    coverage::STATEMENTS as COVERAGE_STATEMENTS, hole::STATEMENTS as HOLE_STATEMENTS,
    proof::STATEMENTS as PROOF_STATEMENTS, write::STATEMENTS as WRITE_STATEMENTS,
};

use ordercase_model::{Instant, Kind};
use serde::{Deserialize, Serialize};

use crate::{
    ConnectionId, ConnectionKey, RunId, Store, StoreError, Track, View,
    db::{Row, args, statements},
    limits::LIST_ROWS_MAX,
};

/// How far a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Its pages are read.
    Reading,
    /// What the store holds and the pages did not show is looked up.
    Comparing,
    /// What was read is summed up.
    Proving,
    /// It has ended.
    Done,
    /// A person must look, or its window began again.
    Stopped,
}

impl Phase {
    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Comparing => "comparing",
            Self::Proving => "proving",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }
}

impl std::str::FromStr for Phase {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [
            Self::Reading,
            Self::Comparing,
            Self::Proving,
            Self::Done,
            Self::Stopped,
        ]
        .into_iter()
        .find(|phase| phase.as_str() == text)
        .ok_or_else(|| format!("`{text}` is no phase of a run"))
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Connection.
    pub connection: ConnectionKey,
    /// Id.
    pub id: RunId,
    /// Stream.
    pub stream: String,
    /// Track.
    pub track: Track,
    /// Kind of its records.
    pub kind: Kind,
    /// How far it is.
    pub phase: Phase,
    /// Start of its window; open when absent.
    pub since: Option<Instant>,
    /// End of its window; open when absent.
    pub until: Option<Instant>,
    /// When it began.
    pub started_at: Instant,
    /// When it last moved.
    pub updated_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Pages stored.
    pub pages: u64,
    /// Records read.
    pub records: u64,
    /// How many the window holds, where the source says.
    pub total: Option<u64>,
    /// Records that look different since.
    pub changed: u64,
    /// Of them, those that nothing had told of.
    pub holes: u64,
    /// Records that were found missing at the source.
    pub gone: u64,
    /// What a person should know, at most [`crate::limits::RUN_WARNINGS_MAX`].
    pub warnings: Vec<String>,
    /// What went wrong last; gone with the next page.
    pub last_error: Option<String>,
    /// What it proved.
    pub proof: Option<Proof>,
}

macro_rules! run_columns {
    () => {
        "tenant_id, connection_id, run_id, stream, track, kind, phase, since, until, started_at, updated_at, \
         ended_at, pages, records, total, changed, holes, gone, gone_unconfirmed, warnings, last_error, proof"
    };
}
use run_columns;

statements! {
    GET = concat!("SELECT ", run_columns!(), " FROM runs
            WHERE tenant_id = $1 AND connection_id = $2 AND run_id = $3");
    LIST = concat!("SELECT ", run_columns!(), " FROM runs
            WHERE tenant_id = $1 AND connection_id = $2
                AND (started_at, run_id) < (CAST($3 AS BIGINT), CAST($4 AS TEXT))
            ORDER BY started_at DESC, run_id DESC LIMIT $5");
    /// The last proven one of each stream and track.
    PROVEN = concat!("SELECT ", run_columns!(), " FROM runs r
            WHERE tenant_id = $1 AND connection_id = $2 AND proof IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM runs n WHERE n.tenant_id = r.tenant_id AND n.connection_id = r.connection_id
                    AND n.stream = r.stream AND n.track = r.track AND n.proof IS NOT NULL
                    AND (n.started_at, n.run_id) > (r.started_at, r.run_id))
            ORDER BY started_at DESC, run_id DESC");
}

impl View {
    /// The last proven run of each stream and track of a connection, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn proven_runs(&mut self, shop: &ConnectionId) -> Result<Vec<Run>, StoreError> {
        let args = args![&self.tenant, shop];
        let rows = self.conn.all(PROVEN, args).await?;
        rows.iter().map(read).collect()
    }
}

impl Store {
    /// One run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(
        &self,
        connection: &ConnectionKey,
        id: &RunId,
    ) -> Result<Option<Run>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        let args = args![&connection.tenant, &connection.connection, id];
        let row = conn.first(GET, args).await?;
        row.as_ref().map(read).transpose()
    }

    /// Runs of a connection, newest first, from after `before`; at most `limit` and [`LIST_ROWS_MAX`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runs(
        &self,
        connection: &ConnectionKey,
        before: Option<(Instant, RunId)>,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let (at, id) = match &before {
            Some((at, id)) => (at.micros(), id.as_str()),
            None => (i64::MAX, ""),
        };
        let limit = i64::from(limit).min(LIST_ROWS_MAX);
        let args = args![&connection.tenant, &connection.connection, at, id, limit];
        let mut conn = self.reader(&connection.tenant).await?;
        let rows = conn.all(LIST, args).await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<Run, StoreError> {
    let proof = row.opt_text("proof")?;
    let proof = proof.map(|text| serde_json::from_str(&text)).transpose();
    Ok(Run {
        connection: ConnectionKey {
            tenant: row.parse("tenant_id")?,
            connection: row.parse("connection_id")?,
        },
        id: row.parse("run_id")?,
        stream: row.text("stream")?,
        track: row.parse("track")?,
        kind: Kind::from_text(&row.text("kind")?),
        phase: row.parse("phase")?,
        since: row.opt_instant("since")?,
        until: row.opt_instant("until")?,
        started_at: row.instant("started_at")?,
        updated_at: row.instant("updated_at")?,
        ended_at: row.opt_instant("ended_at")?,
        pages: row.count("pages")?,
        records: row.count("records")?,
        total: row
            .opt_int("total")?
            .and_then(|total| u64::try_from(total).ok()),
        changed: row.count("changed")?,
        holes: row.count("holes")?,
        gone: row.count("gone")?,
        warnings: row.json("warnings")?,
        last_error: row.opt_text("last_error")?,
        proof: proof.map_err(|error| StoreError::Corrupt {
            column: "proof",
            reason: error.to_string(),
        })?,
    })
}
