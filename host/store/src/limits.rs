//! Every bound of the store, with its unit.

/// Jobs that may wait for the writer; a caller beyond that waits for room.
pub const WRITER_QUEUE_JOBS_MAX: usize = 1_024;
/// Jobs committed together at most.
pub const WRITER_BATCH_JOBS_MAX: usize = 256;
/// How long jobs go into one group, milliseconds; whoever comes later, or waits behind it, goes with the next. A
/// simulation decides by itself what goes together.
pub const WRITER_GROUP_MS: u64 = if cfg!(feature = "simulation") {
    3_600_000
} else {
    20
};
/// Groups of more urgent jobs after which a group of history has its turn.
pub const WRITER_BACKGROUND_PATIENCE: usize = 4;
/// Snapshots of a page that are committed together while deliveries come; live work goes between.
pub const PAGE_SLICE_SNAPSHOTS: usize = 2;
/// The same while none come here, on PostgreSQL, where they may come to another replica. On SQLite a page is committed at
/// once then: each commit writes whole pages of the file, which fewer commits share.
pub const PAGE_SLICE_SNAPSHOTS_CALM: usize = 16;
/// How long after a delivery others are expected, milliseconds.
pub const WRITER_CALM_MS: u64 = 2_000;
/// Bytes of bodies of a page after which what is committed together ends.
pub const PAGE_SLICE_BYTES: usize = 256 * 1024;
/// Connections that read at the same time.
pub const READERS_MAX: u32 = 4;
/// Writing connections of a process on PostgreSQL: one for claims, the others share the tenants.
pub const WRITERS: usize = 4;
/// How long a transaction waits for its tenant's turn on PostgreSQL, seconds.
pub const LOCK_WAIT_SECONDS: u32 = 10;
/// How long a transaction on PostgreSQL may do nothing before the server ends it, seconds: its process hangs or
/// is out of reach, and others wait for their turn.
pub const IDLE_IN_TRANSACTION_SECONDS: u32 = 10;
/// How long a statement may take on PostgreSQL, seconds.
pub const STATEMENT_SECONDS: u32 = 30;
/// Bytes of a page of a new SQLite file.
pub const PAGE_BYTES: u32 = 16 * 1024;
/// Memory for pages of the connection that writes SQLite, KiB.
pub const WRITER_CACHE_KIB: u32 = 16 * 1024;
/// Pages in SQLite's log after which they are written into the file.
pub const LOG_PAGES: u32 = 1024;
/// How long SQLite waits for a lock of another process, milliseconds.
pub const BUSY_TIMEOUT_MS: u64 = 5_000;
/// Rows that a lookup returns at most, newest first.
pub const LOOKUP_ROWS_MAX: i64 = 200;
/// Records that lie in others, of all that are asked for together, newest first.
pub const CHILDREN_ROWS_MAX: i64 = 1_000;
/// Rows that a list returns at most.
pub const LIST_ROWS_MAX: i64 = 500;
/// Snapshots of one page or answer.
pub const BATCH_SNAPSHOTS_MAX: usize = 1_000;
/// Characters of an id.
pub const ID_CHARS_MAX: usize = 128;
/// Characters of a source id (canonical model).
pub const SOURCE_ID_CHARS_MAX: usize = 255;
/// Bytes of a canonical body.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of one raw answer kept; a longer one is not kept, and the record says so.
pub const RAW_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of a receipt's body.
pub const RECEIPT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of an effect's payload.
pub const EFFECT_BYTES_MAX: usize = 256 * 1024;
/// Keys taken from one record.
pub const KEYS_PER_RECORD_MAX: usize = 200;
/// Characters of a key.
pub const KEY_CHARS_MAX: usize = 320;
/// Keys that one ticket may wait for.
pub const WATCHES_PER_TICKET_MAX: usize = 50;
/// Records that one ticket may show.
pub const SHOWN_PER_TICKET_MAX: usize = 200;
/// Tickets that one change wakes; beyond that the rest follows at their next event.
pub const WOKEN_PER_CHANGE_MAX: i64 = 500;
/// Characters of an error or a reason kept with a row.
pub const REASON_CHARS_MAX: usize = 1_000;
/// Fields and items of a masked view.
pub const MASKED_NODES_MAX: usize = 1_000;
/// Items of one list in a masked view.
pub const MASKED_ITEMS_MAX: usize = 20;
/// How deep a masked view goes.
pub const MASKED_DEPTH_MAX: usize = 24;
/// Characters of one text in a masked view.
pub const MASKED_TEXT_CHARS_MAX: usize = 500;
/// Dead letters put back to work, and receipts worked off again, by one call.
pub const RETRIED_PER_CALL_MAX: usize = 200;
/// Source fields that an operator maps the words of, and source fields that must be mapped, per connection.
pub const MAPPING_FIELDS_MAX: usize = 50;
/// Words that an operator maps, per connection.
pub const MAPPING_WORDS_MAX: usize = 1_000;
/// Characters of a source field or of a word that is mapped.
pub const MAPPING_TEXT_CHARS_MAX: usize = 128;
/// Mappings that the audit of a change names one by one; of the rest it has the number.
pub const MAPPINGS_NOTED_MAX: usize = 200;
/// Records that one call derives again.
pub const REDERIVED_PER_CALL_MAX: u32 = 500;
/// Age under which a change may still be on its way by webhook or poll, seconds: a run that finds it has found no
/// hole.
pub const IN_FLIGHT_SECONDS: i64 = 15 * 60;
/// Warnings kept with a run.
pub const RUN_WARNINGS_MAX: usize = 50;
/// Records that one read of a proof sums up.
pub const PROVED_PER_READ: i64 = 5_000;
/// Records that a run may find missing at the source before a person must say that this is so; more than this and
/// more than [`GONE_SHARE_MAX`] of what it read.
pub const GONE_MAX: u64 = 50;
/// The same as a share of the records read, of 100.
pub const GONE_SHARE_MAX: u64 = 5;
/// Rows of a table that one step of retention deletes or empties.
pub const EXPIRED_PER_STEP: i64 = 500;
/// Bytes of a secret.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;

/// Cuts a reason to what is kept.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(REASON_CHARS_MAX).collect()
}
