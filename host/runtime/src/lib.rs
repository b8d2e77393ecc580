//! A plugin in a box: what we run, whether, where, one call, what it may ask, how it reaches out.
//!
//! A plugin is a WebAssembly component that turns one platform's data into the canonical model. This
//! crate admits components ([`Runtime::admit`]), calls their exports on a fresh instance each time,
//! and is the only door through which they reach the network: a plugin names an origin alias and a
//! path, and everything else, the credentials first of all, stays on this side.
//!
//! What leaves a plugin is validated here once, so that whoever gets a [`ordercase_model::Record`]
//! from this crate may rely on it. What bounds a call is in [`limits`].

mod abi;
mod admit;
mod call;
mod dev_connect;
pub mod egress;
mod engine;
mod imports;
pub mod limits;
pub mod package;
mod record;
mod runtime;
mod secret;
pub mod webhook;

pub use admit::{AdmissionError, Plugin};
pub use call::{
    CallError, CallScope, CallStats, Called, Exchange, Hint, Lane, LogLevel, LogLine, MapInput,
    Page, PluginError, PullRequest, Pulled, Reading, SearchQuery, SentRequest, Subscription,
    TimeLimit, WebhookDelivery,
};
pub use dev_connect::{DevConnect, DevConnectError};
pub use package::{Export, Manifest, ManifestError, Tier};
pub use runtime::{Clock, Runtime, RuntimeConfig, RuntimeError};
pub use secret::{CredentialError, Credentials, NoCredentials, SecretText};
