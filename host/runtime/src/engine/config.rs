//! How Wasmtime is set up.
//!
//! Instances come from a pool, because every call gets a fresh one. Where the kernel can tell which
//! pages were touched (PAGEMAP_SCAN), a megabyte of each memory stays resident and only what was
//! touched is reset; elsewhere that would be a blind overwrite, dearer than what it saves, so little
//! is kept. Where the address space is too small for a pool, instances are made on demand.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits::TierLimits;

const KIB: usize = 1024;

pub(super) fn engine(limits: &TierLimits, places: usize, fuel: bool) -> wasmtime::Result<Engine> {
    let mut config = base(fuel);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits, places)));
    Engine::new(&config).or_else(|error| {
        tracing::warn!(%error, "no pool of plugin instances: making each on demand");
        Engine::new(&base(fuel))
    })
}

fn base(fuel: bool) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .consume_fuel(fuel)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .max_wasm_stack(512 * KIB)
        .async_stack_size(1024 * KIB);
    config
}

fn pool(limits: &TierLimits, places: usize) -> PoolingAllocationConfig {
    // One place more than the semaphore gives out: admission starts a component outside of it.
    let places = u32::try_from(places)
        .unwrap_or(u32::MAX)
        .saturating_add(ADMISSIONS_MAX);
    let scan = PoolingAllocationConfig::is_pagemap_scan_available();
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(places)
        .total_core_instances(places.saturating_mul(limits.core_instances_max))
        .total_memories(places.saturating_mul(limits.memories_max))
        .total_tables(places.saturating_mul(limits.tables_max))
        .total_stacks(places)
        .max_core_instances_per_component(limits.core_instances_max)
        .max_memories_per_component(limits.memories_max)
        .max_tables_per_component(limits.tables_max)
        .max_memory_size(limits.memory_bytes_max)
        .table_elements(limits.table_elements_max)
        .linear_memory_keep_resident(if scan { 1024 * KIB } else { 64 * KIB })
        .table_keep_resident(16 * KIB)
        .async_stack_keep_resident(16 * KIB)
        .pagemap_scan(if scan { Enabled::Yes } else { Enabled::No });
    pool
}

/// Admissions at once.
pub(crate) const ADMISSIONS_MAX: u32 = 2;
