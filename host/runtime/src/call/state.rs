//! What the host knows of a call while it runs: the data of its store.

use std::sync::Arc;

use tokio::time::Instant;
use wasmtime::ResourceLimiter;

use crate::{
    CallScope, Clock, Exchange, Manifest, PluginError, egress::Door, imports::LogSink,
    limits::TierLimits,
};

/// The data of one call.
pub(crate) struct CallState {
    pub(crate) memory: MemoryGate,
    pub(crate) clock: Clock,
    pub(crate) log: LogSink,
    /// The way out; absent for pure exports and for admission.
    pub(crate) http: Option<HttpAccess>,
    pub(crate) requests: u32,
    pub(crate) response_bytes: usize,
    pub(crate) exchanges: Vec<Exchange>,
    /// What the host knows to be wrong with the connection.
    pub(crate) verdict: Option<PluginError>,
    pub(crate) ticks: u32,
    pub(crate) ticks_max: u32,
}

/// The way out of one call.
pub(crate) struct HttpAccess {
    pub(crate) door: Arc<Door>,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) scope: CallScope,
    pub(crate) deadline: Instant,
    pub(crate) requests_max: u32,
}

impl CallState {
    pub(crate) fn new(limits: &TierLimits, ticks_max: u32, clock: Clock) -> Self {
        Self {
            memory: MemoryGate::new(limits),
            clock,
            log: LogSink::default(),
            http: None,
            requests: 0,
            response_bytes: 0,
            exchanges: Vec::new(),
            verdict: None,
            ticks: 0,
            ticks_max,
        }
    }
}

/// Bounds the memories and tables of an instance, and remembers whether more was wanted.
pub(crate) struct MemoryGate {
    limits: TierLimits,
    pub(crate) bytes_peak: usize,
    pub(crate) refused: bool,
}

impl MemoryGate {
    fn new(limits: &TierLimits) -> Self {
        Self {
            limits: *limits,
            bytes_peak: 0,
            refused: false,
        }
    }

    pub(crate) const fn bytes_max(&self) -> usize {
        self.limits.memory_bytes_max
    }
}

impl ResourceLimiter for MemoryGate {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.limits.memory_bytes_max {
            self.refused = true;
            return Ok(false);
        }
        self.bytes_peak = self.bytes_peak.max(desired);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.limits.table_elements_max)
    }

    fn instances(&self) -> usize {
        self.limits.core_instances_max as usize
    }

    fn tables(&self) -> usize {
        self.limits.tables_max as usize
    }

    fn memories(&self) -> usize {
        self.limits.memories_max as usize
    }
}
