//! One call on a fresh instance, from the wait for a place to what came out.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use wasmtime::{Store, UpdateDeadline};

use super::{
    CallError, CallScope, CallState, CallStats, Called, TimeLimit, state::HttpAccess, trap,
};
use crate::{
    Clock, Export, Plugin,
    abi::call::Make,
    egress::Door,
    engine::{TierEngine, wait},
    limits::{self, CallLimits},
};

/// What every call needs of the runtime.
pub(crate) struct Host<'a> {
    pub(crate) door: &'a Arc<Door>,
    pub(crate) clock: &'a Clock,
}

/// Makes a call. What it returns is as the plugin returned it: not yet validated.
pub(crate) async fn run<T: Send>(
    host: &Host<'_>,
    plugin: &Plugin,
    scope: &CallScope,
    export: Export,
    make: Make<T>,
) -> Result<Called<T>, CallError> {
    let id = plugin.manifest.plugin.id.as_str();
    let asked_at = Instant::now();
    let slot = plugin.engine.slots.take(&scope.tenant_id, scope.lane).await;
    let _slot = slot.ok_or_else(|| CallError::Busy {
        plugin: id.to_owned(),
        export,
        waited: wait(scope.lane),
    })?;
    let started_at = Instant::now();
    let call = export.limits(plugin.engine.tier);
    let deadline = started_at + call.wall;

    let mut state = CallState::new(
        &plugin.engine.limits,
        call.ticks_max,
        Arc::clone(host.clock),
    );
    state.http = export.may_reach_out().then(|| HttpAccess {
        door: Arc::clone(host.door),
        manifest: Arc::clone(&plugin.manifest),
        scope: scope.clone(),
        deadline,
        requests_max: call.requests_max,
    });
    let mut store =
        store(&plugin.engine, state).map_err(|error| host_failed(id, export, &error))?;
    let work = async {
        let instance = plugin.pre.instantiate_async(&mut store).await?;
        make(&mut store, &plugin.pre, &instance).await
    };
    let outcome = timeout_at(deadline, work).await;
    let fuel_left = store.get_fuel().ok();
    let state = store.into_data();
    let stats = CallStats {
        queued: started_at - asked_at,
        wall: started_at.elapsed(),
        ticks: state.ticks,
        fuel: plugin
            .engine
            .fuel
            .zip(fuel_left)
            .map(|(all, left)| all.saturating_sub(left)),
        memory_bytes_peak: state.memory.bytes_peak,
        requests: state.requests,
        response_bytes: state.response_bytes,
        log_lines: state.log.seen,
    };
    match outcome {
        Err(_) => Err(timed_out(id, export, &call)),
        Ok(Err(error)) => Err(trap::classify(id, export, &error, &state)),
        Ok(Ok(Err(error))) => Err(CallError::Plugin {
            plugin: id.to_owned(),
            export,
            // Where the host knows what is wrong with the connection, its word counts.
            error: state.verdict.unwrap_or(error),
        }),
        Ok(Ok(Ok(value))) => Ok(Called {
            value,
            exchanges: state.exchanges,
            log: state.log.lines,
            stats,
        }),
    }
}

/// A store that is bounded in every way that Wasmtime knows.
pub(crate) fn store(engine: &TierEngine, state: CallState) -> wasmtime::Result<Store<CallState>> {
    let mut store = Store::new(&engine.engine, state);
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(limits::HOSTCALL_BYTES_MAX);
    store.set_max_component_handles(engine.limits.handles_max);
    if let Some(fuel) = engine.fuel {
        store.set_fuel(fuel)?;
    }
    store.set_epoch_deadline(1);
    // Held by the callback, so for as long as the store lives.
    let ticking = engine.ticker.call();
    // Each tick yields, so that a spinning plugin neither blocks its neighbours nor its own timeout.
    store.epoch_deadline_callback(move |mut store| {
        let _held = &ticking;
        let state = store.data_mut();
        state.ticks += 1;
        if state.ticks > state.ticks_max {
            return Ok(UpdateDeadline::Interrupt);
        }
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(tokio::task::yield_now()),
        ))
    });
    Ok(store)
}

fn timed_out(plugin: &str, export: Export, call: &CallLimits) -> CallError {
    CallError::TimedOut {
        plugin: plugin.to_owned(),
        export,
        limit: TimeLimit::Wall(call.wall),
    }
}

fn host_failed(plugin: &str, export: Export, error: &wasmtime::Error) -> CallError {
    CallError::Host {
        plugin: plugin.to_owned(),
        export,
        problem: error.root_cause().to_string(),
    }
}
