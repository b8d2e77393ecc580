//! How a request leaves: the last step of the door, as a trait so that tests and the kit can put
//! something else there.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

/// A request that passed every step, credentials included.
pub struct OutboundRequest {
    /// The merchant whose connections may be shared.
    pub tenant_id: String,
    /// The merchant's shop.
    pub connection_id: String,
    /// Method.
    pub method: Method,
    /// Where to, with the query.
    pub url: Url,
    /// Headers, sign-in included.
    pub headers: HeaderMap,
    /// Body.
    pub body: Option<Bytes>,
    /// Longest answer, decompressed.
    pub response_bytes_max: usize,
    /// How long all of it may take.
    pub timeout: Duration,
}

impl fmt::Debug for OutboundRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query and the headers may carry credentials.
        f.debug_struct("OutboundRequest")
            .field("tenant_id", &self.tenant_id)
            .field("connection_id", &self.connection_id)
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

/// An answer, decompressed and within its limit.
#[derive(Clone, Debug)]
pub struct OutboundAnswer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// Why there is no answer. Texts name the host at most: no URL, no query, no header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Not allowed.
    #[error("{0}")]
    Denied(String),
    /// The name has no address that may be dialled.
    #[error("{0}")]
    Dns(String),
    /// No trust in the other side.
    #[error("{0}")]
    Tls(String),
    /// The connection failed.
    #[error("{0}")]
    Connection(String),
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// The answer is too long.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
}

/// Sends one request, follows no redirect, keeps no cookie.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends it.
    ///
    /// # Errors
    /// See [`TransportError`].
    async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, TransportError>;
}

/// Lets nothing out: for admission, and for runs without a network.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyAll;

#[async_trait]
impl Transport for DenyAll {
    async fn send(&self, _request: OutboundRequest) -> Result<OutboundAnswer, TransportError> {
        Err(TransportError::Denied("this run has no network".to_owned()))
    }
}
