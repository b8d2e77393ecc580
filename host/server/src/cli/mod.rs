//! The command line: what people type, and nothing of what it does.
//!
//! Verbs that change state call the admin API of a running server, or take the data directory's lock
//! and do the same work in this process when none runs ([`transport`]). Each prints one JSON document.

mod args;
mod dead_letters;
pub mod doctor;
mod mappings;
pub mod run;
mod sync;
pub mod transport;

pub use args::{
    CaseSet, CaseVerb, Certificate, Cli, Command, Connect, ConnectionMap, ConnectionRequire,
    ConnectionUnmap, ConnectionVerb, DeadLetterDiscard, DeadLetterList, DeadLetterRetry,
    DeadLetterVerb, DeskAdd, DeskInstall, DeskSet, DeskVerb, Host, MeaningArg, NoteRule, Replay,
    RunVerb, SecretArg, Serve, Setting, StreamSet, StreamTrackName, StreamVerb, TenantRetention,
    TenantVerb, TicketVerb, ZendeskPlan,
};
