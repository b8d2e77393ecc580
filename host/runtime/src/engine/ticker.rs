//! The clock of an engine: a thread of the operating system, so that no busy runtime can starve it.
//! It holds the engine weakly and ends with it.

use std::thread;

use wasmtime::Engine;

use crate::limits;

pub(super) fn start(engine: &Engine) -> wasmtime::Result<()> {
    let engine = engine.weak();
    let tick = move || {
        loop {
            thread::sleep(limits::TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    };
    thread::Builder::new()
        .name("plugin-ticker".to_owned())
        .spawn(tick)?;
    Ok(())
}
