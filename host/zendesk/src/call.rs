//! One call before it is sent: what it asks, what it counts against, whether it may be repeated.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use crate::budget::Meter;
use crate::error::ZendeskError;
use crate::limits::REQUEST_BYTES_MAX;

/// One call, before it is sent.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    body: Option<Value>,
    pub(crate) meter: Meter,
    /// Whether it may be sent twice without harm.
    pub(crate) repeatable: bool,
}

impl Call {
    /// Reads something.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            body: None,
            meter: Meter::Plain,
            repeatable: true,
        }
    }

    /// Changes something.
    pub(crate) fn write(method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Self {
            method,
            body,
            repeatable: false,
            ..Self::get(path)
        }
    }

    /// Adds a query parameter.
    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Counts against a meter besides the account's.
    pub(crate) fn meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }

    /// A write that may be sent twice without harm.
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Method and path, for errors. No query: it may hold an address.
    pub(crate) fn what(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The body as it is sent, within its bound.
    pub(crate) fn encode(&self) -> Result<Option<Bytes>, ZendeskError> {
        let Some(body) = &self.body else {
            return Ok(None);
        };
        let bytes = serde_json::to_vec(body).map_err(|_| ZendeskError::Setup {
            reason: "the request is no JSON".to_owned(),
        })?;
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(ZendeskError::Setup {
                reason: format!("the request is longer than {REQUEST_BYTES_MAX} bytes"),
            });
        }
        Ok(Some(bytes.into()))
    }
}
