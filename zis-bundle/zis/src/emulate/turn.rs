//! What one state wants: its parameters resolved, its built-in run, its request written.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::action::{jq_parameters, load_config, transform};
use super::choice::choose;
use super::error::FlowError;
use super::http::{self, HttpRequest};
use super::run::{DEFAULT_MESSAGE, Run};
use super::settle::Exit;
use super::trace::{Asked, Visit};
use crate::address::{Address, AddressKind, BuiltIn};
use crate::model::{ActionState, StateKind, Wait};
use crate::reference::Reference;
use crate::template::Resolver;

/// What a state wants.
pub(super) enum Turn<'s> {
    /// To keep this and go on.
    Output(Value, Exit<'s>),
    /// An answer.
    Ask(Box<HttpRequest>, &'s ActionState),
    /// Time.
    Wait(Duration, &'s crate::model::After),
    /// To go there.
    Go(&'s str),
    /// To end well.
    Succeed(String),
    /// To end badly.
    Fail { error: String, cause: String },
}

impl Run {
    pub(super) fn turn<'s>(
        &mut self,
        kind: &'s StateKind,
        visit: &mut Visit,
        now: Timestamp,
    ) -> Result<Turn<'s>, FlowError> {
        match kind {
            StateKind::Action(state) => self.act(state, visit, now),
            StateKind::Choice(state) => choose(state, &self.document, &self.switches).map(Turn::Go),
            StateKind::Wait { wait, after } => Ok(Turn::Wait(self.length(wait)?, after)),
            StateKind::Pass(state) => {
                let output = state
                    .result
                    .clone()
                    .unwrap_or_else(|| self.document.clone());
                Ok(Turn::Output(output, Exit::of_pass(state)))
            }
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

    /// Texts of Succeed and Fail: placeholders, or a path as a whole.
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

    fn act<'s>(
        &mut self,
        state: &'s ActionState,
        visit: &mut Visit,
        now: Timestamp,
    ) -> Result<Turn<'s>, FlowError> {
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
        let output = match built_in {
            Some(BuiltIn::Jq) => {
                let (output, note) =
                    transform(template, &parameters, now, &self.switches, &self.jq_fuel)?;
                visit.note = note;
                output
            }
            Some(BuiltIn::LoadConfig) => {
                load_config(&parameters, &*self.stores.configs, &self.switches)?
            }
            Some(_) => {
                let name = &state.action_name;
                let cause = format!("\"{name}\" is not supported yet by the emulator");
                return Err(FlowError::new(cause));
            }
            None => {
                let request = self.request(&state.action_name, &parameters)?;
                return Ok(Turn::Ask(Box::new(request), state));
            }
        };
        Ok(Turn::Output(output, Exit::of_action(state)))
    }

    fn request(&mut self, action_name: &str, parameters: &Value) -> Result<HttpRequest, FlowError> {
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
            Some(name) => Some(self.stores.connections.connection(name).ok_or_else(|| {
                FlowError::new(format!("the connection named \"{name}\" does not exist"))
            })?),
        };
        if let Some(connection) = &connection {
            self.redactor.learn(connection);
        }
        http::request(
            action,
            parameters,
            &self.account,
            connection.as_ref(),
            &self.switches,
        )
    }

    pub(super) fn asked(&self, request: &HttpRequest) -> Asked {
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
}
