//! The crate from outside, as one binary so that it links once.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]
#![expect(clippy::indexing_slicing, reason = "a missing item fails the test")]
#![expect(clippy::panic, reason = "that is how a test fails")]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

mod bundle;
mod corpus;
mod emulate;
mod property;
mod support;
mod trace;
