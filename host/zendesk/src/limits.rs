//! Every bound of the crate, with its unit and its reason.

use std::time::Duration;

use ordercase_breaker::Rules;

/// Longest answer that is read. The largest legitimate one is an export page of 100 tickets.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest body that is sent. Zendesk cuts comments at 64 kB; a bundle is under 100 kB.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Time to open a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for one request, answer included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest single sleep inside a call; a longer wait goes back to the caller's queue.
pub const SLEEP_MAX: Duration = Duration::from_secs(60);
/// Sum of sleeps inside a call, unless the client is told to be less patient.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// Wait after a 429 that does not say how long.
pub const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(10);
/// Longest wait that is believed; 999999 has been seen.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(15 * 60);
/// Tries of one call that changes nothing.
pub const TRIES_MAX: u32 = 3;

/// When an account is left alone. Shorter at most than what makes people notice that it is back.
pub const BREAKER: Rules = Rules {
    failures: 5,
    wait: Duration::from_secs(2),
    wait_max: Duration::from_secs(30),
};

/// Updates of one ticket within ten minutes; Zendesk allows 30, two stay for a person's retry.
pub const TICKET_UPDATES_MAX: u32 = 28;
/// Reads of audits per minute that Zendesk allows.
pub const AUDIT_READS_MAX: u32 = 500;
/// Tickets whose updates are counted at once; the idle ones are forgotten first.
pub const TICKETS_COUNTED_MAX: usize = 10_000;

/// Rows asked for in one page.
pub const PAGE_SIZE: u32 = 100;
/// Pages of comments read for one ticket. Zendesk allows 5,000 comments.
pub const COMMENT_PAGES_MAX: usize = 50;
/// Pages of audits read for one ticket, newest first.
pub const AUDIT_PAGES_MAX: usize = 3;
/// Pages of any list without a bound of its own.
pub const LIST_PAGES_MAX: usize = 20;
/// Rows of one export page; the documented most is 1,000.
pub const EXPORT_PAGE_SIZE: u32 = 100;

/// Tries of a safe update that meets a conflict each time.
pub const CONFLICTS_MAX: u32 = 3;
/// Longest op id. Ours are shorter; this keeps foreign text out of metadata.
pub const OP_ID_CHARS_MAX: usize = 200;
/// Longest comment; Zendesk would cut it without a word.
pub const COMMENT_BYTES_MAX: usize = 64 * 1024;
/// Most tags in one effect.
pub const TAGS_MAX: usize = 100;
/// Most custom fields in one effect.
pub const FIELDS_MAX: usize = 100;

/// Characters of a foreign message that an error keeps.
pub const MESSAGE_CHARS_MAX: usize = 200;
