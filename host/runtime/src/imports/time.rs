//! `time`: the host's clock.

use crate::{
    abi::bindings::ordercase::source::{errors, records, time, types},
    call::CallState,
};

impl time::Host for CallState {
    fn now(&mut self) -> String {
        (self.clock)().to_string()
    }
}

// Interfaces of types alone.
impl types::Host for CallState {}
impl errors::Host for CallState {}
impl records::Host for CallState {}
