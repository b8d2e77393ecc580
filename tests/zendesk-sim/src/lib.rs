//! A strict Zendesk in a box: one account over plain HTTP on loopback, with faults on order.
//!
//! It answers as `https://{subdomain}.zendesk.com` does, as far as Ordercase needs it: the Support
//! API, OAuth, and Zendesk Integration Services whose flows really run. Where Zendesk is strict or
//! surprising, so is the simulator: ids beyond 32 bits, a stamp for safe updates, silence about
//! fields that it drops, rate limits by plan, a cursor list that ignores the order asked for.
//!
//! State lives in memory and, with a data directory, in an append-only log, so a restart finds the
//! same account. Everything that is no Zendesk is under `/_sim/` (see `admin.rs`).

mod admin;
mod api;
mod clock;
mod http;
mod limits;
mod plan;
mod shared;
mod start;
mod table;
mod world;
mod zis;

pub use plan::Plan;
pub use start::{Sim, SimConfig};
