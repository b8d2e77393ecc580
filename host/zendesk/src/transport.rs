//! One request over the wire, with every bound: no redirects, timeouts, a cap on the answer.
//!
//! What matters here is the difference between *not sent* and *answer lost*: only the first may be
//! tried again without asking.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::dial::DevConnect;
use crate::error::ZendeskError;
use crate::limits::{ANSWER_BYTES_MAX, CONNECT_TIMEOUT, REQUEST_TIMEOUT};

/// A request as it leaves.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'static str, String)],
    pub(crate) body: Option<&'a Bytes>,
    pub(crate) authorization: Option<HeaderValue>,
}

/// An answer that arrived whole.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why no whole answer arrived.
#[derive(Debug)]
pub(crate) enum SendError {
    /// The request never left.
    NotSent(String),
    /// It left; what became of it is unknown.
    AnswerLost(String),
}

/// The wire to one account.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base: String,
    host: HeaderValue,
}

impl Transport {
    /// A wire to `host`, dialled elsewhere where `dev_connect` says so.
    pub(crate) fn new(host: &str, dev_connect: &[DevConnect]) -> Result<Self, ZendeskError> {
        // A second installation in one process is refused by rustls and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let setup = |reason: &str| ZendeskError::Setup {
            reason: reason.to_owned(),
        };
        let dialled = dev_connect.iter().find(|dial| dial.host() == host);
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .https_only(dialled.is_none());
        if dialled.is_some() {
            // Plain HTTP needs no trust store, so a machine without one can still run the demo.
            builder = builder.tls_certs_only(std::iter::empty());
        }
        let http = builder.build().map_err(|_| {
            setup("the HTTP client cannot be built; is the system's trust store readable?")
        })?;
        let base = dialled.map_or_else(
            || format!("https://{host}"),
            |dial| format!("http://{}", dial.target()),
        );
        let host =
            HeaderValue::from_str(host).map_err(|_| setup("the subdomain is no host name"))?;
        Ok(Self { http, base, host })
    }

    /// Sends one request and reads the whole answer.
    pub(crate) async fn send(&self, request: Outgoing<'_>) -> Result<Incoming, SendError> {
        let url = format!("{}{}", self.base, request.path);
        let mut builder = self
            .http
            .request(request.method, url)
            .header(HOST, self.host.clone())
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(
                USER_AGENT,
                HeaderValue::from_static(concat!("Ordercase/", env!("CARGO_PKG_VERSION"))),
            );
        if !request.query.is_empty() {
            builder = builder.query(request.query);
        }
        if let Some(value) = request.authorization {
            builder = builder.header(AUTHORIZATION, value);
        }
        if let Some(body) = request.body {
            builder = builder
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(body.clone());
        }
        let answer = builder.send().await.map_err(|error| classify(&error))?;
        let status = answer.status();
        let headers = answer.headers().clone();
        let body = read_capped(answer).await?;
        Ok(Incoming {
            status,
            headers,
            body,
        })
    }
}

async fn read_capped(answer: reqwest::Response) -> Result<Bytes, SendError> {
    let mut body = BytesMut::new();
    let mut stream = answer.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| classify(&error))?;
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(SendError::AnswerLost(format!(
                "the answer is longer than {ANSWER_BYTES_MAX} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The kind of failure, without the URL, which reqwest would otherwise print with its query.
fn classify(error: &reqwest::Error) -> SendError {
    if error.is_builder() {
        SendError::NotSent("the request cannot be built".to_owned())
    } else if error.is_connect() {
        SendError::NotSent("no connection".to_owned())
    } else if error.is_timeout() {
        SendError::AnswerLost(format!("no answer within {} s", REQUEST_TIMEOUT.as_secs()))
    } else {
        SendError::AnswerLost("the connection broke".to_owned())
    }
}
