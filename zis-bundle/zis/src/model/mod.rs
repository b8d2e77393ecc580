//! A bundle as a program sees it.
//!
//! The document that was read stays whole inside [`Bundle`] and is what uploads: unknown fields are
//! kept, never interpreted. Flows, actions and job specs are a typed view of it. Resources are
//! found by `properties.name`, because that is what addresses use; the resource's key means nothing
//! to ZIS.

mod action;
mod choice;
mod state;

use std::collections::BTreeMap;

use serde_json::Value;

pub use action::{Body, Header, HttpAction, Method, Target, Text};
pub(crate) use choice::ordered as choice_operator;
pub use choice::{Comparison, Family, Operand, Operator, Order, Rule, Test};
pub use state::{
    ActionState, After, Catch, ChoiceState, MapState, PassState, State, StateKind, Wait,
};

use crate::address::{Address, AddressKind};

/// The only template version that the registry takes. It names the schema, not the bundle.
pub const TEMPLATE_VERSION: &str = "2019-10-14";

/// One bundle: what [`Bundle::parse`] accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) flows: BTreeMap<String, Flow>,
    pub(crate) actions: BTreeMap<String, HttpAction>,
    pub(crate) job_specs: BTreeMap<String, JobSpec>,
    pub(crate) document: Value,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Key of the resource in the bundle.
    pub key: String,
    /// Name that addresses use.
    pub name: String,
    /// Its states.
    pub machine: Machine,
}

/// States and where to begin: the body of a flow, and of a Map's iterator.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Name of the first state.
    pub start_at: String,
    /// The states by name.
    pub states: BTreeMap<String, State>,
}

/// Which event starts which flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSpec {
    /// Key of the resource in the bundle.
    pub key: String,
    /// Name that addresses use.
    pub name: String,
    /// `support`, `sunshine`, or the source system of an inbound webhook.
    pub event_source: String,
    /// `ticket.TicketCreated` and the like.
    pub event_type: String,
    /// Full address of the flow.
    pub flow_name: String,
}

impl JobSpec {
    /// The address under which the job spec is installed.
    #[must_use]
    pub fn address(&self, integration: &str) -> Address {
        Address::new(integration, AddressKind::JobSpec, &self.name)
    }

    /// True where an event of this source and type starts the flow. ZIS has no other filter: a flow
    /// that wants less looks at the event itself.
    #[must_use]
    pub fn matches(&self, event_source: &str, event_type: &str) -> bool {
        self.event_source == event_source && self.event_type == event_type
    }
}

impl Bundle {
    /// The bundle's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bundle's description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The whole document, as it uploads.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// All flows, by name.
    pub fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.flows.values()
    }

    /// The flow of this name.
    #[must_use]
    pub fn flow(&self, name: &str) -> Option<&Flow> {
        self.flows.get(name)
    }

    /// All HTTP actions, by name.
    pub fn actions(&self) -> impl Iterator<Item = &HttpAction> {
        self.actions.values()
    }

    /// The HTTP action of this name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&HttpAction> {
        self.actions.get(name)
    }

    /// All job specs, by name. An installer installs every one of them after each upload, because an
    /// upload orphans those that were installed before.
    pub fn job_specs(&self) -> impl Iterator<Item = &JobSpec> {
        self.job_specs.values()
    }

    /// The job spec of this name.
    #[must_use]
    pub fn job_spec(&self, name: &str) -> Option<&JobSpec> {
        self.job_specs.get(name)
    }

    /// The job specs that an event starts, in order of name.
    pub fn jobs_for<'b>(
        &'b self,
        event_source: &'b str,
        event_type: &'b str,
    ) -> impl Iterator<Item = &'b JobSpec> {
        self.job_specs()
            .filter(move |job| job.matches(event_source, event_type))
    }

    /// Names of the connections that the actions use, sorted, each once.
    #[must_use]
    pub fn connections(&self) -> Vec<&str> {
        let names = self
            .actions()
            .filter_map(|action| action.connection_name.as_deref());
        names
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}
