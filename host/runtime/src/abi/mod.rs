//! WIT and the types of this crate: they meet here and nowhere else.
//!
//! One module per major version of the contract; there is one so far.

mod v0;

pub(crate) use v0::{
    Envelope, RawPage, RawPulled, RawReading, RawSubscription, bindings, call, link, typecheck,
};
