//! Runs a flow as Zendesk would, without Zendesk.
//!
//! The core does no I/O: [`Emulator::start`] runs until the flow needs the world and hands back a
//! [`Step`]. `Step::Http` waits for the answer to a request, `Step::Wait` for time to pass (real or
//! virtual, as the caller likes), `Step::Done` carries the [`Trace`]. [`drive`] is the loop around
//! it for callers that have ports for network and clock.
//!
//! The same bundle, event, answers and clock give the same trace. A run is bounded: states visited,
//! size and depth of the document, jq's loops and the flow's runtime.
//!
//! Not supported yet, refused at the start by name: Map, links, `PatchConfig`, Retry blocks.

mod action;
mod choice;
mod connection;
mod drive;
mod error;
mod http;
mod jq;
mod ports;
mod redact;
mod run;
mod settle;
mod step;
mod switches;
mod trace;
mod turn;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use connection::{Connection, Credential, Secret, allows};
pub use drive::drive;
pub use http::{HttpFailure, HttpRequest, HttpResponse};
pub use ports::{Clock, ConfigPort, ConnectionPort, HttpPort, NoStores, Stores, VirtualClock};
pub use step::{HttpCall, Pause, Step};
pub use switches::{
    ChoiceMissing, ErrorObject, JqMulti, LoadConfigShape, MissingPlaceholder, NonJsonAnswer,
    PlaceholderFormat, ResultPathDefault, RetryGeneration, Switches,
};
pub use trace::{Answered, Asked, Outcome, Trace, Visit};

pub(crate) use jq::check as check_jq;

use crate::address::{Address, BuiltIn};
use crate::limits::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX};
use crate::model::{Bundle, Flow, StateKind};
use crate::template::{fits, size};
use run::Run;

/// The account in which a flow runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Zendesk's numeric id.
    pub account_id: u64,
    /// Subdomain, without `.zendesk.com`.
    pub subdomain: String,
    /// Name of the integration to which the bundle was uploaded.
    pub integration_key: String,
}

/// What to run.
#[derive(Clone)]
pub struct Start {
    /// Name or full address of the flow.
    pub flow: String,
    /// Where it runs.
    pub account: Account,
    /// The event's payload or the inbound webhook's body: `$.input`.
    pub input: Value,
    /// Connections and settings of the integration.
    pub stores: Stores,
}

/// Why a flow does not start. Nothing has happened by then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The bundle has no such flow.
    #[error(
        "the bundle has no flow \"{0}\"; a job spec's flow_name must name a flow of its bundle"
    )]
    UnknownFlow(String),
    /// The flow may reach something that the emulator does not know.
    #[error("state \"{state}\": {what} is not supported yet by the emulator")]
    NotSupportedYet {
        /// The state.
        state: String,
        /// What it needs.
        what: String,
    },
    /// The event is too large or too deep.
    #[error(
        "the event is larger than {DOCUMENT_BYTES_MAX} bytes or nests deeper than {DOCUMENT_DEPTH_MAX}"
    )]
    InputTooLarge,
}

/// Runs the flows of one bundle.
#[derive(Clone, Debug)]
pub struct Emulator {
    bundle: Arc<Bundle>,
    switches: Switches,
}

impl Emulator {
    /// An emulator for `bundle`.
    #[must_use]
    pub const fn new(bundle: Arc<Bundle>, switches: Switches) -> Self {
        Self { bundle, switches }
    }

    /// The bundle.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Starts a flow and runs it until it needs the world.
    ///
    /// A flow whose actions name a connection that does not exist is done at once and failed, with
    /// Zendesk's words: Zendesk starts no such flow and does not replay the event.
    ///
    /// # Errors
    /// [`StartError`]; nothing has run then.
    pub fn start(&self, start: Start, now: Timestamp) -> Result<Step, StartError> {
        let name = self.flow_name(&start);
        let flow = name.and_then(|name| self.bundle.flow(&name));
        let flow = flow.ok_or_else(|| StartError::UnknownFlow(start.flow.clone()))?;
        let reachable = reachable(flow);
        refuse_unsupported(flow, &reachable)?;
        let Start {
            account,
            input,
            stores,
            ..
        } = start;
        if size(&input) > DOCUMENT_BYTES_MAX || !fits(&input, DOCUMENT_DEPTH_MAX) {
            return Err(StartError::InputTooLarge);
        }
        let connections = self.connections(flow, &reachable, &account);
        let document = root_document(&account, &input);
        let run = Run::new(self, flow, account, stores, now);
        Ok(run.begin(document, &connections, now))
    }

    fn flow_name(&self, start: &Start) -> Option<String> {
        match Address::parse(&start.flow) {
            Some(address) => {
                (address.integration == start.account.integration_key).then_some(address.name)
            }
            None => Some(start.flow.clone()),
        }
    }

    /// Names of the connections that the flow's reachable actions use.
    fn connections(
        &self,
        flow: &Flow,
        reachable: &BTreeSet<&str>,
        account: &Account,
    ) -> BTreeSet<String> {
        let states = reachable
            .iter()
            .filter_map(|name| flow.machine.states.get(*name));
        let actions = states.filter_map(|state| match &state.kind {
            StateKind::Action(action) => Address::parse(&action.action_name),
            _ => None,
        });
        let own = actions.filter(|address| address.integration == account.integration_key);
        own.filter_map(|address| self.bundle.action(&address.name)?.connection_name.clone())
            .collect()
    }
}

/// The document that the first state sees.
fn root_document(account: &Account, input: &Value) -> Value {
    json!({
        "account_id": account.account_id,
        "integration_key": account.integration_key,
        "subdomain": account.subdomain,
        "input": input,
    })
}

/// Names of the states that a flow may reach.
pub(crate) fn reachable(flow: &Flow) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![flow.machine.start_at.as_str()];
    while let Some(name) = open.pop() {
        if let Some(state) = flow.machine.states.get(name)
            && seen.insert(name)
        {
            open.extend(state.kind.successors().into_iter().map(|(_, next)| next));
        }
    }
    seen
}

fn refuse_unsupported(flow: &Flow, reachable: &BTreeSet<&str>) -> Result<(), StartError> {
    for name in reachable {
        let Some(state) = flow.machine.states.get(*name) else {
            continue;
        };
        let unknown = ["Retry", "InputPath", "OutputPath", "ResultSelector"];
        let what = match &state.kind {
            StateKind::Map(_) => Some("Map"),
            StateKind::Action(action) => match BuiltIn::of(&action.action_name) {
                Some(BuiltIn::PatchConfig) => Some("PatchConfig"),
                Some(
                    BuiltIn::LoadLinks
                    | BuiltIn::CreateLink
                    | BuiltIn::PatchLink
                    | BuiltIn::DeleteLink,
                ) => Some("a link action"),
                _ => None,
            },
            _ => None,
        };
        let what = what.or_else(|| {
            unknown
                .into_iter()
                .find(|key| state.unknown.contains_key(*key))
        });
        if let Some(what) = what {
            return Err(StartError::NotSupportedYet {
                state: (*name).to_owned(),
                what: what.to_owned(),
            });
        }
    }
    Ok(())
}
