//! One run of one flow, from state to state.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::action::{jq_parameters, load_config, transform};
use super::choice::choose;
use super::connection::{Connection, Credential};
use super::http::{self, HttpFailure, HttpRequest, HttpResponse};
use super::ports::Stores;
use super::redact::Redactor;
use super::switches::{ErrorObject, ResultPathDefault, RetryGeneration, Switches};
use super::trace::{Answered, Asked, Outcome, Trace, Visit};
use super::{Account, Emulator};
use crate::address::{Address, AddressKind, BuiltIn};
use crate::limits::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, VISITS_MAX};
use crate::model::{ActionState, After, Bundle, Catch, Flow, PassState, State, StateKind, Wait};
use crate::reference::{Reference, ReferenceError};
use crate::template::{Resolver, TemplateError, fits, size};

/// The line for the log when a flow ends without words of its own.
const DEFAULT_MESSAGE: &str = "Execution Successful";

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
    run: Box<Run>,
    request: HttpRequest,
    visit: Visit,
}

impl HttpCall {
    /// What to send.
    #[must_use]
    pub const fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// Goes on with the answer.
    #[must_use]
    pub fn answer(self, answer: Result<HttpResponse, HttpFailure>, now: Timestamp) -> Step {
        let Self {
            mut run, mut visit, ..
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
        run.finish_action(visit, output, now);
        run.go(now)
    }
}

/// A run that waits for time to pass.
pub struct Pause {
    run: Box<Run>,
    duration: Duration,
    then: Then,
}

enum Then {
    /// A Wait state goes on; `cut` where the flow's runtime ends before it.
    State {
        visit: Visit,
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
            Then::Again => {
                run.attempt += 1;
                run.attempt_began_at = now;
                run.document = run.first.clone();
                run.at = At::State(run.start_at.clone());
            }
            Then::State {
                mut visit,
                after,
                cut,
            } => {
                visit.waited_ms = Some(millis(duration));
                if cut {
                    let limit = run.switches.flow_runtime_max.as_secs();
                    let error = FlowError::new(format!("the flow ran longer than {limit} s"));
                    run.fail(visit, error);
                } else {
                    run.leave(visit, &after);
                }
            }
        }
        run.go(now)
    }
}

impl std::fmt::Debug for HttpCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpCall")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pause")
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}

/// A runtime error, in the words of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FlowError {
    pub(super) cause: String,
    pub(super) status: Option<u16>,
    pub(super) retry_after: Option<Duration>,
}

impl FlowError {
    pub(super) fn new(cause: impl Into<String>) -> Self {
        Self {
            cause: cause.into(),
            status: None,
            retry_after: None,
        }
    }
}

impl From<ReferenceError> for FlowError {
    fn from(error: ReferenceError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<TemplateError> for FlowError {
    fn from(error: TemplateError) -> Self {
        Self::new(error.to_string())
    }
}

/// Where a run stands.
enum At {
    State(String),
    Ended {
        outcome: Outcome,
        error: Option<FlowError>,
        in_fail_state: bool,
    },
}

/// What a state asks of the loop.
enum Turn {
    Output(Value),
    Ask(Box<HttpRequest>),
    Wait(Duration, After),
    Go(String),
    Succeed(String),
    Fail { error: String, cause: String },
}

/// A run between two steps.
pub(super) struct Run {
    bundle: Arc<Bundle>,
    switches: Switches,
    flow: String,
    start_at: String,
    account: Account,
    stores: Stores,
    redactor: Redactor,
    first: Value,
    document: Value,
    at: At,
    attempt: u32,
    began_at: Timestamp,
    attempt_began_at: Timestamp,
    visits: Vec<Visit>,
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
            flow: flow.name.clone(),
            start_at: flow.machine.start_at.clone(),
            account,
            stores,
            redactor: Redactor::default(),
            first: Value::Null,
            document: Value::Null,
            at: At::State(flow.machine.start_at.clone()),
            attempt: 1,
            began_at: now,
            attempt_began_at: now,
            visits: Vec::new(),
        })
    }

    /// Checks the connections, fills in the tokens that flows may read, and goes.
    pub(super) fn begin(
        mut self: Box<Self>,
        mut document: Value,
        needed: &BTreeSet<String>,
        now: Timestamp,
    ) -> Step {
        let connections = self.stores.connections.all();
        let mut readable = Map::new();
        for connection in &connections {
            self.redactor.learn(connection);
            if let Credential::OAuth(token) = &connection.credential {
                let token = json!({ "access_token": token.expose() });
                readable.insert(connection.name.clone(), token);
            }
        }
        if let (false, Some(fields)) = (readable.is_empty(), document.as_object_mut()) {
            fields.insert("connections".to_owned(), Value::Object(readable));
        }
        self.first = document.clone();
        self.document = document;
        let missing = needed.iter().find(|name| self.connection(name).is_none());
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
                error: None,
                in_fail_state: false,
            };
        }
        self.go(now)
    }

    fn connection(&self, name: &str) -> Option<Connection> {
        self.stores.connections.connection(name)
    }

    /// Runs until the world is needed.
    fn go(mut self: Box<Self>, now: Timestamp) -> Step {
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
                    FlowError::new(format!("there is no state \"{name}\"")),
                );
                continue;
            };
            if let Err(error) = self.may_visit(now) {
                self.fail(visit, error);
                continue;
            }
            match self.turn(&state.kind, &mut visit, now) {
                Ok(Turn::Ask(request)) => {
                    visit.asked = Some(self.asked(&request));
                    return Step::Http(HttpCall {
                        run: self,
                        request: *request,
                        visit,
                    });
                }
                Ok(Turn::Wait(wanted, after)) => return self.pause(visit, wanted, after, now),
                Ok(turn) => self.take(turn, visit, state, now),
                Err(error) => self.catch(visit, state, error),
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

    fn turn(
        &mut self,
        kind: &StateKind,
        visit: &mut Visit,
        now: Timestamp,
    ) -> Result<Turn, FlowError> {
        match kind {
            StateKind::Action(state) => self.act(state, visit, now),
            StateKind::Choice(state) => {
                let next = choose(state, &self.document, &self.switches)?;
                Ok(Turn::Go(next.to_owned()))
            }
            StateKind::Wait { wait, after } => Ok(Turn::Wait(self.length(wait)?, after.clone())),
            StateKind::Pass(PassState { result, .. }) => Ok(Turn::Output(
                result.clone().unwrap_or_else(|| self.document.clone()),
            )),
            StateKind::Succeed { message } => Ok(Turn::Succeed(match message {
                Some(message) => self.log_text(message)?,
                None => DEFAULT_MESSAGE.to_owned(),
            })),
            StateKind::Fail { error, cause } => Ok(Turn::Fail {
                error: self.log_text(error)?,
                cause: self.log_text(cause)?,
            }),
            StateKind::Map(_) => Err(FlowError::new("Map is not supported yet by the emulator")),
        }
    }

    /// Succeed and Fail texts: placeholders, or a path as a whole.
    fn log_text(&self, text: &str) -> Result<String, FlowError> {
        let resolver = Resolver::new(&self.document, &self.switches);
        if text.starts_with("$.") && text.parse::<Reference>().is_ok() {
            return Ok(match resolver.path(text)? {
                Value::String(text) => text,
                other => other.to_string(),
            });
        }
        Ok(resolver.text(text)?)
    }

    fn act(
        &mut self,
        state: &ActionState,
        visit: &mut Visit,
        now: Timestamp,
    ) -> Result<Turn, FlowError> {
        let empty = json!({});
        let template = state.parameters.as_ref().unwrap_or(&empty);
        let built_in = BuiltIn::of(&state.action_name);
        let resolver = Resolver::new(&self.document, &self.switches);
        let parameters = match built_in {
            Some(BuiltIn::Jq) => jq_parameters(template, &resolver)?,
            _ => resolver.parameters(template)?,
        };
        visit.parameters = state
            .parameters
            .as_ref()
            .map(|_| self.redactor.value(&parameters));
        match built_in {
            Some(BuiltIn::Jq) => {
                let (output, note) = transform(template, &parameters, now, &self.switches)?;
                visit.note = note;
                Ok(Turn::Output(output))
            }
            Some(BuiltIn::LoadConfig) => {
                let configs = &*self.stores.configs;
                load_config(&parameters, configs, &self.switches).map(Turn::Output)
            }
            Some(_) => Err(FlowError::new(format!(
                "\"{}\" is not supported yet by the emulator",
                state.action_name
            ))),
            None => self.request(&state.action_name, &parameters),
        }
    }

    fn request(&mut self, action_name: &str, parameters: &Value) -> Result<Turn, FlowError> {
        let own = |address: &Address| {
            address.kind == AddressKind::Action
                && address.integration == self.account.integration_key
        };
        let address = Address::parse(action_name).filter(own);
        let bundle = Arc::clone(&self.bundle);
        let action = address.and_then(|address| bundle.action(&address.name));
        let action = action.ok_or_else(|| {
            let key = &self.account.integration_key;
            FlowError::new(format!(
                "the integration \"{key}\" has no action \"{action_name}\""
            ))
        })?;
        let connection = match &action.connection_name {
            None => None,
            Some(name) => Some(self.connection(name).ok_or_else(|| {
                FlowError::new(format!("the connection named \"{name}\" does not exist"))
            })?),
        };
        if let Some(connection) = &connection {
            self.redactor.learn(connection);
        }
        let request = http::request(
            action,
            parameters,
            &self.account,
            connection.as_ref(),
            &self.switches,
        );
        request.map(|request| Turn::Ask(Box::new(request)))
    }

    fn asked(&self, request: &HttpRequest) -> Asked {
        let header = |(key, value): &(String, String)| {
            let hidden = key.eq_ignore_ascii_case("authorization");
            let value = if hidden {
                "[redacted]".to_owned()
            } else {
                self.redactor.text(value)
            };
            (key.clone(), value)
        };
        Asked {
            method: request.method.as_str(),
            url: self.redactor.text(request.url.as_str()),
            connection: request.connection.clone(),
            headers: request.headers.iter().map(header).collect(),
            body: request.body.as_ref().map(|body| self.redactor.value(body)),
        }
    }

    fn length(&self, wait: &Wait) -> Result<Duration, FlowError> {
        let seconds = match wait {
            Wait::Seconds(seconds) => *seconds,
            Wait::Path(path) => {
                let value = path.parse::<Reference>()?.get(&self.document)?;
                let number = value.as_f64();
                number.ok_or_else(|| FlowError::new(format!("{path} does not hold a number")))?
            }
        };
        Ok(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
    }

    /// Hands out a wait, cut at the end of the flow's runtime.
    fn pause(
        mut self: Box<Self>,
        visit: Visit,
        wanted: Duration,
        after: After,
        now: Timestamp,
    ) -> Step {
        if wanted.is_zero() {
            let visit = Visit {
                waited_ms: Some(0),
                ..visit
            };
            self.leave(visit, &after);
            return self.go(now);
        }
        let ran = since(self.attempt_began_at, now);
        let left = self.switches.flow_runtime_max.saturating_sub(ran);
        let (duration, cut) = if wanted > left {
            (left, true)
        } else {
            (wanted, false)
        };
        Step::Wait(Pause {
            run: self,
            duration,
            then: Then::State { visit, after, cut },
        })
    }

    /// Applies what a state without I/O decided.
    fn take(&mut self, turn: Turn, mut visit: Visit, state: &State, now: Timestamp) {
        match turn {
            Turn::Output(output) => self.finish(visit, state, Ok(output)),
            Turn::Go(next) => self.leave(visit, &After::Next(next)),
            Turn::Succeed(message) => {
                self.visits.push(visit);
                self.succeed(&message);
            }
            Turn::Fail { error, cause } => {
                let outcome = Outcome::Failed {
                    state: Some(visit.state.clone()),
                    error: Some(self.redactor.text(&error)),
                    cause: self.redactor.text(&cause),
                };
                self.visits.push(visit);
                self.at = At::Ended {
                    outcome,
                    error: None,
                    in_fail_state: true,
                };
            }
            Turn::Ask(_) | Turn::Wait(..) => {
                visit.note = Some(format!("left unanswered at {now}"));
                self.fail(visit, FlowError::new("the emulator lost a step"));
            }
        }
    }

    /// Ends the visit of an Action state whose answer has come.
    fn finish_action(&mut self, visit: Visit, output: Result<Value, FlowError>, _now: Timestamp) {
        let bundle = Arc::clone(&self.bundle);
        let flow = bundle.flow(&self.flow);
        match flow.and_then(|flow| flow.machine.states.get(&visit.state)) {
            Some(state) => self.finish(visit, state, output),
            None => self.fail(visit, FlowError::new("the emulator lost a state")),
        }
    }

    /// Stores a state's output and leaves it, or hands its error to its Catch.
    fn finish(&mut self, mut visit: Visit, state: &State, output: Result<Value, FlowError>) {
        let (result_path, after) = match &state.kind {
            StateKind::Action(state) => (state.result_path.as_deref(), &state.after),
            StateKind::Pass(state) => (state.result_path.as_deref(), &state.after),
            _ => return self.fail(visit, FlowError::new("the state has no output")),
        };
        let stored = output.and_then(|output| {
            visit.output = Some(self.redactor.value(&output));
            let replace = self.switches.result_path_default == ResultPathDefault::Replace;
            match result_path {
                Some(path) => self.store(path, output),
                None if replace => self.store("$", output),
                None => Ok(()),
            }
        });
        match stored {
            Ok(()) => self.leave(visit, after),
            Err(error) => self.catch(visit, state, error),
        }
    }

    fn store(&mut self, path: &str, value: Value) -> Result<(), FlowError> {
        let reference: Reference = path.parse()?;
        let kept = if reference.is_root() {
            0
        } else {
            size(&self.document)
        };
        if kept + size(&value) > DOCUMENT_BYTES_MAX || !fits(&value, DOCUMENT_DEPTH_MAX / 2) {
            return Err(FlowError::new(format!(
                "the result at {path} makes the document larger than {DOCUMENT_BYTES_MAX} bytes \
                 or nests too deep"
            )));
        }
        Ok(reference.store(&mut self.document, value)?)
    }

    fn leave(&mut self, mut visit: Visit, after: &After) {
        match after {
            After::Next(next) => {
                visit.next = Some(next.clone());
                self.visits.push(visit);
                self.at = At::State(next.clone());
            }
            After::End => {
                self.visits.push(visit);
                self.succeed(DEFAULT_MESSAGE);
            }
        }
    }

    fn succeed(&mut self, message: &str) {
        let outcome = Outcome::Succeeded {
            message: self.redactor.text(message),
        };
        self.at = At::Ended {
            outcome,
            error: None,
            in_fail_state: false,
        };
    }

    /// Gives an error to the state's Catch, or ends the flow with it.
    fn catch(&mut self, mut visit: Visit, state: &State, error: FlowError) {
        let catches: &[Catch] = match &state.kind {
            StateKind::Action(state) => &state.catch,
            StateKind::Map(state) => &state.catch,
            _ => &[],
        };
        let Some(catch) = catches.first() else {
            return self.fail(visit, error);
        };
        visit.error = Some(self.redactor.text(&error.cause));
        let object = match self.switches.error_object {
            ErrorObject::CauseOnly => json!({ "Cause": error.cause }),
            ErrorObject::ErrorAndCause => json!({ "Error": "States.ALL", "Cause": error.cause }),
        };
        match self.store(catch.result_path.as_deref().unwrap_or("$"), object) {
            Ok(()) => self.leave(visit, &After::Next(catch.next.clone())),
            Err(error) => self.fail(visit, error),
        }
    }

    fn fail(&mut self, mut visit: Visit, error: FlowError) {
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
            error: Some(error),
            in_fail_state: false,
        };
    }

    /// Hands out the trace, or the wait before the whole flow is tried again.
    fn end(mut self: Box<Self>, now: Timestamp) -> Step {
        if let Some(duration) = self.again_after()
            && self.visits.len() < VISITS_MAX
        {
            return Step::Wait(Pause {
                run: self,
                duration,
                then: Then::Again,
            });
        }
        let unfinished = || Outcome::Failed {
            state: None,
            error: None,
            cause: "the run did not end".to_owned(),
        };
        let outcome = match self.at {
            At::Ended { outcome, .. } => outcome,
            At::State(_) => unfinished(),
        };
        Step::Done(Box::new(Trace {
            flow: self.flow,
            integration: self.account.integration_key,
            started_at: self.began_at.to_string(),
            elapsed_ms: millis(since(self.began_at, now)),
            attempts: self.attempt,
            visits: std::mem::take(&mut self.visits),
            outcome,
        }))
    }

    /// How long Zendesk would wait before it tries the whole flow again; `None` where it would not.
    fn again_after(&self) -> Option<Duration> {
        const RETRY_AFTER_MAX: Duration = Duration::from_secs(120);
        let At::Ended {
            outcome: Outcome::Failed { .. },
            error,
            in_fail_state,
        } = &self.at
        else {
            return None;
        };
        let status = error.as_ref().and_then(|error| error.status);
        let by_status = matches!(status, Some(429 | 500));
        let eligible = match self.switches.retry_generation {
            RetryGeneration::Off => false,
            RetryGeneration::First => self.attempt < 3 && (by_status || *in_fail_state),
            RetryGeneration::Second => self.attempt < 4 && by_status,
        };
        let asked = error
            .as_ref()
            .and_then(|error| error.retry_after)
            .filter(|_| status == Some(429));
        let usual = Duration::from_secs(if self.attempt == 1 { 30 } else { 60 });
        eligible.then(|| asked.map_or(usual, |asked| asked.min(RETRY_AFTER_MAX)))
    }
}

fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
