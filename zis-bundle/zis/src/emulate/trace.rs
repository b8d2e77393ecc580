//! What a run did, fit to read, compare and keep: secrets are replaced by the connection's name,
//! large values by their size.

use serde::Serialize;
use serde_json::Value;

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Name of the flow.
    pub flow: String,
    /// The integration in which it ran.
    pub integration: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// How long it took, waits included.
    pub elapsed_ms: u64,
    /// How often it was begun (more than once only with a retry switch).
    pub attempts: u32,
    /// The states in the order in which they ran.
    pub visits: Vec<Visit>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Trace {
    /// True where the flow ended well.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        matches!(self.outcome, Outcome::Succeeded { .. })
    }

    /// Names of the states visited.
    #[must_use]
    pub fn path(&self) -> Vec<&str> {
        self.visits
            .iter()
            .map(|visit| visit.state.as_str())
            .collect()
    }
}

/// How a run ended. The texts are what the integration's log shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum Outcome {
    /// A Succeed state, or a state with `End`.
    Succeeded {
        /// The line for the log.
        message: String,
    },
    /// A Fail state, or an error that nothing caught.
    Failed {
        /// The state; absent where the flow did not start.
        #[serde(skip_serializing_if = "Option::is_none")]
        state: Option<String>,
        /// The Fail state's `Error`; absent for an error that nothing caught.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// The line for the log.
        cause: String,
    },
}

/// One state that ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Visit {
    /// Its name.
    pub state: String,
    /// Its type.
    pub kind: &'static str,
    /// When, counted from the start.
    pub at_ms: u64,
    /// Size of the document that it saw.
    pub document_bytes: usize,
    /// Parameters after resolving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// What it asked over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// What came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Answered>,
    /// What it put into the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// How long it waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<u64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What is worth knowing about how it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it led; absent where the flow ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A request as the trace keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked {
    /// The verb.
    pub method: &'static str,
    /// The address.
    pub url: String,
    /// The connection that authenticated it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// An answer as the trace keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answered {
    /// An answer arrived.
    Status {
        /// Its status.
        status: u16,
        /// Size of its body.
        body_bytes: usize,
    },
    /// None did.
    Failure {
        /// Why.
        failure: String,
    },
}
