//! Where a run stops and asks the world. A step can be resumed once and only with the right kind of
//! answer, because it owns the run.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::error::FlowError;
use super::http::{self, HttpFailure, HttpRequest, HttpResponse};
use super::run::{Run, millis};
use super::settle::Exit;
use super::trace::{Answered, Trace, Visit};
use crate::model::{ActionState, After};

/// What a run needs next.
#[derive(Debug)]
pub enum Step {
    /// The answer to a request.
    Http(HttpCall),
    /// Time to pass.
    Wait(Pause),
    /// Nothing: it has ended.
    Done(Box<Trace>),
}

/// A run that waits for an answer.
pub struct HttpCall {
    pub(super) run: Box<Run>,
    pub(super) request: Box<HttpRequest>,
    pub(super) state: Box<ActionState>,
    pub(super) visit: Box<Visit>,
}

impl HttpCall {
    /// What to send.
    #[must_use]
    pub fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// Goes on with the answer.
    #[must_use]
    pub fn answer(self, answer: Result<HttpResponse, HttpFailure>, now: Timestamp) -> Step {
        let Self {
            mut run,
            mut visit,
            state,
            ..
        } = self;
        visit.answered = Some(match &answer {
            Ok(HttpResponse { status, body, .. }) => Answered::Status {
                status: *status,
                body_bytes: body.len(),
            },
            Err(failure) => Answered::Failure {
                failure: run.redactor.text(&failure.to_string()),
            },
        });
        let output = http::output(answer, &run.switches);
        run.finish(*visit, Exit::of_action(&state), output);
        run.go(now)
    }
}

/// A run that waits for time to pass.
pub struct Pause {
    pub(super) run: Box<Run>,
    pub(super) duration: Duration,
    pub(super) then: Then,
}

/// What follows a pause.
pub(super) enum Then {
    /// A Wait state goes on; `cut` where the flow's runtime ends before it.
    State {
        visit: Box<Visit>,
        after: After,
        cut: bool,
    },
    /// The whole flow begins again.
    Again,
}

impl Pause {
    /// How long to wait.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.duration
    }

    /// Goes on; the time has passed.
    #[must_use]
    pub fn over(self, now: Timestamp) -> Step {
        let Self {
            mut run,
            duration,
            then,
        } = self;
        match then {
            Then::Again => run.restart(now),
            Then::State {
                mut visit,
                after,
                cut,
            } => {
                visit.waited_ms = Some(millis(duration));
                if cut {
                    let limit = run.switches.flow_runtime_max.as_secs();
                    let error = FlowError::new(format!("the flow ran longer than {limit} s"));
                    run.fail(*visit, &error);
                } else {
                    run.leave(*visit, &after);
                }
            }
        }
        run.go(now)
    }
}

impl fmt::Debug for HttpCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCall")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pause")
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}
