//! The context crate from outside: scanner, picker, issues, the document and its renderings.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "helpers of tests, outside of a test function"
)]

mod document;
mod issues;
mod pick;
mod scan;
mod support;
