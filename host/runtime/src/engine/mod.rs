//! Where plugins run: one Wasmtime engine per tier, its ticker, and the places in it.

mod config;
mod slots;
mod ticker;

use std::sync::Arc;

use wasmtime::{Engine, component::Linker};

use self::{slots::Slots, ticker::Ticker};
use crate::{Tier, abi, call::CallState, limits::TierLimits};

pub(crate) use config::ADMISSIONS_MAX;
pub(crate) use slots::wait;

/// The engine of one tier.
pub(crate) struct TierEngine {
    pub(crate) tier: Tier,
    pub(crate) limits: TierLimits,
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<CallState>,
    pub(crate) slots: Slots,
    pub(crate) ticker: Ticker,
    /// Fuel of each call, where fuel is counted.
    pub(crate) fuel: Option<u64>,
}

impl TierEngine {
    pub(crate) fn new(tier: Tier, fuel: Option<u64>) -> wasmtime::Result<Arc<Self>> {
        let limits = tier.limits();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let places = limits.slots_min.max(limits.slots_per_core * cores);
        let engine = config::engine(&limits, places, fuel.is_some())?;
        let ticker = Ticker::start(&engine)?;
        let mut linker = Linker::new(&engine);
        abi::link(&mut linker)?;
        Ok(Arc::new(Self {
            tier,
            limits,
            engine,
            linker,
            slots: Slots::new(places),
            ticker,
            fuel,
        }))
    }
}
