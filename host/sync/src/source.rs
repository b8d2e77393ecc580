//! A shop through its plugin, as the engine sees it. The server implements this over the runtime.

use async_trait::async_trait;
use ordercase_model::{Comparability, Instant, Record, RecordRef};
use ordercase_store::{
    Batch, ConnectionKey, Lane, MissingMapping, RawBody, ReadPath, Receipt, Snapshot, StreamTrack,
};

/// One shop. Calls may take as long as a plugin call may; the engine gives up after
/// [`crate::limits::JOB_SECONDS_MAX`].
#[async_trait]
pub trait Source: Send + Sync + 'static {
    /// One page of a stream.
    async fn pull(&self, connection: &ConnectionKey, ask: Pull) -> Result<Page, SourceFailure>;

    /// One record by its id, and whatever the same answers hold.
    async fn fetch(
        &self,
        connection: &ConnectionKey,
        target: &RecordRef,
        lane: Lane,
    ) -> Result<Reading, SourceFailure>;

    /// Records by what somebody quotes.
    async fn search(
        &self,
        connection: &ConnectionKey,
        search: &Search,
    ) -> Result<Reading, SourceFailure>;

    /// What a verified webhook means. No request leaves.
    async fn receive(
        &self,
        connection: &ConnectionKey,
        webhook: &Receipt,
    ) -> Result<WebhookReading, SourceFailure>;
}

/// A page to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Stream.
    pub stream: String,
    /// Start of the window; open when absent.
    pub since: Option<Instant>,
    /// End of the window; open when absent.
    pub until: Option<Instant>,
    /// Cursor of the page; absent for the first.
    pub cursor: Option<String>,
    /// At most so many records.
    pub limit: u32,
    /// Lane, for the budget.
    pub lane: Lane,
}

impl Pull {
    pub(crate) fn of(track: &StreamTrack) -> Self {
        Self {
            stream: track.stream.clone(),
            since: track.since,
            until: track.until,
            cursor: track.cursor.clone(),
            limit: track.page_limit,
            lane: track.lane,
        }
    }
}

/// What somebody quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// An e-mail address.
    Email(String),
    /// A telephone number.
    Phone(String),
    /// An order number.
    OrderNumber(String),
    /// A tracking number.
    Tracking(String),
}

/// A record that was read.
#[derive(Clone, Debug)]
pub struct ReadRecord {
    /// As the plugin emitted it.
    pub record: Record,
    /// How versions of its kind compare, says the manifest.
    pub comparability: Comparability,
    /// When the first request that contributed to it was sent.
    pub observed_at: Instant,
    /// Positions in [`Reading::raw`] of the answers behind it.
    pub raw: Vec<usize>,
}

impl ReadRecord {
    /// Which record it is.
    #[must_use]
    pub fn target(&self) -> RecordRef {
        RecordRef {
            kind: self.record.kind,
            source_id: self.record.source_id.clone(),
        }
    }
}

/// Records and the answers behind them.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Digest of the plugin that emitted them.
    pub plugin_digest: String,
    /// The revision of the connection's mappings that it was told.
    pub mappings: u64,
    /// The answers, without secrets.
    pub raw: Vec<RawBody>,
    /// The records.
    pub records: Vec<ReadRecord>,
}

impl Reading {
    /// Makes a batch of it. `event_at` is for bodies of webhooks.
    #[must_use]
    pub fn into_batch(
        self,
        connection: &ConnectionKey,
        path: ReadPath,
        event_at: Option<Instant>,
    ) -> Batch {
        let snapshots = self.records.into_iter().map(|read| Snapshot {
            record: read.record,
            comparability: read.comparability,
            path,
            observed_at: read.observed_at,
            event_at,
            raw: read.raw,
        });
        Batch {
            connection: connection.clone(),
            plugin_digest: self.plugin_digest,
            mappings: self.mappings,
            raw: self.raw,
            snapshots: snapshots.collect(),
        }
    }
}

/// A page of a stream.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its records.
    pub reading: Reading,
    /// Cursor of the next page; absent on the last.
    pub next: Option<String>,
    /// How many records the window holds, where the source tells.
    pub total: Option<u64>,
}

/// "This record changed."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The record.
    pub target: RecordRef,
    /// When.
    pub occurred_at: Option<Instant>,
}

/// What a webhook means.
#[derive(Clone, Debug, Default)]
pub struct WebhookReading {
    /// Records to be read back.
    pub hints: Vec<Hint>,
    /// Records that the body holds in full, where the manifest says so.
    pub bodies: Reading,
    /// Why nothing follows, when nothing does.
    pub ignored: Option<String>,
}

/// Why a source did not answer, cut by what the engine does next. Texts are for operators: no secrets, no
/// personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFailure {
    /// The source does not have it: it is gone.
    #[error("the source does not have it: {0}")]
    NotFound(String),
    /// The cursor is not the source's any more: the window begins again.
    #[error("the cursor is void: {0}")]
    InvalidCursor(String),
    /// Credentials or scopes do not open the door: the connection waits for a person.
    #[error("the source refuses the credentials: {0}")]
    Credentials(String),
    /// The settings cannot work: the connection waits for a person.
    #[error("the connection's settings cannot work: {0}")]
    Config(String),
    /// A mapping of a word is missing: what needs it waits for that, and nothing else does.
    #[error("{0}")]
    Mapping(MissingMapping),
    /// Too fast.
    #[error("the source asks to slow down")]
    RateLimited {
        /// How long to wait, where it said so, milliseconds.
        after_ms: Option<u64>,
    },
    /// Network, time-out, 5xx: it may pass.
    #[error("the source does not answer: {0}")]
    Unavailable(String),
    /// An answer cannot be read: half of one, a proxy's page, or a shape that nobody promised. Mostly it passes;
    /// what does not is a person's matter.
    #[error("the source's answer cannot be read: {0}")]
    Unreadable(String),
    /// What was received does not have the promised shape: trying again brings the same.
    #[error("the input does not have the promised shape: {0}")]
    Malformed(String),
    /// The plugin cannot do this.
    #[error("the plugin cannot do this: {0}")]
    Unsupported(String),
    /// The plugin failed: trap, limit, invalid output.
    #[error("the plugin failed: {0}")]
    Plugin(String),
}
