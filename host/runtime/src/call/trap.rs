//! What a crash means, and where it happened.

use std::time::Duration;

use wasmtime::{Error, Trap, WasmBacktrace};

use super::{CallError, CallState, TimeLimit};
use crate::{Export, limits};

/// The error of a call that did not return.
pub(crate) fn classify(
    plugin: &str,
    export: Export,
    error: &Error,
    state: &CallState,
) -> CallError {
    let plugin = plugin.to_owned();
    if state.memory.refused {
        return CallError::MemoryLimit {
            plugin,
            export,
            bytes_max: state.memory.bytes_max(),
        };
    }
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::Interrupt) {
        return CallError::TimedOut {
            plugin,
            export,
            limit: TimeLimit::Computing(limits::TICK * state.ticks_max),
        };
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return CallError::Busy {
            plugin,
            export,
            waited: Duration::ZERO,
        };
    }
    let what = match trap {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    };
    let reason = match state.log.last_error() {
        Some(words) => format!("{words} ({what})"),
        None => what,
    };
    CallError::Trap {
        plugin,
        export,
        reason,
        frames: frames(error),
    }
}

/// Names of the functions on the stack, innermost first, without the machinery of panicking.
fn frames(error: &Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("function {}", frame.func_index()),
    };
    let names = backtrace.frames().iter().map(name);
    names
        .filter(|name| !is_machinery(name))
        .take(limits::TRAP_FRAMES_MAX)
        .collect()
}

fn is_machinery(name: &str) -> bool {
    const MACHINERY: [&str; 6] = [
        "core::panicking::",
        "std::panicking::",
        "__rust_",
        "__rustc",
        "rust_panic",
        "core::option::expect_failed",
    ];
    MACHINERY.iter().any(|part| name.contains(part))
}
