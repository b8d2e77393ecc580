//! What becomes of a state's output or error: into the document, to a Catch, or the end.

use std::time::Duration;

use serde_json::{Value, json};

use super::error::FlowError;
use super::run::{At, DEFAULT_MESSAGE, Run};
use super::switches::{ErrorObject, ResultPathDefault, RetryGeneration};
use super::trace::{Outcome, Visit};
use crate::limits::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX};
use crate::model::{ActionState, After, Catch, PassState, StateKind};
use crate::reference::Reference;
use crate::template::{fits, size};

/// How a state with output is left.
#[derive(Clone, Copy)]
pub(super) struct Exit<'s> {
    result_path: Option<&'s str>,
    catch: &'s [Catch],
    after: &'s After,
}

impl<'s> Exit<'s> {
    pub(super) fn of_action(state: &'s ActionState) -> Self {
        Self {
            result_path: state.result_path.as_deref(),
            catch: &state.catch,
            after: &state.after,
        }
    }

    pub(super) fn of_pass(state: &'s PassState) -> Self {
        Self {
            result_path: state.result_path.as_deref(),
            catch: &[],
            after: &state.after,
        }
    }
}

/// The Catch fields of a state, where its type has any.
pub(super) fn catches(kind: &StateKind) -> &[Catch] {
    match kind {
        StateKind::Action(state) => &state.catch,
        StateKind::Map(state) => &state.catch,
        _ => &[],
    }
}

impl Run {
    /// Stores a state's output and leaves it, or hands its error to its Catch.
    pub(super) fn finish(
        &mut self,
        mut visit: Visit,
        exit: Exit<'_>,
        output: Result<Value, FlowError>,
    ) {
        let stored = output.and_then(|output| {
            visit.output = Some(self.redactor.value(&output));
            let replace = self.switches.result_path_default == ResultPathDefault::Replace;
            match exit.result_path {
                Some(path) => self.store(path, output),
                None if replace => self.store("$", output),
                None => Ok(()),
            }
        });
        match stored {
            Ok(()) => self.leave(visit, exit.after),
            Err(error) => self.catch(visit, exit.catch, &error),
        }
    }

    fn store(&mut self, path: &str, value: Value) -> Result<(), FlowError> {
        let reference: Reference = path.parse()?;
        let kept = if reference.is_root() {
            0
        } else {
            size(&self.document)
        };
        if kept + size(&value) > DOCUMENT_BYTES_MAX || !fits(&value, DOCUMENT_DEPTH_MAX) {
            return Err(FlowError::new(format!(
                "the result at {path} makes the document larger than {DOCUMENT_BYTES_MAX} bytes \
                 or nests too deep"
            )));
        }
        Ok(reference.store(&mut self.document, value)?)
    }

    /// Gives an error to the state's Catch, or ends the flow with it. ZIS knows one error name, so
    /// the first Catch takes everything.
    pub(super) fn catch(&mut self, mut visit: Visit, catch: &[Catch], error: &FlowError) {
        let Some(catch) = catch.first() else {
            return self.fail(visit, error);
        };
        visit.error = Some(self.redactor.text(&error.cause));
        let object = match self.switches.error_object {
            ErrorObject::CauseOnly => json!({ "Cause": error.cause }),
            ErrorObject::ErrorAndCause => json!({ "Error": "States.ALL", "Cause": error.cause }),
        };
        match self.store(catch.result_path.as_deref().unwrap_or("$"), object) {
            Ok(()) => self.leave(visit, &After::Next(catch.next.clone())),
            Err(error) => self.fail(visit, &error),
        }
    }

    pub(super) fn leave(&mut self, mut visit: Visit, after: &After) {
        match after {
            After::Next(next) => {
                visit.next = Some(next.clone());
                self.visits.push(visit);
                self.at = At::State(next.clone());
            }
            After::End => self.succeed(visit, DEFAULT_MESSAGE),
        }
    }

    pub(super) fn succeed(&mut self, visit: Visit, message: &str) {
        self.visits.push(visit);
        let outcome = Outcome::Succeeded {
            message: self.redactor.text(message),
        };
        self.at = At::Ended {
            outcome,
            again_after: None,
        };
    }

    /// Ends the flow in a Fail state.
    pub(super) fn give_up(&mut self, visit: Visit, error: &str, cause: &str) {
        let outcome = Outcome::Failed {
            state: Some(visit.state.clone()),
            error: Some(self.redactor.text(error)),
            cause: self.redactor.text(cause),
        };
        self.visits.push(visit);
        self.at = At::Ended {
            outcome,
            again_after: self.again_after(None),
        };
    }

    /// Ends the flow with an error that nothing caught.
    pub(super) fn fail(&mut self, mut visit: Visit, error: &FlowError) {
        let cause = self.redactor.text(&error.cause);
        visit.error = Some(cause.clone());
        let state = Some(visit.state.clone());
        self.visits.push(visit);
        let outcome = Outcome::Failed {
            state,
            error: None,
            cause,
        };
        self.at = At::Ended {
            outcome,
            again_after: self.again_after(Some(error)),
        };
    }

    /// How long Zendesk would wait before it tries the whole flow again; `None` where it would not.
    /// Without an error the flow ended in a Fail state.
    fn again_after(&self, error: Option<&FlowError>) -> Option<Duration> {
        const RETRY_AFTER_MAX: Duration = Duration::from_secs(120);
        let status = error.and_then(|error| error.status);
        let by_status = matches!(status, Some(429 | 500));
        let eligible = match self.switches.retry_generation {
            RetryGeneration::Off => false,
            RetryGeneration::First => self.attempt < 3 && (by_status || error.is_none()),
            RetryGeneration::Second => self.attempt < 4 && by_status,
        };
        let asked = error
            .and_then(|error| error.retry_after)
            .filter(|_| status == Some(429));
        let usual = Duration::from_secs(if self.attempt == 1 { 30 } else { 60 });
        eligible.then(|| asked.map_or(usual, |asked| asked.min(RETRY_AFTER_MAX)))
    }
}
