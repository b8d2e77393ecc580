//! Holes: records that differed from the source although nothing had told of it, and why. The verdict is pure.
//!
//! A change that is younger than [`IN_FLIGHT_SECONDS`] may still be on its way by webhook or poll, so it is no hole.
//! Whether it is younger is judged by two clocks, and each only for this: the source's, by the change time that the
//! record carries, and ours, by when we last saw the record as it was.

use ordercase_model::{Instant, Kind};
use serde::{Deserialize, Serialize};

use crate::{
    ConnectionId, ConnectionKey, RunId, Store, StoreError, View,
    db::{Row, args, statements},
    limits::{IN_FLIGHT_SECONDS, LIST_ROWS_MAX},
    record::{Held, Outcome, Snapshot},
};

/// How a record differed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoleKind {
    /// The store did not have it.
    Absent,
    /// The store had an older state of it.
    Stale,
    /// The store had it, the source does not.
    Deleted,
    /// The store held it for deleted, the source has it.
    Reinstated,
}

/// Why nothing had told of it, as far as can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoleCause {
    /// Neither a webhook nor a poll brought it.
    NotTold,
    /// The source's webhooks were not registered at that time.
    Unsubscribed,
    /// It changed without its change time.
    ChangedSilently,
}

/// A hole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hole {
    /// The run that found it.
    pub run: RunId,
    /// Stream.
    pub stream: String,
    /// Kind of the record.
    pub kind: Kind,
    /// The source's id of it.
    pub source_id: String,
    /// How it differed.
    pub what: HoleKind,
    /// Why nothing had told of it.
    pub cause: HoleCause,
    /// When it was found.
    pub found_at: Instant,
    /// When it was repaired.
    pub repaired_at: Option<Instant>,
}

macro_rules! named {
    ($($type:ident: $($name:ident = $text:literal)*;)*) => { $(
        impl $type {
            /// The text in SQL and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$name),)*
                    _ => Err(format!(concat!("`{}` is no ", stringify!($type)), text)),
                }
            }
        }
    )* };
}
named! {
    HoleKind: Absent = "absent" Stale = "stale" Deleted = "deleted" Reinstated = "reinstated";
    HoleCause: NotTold = "not_told" Unsubscribed = "unsubscribed" ChangedSilently = "changed_silently";
}

/// What the store knew of a record before a run read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Before {
    source_updated_at: Option<Instant>,
    seen_at: Option<Instant>,
    deleted: bool,
}

impl From<&Held> for Before {
    fn from(held: &Held) -> Self {
        Self {
            source_updated_at: held.source_updated_at,
            seen_at: held.seen_at,
            deleted: held.is_deleted(),
        }
    }
}

/// Whether a snapshot that a run read closed a hole, and which.
pub(crate) fn found(
    before: Option<&Before>,
    snapshot: &Snapshot,
    outcome: &Outcome,
    began: Instant,
) -> Option<(HoleKind, HoleCause)> {
    if *outcome != Outcome::Applied {
        return None;
    }
    let in_flight = began.plus_seconds(-IN_FLIGHT_SECONDS);
    let gone = snapshot.record.kind == Kind::Tombstone;
    let changed_at = snapshot.record.source_updated_at;
    let young = changed_at.is_some_and(|at| at >= in_flight)
        || before.is_some_and(|before| {
            // What the run itself saw meanwhile tells nothing of when it changed.
            before
                .seen_at
                .is_some_and(|at| in_flight <= at && at < began)
        });
    if young {
        return None;
    }
    let what = match before {
        // That there is nothing was not worth telling.
        None if gone => return None,
        None => HoleKind::Absent,
        Some(_) if gone => HoleKind::Deleted,
        Some(before) if before.deleted => HoleKind::Reinstated,
        Some(_) => HoleKind::Stale,
    };
    let moved = before.is_none_or(|before| changed_at > before.source_updated_at);
    let cause = if what == HoleKind::Stale && !moved {
        HoleCause::ChangedSilently
    } else {
        HoleCause::NotTold
    };
    Some((what, cause))
}

statements! {
    LIST = "SELECT run_id, stream, kind, source_id, what, cause, found_at, repaired_at FROM holes
            WHERE tenant_id = $1 AND connection_id = $2 AND found_at >= $3
            ORDER BY found_at DESC, kind, source_id LIMIT $4";
    COUNT = "SELECT stream, what, cause, COUNT(*) AS n FROM holes
            WHERE tenant_id = $1 AND connection_id = $2 AND found_at >= $3
            GROUP BY stream, what, cause ORDER BY stream, what, cause";
}

impl Store {
    /// Holes of a connection that were found since, newest first, at most [`LIST_ROWS_MAX`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holes(
        &self,
        connection: &ConnectionKey,
        since: Instant,
    ) -> Result<Vec<Hole>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        let args = args![
            &connection.tenant,
            &connection.connection,
            since,
            LIST_ROWS_MAX
        ];
        conn.all(LIST, args).await?.iter().map(read).collect()
    }
}

impl View {
    /// How many holes were found since, by stream, kind and cause.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hole_counts(
        &mut self,
        shop: &ConnectionId,
        since: Instant,
    ) -> Result<Vec<(String, HoleKind, HoleCause, u64)>, StoreError> {
        let args = args![&self.tenant, shop, since];
        let rows = self.conn.all(COUNT, args).await?;
        rows.iter()
            .map(|row| {
                Ok((
                    row.text("stream")?,
                    row.parse("what")?,
                    row.parse("cause")?,
                    row.count("n")?,
                ))
            })
            .collect()
    }
}

fn read(row: &Row) -> Result<Hole, StoreError> {
    Ok(Hole {
        run: row.parse("run_id")?,
        stream: row.text("stream")?,
        kind: Kind::from_text(&row.text("kind")?),
        source_id: row.text("source_id")?,
        what: row.parse("what")?,
        cause: row.parse("cause")?,
        found_at: row.instant("found_at")?,
        repaired_at: row.opt_instant("repaired_at")?,
    })
}
