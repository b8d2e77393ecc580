//! Where a plugin may go, how it signs in there, and how often it may knock.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::UrlTemplate;

/// One place that a plugin may reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Origin {
    /// Its name in the plugin's requests.
    pub alias: String,
    /// Template over the connection's settings; always https.
    pub url: UrlTemplate,
    /// Allowed methods.
    pub methods: Vec<Method>,
    /// Allowed paths: these, and what lies below them.
    pub path_prefixes: Vec<String>,
    /// Accepted media types of answers.
    pub content_types: Vec<String>,
    /// How the host signs in.
    #[serde(default)]
    pub auth: Auth,
    /// How often the source may be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
}

/// A request method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
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

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the host signs in at an origin. The values lie in the connection's secret slots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "scheme",
    deny_unknown_fields,
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// A header of its own.
    Header {
        /// Name.
        header: String,
        /// Slot of the value.
        slot: String,
        /// Text before the value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefix: Option<String>,
    },
    /// `Authorization: Bearer`.
    Bearer {
        /// Slot of the token.
        slot: String,
    },
    /// `Authorization: Basic`.
    Basic {
        /// Slot of the user name.
        user_slot: String,
        /// Slot of the password.
        password_slot: String,
    },
    /// A query parameter.
    Query {
        /// Name.
        param: String,
        /// Slot of the value.
        slot: String,
    },
}

impl Auth {
    /// The slots that it reads.
    #[must_use]
    pub fn slots(&self) -> Vec<&str> {
        match self {
            Self::None => Vec::new(),
            Self::Header { slot, .. } | Self::Bearer { slot } | Self::Query { slot, .. } => {
                vec![slot]
            }
            Self::Basic {
                user_slot,
                password_slot,
            } => vec![user_slot, password_slot],
        }
    }

    /// Its name in a manifest.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Header { .. } => "header",
            Self::Bearer { .. } => "bearer",
            Self::Basic { .. } => "basic",
            Self::Query { .. } => "query",
        }
    }
}

/// How often a source may be asked, per connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    deny_unknown_fields,
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum RateLimit {
    /// So many requests, refilled at a steady rate.
    Bucket {
        /// Requests that may come at once.
        capacity: u32,
        /// Requests that return per second.
        refill_per_second: f64,
        /// Requests kept for agents; a quarter when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reserve: Option<u32>,
    },
    /// A budget of points that every answer reports, found by JSON pointers into the answer.
    Cost {
        /// Points that the request was reckoned at.
        requested: String,
        /// Points left.
        available: String,
        /// Points at most.
        maximum: String,
        /// Points that return per second.
        restore_rate: String,
        /// Points at most, until an answer says.
        start_maximum: f64,
        /// Points that return per second, until an answer says.
        start_restore_rate: f64,
        /// Points kept for agents.
        #[serde(default)]
        reserve: f64,
    },
}
