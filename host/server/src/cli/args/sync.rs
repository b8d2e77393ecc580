//! Verbs about reading shops: what is proven, what is under way, how often.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

/// `ordercase certificate`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Per stream: since when and through when everything is proven, counts and digests, by which run; holes that were
found in the last 31 days, their cause and repair; and in words why a stream is not complete.

Example:
  ordercase certificate con_1")]
pub struct Certificate {
    /// Connection id
    pub connection: String,
}

/// `ordercase run ...`.
#[derive(Debug, Subcommand)]
pub enum RunVerb {
    /// List a connection's runs, the newest first
    #[command(after_help = "Example:\n  ordercase run list con_1 --limit 20")]
    List {
        /// Connection id
        connection: String,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
        /// Where the page before ended: its `next`
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Follow what is being read, with progress, until nothing is
    #[command(after_help = "\
Needs a running server. Progress goes to standard error; the runs that ended meanwhile are printed.

Example:
  ordercase run follow con_1")]
    Follow {
        /// Connection id
        connection: String,
    },
}

/// `ordercase stream ...`.
#[derive(Debug, Subcommand)]
pub enum StreamVerb {
    /// Set how often a track of a stream is read, or switch it off
    Set(StreamSet),
}

/// A track whose pace can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StreamTrackName {
    /// What changed.
    Poll,
    /// The last days again, to verify them.
    Reconcile,
    /// The last year again, to verify it.
    Sweep,
    /// Orders that are not final, where change times lie.
    Reread,
}

impl StreamTrackName {
    /// As the admin API wants it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Reconcile => "reconcile",
            Self::Sweep => "sweep",
            Self::Reread => "reread",
        }
    }
}

/// `ordercase stream set`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Without a pace of its own a stream is polled every 5 minutes, reconciled every hour, swept every night (03:00 where
the shop is).

Examples:
  ordercase stream set con_1 orders --track poll --every 30
  ordercase stream set con_1 customers --track sweep --every 2592000
  ordercase stream set con_1 orders --track reconcile --off
  ordercase stream set con_1 orders --track reconcile --default")]
#[command(group = ArgGroup::new("pace").required(true))]
pub struct StreamSet {
    /// Connection id
    pub connection: String,
    /// Stream, such as `orders`
    pub stream: String,
    /// Which of its tracks
    #[arg(long, value_enum)]
    pub track: StreamTrackName,
    /// Seconds between two windows
    #[arg(long, group = "pace", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=31_622_400))]
    pub every: Option<u32>,
    /// Not at all
    #[arg(long, group = "pace")]
    pub off: bool,
    /// The host's own pace
    #[arg(long, group = "pace")]
    pub default: bool,
}
