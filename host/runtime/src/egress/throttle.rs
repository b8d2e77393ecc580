//! How often a source is asked: one throttle per connection and origin, shared by all its calls.
//!
//! [`Throttle`] is pure: time goes in as an argument. Two kinds of budget (requests, or points that
//! each answer reports) and, above both, the source's own word: after a 429 or 503 nobody asks until
//! its `Retry-After` is over. History may not use up what is kept for agents and live events.

mod budget;
mod shared;

pub(super) use budget::{Report, Throttle};
pub(super) use shared::{Key, Throttles};
