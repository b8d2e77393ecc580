//! The client against the simulated Zendesk, in one process. Time is handed in: nothing here sleeps
//! for a real rate limit.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod desk;
mod effects;
mod flows;
mod host;
mod install;
mod oauth;
mod read;
mod waits;
mod wire;
