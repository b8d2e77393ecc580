//! Dead letters and replay on the command line.

use clap::{ArgGroup, Args, Subcommand};
use ordercase_model::Instant;

/// `ordercase dead-letters ...`.
#[derive(Debug, Subcommand)]
pub enum DeadLetterVerb {
    /// List them with their reasons, the one that died last first
    List(DeadLetterList),
    /// Show one, with headers and body masked
    #[command(after_help = "\
Structure, ids, states and times are shown; names, addresses, texts and secrets become their length.

Example:
  ordercase dead-letters show rcp_1")]
    Show {
        /// Id, as `list` prints it
        id: String,
        /// Only when it is that tenant's
        #[arg(long, value_name = "ID")]
        tenant: Option<String>,
    },
    /// Put some back to work, by id or by filter
    Retry(DeadLetterRetry),
    /// Put one away for good
    Discard(DeadLetterDiscard),
}

/// `ordercase dead-letters list`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Classes: malformed, schema, mapping, credentials, transport, exhausted, refused, plugin, unsupported.
One with a `mapping` waits for `ordercase connection map` and then goes back to work by itself.
When there are more, `next` is the cursor to go on with.

Example:
  ordercase dead-letters list --tenant ten_1 --class plugin")]
pub struct DeadLetterList {
    /// Of that tenant
    #[arg(long, value_name = "ID")]
    pub tenant: Option<String>,
    /// Of that stream
    #[arg(long)]
    pub stream: Option<String>,
    /// Of that class
    #[arg(long)]
    pub class: Option<String>,
    /// Go on where an earlier list ended
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    pub limit: Option<u32>,
}

/// `ordercase dead-letters retry`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
What follows passes the usual guards: nothing newer is overwritten, no note is written twice.
Exits 1 when one of them could not be put back to work.

Examples:
  ordercase dead-letters retry rcp_1 eff_2
  ordercase dead-letters retry --tenant ten_1 --class transport")]
#[command(group = ArgGroup::new("which").required(true).multiple(true))]
pub struct DeadLetterRetry {
    /// Ids, as `list` prints them
    #[arg(group = "which", conflicts_with_all = ["stream", "class"])]
    pub ids: Vec<String>,
    /// All of that tenant; with ids: only when they are that tenant's
    #[arg(long, value_name = "ID", group = "which")]
    pub tenant: Option<String>,
    /// All of that stream
    #[arg(long, group = "which")]
    pub stream: Option<String>,
    /// All of that class
    #[arg(long, group = "which")]
    pub class: Option<String>,
}

/// `ordercase dead-letters discard`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
It counts as ignored from now on; the reason stays with it and in the audit.

Example:
  ordercase dead-letters discard rcp_1 --reason \"A test of the shop's developer.\"")]
pub struct DeadLetterDiscard {
    /// Id, as `list` prints it
    pub id: String,
    /// Why, for whoever asks later
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Only when it is that tenant's
    #[arg(long, value_name = "ID")]
    pub tenant: Option<String>,
}

/// `ordercase replay`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Without --id, --class and --receipts it tells stored records again: the connection's plugin, as it is
pinned now, maps the stored answers of the shop, and what differs is written. Whatever is newer stays,
no request leaves, no note is written twice. With one of them, stored webhooks are worked off again.
It goes on until all are done; when it is interrupted, go on with --after and the cursor that it printed.

Examples:
  ordercase replay ten_1 con_1 --dry-run
  ordercase replay ten_1 con_1 --plugin-digest 5f2a... --rate 200
  ordercase replay ten_1 con_1 --entity order:1001 --dry-run --with-plugin 9c41...
  ordercase replay ten_1 con_1 --class plugin --since 2026-02-01T00:00:00Z")]
pub struct Replay {
    /// Tenant id
    pub tenant: String,
    /// Connection id
    pub connection: String,
    /// One receipt
    #[arg(long, value_name = "RECEIPT", conflicts_with_all = ["entity", "class", "plugin_digest", "since", "until"])]
    pub id: Option<String>,
    /// One record
    #[arg(long, value_name = "KIND:ID", conflicts_with_all = ["class", "plugin_digest", "receipts"])]
    pub entity: Option<String>,
    /// Records read, or webhooks received, at or after
    #[arg(long, value_name = "TIME")]
    pub since: Option<Instant>,
    /// ... and before
    #[arg(long, value_name = "TIME")]
    pub until: Option<Instant>,
    /// Dead webhooks of that class
    #[arg(long, conflicts_with = "plugin_digest")]
    pub class: Option<String>,
    /// Records that were made by that plugin
    #[arg(long, value_name = "DIGEST", conflicts_with = "receipts")]
    pub plugin_digest: Option<String>,
    /// Webhooks instead of records
    #[arg(long)]
    pub receipts: bool,
    /// Try that admitted plugin instead of the pinned one
    #[arg(long, value_name = "DIGEST", requires = "dry_run")]
    pub with_plugin: Option<String>,
    /// Only look: show what would change, field by field, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How many in a second
    #[arg(long, value_name = "N", default_value_t = ordercase_sync::limits::REPLAY_PER_SECOND,
        value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub rate: u32,
    /// Go on where an earlier replay ended
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}
