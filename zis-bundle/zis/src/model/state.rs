//! States of a flow. A close relative of the Amazon States Language, with Action instead of Task.

use serde_json::{Map, Value};

use super::{Machine, Rule};

/// One state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// What it does.
    pub kind: StateKind,
    /// Fields that this crate does not know; ZIS may.
    pub unknown: Map<String, Value>,
}

/// What a state does.
#[derive(Clone, Debug, PartialEq)]
pub enum StateKind {
    /// Calls a built-in or an HTTP action of the same bundle.
    Action(ActionState),
    /// Branches.
    Choice(ChoiceState),
    /// Runs a machine for each item of a list. Parsed, not emulated yet.
    Map(MapState),
    /// Pauses.
    Wait {
        /// How long.
        wait: Wait,
        /// Where to go then.
        after: After,
    },
    /// Adds a constant.
    Pass(PassState),
    /// Ends the flow well.
    Succeed {
        /// The line for the integration's log.
        message: Option<String>,
    },
    /// Ends the flow badly.
    Fail {
        /// Short name of the failure.
        error: String,
        /// The line for the integration's log.
        cause: String,
    },
}

impl StateKind {
    /// The word in the field `Type`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Action(_) => "Action",
            Self::Choice(_) => "Choice",
            Self::Map(_) => "Map",
            Self::Wait { .. } => "Wait",
            Self::Pass(_) => "Pass",
            Self::Succeed { .. } => "Succeed",
            Self::Fail { .. } => "Fail",
        }
    }

    /// The states that may follow, in the order of the bundle, with the field that names each.
    #[must_use]
    pub fn successors(&self) -> Vec<(String, &str)> {
        let mut successors = Vec::new();
        let (after, catch): (Option<&After>, &[Catch]) = match self {
            Self::Action(state) => (Some(&state.after), &state.catch),
            Self::Map(state) => (Some(&state.after), &state.catch),
            Self::Wait { after, .. } => (Some(after), &[]),
            Self::Pass(state) => (Some(&state.after), &[]),
            Self::Choice(state) => {
                let rules = state.rules.iter().enumerate();
                successors.extend(
                    rules.map(|(i, rule)| (format!("Choices[{i}].Next"), rule.next.as_str())),
                );
                successors.extend(
                    state
                        .default
                        .as_deref()
                        .map(|next| ("Default".to_owned(), next)),
                );
                (None, &[])
            }
            Self::Succeed { .. } | Self::Fail { .. } => (None, &[]),
        };
        if let Some(After::Next(next)) = after {
            successors.push(("Next".to_owned(), next));
        }
        let catches = catch.iter().enumerate();
        successors.extend(catches.map(|(i, c)| (format!("Catch[{i}].Next"), c.next.as_str())));
        successors
    }

    /// True where the flow may end in this state.
    #[must_use]
    pub const fn ends(&self) -> bool {
        match self {
            Self::Action(ActionState { after, .. })
            | Self::Map(MapState { after, .. })
            | Self::Wait { after, .. }
            | Self::Pass(PassState { after, .. }) => matches!(after, After::End),
            Self::Choice(_) => false,
            Self::Succeed { .. } | Self::Fail { .. } => true,
        }
    }
}

/// Where a state leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// To this state.
    Next(String),
    /// To the end of the flow.
    End,
}

/// What happens to an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The state that goes on.
    pub next: String,
    /// Where the error object goes; the whole document where this is absent.
    pub result_path: Option<String>,
}

/// An Action state.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionState {
    /// Full address of what it calls.
    pub action_name: String,
    /// What it passes.
    pub parameters: Option<Value>,
    /// Where the answer goes.
    pub result_path: Option<String>,
    /// Where errors go.
    pub catch: Vec<Catch>,
    /// Where it leads.
    pub after: After,
}

/// A Choice state.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceState {
    /// Its rules, first match wins.
    pub rules: Vec<Rule>,
    /// Where to go when none holds.
    pub default: Option<String>,
}

/// A Map state.
#[derive(Clone, Debug, PartialEq)]
pub struct MapState {
    /// Reference path of the list.
    pub items_path: String,
    /// What runs for each item.
    pub iterator: Machine,
    /// Where the list of results goes.
    pub result_path: Option<String>,
    /// Where errors go.
    pub catch: Vec<Catch>,
    /// Where it leads.
    pub after: After,
}

/// A Pass state.
#[derive(Clone, Debug, PartialEq)]
pub struct PassState {
    /// The constant, where there is one.
    pub result: Option<Value>,
    /// Where it goes.
    pub result_path: Option<String>,
    /// Where the state leads.
    pub after: After,
}

/// How long a Wait state waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// That long.
    Seconds(f64),
    /// As long as the number at this path; not at all where it is zero or less.
    Path(String),
}
