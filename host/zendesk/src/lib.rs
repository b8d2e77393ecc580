//! The Zendesk client of Ordercase, and the only writer to tickets.
//!
//! In: a subdomain, a credential, and either a question (one ticket whole, a page of the export) or
//! an intended effect from the outbox. Out: typed answers, or an error that says what to do next.
//!
//! Three rules hold the crate together:
//!
//! - **Every request passes the governor** ([`budget`]), which knows the plan's limit, the caps per
//!   ticket and account, and keeps a share for people.
//! - **No write is repeated blindly.** An effect carries its op id in the audit's custom metadata; a
//!   retry reads the audits first ([`effects`]).
//! - **What is installed is read back** ([`install`]): a 2xx from Zendesk's registry proves little.
//!
//! Nothing here knows plugins, the store or the desk's rules.

pub mod audit;
pub mod auth;
pub mod budget;
mod call;
pub mod client;
pub mod clock;
pub mod comment;
pub mod dial;
pub mod effects;
mod error;
pub mod export;
pub mod field;
pub mod install;
pub mod limits;
pub mod oauth;
mod page;
pub mod read;
mod secret;
mod tag;
pub mod ticket;
mod transport;
pub mod user;
mod verdict;
pub mod via;

pub use auth::Auth;
pub use budget::{Lane, Plan};
pub use client::{Client, ClientConfig};
pub use dial::DevConnect;
pub use effects::{EffectFailure, EffectOutcome, did_it_happen, execute};
pub use error::ZendeskError;
pub use read::{TicketReading, read_ticket};
pub use secret::Secret;
