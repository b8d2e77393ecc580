//! One call of a plugin: what goes in, what comes out, and what can go wrong.

mod error;
mod run;
mod scope;
mod state;
mod trap;
mod value;

pub use error::{CallError, PluginError, TimeLimit};
pub(crate) use run::{Host, run, store};
pub use scope::{CallScope, Lane};
pub(crate) use state::CallState;
pub use value::{
    CallStats, Called, Exchange, Hint, LogLevel, LogLine, MapInput, Page, PullRequest, Pulled,
    Reading, SearchQuery, SentRequest, Subscription, WebhookDelivery,
};
