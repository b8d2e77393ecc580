//! What each plan allows, and which meter a request counts against.

use clap::ValueEnum;
use http::Method;
use serde::{Deserialize, Serialize};

/// A Zendesk plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// 200 requests a minute, no ZIS.
    Team,
    /// 400 requests a minute.
    Growth,
    /// 400 requests a minute.
    #[default]
    Professional,
    /// 700 requests a minute.
    Enterprise,
}

impl Plan {
    /// Requests per minute, all credentials of the account together.
    #[must_use]
    pub fn requests_per_minute(self) -> u32 {
        match self {
            Self::Team => 200,
            Self::Growth | Self::Professional => 400,
            Self::Enterprise => 700,
        }
    }

    /// Whether the plan has Zendesk Integration Services.
    #[must_use]
    pub fn has_zis(self) -> bool {
        self != Self::Team
    }
}

/// A limit of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointLimit {
    /// Name in the header, where the endpoint has one.
    pub(crate) name: &'static str,
    /// What is counted apart, besides the name.
    pub(crate) key: String,
    /// Requests within the span.
    pub(crate) limit: u32,
    /// The span.
    pub(crate) seconds: i64,
}

/// The endpoint limits that a request counts against. `path` is without `.json`.
pub(crate) fn endpoint_limits(method: &Method, path: &str, user: u64) -> Vec<EndpointLimit> {
    let parts: Vec<&str> = path.trim_start_matches("/api/v2/").split('/').collect();
    let minute = |name, limit| EndpointLimit {
        name,
        key: String::new(),
        limit,
        seconds: 60,
    };
    match (method, parts.as_slice()) {
        (&Method::PUT, ["tickets", id])
        | (&Method::PUT | &Method::POST | &Method::DELETE, ["tickets", id, "tags"])
            if id.parse::<u64>().is_ok() =>
        {
            vec![
                minute("tickets-update", 100),
                EndpointLimit {
                    name: "ticket-update",
                    key: format!("{id}/{user}"),
                    limit: 30,
                    seconds: 600,
                },
            ]
        }
        (&Method::PUT, ["users", id]) => vec![EndpointLimit {
            name: "user-update",
            key: (*id).to_owned(),
            limit: 5,
            seconds: 60,
        }],
        (&Method::GET, ["incremental", ..]) => vec![minute("incremental-exports", 10)],
        (&Method::GET, ["tickets", _, "audits"]) => vec![minute("ticket-audits", 500)],
        (&Method::GET, ["search"]) => vec![minute("search-index", 2500)],
        (&Method::GET, ["ticket_fields"]) => vec![minute("ticket-fields-index", 300)],
        _ => Vec::new(),
    }
}
