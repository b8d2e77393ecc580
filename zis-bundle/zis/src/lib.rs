//! ZIS bundles: what they say, whether they can work, and what they do when they run.
//!
//! Zendesk Integration Services (ZIS) is Zendesk's hosted workflow runner. A *bundle* is one JSON
//! document with *flows* (state machines), *HTTP actions* and *job specs* (which event starts which
//! flow). Nothing of ZIS runs outside Zendesk, so this crate reads bundles as the registry does
//! ([`Bundle::parse`]), warns about what the registry lets through ([`lint`]) and runs flows
//! ([`emulate`]) with clock and network handed in.
//!
//! Where Zendesk's behaviour is documented, this crate follows it. Where it is not, the behaviour
//! is a named switch in [`emulate::Switches`] with a stated default.

pub mod address;
pub mod emulate;
pub mod event;
mod finding;
pub mod limits;
pub mod lint;
pub mod model;
pub mod ours;
mod parse;
mod reference;
mod rekey;
mod strict;
mod template;

pub use address::{Address, AddressKind};
pub use event::{Event, TicketChange, TicketFacts, TicketSave, ticket_events};
pub use finding::{Finding, Severity};
pub use model::{Bundle, Flow, HttpAction, JobSpec};
pub use parse::BundleError;
pub use reference::{Reference, ReferenceError};
pub use rekey::RekeyError;
