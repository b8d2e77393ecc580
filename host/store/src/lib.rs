//! All SQL of Ordercase: what is true, what came in, what is to happen.
//!
//! One [`Store`] per process. Reads go to a small pool; every write is a job for the one writer, which
//! commits jobs in groups and answers after the commit, so an answer means "on disk". Time is handed
//! in; every call names its tenant.
//!
//! | Module | Holds |
//! |---|---|
//! | `record` | canonical records, the guard that orders snapshots, keys, lookups, raw sets |
//! | `inbox` | receipts: stored before they are answered, claimed under a lease, settled once |
//! | `lease` | keeping what one works on |
//! | `stream` | what to read next; the cursor moves with its page |
//! | `run` | how far each window is, the holes it found, what is proven complete |
//! | `dead` | what waits for a person: why, how to see it, how to put it back to work or away |
//! | `mapping` | a source's words that an operator maps, and what waits for one |
//! | `mask` | what may be shown of a body |
//! | `account` | proof that nothing was dropped |
//! | `outbox` | effects and the journal of attempts |
//! | `ticket` | mirrors, cases, comments; [`Store::commit_ticket`] |
//! | `retention` | what expires, and how it stays counted |
//! | `subscription` | webhooks registered at the platforms, and disconnecting |
//! | `tenant` | tenants, plugins, connections, desks, tokens, audit |
//! | `secret` | secrets at rest |
//! | `db` | the thin layer that a second database implements |

mod account;
mod db;
mod dead;
mod error;
mod id;
mod inbox;
mod lease;
pub mod limits;
mod mapping;
mod mask;
mod mutation;
mod outbox;
mod record;
mod retention;
mod run;
mod secret;
mod signal;
#[cfg(feature = "simulation")]
pub mod simulation;
mod store;
mod stream;
mod subscription;
mod tenant;
mod ticket;
mod turn;
mod view;

pub use account::{AccountRow, Via};
pub use dead::{
    DeadCursor, DeadFilter, DeadId, DeadLetter, Death, ErrorClass, Inspected, ReceiptCursor,
    ReceiptFilter, Retried, Rework, Reworked,
};
pub use error::StoreError;
pub use id::{
    CaseId, ConnectionId, ConnectionKey, DeskId, DeskKey, EffectId, HolderId, IdError, Owner,
    ReceiptId, RecordKey, RunId, TenantId, TicketKey,
};
pub use inbox::{
    ChangedRecord, ClaimRequest, ExportCommit, ExportPosition, ExportTurn, ExportsDue, NewReceipt,
    Put, Receipt, ReceiptClaim, ReceiptKind, ReceiptState, RecordChange, Settlement, ticket_entity,
};
pub use lease::Lease;
pub use mapping::{
    MappingName, Mappings, MappingsCommit, MappingsError, Meaning, MissingMapping, Overrides,
    Waiting,
};
pub use mask::{Masked, mask_canonical, mask_header, mask_source};
pub use outbox::{
    Attempt, Effect, EffectPut, EffectRequest, EffectSettlement, EffectState, NewEffect,
    merge_payloads,
};
pub use record::{
    Applied, Batch, Candidate, Derived, Gone, KeyKind, LookupKey, Outcome, RawBody, ReadPath,
    RecordFilter, Rederivation, Rederived, Snapshot, Stamp, StoredRecord, Verdict, decide,
};
pub use retention::{DEDUPE_DAYS_MIN, Expired, Retention, RetentionError};
pub use run::{Coverage, Gap, Hole, HoleCause, HoleKind, MonthProof, Phase, Proof, Run};
pub use secret::{MasterKey, SecretValue};
pub use signal::{Lane, Queue};
pub use store::{Store, StoreOptions};
pub use stream::{
    Comparison, Next, PageCommit, PageOutcome, StreamSpec, StreamTrack, Track, TrackSettlement,
    TrackState,
};
pub use subscription::{
    CheckCommit, CheckState, Condition, Departure, Leaving, SubscriptionCheck, SubscriptionGap,
    SubscriptionRow, SubscriptionState,
};
pub use tenant::{
    Activity, AuditRow, Connection, Desk, NewAudit, NewConnection, NewDesk, PluginRow, Tenant,
    TokenOwner, TokenPurpose,
};
pub use ticket::{
    CaseRow, CaseWrite, CommentRow, CommentWrite, MirrorWrite, TicketCommit, TicketCommitted,
    TicketMirror, TicketState,
};
pub use view::View;

/// Whether this build holds the simulation's hooks. The product's binary refuses to be built with them.
pub const SIMULATED: bool = cfg!(feature = "simulation");

#[cfg(test)]
mod tests;
