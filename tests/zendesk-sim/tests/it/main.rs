//! The simulated account from outside, over HTTP: shapes as documented, strictness, restarts.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod account;
mod restart;
mod shapes;
mod strict;
