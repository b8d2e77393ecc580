//! What the author of an Ordercase plugin imports.
//!
//! A plugin is a unit struct that implements the traits of [`source`] it has something for, and one
//! line that wires them: `ordercase_sdk::export!(Shopify: probe, pull, map);`. A trait that is not
//! named is not exported, so nothing pretends. The host is a parameter ([`Host`]): the same code
//! runs natively under [`fake::FakeHost`] in unit tests and inside the sandbox in production.
//!
//! The rest are helpers against the usual bugs: numbers that lose digits ([`decimal`]), shapes
//! that are not as promised ([`lenient`]), GraphQL
//! errors behind a 200 ([`graphql`]), statuses that an operator renamed ([`table`]), envelopes that
//! are not the same twice ([`record`]).

pub mod context;
pub mod decimal;
pub mod error;
mod export;
pub mod fake;
pub mod graphql;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
pub mod host;
pub mod lenient;
pub mod limits;
pub mod money;
pub mod page;
pub mod record;
pub mod source;
pub mod table;
pub mod time;

pub use context::{Context, Overrides};
pub use decimal::DecimalText;
pub use error::PluginError;
pub use host::{Ambient, Host, HttpError, Level, Method, Request, Response};
pub use ordercase_model as model;
pub use record::RecordBuilder;
pub use source::{
    Fetch, Hint, Input, Map, Page, Probe, Pull, PullRequest, Pulled, Query, Reading, Receive,
    Search, Subscribe, Subscription, Webhook, Window,
};
pub use table::Table;

/// What a plugin's file usually starts with.
pub mod prelude {
    pub use crate::{
        Ambient, Context, DecimalText, Fetch, Hint, Host, HttpError, Input, Level, Map, Method,
        Page, PluginError, Probe, Pull, PullRequest, Pulled, Query, Reading, Receive,
        RecordBuilder, Request, Response, Search, Subscribe, Subscription, Table, Webhook, Window,
        model,
    };
}
