//! Every bound of the engine, with its unit.

/// Jobs of a lane that run at the same time, most urgent lane first.
pub const JOBS_PER_LANE: [usize; 5] = [4, 8, 2, 2, 1];
/// Effects that run at the same time.
pub const EFFECT_JOBS: usize = 4;
/// How long work is its holder's, seconds, unless it asks for more: when a replica is killed, others take its
/// work over after this time. The request of a killed replica's effect may still be on its way for a while, so no
/// shorter than that; and the replicas' clocks must agree much better than that.
pub const LEASE_SECONDS: i64 = 20;
/// How often a running job asks for more time during a lease.
pub const RENEWALS_PER_LEASE: i64 = 4;
/// How long one job may take, seconds; then it is given up and tried again.
pub const JOB_SECONDS_MAX: i64 = 100;
/// How long running jobs may take to end when the engine stops, seconds.
pub const GRACE_SECONDS: i64 = 20;
/// Longest sleep of a dispatcher, seconds: work that another replica stored is found by then.
pub const IDLE_SECONDS_MAX: i64 = 15;
/// Sleep of a dispatcher while due work cannot be taken, seconds: another of its entity is under way.
pub const BLOCKED_SECONDS: i64 = 1;
/// Sleep of a dispatcher while the database does not answer, seconds.
pub const STORE_DOWN_SECONDS: i64 = 2;
/// Pages that a stream reads before it lets others go first.
pub const PAGES_PER_TURN: u32 = 10;
/// How often a window may begin again before a person must look.
pub const RESTARTS_MAX: u32 = 5;
/// Hints of one webhook that are followed.
pub const HINTS_PER_WEBHOOK_MAX: usize = 50;
/// Time between two polls of a stream, seconds.
pub const POLL_INTERVAL_SECONDS: i64 = 300;
/// How far a poll reaches back behind what it saw last, seconds.
pub const POLL_OVERLAP_SECONDS: i64 = 600;
/// Time between two reconciliations of a stream, seconds (SB-184).
pub const RECONCILE_INTERVAL_SECONDS: i64 = 3_600;
/// How far a reconciliation reaches back, seconds; further when less is proven.
pub const RECONCILE_WINDOW_SECONDS: i64 = 48 * 3_600;
/// How far it reaches back at most, seconds; beyond that it is the sweep's.
pub const RECONCILE_REACH_SECONDS_MAX: i64 = 31 * 24 * 3_600;
/// Time between two sweeps of a stream, seconds; with this one they run at night (SB-184).
pub const SWEEP_INTERVAL_SECONDS: i64 = 24 * 3_600;
/// How far a sweep reaches back, seconds: twelve months.
pub const SWEEP_WINDOW_SECONDS: i64 = 366 * 24 * 3_600;
/// Age of a backfill under which there is nothing to sweep yet, seconds.
pub const SWEEP_REST_SECONDS: i64 = 6 * 3_600;
/// Time between two looks for orders that are to be read again, seconds.
pub const REREAD_INTERVAL_SECONDS: i64 = 300;
/// Records by which a history may fall short of what the source said; more, and more than a hundredth of it, means
/// that it was cut.
pub const MISSING_MAX: u64 = 10;
/// Age of the last proof at which a stream does not count as complete any more, seconds.
pub const CERTIFICATE_AGE_SECONDS_MAX: i64 = 3 * RECONCILE_INTERVAL_SECONDS;
/// How far back a certificate tells of holes, seconds.
pub const CERTIFICATE_HOLES_SECONDS: i64 = 31 * 24 * 3_600;
/// Time between two looks for what has expired, seconds.
pub const RETENTION_INTERVAL_SECONDS: i64 = 3_600;
/// Hour of the night, where the shop is, at which sweeps begin.
pub const NIGHT_HOUR: i8 = 3;
/// Within which they begin, each connection at its own moment, seconds.
pub const NIGHT_SPREAD_SECONDS: u64 = 3_600;
/// Records that a run reads by themselves before it lets others go first.
pub const RECORDS_PER_TURN: u32 = 20;
/// Records that one page may dispute; the others of it are looked at by the next run.
pub const RUN_LOOKUPS_MAX: usize = 100;
/// Attempts at a receipt or an effect that only the other side's state can help.
pub const ATTEMPTS_MAX: u32 = 30;
/// Attempts at something that fails by itself, such as a plugin that traps.
pub const OWN_FAULT_ATTEMPTS_MAX: u32 = 8;
/// Age at which a receipt is not tried again, seconds.
pub const AGE_SECONDS_MAX: i64 = 3 * 24 * 3_600;
/// First step of the schedule, milliseconds.
pub const RETRY_BASE_MS: u64 = 1_000;
/// Longest step of the schedule, milliseconds.
pub const RETRY_CAP_MS: u64 = 15 * 60 * 1_000;
/// Longest step of the schedule where the other side asks to slow down and does not say for how long, milliseconds.
pub const RATE_LIMIT_CAP_MS: u64 = 60 * 1_000;
/// Longest wait that a source may ask for, milliseconds.
pub const RETRY_AFTER_MAX_MS: u64 = 60 * 60 * 1_000;
/// Records, or receipts, that a replay works off in a second unless it is told otherwise.
pub const REPLAY_PER_SECOND: u32 = 50;
/// The most that it may be told.
pub const REPLAY_PER_SECOND_MAX: u32 = 1_000;
/// Records of one batch of a replay.
pub const REPLAY_RECORDS_MAX: u32 = ordercase_store::limits::REDERIVED_PER_CALL_MAX;
/// How long one batch may take at its pace, seconds; a slower pace makes a smaller batch.
pub const REPLAY_SECONDS_MAX: u32 = 60;
/// Receipts of one batch of a replay.
pub const REPLAY_RECEIPTS_MAX: u32 = 200;
/// Raw sets that a batch keeps mapped: neighbours share theirs.
pub const REPLAY_SETS_KEPT: usize = 4;
/// Bytes of one value in a difference; of a larger one only its size is told.
pub const DIFF_VALUE_BYTES_MAX: usize = 1_000;
/// Differing fields that are told of one record.
pub const DIFFS_PER_RECORD_MAX: usize = 100;
/// Longest time between two looks at a connection's webhooks at its platform, seconds.
pub const SUBSCRIPTION_CHECK_SECONDS: i64 = 3_600;
/// How long a look is its holder's, seconds; asked for anew before every call to the platform.
pub const SUBSCRIPTION_LEASE_SECONDS: i64 = 90;
/// Connections looked at together.
pub const SUBSCRIPTION_CHECKS: u32 = 4;
/// Longest sleep between two looks for what is due, seconds.
pub const SUBSCRIPTION_IDLE_SECONDS_MAX: i64 = 60;
/// Calls in a row that a platform may fail in one look.
pub const REFUSALS_MAX: u32 = 3;
/// How long the webhooks of a disconnected shop are tried to be removed, seconds; its secrets go at the latest then.
pub const LEAVING_SECONDS_MAX: i64 = 24 * 3_600;
