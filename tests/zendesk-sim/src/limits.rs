//! Bounds of the simulator. The numbers of Zendesk itself are in `plan.rs`.

/// Longest request body.
pub(crate) const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Writes that the journal remembers; older ones are forgotten first.
pub(crate) const JOURNAL_MAX: usize = 20_000;
/// ZIS runs that are remembered.
pub(crate) const RUNS_MAX: usize = 5_000;
/// Events that are remembered.
pub(crate) const EVENTS_MAX: usize = 20_000;
/// Rate counters held before the old ones are dropped.
pub(crate) const COUNTERS_MAX: usize = 50_000;
/// Rules of the fault switchboard at once.
pub(crate) const FAULTS_MAX: usize = 100;
/// Longest text of a comment; Zendesk cuts the rest without a word.
pub(crate) const COMMENT_BYTES_MAX: usize = 64 * 1024;
/// Comments per ticket.
pub(crate) const COMMENTS_MAX: usize = 5_000;
/// Rows of one page.
pub(crate) const PAGE_MAX: usize = 100;
/// How far numbered pages reach.
pub(crate) const OFFSET_DEPTH_MAX: usize = 10_000;
/// Rows of one export page.
pub(crate) const EXPORT_PAGE_MAX: usize = 1_000;
/// The newest seconds that an export withholds.
pub(crate) const EXPORT_HOLDBACK_SECONDS: i64 = 60;
/// How long an idempotency key lives.
pub(crate) const IDEMPOTENCY_SECONDS: i64 = 2 * 3600;
/// How long an authorization code lives.
pub(crate) const CODE_SECONDS: i64 = 120;
/// How long a hanging answer hangs: longer than any sane client waits.
pub(crate) const TIMEOUT_MILLIS: u64 = 120_000;
