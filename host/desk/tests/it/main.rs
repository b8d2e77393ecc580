//! The use case on a real store, with a help desk that keeps tickets in memory and executes effects the
//! way the real one does: an audit with the op id for every write, nothing for what already stands.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests, outside of a test function"
)]

mod cases;
mod classes;
mod enrich;
mod finder;
mod records;
mod reread;
mod simulation;
mod support;
