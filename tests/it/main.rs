//! End-to-end tests: whole worlds of real processes, driven as an operator and an agent would, and read back from
//! the simulated Zendesk.
//!
//! Build the programs first: `cargo xtask build`. One world per test; each test ends with the accounts.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "indexing a JSON value gives null, it does not panic; a test says what it skips"
)]

mod bad_input;
mod breaker;
mod cases;
mod complete;
mod dead_letters;
mod demo;
mod history;
mod kills;
mod mappings;
mod outage;
mod page;
mod paused;
mod postgres;
mod strange_orders;
mod subscriptions;
mod support;
mod tenancy;
mod webhooks;
