//! Every bound of the server, with its unit in the name. `ordercase doctor` prints them.

use std::time::Duration;

/// Body of a desk event: it has eight short fields.
pub const EVENT_BODY_BYTES_MAX: usize = 16 * 1024;
/// Body of a shop's webhook; Shopify documents none, the largest seen order is under 1 MiB.
pub const WEBHOOK_BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Body of an admin call: settings, secrets, a bundle.
pub const ADMIN_BODY_BYTES_MAX: usize = 1024 * 1024;
/// A plugin component: the interpreter tier's limit.
pub const PLUGIN_BYTES_MAX: usize = 24 * 1024 * 1024;
/// A header block is bounded by hyper; a single header kept with a webhook by this.
pub const WEBHOOK_HEADER_BYTES_MAX: usize = 4 * 1024;
/// Headers kept with a webhook.
pub const WEBHOOK_HEADERS_MAX: usize = 64;
/// How long a delivery may be checked against what was read for one before it.
pub const SHOP_KEPT: Duration = Duration::from_secs(1);
/// Shops for which that is kept.
pub const SHOPS_KEPT_MAX: u64 = 10_000;

/// A desk event is answered within a second, or its flow asks again.
pub const EVENT_TIMEOUT: Duration = Duration::from_millis(950);
/// A webhook: Shopify gives up after five seconds.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(4);
/// A read by an agent or an operator.
pub const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// An admin call that compiles a plugin, probes a shop or installs a bundle.
pub const ADMIN_TIMEOUT: Duration = Duration::from_secs(180);
/// How long requests and tasks may finish after a stop was asked for.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// Requests served at once; beyond, 503 at once.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 512;
/// A bearer token's text.
pub const TOKEN_BYTES_MAX: usize = 256;
/// A secret in a file or a request.
pub const SECRET_BYTES_MAX: u64 = 16 * 1024;
/// Names that people give to tenants and connections.
pub const NAME_CHARS_MAX: usize = 120;
/// Settings of a connection.
pub const SETTINGS_MAX: usize = 64;
/// A comment set on a case; Zendesk truncates at 64 kB.
pub const COMMENT_BYTES_MAX: usize = 60 * 1024;
/// Ids in paths and bodies.
pub const ID_CHARS_MAX: usize = 128;
/// Rows of one list answer.
pub const LIST_ROWS_MAX: u32 = 200;
/// Rows of one list answer unless asked for otherwise.
pub const LIST_ROWS_DEFAULT: u32 = 100;
/// People who follow runs at the same time; the next one is asked to come again.
pub const RUN_FOLLOWERS_MAX: usize = 32;
/// How often a follower is told of runs that moved.
pub const RUN_EVENTS_INTERVAL: Duration = Duration::from_millis(500);
/// How long one follower is served; then it comes again.
pub const RUN_EVENTS_TIME_MAX: Duration = Duration::from_secs(3_600);
/// Runs that a follower is told of at once.
pub const RUNS_FOLLOWED_MAX: u32 = 50;
/// A cursor in a request: it may carry a source's id.
pub const CURSOR_CHARS_MAX: usize = 2_048;
/// Why a dead letter is discarded.
pub const DISCARD_REASON_CHARS_MAX: usize = 500;
/// An entity or a digest in a replay's filter.
pub const REPLAY_TEXT_BYTES_MAX: usize = 1_200;
/// Lines that `ordercase replay` prints of each list.
pub const REPLAY_LINES_MAX: usize = 200;
/// Differences that one answer of a replay lists in all.
pub const REPLAY_DIFFS_MAX: usize = 300;

/// How often each desk's ticket export is read.
pub const TICKET_POLL_DEFAULT: Duration = Duration::from_secs(300);
/// The export is read again this far back, so that nothing falls between two readings.
pub const TICKET_POLL_OVERLAP_SECONDS: i64 = 120;
/// Zendesk refuses a start younger than a minute.
pub const TICKET_POLL_START_AGE_SECONDS: i64 = 61;
/// Pages of the export read in one go before other desks get their turn.
pub const TICKET_POLL_PAGES_MAX: u32 = 20;
/// How often within an interval a replica looks whether an export is due.
pub const TICKET_POLL_LOOKS: u32 = 5;
/// How long a replica may take for one page of an export before another one reads it.
pub const TICKET_POLL_LEASE_SECONDS: i64 = 40;

/// Records that one search at a shop may bring.
pub const SEARCH_RECORDS_MAX: u32 = 20;
/// Searches that one ticket may cause at each shop.
pub const SEARCHES_MAX: usize = 4;

/// How long after a start an effect that the host was busy with when it ended is left alone, seconds: its
/// request may still be on its way, and asking too early whether it happened would hear no.
pub const EFFECT_REST_SECONDS: i64 = 10;

/// First and longest pause before a failed task starts again.
pub const TASK_RESTART_FIRST: Duration = Duration::from_millis(200);
/// See [`TASK_RESTART_FIRST`].
pub const TASK_RESTART_MAX: Duration = Duration::from_secs(30);

/// The limits that an operator may ask about, by name and text.
#[must_use]
pub fn table() -> Vec<(&'static str, String)> {
    let bytes = |n: usize| format!("{n} bytes");
    let seconds = |d: Duration| format!("{} s", d.as_secs_f64());
    vec![
        ("event_body_max", bytes(EVENT_BODY_BYTES_MAX)),
        ("webhook_body_max", bytes(WEBHOOK_BODY_BYTES_MAX)),
        ("admin_body_max", bytes(ADMIN_BODY_BYTES_MAX)),
        ("plugin_max", bytes(PLUGIN_BYTES_MAX)),
        ("event_timeout", seconds(EVENT_TIMEOUT)),
        ("webhook_timeout", seconds(WEBHOOK_TIMEOUT)),
        ("read_timeout", seconds(READ_TIMEOUT)),
        ("admin_timeout", seconds(ADMIN_TIMEOUT)),
        ("requests_in_flight_max", REQUESTS_IN_FLIGHT_MAX.to_string()),
    ]
}
