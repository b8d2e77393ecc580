//! Version 1 of what other systems call.

pub mod event;
