//! Why a call of a plugin failed. The host turns each case into exactly one retry class, so the
//! case matters more than the text; the text is for the operator who reads it.

use crate::host::HttpError;

/// Why a call failed; mirrors `plugin-error` of the contract.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// The source refuses the credential: a person has to authorise again.
    #[error("the source refuses the credential: {0}")]
    AuthExpired(String),
    /// Ask again later; milliseconds, where the source said so.
    #[error("the source asks to wait{}", wait(.0.as_ref()))]
    RateLimited(Option<u64>),
    /// The record is gone.
    #[error("not found: {0}")]
    NotFound(String),
    /// A setting cannot work.
    #[error("setting `{field}`: {message}")]
    InvalidConfig {
        /// Which setting.
        field: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The input does not have the promised shape.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The source failed.
    #[error("the source answered {status}: {message}")]
    Upstream {
        /// HTTP status; 0 when no answer came.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The cursor is not ours or has expired.
    #[error("cursor: {0}")]
    InvalidCursor(String),
    /// The source cannot do that.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// A bug of the plugin.
    #[error("internal: {0}")]
    Internal(String),
}

fn wait(ms: Option<&u64>) -> String {
    ms.map_or_else(String::new, |ms| format!(" {ms} ms"))
}

impl PluginError {
    /// A [`Self::Malformed`] that says what was read and why it failed.
    pub fn malformed(what: &str, why: impl std::fmt::Display) -> Self {
        Self::Malformed(format!("{what}: {why}"))
    }

    /// An [`Self::InvalidConfig`] that says which mapping is missing: without it the input cannot be told at all. The
    /// host parks the input under `FIELD=WORD` and reads it again once an operator has mapped the word.
    ///
    /// A word that can be told as `unknown` is told so instead: the operator decides which fields must be mapped.
    ///
    /// ```
    /// use ordercase_sdk::PluginError;
    ///
    /// let PluginError::InvalidConfig { field, .. } = PluginError::missing_mapping("Return.status", "v1.2") else {
    ///     unreachable!()
    /// };
    /// assert_eq!(field, "overrides.Return~1status.v1.2");
    /// ```
    #[must_use]
    pub fn missing_mapping(field: &str, word: &str) -> Self {
        let field = field.replace('~', "~0").replace('.', "~1");
        Self::InvalidConfig {
            field: format!("overrides.{field}.{word}"),
            message: "no mapping says what this word means".to_owned(),
        }
    }
}

impl From<HttpError> for PluginError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::RateLimited(ms) => Self::RateLimited(ms),
            HttpError::Denied(why) => Self::Internal(format!(
                "the host denied a request ({why}): the manifest's origins do not allow it"
            )),
            HttpError::BudgetSpent => Self::Internal(
                "the call spent its number of requests: ask for fewer records per page".to_owned(),
            ),
            HttpError::TooLarge => Self::Upstream {
                status: 0,
                message:
                    "the answer is larger than the host accepts: ask for fewer records per page"
                        .to_owned(),
            },
            HttpError::Timeout
            | HttpError::Tls(_)
            | HttpError::Dns(_)
            | HttpError::Connection(_) => Self::Upstream {
                status: 0,
                message: error.to_string(),
            },
        }
    }
}
