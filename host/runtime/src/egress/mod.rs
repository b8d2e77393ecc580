//! The only door out of a plugin.
//!
//! A request passes, in this order: alias to base URL ([`crate::package::UrlTemplate`]), path join
//! and allowed prefix ([`path`]), headers that are ours ([`header`]), throttle ([`throttle`]),
//! sign-in ([`auth`]), dial ([`direct`]), and on the way back: size, secrets ([`redact`]), media
//! type. Each step is a small function with its own test. The plugin's part of a request is fixed
//! before the first secret is read, so nothing that it writes can move a credential elsewhere.

mod address;
mod answer;
mod auth;
mod breaker;
mod direct;
mod door;
mod header;
pub(crate) mod path;
mod pointer;
mod redact;
mod throttle;
mod transport;

pub use address::is_global;
pub(crate) use direct::Direct;
pub(crate) use door::{Asked, Door, Leave, Refusal};
pub use header::is_reserved as reserved_header;
pub use transport::{DenyAll, OutboundAnswer, OutboundRequest, Transport, TransportError};
