//! The verbs and their options. The help texts are the first documentation that people read, so each
//! verb shows one line that works.

mod dead_letters;
mod mappings;
mod sync;

pub use dead_letters::{
    DeadLetterDiscard, DeadLetterList, DeadLetterRetry, DeadLetterVerb, Replay,
};
pub use mappings::{ConnectionMap, ConnectionRequire, ConnectionUnmap, MeaningArg};
pub use sync::{Certificate, RunVerb, StreamSet, StreamTrackName, StreamVerb};

use std::{ffi::OsStr, marker::PhantomData, net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{
    ArgGroup, Args, Parser, Subcommand, ValueEnum, builder::TypedValueParser, error::ErrorKind,
};
use serde::Serialize;
use url::Url;

use crate::{
    database::Database,
    dev_connect::DevConnect,
    secret::{SecretRef, SecretRefError},
};

const EXAMPLES: &str = "\
Set up a merchant, from nothing to the first ticket:

  ordercase serve --data ./data --listen 127.0.0.1:8080 --public-url https://ordercase.example.com
  ordercase tenant add \"Acme Outdoor\"
  ordercase desk add TENANT --subdomain acme --secret email=env:ZD_EMAIL --secret api_token=env:ZD_TOKEN
  ordercase desk install TENANT DESK
  ordercase connect TENANT --plugin shopify.wasm --name acme-shop \\
      --setting shop_domain=acme.myshopify.com --secret access_token=file:./shop-token
  ordercase ticket show DESK 35436

Every verb prints one JSON document on standard output; tokens are shown once, so keep them.
Exit status: 0 done, 1 failed, 2 wrong usage.";

/// Joins a merchant's shops to its Zendesk: tickets show the right customer and order, and have
/// their case.
#[derive(Debug, Parser)]
#[command(name = "ordercase", version, max_term_width = 100, after_long_help = EXAMPLES)]
pub struct Cli {
    /// Where and how to reach the host.
    #[command(flatten)]
    pub host: Host,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every verb understands.
#[derive(Clone, Debug, Args)]
pub struct Host {
    /// Data directory: database, plugins, keys, admin token
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "ORDERCASE_DATA",
        default_value = "./ordercase-data"
    )]
    pub data: PathBuf,
    /// Address of a running server [default: the one that last started with this data directory]
    #[arg(long, global = true, value_name = "URL", env = "ORDERCASE_SERVER")]
    pub server: Option<Url>,
    /// Key that encrypts secrets at rest, by reference [default: DIR/master.key, made when missing]
    #[arg(long, global = true, value_name = "env:V|file:P", value_parser = Unrepeated::<SecretRef>::new())]
    pub master_key: Option<SecretRef>,
    /// Database: `sqlite` for one in the data directory, or the address of a PostgreSQL database by reference
    #[arg(
        long,
        global = true,
        value_name = "sqlite|env:V|file:P",
        env = "ORDERCASE_DATABASE",
        hide_env_values = true,
        default_value = "sqlite",
        value_parser = Unrepeated::<Database>::new()
    )]
    pub database: Database,
    /// DEVELOPMENT ONLY: dial a loopback port in plain HTTP where HOST is meant; may be repeated
    #[arg(long, global = true, value_name = "HOST=127.0.0.1:PORT")]
    pub dev_connect: Vec<DevConnect>,
}

/// Every verb.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the host
    Serve(Serve),
    /// Merchants
    #[command(subcommand)]
    Tenant(TenantVerb),
    /// Zendesk accounts of a merchant
    #[command(subcommand)]
    Desk(DeskVerb),
    /// Connect a shop through a plugin and start its backfill
    Connect(Connect),
    /// Connected shops and how far their backfill is
    #[command(subcommand)]
    Connection(ConnectionVerb),
    /// Cases
    #[command(subcommand)]
    Case(CaseVerb),
    /// What the host knows about a ticket
    #[command(subcommand)]
    Ticket(TicketVerb),
    /// Whether every receipt is accounted for; exits 1 when it does not add up
    Accounts,
    /// What is proven complete of a shop; exits 1 when something is not
    Certificate(Certificate),
    /// Backfills, polls and reconciliations: what they read, changed and found
    #[command(subcommand)]
    Run(RunVerb),
    /// How often a shop's streams are read
    #[command(subcommand)]
    Stream(StreamVerb),
    /// Receipts and effects that need a person
    #[command(subcommand)]
    DeadLetters(DeadLetterVerb),
    /// Tell stored records again through the plugin, or work stored webhooks off again
    Replay(Replay),
    /// Look for what commonly goes wrong; exits 1 when something did
    Doctor,
}

/// `ordercase serve`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Prints one JSON line when it is ready: {\"ready\": true, \"address\": \"http://127.0.0.1:8080\", ...}.
Stop it with Ctrl-C or SIGTERM; requests under way finish first.

Example:
  ordercase serve --data ./data --listen 127.0.0.1:8080 --public-url https://ordercase.example.com")]
pub struct Serve {
    /// Address to listen on; port 0 picks a free one
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "ORDERCASE_LISTEN",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,
    /// Address under which Zendesk and the shops reach this host; https. Without it no webhook is registered
    #[arg(long, value_name = "URL", env = "ORDERCASE_PUBLIC_URL")]
    pub public_url: Option<Url>,
    /// How often each desk's ticket export is read
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub ticket_poll_seconds: u64,
    /// How often each shop is asked what changed, for what no webhook told
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub shop_poll_seconds: u64,
    /// How far each such reading reaches back behind the newest change that was seen
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub shop_poll_overlap_seconds: u64,
    /// Longest time between two looks whether a shop's webhooks still stand at its platform
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub webhook_check_seconds: u64,
    /// What to log, such as `info` or `ordercase_server=debug,info`; JSON lines on standard error
    #[arg(
        long,
        value_name = "FILTER",
        env = "ORDERCASE_LOG",
        default_value = "info"
    )]
    pub log: String,
}

/// `ordercase tenant ...`.
#[derive(Debug, Subcommand)]
pub enum TenantVerb {
    /// Add a merchant; prints its id and, once, the token that reads its context
    #[command(after_help = "Example:\n  ordercase tenant add \"Acme Outdoor\"")]
    Add {
        /// What people call the merchant
        name: String,
    },
    /// List merchants
    List,
    /// How long a merchant's finished things are kept; shows it, or sets what is given
    Retention(TenantRetention),
}

/// `ordercase tenant retention`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
What is older goes within the hour and does not come back. Work that waits, dead letters, and what proves a history
complete are kept whatever their age.

Examples:
  ordercase tenant retention ten_1
  ordercase tenant retention ten_1 --raw-days 14 --audit-days 730
  ordercase tenant retention ten_1 --default")]
pub struct TenantRetention {
    /// Tenant id
    pub tenant: String,
    /// Deliveries that were worked off; that long the same one is known again [7 to 3660, usually 30]
    #[arg(long, value_name = "DAYS")]
    pub receipts_days: Option<u32>,
    /// Answers of the shop, from which records can be derived again [1 to 3660, usually 90]
    #[arg(long, value_name = "DAYS")]
    pub raw_days: Option<u32>,
    /// What was written to Zendesk, and how it was tried [7 to 3660, usually 90]
    #[arg(long, value_name = "DAYS")]
    pub effects_days: Option<u32>,
    /// Backfills, polls and reconciliations, and the holes they found [31 to 3660, usually 90]
    #[arg(long, value_name = "DAYS")]
    pub runs_days: Option<u32>,
    /// What operators did [31 to 3660, usually 400]
    #[arg(long, value_name = "DAYS")]
    pub audit_days: Option<u32>,
    /// Everything as usual
    #[arg(long, conflicts_with_all = ["receipts_days", "raw_days", "effects_days", "runs_days", "audit_days"])]
    pub default: bool,
}

/// `ordercase desk ...`.
#[derive(Debug, Subcommand)]
pub enum DeskVerb {
    /// Add a merchant's Zendesk account; prints its id and, once, the token for its events
    Add(DeskAdd),
    /// Install fields, connection, bundle and job specs into the Zendesk account
    Install(DeskInstall),
    /// Change how a desk behaves
    Set(DeskSet),
    /// Let a paused desk's work go on, with new credentials where they had failed
    Resume(DeskResume),
    /// List a merchant's desks
    List {
        /// Tenant id
        tenant: String,
    },
}

/// `ordercase desk add`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Secrets are either `oauth_token`, or `email` and `api_token` (old API tokens end on 2027-04-30).

Example:
  ordercase desk add ten_1 --subdomain acme --secret oauth_token=env:ZENDESK_TOKEN")]
pub struct DeskAdd {
    /// Tenant id
    pub tenant: String,
    /// Subdomain of the Zendesk account: SUBDOMAIN.zendesk.com
    #[arg(long)]
    pub subdomain: String,
    /// Zendesk account number; events of another account are refused
    #[arg(long, value_name = "N")]
    pub account_id: Option<u64>,
    /// A credential, by reference; may be repeated
    #[arg(long = "secret", value_name = "SLOT=env:V|file:P", required = true, value_parser = Unrepeated::<SecretArg>::new())]
    pub secrets: Vec<SecretArg>,
    /// Whether the host writes an internal note on tickets whose match is confirmed
    #[arg(long, value_enum, default_value_t = NoteRule::Off)]
    pub note_rule: NoteRule,
    /// Plan of the account: how many calls a minute it allows
    #[arg(long, value_enum, default_value_t = ZendeskPlan::Team)]
    pub plan: ZendeskPlan,
}

/// Whether a desk gets internal notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteRule {
    /// One note per order and ticket.
    On,
    /// No notes.
    Off,
}

impl NoteRule {
    /// As the admin API wants it.
    #[must_use]
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

/// A Zendesk plan, by its rate limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ZendeskPlan {
    /// 200 calls a minute.
    Team,
    /// 400 calls a minute.
    Growth,
    /// 400 calls a minute.
    Professional,
    /// 700 calls a minute.
    Enterprise,
}

/// `ordercase desk install`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Reads the account first and prints what changed; running it again changes nothing.

Example:
  ordercase desk install ten_1 dsk_1")]
pub struct DeskInstall {
    /// Tenant id
    pub tenant: String,
    /// Desk id
    pub desk: String,
    /// Another bundle than the one that is compiled in
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
}

/// `ordercase desk set`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Example:\n  ordercase desk set ten_1 dsk_1 --note-rule on")]
pub struct DeskSet {
    /// Tenant id
    pub tenant: String,
    /// Desk id
    pub desk: String,
    /// Whether the host writes an internal note on tickets whose match is confirmed
    #[arg(long, value_enum)]
    pub note_rule: NoteRule,
}

/// `ordercase desk resume`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Asks the account with the credentials first; when they do not work, nothing changes.

Example:
  ordercase desk resume ten_1 dsk_1 --secret oauth_token=env:ZENDESK_TOKEN")]
pub struct DeskResume {
    /// Tenant id
    pub tenant: String,
    /// Desk id
    pub desk: String,
    /// A new credential, by reference; the others stay
    #[arg(long = "secret", value_name = "SLOT=env:V|file:P", value_parser = Unrepeated::<SecretArg>::new())]
    pub secrets: Vec<SecretArg>,
}

/// `ordercase connect`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Checks the plugin, keeps it under its digest, asks the shop who it is, and starts the backfill.
Prints ids, the webhook address and, once, its token.

Example:
  ordercase connect ten_1 --plugin shopify.wasm --name acme-shop \\
      --setting shop_domain=acme.myshopify.com \\
      --secret access_token=env:SHOP_TOKEN --secret webhook_secret=file:./webhook-secret")]
pub struct Connect {
    /// Tenant id
    pub tenant: String,
    /// The plugin, a WebAssembly component
    #[arg(long, value_name = "PATH")]
    pub plugin: PathBuf,
    /// What people call this shop
    #[arg(long)]
    pub name: String,
    /// A setting of the plugin's manifest; may be repeated
    #[arg(long = "setting", value_name = "KEY=VALUE")]
    pub settings: Vec<Setting>,
    /// A secret of the plugin's manifest, by reference; may be repeated
    #[arg(long = "secret", value_name = "SLOT=env:V|file:P", value_parser = Unrepeated::<SecretArg>::new())]
    pub secrets: Vec<SecretArg>,
}

/// `ordercase connection ...`.
#[derive(Debug, Subcommand)]
pub enum ConnectionVerb {
    /// Show one connection with the progress of its streams
    Show {
        /// Connection id
        connection: String,
    },
    /// List a merchant's connections
    List {
        /// Tenant id
        tenant: String,
    },
    /// Let a paused shop's work go on, with new credentials where they had failed
    Resume(ConnectionResume),
    /// Show where each webhook topic stands at the shop's platform
    #[command(after_help = "Example:\n  ordercase connection webhooks con_1")]
    Webhooks {
        /// Connection id
        connection: String,
    },
    /// Show what the words of a shop's statuses are mapped to, and what waits for a mapping
    #[command(after_help = "Example:\n  ordercase connection mappings con_1")]
    Mappings {
        /// Connection id
        connection: String,
    },
    /// Say what a word of the shop means; what waits for it goes back to work
    Map(ConnectionMap),
    /// Take back what a word means
    Unmap(ConnectionUnmap),
    /// Let records wait whose word in a field is not mapped, instead of storing it as unknown
    Require(ConnectionRequire),
    /// Disconnect a shop: stop reading, remove its webhooks, delete its secrets; records stay
    #[command(after_help = "\
What is read and received stops at once. Webhooks are removed at the platform; while that fails, a running
server tries for a day. Then secrets and tokens are deleted. Records stay until retention takes them.

Example:
  ordercase connection disconnect con_1")]
    Disconnect {
        /// Connection id
        connection: String,
    },
}

/// `ordercase connection resume`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Asks the shop with the credentials first; when they do not work, nothing changes.

Example:
  ordercase connection resume con_1 --secret access_token=env:SHOP_TOKEN")]
pub struct ConnectionResume {
    /// Connection id
    pub connection: String,
    /// A new secret, by reference; the others stay
    #[arg(long = "secret", value_name = "SLOT=env:V|file:P", value_parser = Unrepeated::<SecretArg>::new())]
    pub secrets: Vec<SecretArg>,
}

/// `ordercase case ...`.
#[derive(Debug, Subcommand)]
pub enum CaseVerb {
    /// Change a case; the change goes to its ticket
    Set(CaseSet),
}

/// `ordercase case set`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Example:\n  ordercase case set cas_1 --status pending --comment \"Asked the carrier.\""
)]
#[command(group = ArgGroup::new("change").required(true).multiple(true))]
pub struct CaseSet {
    /// Case id
    pub case: String,
    /// New status: open, in_progress (or pending), resolved (or solved), closed
    #[arg(long, group = "change")]
    pub status: Option<String>,
    /// New priority: low, normal, high
    #[arg(long, group = "change")]
    pub priority: Option<String>,
    /// An internal comment to add
    #[arg(long, group = "change", value_name = "TEXT")]
    pub comment: Option<String>,
}

/// `ordercase ticket ...`.
#[derive(Debug, Subcommand)]
pub enum TicketVerb {
    /// Show a ticket's match, order, case and what was written to it
    #[command(after_help = "Example:\n  ordercase ticket show dsk_1 35436")]
    Show {
        /// Desk id
        desk: String,
        /// Ticket number
        ticket: u64,
    },
}

/// `KEY=VALUE` of `--setting`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Field of the manifest's settings.
    pub key: String,
    /// Its text.
    pub value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("a setting is KEY=VALUE".to_owned()),
        }
    }
}

/// `SLOT=env:V|file:P` of `--secret`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretArg {
    /// Slot of the manifest or of the desk.
    pub slot: String,
    /// Where the secret lies.
    pub reference: SecretRef,
}

impl FromStr for SecretArg {
    type Err = SecretRefError;

    fn from_str(text: &str) -> Result<Self, SecretRefError> {
        let (slot, reference) = text.split_once('=').ok_or(SecretRefError::Shape)?;
        if slot.is_empty() {
            return Err(SecretRefError::Shape);
        }
        Ok(Self {
            slot: slot.to_owned(),
            reference: reference.parse()?,
        })
    }
}

/// Reads a value that may be a secret typed by mistake: clap repeats a wrong value in its message, and
/// messages end in shell histories and build logs.
struct Unrepeated<T>(PhantomData<fn() -> T>);

impl<T> Unrepeated<T> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for Unrepeated<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<T> TypedValueParser for Unrepeated<T>
where
    T: FromStr<Err = SecretRefError> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let read = value
            .to_str()
            .ok_or(SecretRefError::Shape)
            .and_then(str::parse);
        read.map_err(|error| {
            let option = arg.map(ToString::to_string).unwrap_or_default();
            clap::Error::raw(ErrorKind::ValueValidation, format!("`{option}`: {error}\n"))
                .with_cmd(command)
        })
    }
}

#[cfg(test)]
mod tests;
