//! What a hostile plugin, a hostile shop and a hostile network can do: nothing that lasts.
//!
//! Guests are hand-written WebAssembly text, wrapped into components against the real contract, so
//! that each test shows exactly what its plugin tries.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod admission;
mod calls;
mod guest;
mod requests;
mod secrets;
mod world;
