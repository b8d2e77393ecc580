//! How time passes: in leaps, but never over what must have happened by then.

use ordercase_model::Instant;

use super::{
    plan::POLL_INTERVAL_SECONDS,
    schedule::Step,
    world::{At, Request, State},
};
use crate::limits::LEASE_SECONDS;

/// How far time leaps: mostly to the next waking, sometimes past a lease or a poll.
pub(super) fn waiting_until(state: &mut State) -> Instant {
    let now = state.now;
    let next = state.next_waking().unwrap_or(now.plus_seconds(1));
    match state.random.below(10) {
        0..=5 => next,
        6 | 7 => now.plus_seconds(i64::try_from(state.random.from_to(1, 5)).unwrap_or(1)),
        8 => now.plus_seconds(LEASE_SECONDS + 1),
        _ => now.plus_seconds(POLL_INTERVAL_SECONDS),
    }
}

/// Time goes in small steps while an effect is on its way, so that its holder wakes in time.
pub(super) fn held_back(state: &State, until: Instant) -> Instant {
    let mut until = until;
    for (_, message) in state.flying() {
        if let Some(deadline) = message.deadline {
            until = until.min(deadline.max(state.now));
        } else if matches!(message.request, Request::Execute(_)) {
            until = until.min(state.now.plus_seconds(4));
        }
    }
    until
}

/// What must happen before it is `until`.
pub(super) fn urgent(state: &State, until: Instant) -> Option<Step> {
    let mut sending = Vec::new();
    for (id, message) in state.flying() {
        if message.deadline.is_some_and(|deadline| deadline <= until) {
            return Some(Step::Arrive(id));
        }
        if message.listening && matches!(message.request, Request::Execute(_)) {
            sending.push(message.replica);
        }
    }
    let keeps = |at: &At| match at {
        At::Sleep(_) => true,
        At::Store(operation) => operation.name == "renew",
        At::Answer(_) => false,
    };
    state
        .open_gates()
        .find(|(_, standing)| sending.contains(&standing.replica) && keeps(&standing.at))
        .map(|(gate, _)| Step::Open(gate))
}
