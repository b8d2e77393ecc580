//! The host's doors, in-process: the real router over a real store, no listener and no engine. Each test
//! asks one question of the contract and reads the answer as a caller would.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its host must fail loudly"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value gives null, it does not panic"
)]

mod admin;
mod canary;
mod context;
mod dead_letters;
mod doors;
mod events;
mod mappings;
mod plugin;
mod replicas;
mod support;
mod webhooks;
