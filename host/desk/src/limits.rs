//! Bounds of the use case.

use std::time::Duration;

/// How often a decision is made again when the ticket was committed in between.
pub const TRIES_MAX: usize = 5;
/// How long an on-demand search at the sources may take before the ticket is answered without it.
pub const FIND_WITHIN: Duration = Duration::from_secs(5);
/// How long an on-demand search without result is not repeated, in seconds.
pub const FIND_AGAIN_AFTER_S: i64 = 15 * 60;
/// Customers and buyers whose other records are looked up for one ticket.
pub const EXPANSIONS_MAX: usize = 20;
/// Numbers of one ticket that are looked up in the whole tenant.
pub const NUMBER_LOOKUPS_MAX: usize = 10;
/// Further addresses of the people found that are looked up.
pub const ADDRESSES_MAX: usize = 10;
/// Orders whose separate shipments, refunds and returns are joined.
pub const JOINED_ORDERS_MAX: usize = 25;
/// Op ids of our own writes that a ticket remembers.
pub const OPS_MAX: usize = 200;
/// Longest comment that a case takes, in characters.
pub const COMMENT_CHARS_MAX: usize = 16_000;
/// Age at which the order in question is read again when an event of its ticket is worked on, in seconds.
pub const REREAD_AFTER_S: i64 = 15 * 60;
/// The same where the source's change times lie, so that nothing but a reading tells: versions of its orders
/// compare by equality only.
pub const REREAD_BLIND_AFTER_S: i64 = 60;
/// How long that reading may take before the ticket is answered with what is stored.
pub const REREAD_WITHIN: Duration = Duration::from_secs(3);
