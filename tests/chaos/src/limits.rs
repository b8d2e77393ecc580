//! Every bound of a storm, with its unit.

use std::{ops::Range, time::Duration};

/// Orders of the shop when the storm begins: their history is read while it rages.
pub(crate) const ORDERS: u32 = 300;
/// How often the hosts ask the shop what changed, seconds.
pub(crate) const POLL_SECONDS: u32 = 10;
/// How often the hosts read the ticket export, seconds; three replicas stay below the account's limit.
pub(crate) const TICKET_POLL_SECONDS: u32 = 20;
/// First wait of a webhook that was not taken, milliseconds.
pub(crate) const WEBHOOK_RETRY_FIRST_MS: u32 = 200;

/// Time between two kills, milliseconds.
pub(crate) const KILL_PAUSE_MS: Range<u64> = 300..1_500;
/// How long a host lives that is killed while it starts, milliseconds.
pub(crate) const STILLBORN_MS: Range<u64> = 20..700;
/// Of a hundred kills, how many hit a starting host.
pub(crate) const STILLBORN_PERCENT: u32 = 12;
/// Time between two changes at the shop, milliseconds.
pub(crate) const TRADE_PAUSE_MS: Range<u64> = 100..500;
/// Time between two things that happen to tickets, milliseconds.
pub(crate) const TICKET_PAUSE_MS: Range<u64> = 500..2_000;
/// Tickets of a storm: so many, and one more for every so many kills.
pub(crate) const TICKETS_MIN: usize = 12;
/// See [`TICKETS_MIN`].
pub(crate) const KILLS_PER_TICKET: usize = 4;
/// How long one weather lasts, milliseconds.
pub(crate) const WEATHER_MS: Range<u64> = 4_000..9_000;
/// Weathers between two revoked credentials.
pub(crate) const WEATHERS_PER_REVOCATION: u64 = 4;
/// How long a revoked credential is given to be noticed.
pub(crate) const NOTICED_WITHIN: Duration = Duration::from_secs(8);
/// Time between two restarts of the database, milliseconds.
pub(crate) const DATABASE_PAUSE_MS: Range<u64> = 9_000..20_000;
/// The least length of a storm, so that a short one has everything in it.
pub(crate) const STORM_MIN: Duration = Duration::from_secs(16);
/// The most: kills that take longer than this have a reason that must be found.
pub(crate) const STORM_MAX: Duration = Duration::from_secs(1_800);

/// How long a host that does not start is tried again.
pub(crate) const STARTS_WITHIN: Duration = Duration::from_secs(90);
/// How long an operator tries to resume what is paused.
pub(crate) const RESUMED_WITHIN: Duration = Duration::from_secs(90);
/// How far the account's clock is moved on when the storm is over: its export withholds the last minute.
pub(crate) const CLOCK_MOVES_SECONDS: u64 = 90;
/// How long after the storm everything must have converged.
pub(crate) const QUIET_WITHIN: Duration = Duration::from_secs(300);
/// Findings of a class that are printed; all are in the file.
pub(crate) const PRINTED_MAX: usize = 12;
