//! One run of one flow, from state to state, until the world is needed or the flow has ended.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::connection::Credential;
use super::error::FlowError;
use super::ports::Stores;
use super::redact::Redactor;
use super::settle::catches;
use super::step::{HttpCall, Pause, Step, Then};
use super::switches::Switches;
use super::trace::{Outcome, Trace, Visit};
use super::turn::Turn;
use super::{Account, Emulator};
use crate::limits::{JQ_FUEL, VISITS_MAX};
use crate::model::{After, Bundle, Flow, State};
use crate::template::size;

/// The line for the log when a flow ends without words of its own.
pub(super) const DEFAULT_MESSAGE: &str = "Execution Successful";

/// Where a run stands.
pub(super) enum At {
    /// Before this state.
    State(String),
    /// At the end; `again_after` where Zendesk would try the whole flow again.
    Ended {
        outcome: Outcome,
        again_after: Option<Duration>,
    },
}

/// A run between two steps.
pub(super) struct Run {
    pub(super) bundle: Arc<Bundle>,
    pub(super) switches: Switches,
    pub(super) account: Account,
    pub(super) stores: Stores,
    pub(super) redactor: Redactor,
    pub(super) document: Value,
    pub(super) at: At,
    pub(super) attempt: u32,
    pub(super) visits: Vec<Visit>,
    pub(super) jq_fuel: Cell<u64>,
    flow: String,
    start_at: String,
    first: Value,
    began_at: Timestamp,
    attempt_began_at: Timestamp,
}

impl Run {
    pub(super) fn new(
        emulator: &Emulator,
        flow: &Flow,
        account: Account,
        stores: Stores,
        now: Timestamp,
    ) -> Box<Self> {
        Box::new(Self {
            bundle: Arc::clone(&emulator.bundle),
            switches: emulator.switches.clone(),
            account,
            stores,
            redactor: Redactor::default(),
            document: Value::Null,
            at: At::State(flow.machine.start_at.clone()),
            attempt: 1,
            visits: Vec::new(),
            jq_fuel: Cell::new(JQ_FUEL),
            flow: flow.name.clone(),
            start_at: flow.machine.start_at.clone(),
            first: Value::Null,
            began_at: now,
            attempt_began_at: now,
        })
    }

    /// Checks the connections, fills in the tokens that flows may read, and goes.
    pub(super) fn begin(
        mut self: Box<Self>,
        mut document: Value,
        needed: &BTreeSet<String>,
        now: Timestamp,
    ) -> Step {
        let mut readable = Map::new();
        for connection in self.stores.connections.all() {
            self.redactor.learn(&connection);
            if let Credential::OAuth(token) = &connection.credential {
                let token = json!({ "access_token": token.expose() });
                readable.insert(connection.name, token);
            }
        }
        if let (false, Some(fields)) = (readable.is_empty(), document.as_object_mut()) {
            fields.insert("connections".to_owned(), Value::Object(readable));
        }
        self.first = document.clone();
        self.document = document;
        let missing = needed
            .iter()
            .find(|name| self.stores.connections.connection(name).is_none());
        if let Some(name) = missing {
            let cause =
                format!("Cannot start flow because the connection named \"{name}\" does not exist");
            let outcome = Outcome::Failed {
                state: None,
                error: None,
                cause,
            };
            self.at = At::Ended {
                outcome,
                again_after: None,
            };
        }
        self.go(now)
    }

    /// Runs until the world is needed.
    pub(super) fn go(mut self: Box<Self>, now: Timestamp) -> Step {
        loop {
            let name = match &self.at {
                At::State(name) => name.clone(),
                At::Ended { .. } => return self.end(now),
            };
            let bundle = Arc::clone(&self.bundle);
            let state = bundle
                .flow(&self.flow)
                .and_then(|flow| flow.machine.states.get(&name));
            let mut visit = self.visit(&name, state, now);
            let Some(state) = state else {
                self.fail(
                    visit,
                    &FlowError::new(format!("there is no state \"{name}\"")),
                );
                continue;
            };
            if let Err(error) = self.may_visit(now) {
                self.fail(visit, &error);
                continue;
            }
            match self.turn(&state.kind, &mut visit, now) {
                Ok(Turn::Ask(request, state)) => {
                    visit.asked = Some(self.asked(&request));
                    let state = state.clone();
                    return Step::Http(HttpCall {
                        run: self,
                        request,
                        state: Box::new(state),
                        visit: Box::new(visit),
                    });
                }
                Ok(Turn::Wait(wanted, after)) if wanted.is_zero() => {
                    visit.waited_ms = Some(0);
                    self.leave(visit, after);
                }
                Ok(Turn::Wait(wanted, after)) => return self.pause(visit, wanted, after, now),
                Ok(Turn::Output(output, exit)) => self.finish(visit, exit, Ok(output)),
                Ok(Turn::Go(next)) => self.leave(visit, &After::Next(next.to_owned())),
                Ok(Turn::Succeed(message)) => self.succeed(visit, &message),
                Ok(Turn::Fail { error, cause }) => self.give_up(visit, &error, &cause),
                Err(error) => self.catch(visit, catches(&state.kind), &error),
            }
        }
    }

    fn visit(&self, name: &str, state: Option<&State>, now: Timestamp) -> Visit {
        Visit {
            state: name.to_owned(),
            kind: state.map_or("", |state| state.kind.word()),
            at_ms: millis(since(self.began_at, now)),
            document_bytes: size(&self.document),
            ..Visit::default()
        }
    }

    fn may_visit(&self, now: Timestamp) -> Result<(), FlowError> {
        let limit = self.switches.flow_runtime_max;
        if self.visits.len() >= VISITS_MAX {
            return Err(FlowError::new(format!(
                "the flow visited more than {VISITS_MAX} states"
            )));
        }
        if since(self.attempt_began_at, now) > limit {
            let cause = format!("the flow ran longer than {} s", limit.as_secs());
            return Err(FlowError::new(cause));
        }
        Ok(())
    }

    /// Hands out a wait, cut at the end of the flow's runtime.
    fn pause(
        self: Box<Self>,
        visit: Visit,
        wanted: Duration,
        after: &After,
        now: Timestamp,
    ) -> Step {
        let ran = since(self.attempt_began_at, now);
        let left = self.switches.flow_runtime_max.saturating_sub(ran);
        let (duration, cut) = if wanted > left {
            (left, true)
        } else {
            (wanted, false)
        };
        let then = Then::State {
            visit: Box::new(visit),
            after: after.clone(),
            cut,
        };
        Step::Wait(Pause {
            run: self,
            duration,
            then,
        })
    }

    /// Begins the whole flow again, with the event as it came.
    pub(super) fn restart(&mut self, now: Timestamp) {
        self.attempt += 1;
        self.attempt_began_at = now;
        self.document = self.first.clone();
        self.at = At::State(self.start_at.clone());
    }

    /// Hands out the trace, or the wait before the whole flow is tried again.
    fn end(self: Box<Self>, now: Timestamp) -> Step {
        let outcome = match &self.at {
            At::Ended {
                again_after: Some(duration),
                ..
            } if self.visits.len() < VISITS_MAX => {
                let duration = *duration;
                return Step::Wait(Pause {
                    run: self,
                    duration,
                    then: Then::Again,
                });
            }
            At::Ended { outcome, .. } => outcome.clone(),
            At::State(_) => return self.go(now),
        };
        Step::Done(Box::new(Trace {
            flow: self.flow,
            integration: self.account.integration_key,
            started_at: self.began_at.to_string(),
            elapsed_ms: millis(since(self.began_at, now)),
            attempts: self.attempt,
            visits: self.visits,
            outcome,
        }))
    }
}

fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
