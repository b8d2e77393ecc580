//! Streams: what to read next from a shop.
//!
//! | Track | Reads | To |
//! |---|---|---|
//! | `backfill` | history, once, newest first | learn |
//! | `poll` | what changed, with overlap | learn |
//! | `reconcile` | the last days, hourly | verify: repair what nothing told of, find what is gone |
//! | `sweep` | the last year, nightly | the same |
//! | `reread` | orders that are not final, one by one | the same, where change times lie |
//!
//! A window of a track is a run ([`crate::Run`]) in phases: pages are read; a verifying run then compares what the
//! store holds with what was seen, and looks up one by one what was not; then it is proven. The cursor moves only
//! in the transaction that stores its page, so a killed process reads the page again and loses nothing.

mod page;
mod verify;
mod work;

pub(crate) use work::open;
#[cfg(test)]
pub(crate) use {
    page::STATEMENTS as PAGE_STATEMENTS, verify::STATEMENTS as VERIFY_STATEMENTS, work::STATEMENTS,
};

use ordercase_model::{Comparability, Instant, Kind, RecordRef};
use serde::{Deserialize, Serialize};

pub use verify::Comparison;

use crate::{
    ConnectionKey, HolderId, Lane, Phase, RunId, StoreError,
    db::Row,
    record::{Applied, Batch},
};

/// A stream, as the manifest declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSpec {
    /// Name, such as `orders`.
    pub stream: String,
    /// Kind of its records.
    pub kind: Kind,
    /// How their versions compare.
    pub comparability: Comparability,
    /// Largest page.
    pub page_limit: u32,
}

/// One of a stream's tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Track {
    /// All of history, once.
    Backfill,
    /// What changed, again and again.
    Poll,
    /// The last days again, to verify them.
    Reconcile,
    /// The last year again, to verify it.
    Sweep,
    /// Orders that are not final, one by one, where the source's change times lie.
    Reread,
}

impl Track {
    /// All tracks.
    pub const ALL: [Self; 5] = [
        Self::Backfill,
        Self::Poll,
        Self::Reconcile,
        Self::Sweep,
        Self::Reread,
    ];

    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Poll => "poll",
            Self::Reconcile => "reconcile",
            Self::Sweep => "sweep",
            Self::Reread => "reread",
        }
    }

    /// Whether it reads what should be known already, to find what is not.
    #[must_use]
    pub const fn verifies(self) -> bool {
        matches!(self, Self::Reconcile | Self::Sweep | Self::Reread)
    }

    /// The lane it is read in.
    #[must_use]
    pub const fn lane(self) -> Lane {
        match self {
            Self::Backfill => Lane::Backfill,
            Self::Poll => Lane::Poll,
            Self::Reconcile | Self::Sweep | Self::Reread => Lane::Reconcile,
        }
    }

    /// Whether streams of that kind have it. Orders alone have an end that a re-read can wait for, and only where
    /// versions say nothing about which is newer do change times lie (`real-shops.md` §3).
    #[must_use]
    pub(crate) fn is_of(self, spec: &StreamSpec) -> bool {
        self != Self::Reread
            || (spec.kind == Kind::Order && spec.comparability == Comparability::Equality)
    }
}

impl std::str::FromStr for Track {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|track| track.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no track"))
    }
}

/// Where a track stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackState {
    /// To be read on.
    Pending,
    /// Read to the end.
    Done,
    /// Stopped until a person looks.
    Parked,
    /// Switched off by a person.
    Off,
}

impl TrackState {
    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Parked => "parked",
            Self::Off => "off",
        }
    }
}

impl std::str::FromStr for TrackState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "pending" => Ok(Self::Pending),
            "done" => Ok(Self::Done),
            "parked" => Ok(Self::Parked),
            "off" => Ok(Self::Off),
            _ => Err(format!("`{text}` is no state of a track")),
        }
    }
}

/// A track and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamTrack {
    /// Connection.
    pub connection: ConnectionKey,
    /// Stream.
    pub stream: String,
    /// Track.
    pub track: Track,
    /// Kind of its records.
    pub kind: Kind,
    /// How their versions compare.
    pub comparability: Comparability,
    /// Largest page.
    pub page_limit: u32,
    /// Lane.
    pub lane: Lane,
    /// Where it stands.
    pub state: TrackState,
    /// Start of the window being read; open when absent.
    pub since: Option<Instant>,
    /// End of the window being read; open when absent.
    pub until: Option<Instant>,
    /// Cursor of the next page; absent at the beginning of a window.
    pub cursor: Option<String>,
    /// Newest change time seen, by the source's clock.
    pub watermark: Option<Instant>,
    /// The same in the source's own text; absent where its record has none.
    pub watermark_text: Option<String>,
    /// Pages stored.
    pub pages: u64,
    /// Records stored.
    pub records: u64,
    /// How many the window holds, says the source.
    pub total: Option<u64>,
    /// How often its window began again.
    pub restarts: u32,
    /// When it may be read on.
    pub due_at: Instant,
    /// Failed attempts since the last page.
    pub attempts: u32,
    /// Who has it.
    pub holder: Option<HolderId>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When its first page was stored.
    pub started_at: Option<Instant>,
    /// When it was read to the end.
    pub finished_at: Option<Instant>,
    /// Time between two windows, seconds; as the engine is set when absent.
    pub every: Option<u32>,
    /// How far its window is.
    pub phase: Phase,
    /// The run of its window; absent before the first.
    pub run: Option<RunId>,
}

/// A page to be stored with its cursor.
#[derive(Clone, Debug)]
pub struct PageCommit {
    /// The claimed track, as it was when the page was asked for.
    pub track: StreamTrack,
    /// The records.
    pub batch: Batch,
    /// How many the window holds, where the source says.
    pub total: Option<u64>,
    /// What comes next.
    pub next: Next,
    /// Now.
    pub now: Instant,
}

/// What comes after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another page, read by the same holder.
    Keep {
        /// Its cursor.
        cursor: String,
        /// Until when the track stays with the holder.
        lease_until: Instant,
    },
    /// Another page, by whoever comes first.
    Yield {
        /// Its cursor.
        cursor: String,
    },
    /// The window is read; the same holder goes on with what follows its pages.
    Turn {
        /// What follows.
        phase: Phase,
        /// Until when the track stays with the holder.
        lease_until: Instant,
    },
    /// Nothing: history is read.
    Done,
    /// The window is read; the next one begins then.
    Again {
        /// When.
        at: Instant,
    },
}

/// What a page led to.
#[derive(Clone, Debug)]
pub struct PageOutcome {
    /// What became of each snapshot, in the order of the page.
    pub applied: Vec<Applied>,
    /// The track after it.
    pub track: StreamTrack,
    /// Records whose version in the page is older than the stored one: a list may trail behind its records, so
    /// a verifying run reads each by itself before it corrects anything.
    pub disputed: Vec<RecordRef>,
}

/// How an attempt to read a page ended without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackSettlement {
    /// Again at `at`, at the same cursor.
    Retry {
        /// When.
        at: Instant,
        /// What went wrong.
        error: String,
    },
    /// The cursor is void: the window begins again at `at`. What is stored stays.
    Restart {
        /// When.
        at: Instant,
        /// What the source said.
        error: String,
    },
    /// A person must look.
    Parked {
        /// Why.
        error: String,
    },
    /// There is nothing to do yet: its next window begins at `at`.
    Postponed {
        /// When.
        at: Instant,
    },
    /// Given back untouched.
    Released,
}

macro_rules! track_columns {
    () => {
        "tenant_id, connection_id, stream, track, kind, comparability, page_limit, lane, state, since, until, \
         cursor, watermark, pages, records, total, restarts, due_at, attempts, holder, last_error, \
         started_at, finished_at, every, phase, run_id, watermark_text"
    };
}
use track_columns;

fn read(row: &Row) -> Result<StreamTrack, StoreError> {
    let small = |column| -> Result<u32, StoreError> {
        Ok(u32::try_from(row.int(column)?).unwrap_or(u32::MAX))
    };
    Ok(StreamTrack {
        connection: ConnectionKey {
            tenant: row.parse("tenant_id")?,
            connection: row.parse("connection_id")?,
        },
        stream: row.text("stream")?,
        track: row.parse("track")?,
        kind: Kind::from_text(&row.text("kind")?),
        comparability: Comparability::from_text(&row.text("comparability")?),
        page_limit: small("page_limit")?,
        lane: row.parse("lane")?,
        state: row.parse("state")?,
        since: row.opt_instant("since")?,
        until: row.opt_instant("until")?,
        cursor: row.opt_text("cursor")?,
        watermark: row.opt_instant("watermark")?,
        watermark_text: row.opt_text("watermark_text")?,
        pages: row.count("pages")?,
        records: row.count("records")?,
        total: row
            .opt_int("total")?
            .and_then(|total| u64::try_from(total).ok()),
        restarts: small("restarts")?,
        due_at: row.instant("due_at")?,
        attempts: small("attempts")?,
        holder: row
            .opt_text("holder")?
            .and_then(|id| HolderId::new(id).ok()),
        last_error: row.opt_text("last_error")?,
        started_at: row.opt_instant("started_at")?,
        finished_at: row.opt_instant("finished_at")?,
        every: row
            .opt_int("every")?
            .and_then(|every| u32::try_from(every).ok()),
        phase: row.parse("phase")?,
        run: row.opt_parse("run_id")?,
    })
}
