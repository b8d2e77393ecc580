//! The client against the simulated Zendesk, in one process. Time is handed in: nothing here sleeps
//! for a real rate limit.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod desk;
mod effects;
mod oauth;
mod read;
mod waits;
