//! `ZIS::Action::Http`: one HTTP call, with holes that the calling state fills.

use serde_json::Value;

/// A custom HTTP action.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpAction {
    /// Key of the resource in the bundle.
    pub key: String,
    /// Name that addresses use.
    pub name: String,
    /// The verb.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// Headers in the order of the bundle.
    pub headers: Vec<Header>,
    /// Query parameters; two pages of the documentation name this field differently.
    pub query: Vec<Header>,
    /// What is sent.
    pub body: Option<Body>,
    /// The connection whose credential Zendesk adds.
    pub connection_name: Option<String>,
}

/// An HTTP verb that ZIS knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the verbs speak for themselves")]
pub enum Method {
    Get,
    Head,
    Put,
    Post,
    Delete,
    Options,
    Patch,
    Trace,
}

impl Method {
    /// The verb of this text; ZIS writes them in capitals.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Some(match text {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "PUT" => Self::Put,
            "POST" => Self::Post,
            "DELETE" => Self::Delete,
            "OPTIONS" => Self::Options,
            "PATCH" => Self::Patch,
            "TRACE" => Self::Trace,
            _ => return None,
        })
    }

    /// The verb as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Trace => "TRACE",
        }
    }
}

/// A text of an action's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What the bundle says.
    pub text: String,
    /// True where the key carries the suffix `.$`, so that a pure path is a path.
    pub dynamic: bool,
}

/// Where an action goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An absolute URL of anyone's.
    Url(Text),
    /// A path of the account's own Zendesk API.
    Path(Text),
}

impl Target {
    /// The text, whichever it is.
    #[must_use]
    pub const fn text(&self) -> &Text {
        match self {
            Self::Url(text) | Self::Path(text) => text,
        }
    }
}

/// A header or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: Text,
}

/// What an action sends.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `requestBody`: JSON with placeholders and `.$` keys.
    Template(Value),
    /// `requestBody.$`: one value, with its type.
    Dynamic(String),
}
