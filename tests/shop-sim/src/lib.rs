//! A strict shop in a box: Shopify's Admin GraphQL API 2026-10 over a seeded population.
//!
//! What goes in is a seed; what comes out is the same shop every time. Orders are told from their
//! number alone, so 300,000 of them cost nothing until they are read; only what an administrator
//! changed (shipped, refunded, cancelled) is held, and written to the data folder after every
//! change. Queries are checked against Shopify's SDL where it is at hand, priced and throttled as
//! the shop's plan says, and answered out of objects held in the API's own shape. Changes are told
//! to one webhook address, signed, retried, and disturbed on request.
//!
//! It listens on loopback only and dials nothing but the loopback targets it was given.

#![recursion_limit = "512"] // Orders are written out as one JSON literal.

mod clock;
#[cfg(test)]
mod conformance;
mod graphql;
mod http;
mod limits;
mod options;
mod population;
mod shop;
mod webhook;

use std::net::SocketAddr;

pub use options::{DevConnect, Options, Plan, SchemaSource};

/// Why a shop could not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// An option does not make sense.
    #[error("{0}")]
    Option(String),
    /// The data folder cannot be used.
    #[error("data folder: {0}")]
    Data(String),
    /// The schema file cannot be used.
    #[error("schema: {0}")]
    Schema(String),
    /// The port cannot be had.
    #[error("listen: {0}")]
    Listen(#[from] std::io::Error),
}

/// A running shop. Dropping it stops the shop.
#[derive(Debug)]
pub struct Handle {
    address: SocketAddr,
    facts: Facts,
    stop: tokio_util::sync::CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

/// What a client has to know to connect; also the ready line of the binary.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Facts {
    /// Always true: the shop answers.
    pub ready: bool,
    /// Base address on loopback.
    pub address: String,
    /// Host name that the API expects.
    pub shop_domain: String,
    /// Header value of `X-Shopify-Access-Token`.
    pub access_token: String,
    /// Key of the webhook signatures.
    pub webhook_secret: String,
    /// Orders in the shop.
    pub orders: u32,
    /// The seed.
    pub seed: u64,
    /// `validated`, or why queries are not checked against the schema.
    pub schema: String,
}

/// Starts a shop.
///
/// # Errors
/// When an option is wrong, the data folder holds another shop, or the port is taken.
pub async fn start(options: Options) -> Result<Handle, SimError> {
    http::serve(options).await
}

impl Handle {
    /// Where the shop listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.facts.address
    }

    /// What a client has to know.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Stops the shop and waits until it is down.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // A panicked server task is already reported by its own panic message.
        let _ended = (&mut self.serving).await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
