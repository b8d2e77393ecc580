//! What an agent needs to know about a ticket. Pure: no clock, no I/O.
//!
//! The way of the data: [`scan`] finds quoted numbers in a ticket's text, [`pick`] chooses the order
//! in question, [`build`] derives the [`SupportContext`] from records with provenance, and `render`
//! turns that one document into fields, tags and the internal note. The sidebar shows the document
//! itself. Only a confirmed person's context has blocks, so every rendering is safe for every class.

mod action;
mod block;
mod fact;
mod issue;
pub mod limits;
mod pick;
mod policy;
mod render;
mod scan;
mod source;
mod support;

pub use action::{Action, Suggestion};
pub use block::{
    AccountView, Alternative, Count, Destination, FulfilmentBlock, HistoryBlock, IdentityBlock,
    LineView, OrderBlock, PaymentBlock, ProvenSpan, RefundView, ReturnView, ReturnsBlock,
    ShipmentView, Step, StoreHealth, StoreState, TrackingView, TransactionView,
};
pub use fact::{Absent, Fact, StatusView};
pub use issue::{Issue, Rule, Severity, issues};
pub use limits::QUOTES_MAX;
pub use pick::{Evidence, Picked, names, pick};
pub use policy::FieldPolicy;
pub use render::{FIELD_KEYS, MATCH_TAG_PREFIX, NOTE_MARK, TagChange, fields, note, plain, tags};
pub use scan::{Place, Quote, QuoteKind, scan};
pub use source::{Provenance, SourceView, Sourced};
pub use support::{CONTEXT_SCHEMA, CaseView, MatchView, Material, SupportContext, build, sentence};
