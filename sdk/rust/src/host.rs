//! The host as a plugin sees it: three doors and nothing else.
//!
//! [`Ambient`] is what even a pure call gets (a line for the operator, the recorded clock);
//! [`Host`] adds the one way out. `map` and `receive` are handed an [`Ambient`], so that their
//! purity is a matter of types.

use ordercase_model::Instant;

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Something is odd.
    Warn,
    /// Worth knowing.
    Info,
    /// For authors.
    Debug,
}

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

/// A request to one of the connection's own origins. There is no URL and no credential in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Origin alias of the manifest; without one, the manifest's first.
    pub origin: Option<String>,
    /// Method.
    pub method: Method,
    /// Absolute path below the origin.
    pub path: String,
    /// Query pairs, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<Vec<u8>>,
    /// The role under which the answer is kept in the raw set and handed to `map`.
    pub role: String,
}

impl Request {
    /// A GET of a path, its answer kept under a role.
    #[must_use]
    pub fn get(path: &str, role: &str) -> Self {
        Self {
            origin: None,
            method: Method::Get,
            path: path.to_owned(),
            query: Vec::new(),
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: None,
            role: role.to_owned(),
        }
    }

    /// A POST of a JSON body.
    #[must_use]
    pub fn post_json(path: &str, role: &str, body: Vec<u8>) -> Self {
        let json = "application/json".to_owned();
        Self {
            method: Method::Post,
            headers: vec![
                ("accept".to_owned(), json.clone()),
                ("content-type".to_owned(), json),
            ],
            body: Some(body),
            ..Self::get(path, role)
        }
    }

    /// With a query pair.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// To another origin of the manifest.
    #[must_use]
    pub fn to_origin(mut self, alias: &str) -> Self {
        self.origin = Some(alias.to_owned());
        self
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Number of this exchange within the call.
    pub exchange: u32,
}

impl Response {
    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Why the host sent no answer back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The request is not allowed.
    #[error("denied: {0}")]
    Denied(String),
    /// The host's throttle could not wait any longer; milliseconds until it can.
    #[error("rate limited")]
    RateLimited(Option<u64>),
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The answer exceeds the limit.
    #[error("the answer is too large")]
    TooLarge,
    /// TLS failed.
    #[error("TLS: {0}")]
    Tls(String),
    /// The name does not resolve, or not to an address that may be reached.
    #[error("DNS: {0}")]
    Dns(String),
    /// The connection failed.
    #[error("connection: {0}")]
    Connection(String),
    /// The call has used its number of requests.
    #[error("the call has used its number of requests")]
    BudgetSpent,
}

/// What every call may do.
pub trait Ambient {
    /// A line for the operator. Never personal data.
    fn log(&self, level: Level, message: &str, fields: &[(&str, &str)]);

    /// The host's clock; recorded, so that replays are exact.
    fn now(&self) -> Instant;
}

/// What a call that may reach out can do as well.
pub trait Host: Ambient {
    /// Sends a request to one of the connection's origins.
    ///
    /// # Errors
    /// When no answer came; an answer of any HTTP status is not an error.
    fn send(&self, request: Request) -> Result<Response, HttpError>;
}
