//! One call of a plugin: what goes in, what comes out, and what can go wrong.

mod error;
mod scope;
mod value;

pub use error::{CallError, PluginError, TimeLimit};
pub use scope::{CallScope, Lane};
pub use value::{
    CallStats, Called, Exchange, Hint, LogLevel, LogLine, MapInput, Page, PullRequest, Pulled,
    Reading, SearchQuery, SentRequest, WebhookDelivery,
};
