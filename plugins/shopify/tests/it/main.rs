//! What the plugin does, natively: the shared corpus, its own fixtures, its queries
//! against the platform's schema, and its calls against scripted answers.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::print_stderr,
    reason = "test code fails by panicking and says what it skips"
)]

mod calls;
mod corpus;
mod fixtures;
mod queries;
mod shared;
