//! How a request proves who we are.
//!
//! OAuth is the way for new installs. A Basic API token still works until [`LEGACY_TOKEN_END`], but
//! no account can make a new one since 2026-10-27; it stays for old tokens and for the simulator.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use crate::error::ZendeskError;
use crate::secret::Secret;

/// The day on which every API token stops working.
pub const LEGACY_TOKEN_END: &str = "2027-04-30";

/// A credential of one desk.
#[derive(Clone, Debug)]
pub enum Auth {
    /// An old API token: Basic with `{email}/token`.
    ApiToken {
        /// E-mail of a verified agent.
        email: String,
        /// The token.
        token: Secret,
    },
    /// An OAuth access token: Bearer.
    OAuth {
        /// The access token.
        token: Secret,
    },
    /// Nothing, for the token endpoint itself.
    Anonymous,
}

impl Auth {
    /// Whether this is a credential that ends on [`LEGACY_TOKEN_END`].
    #[must_use]
    pub fn is_legacy(&self) -> bool {
        matches!(self, Self::ApiToken { .. })
    }

    /// The `Authorization` header, marked sensitive so that no log shows it.
    pub(crate) fn header(&self) -> Result<Option<HeaderValue>, ZendeskError> {
        let text = match self {
            Self::Anonymous => return Ok(None),
            Self::OAuth { token } => Secret::new(format!("Bearer {}", token.expose())),
            Self::ApiToken { email, token } => {
                let pair = Secret::new(format!("{email}/token:{}", token.expose()));
                Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())))
            }
        };
        let mut value = HeaderValue::from_str(text.expose()).map_err(|_| ZendeskError::Setup {
            reason: "the credential holds characters that no header can carry".to_owned(),
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::{Auth, Secret};

    #[test]
    fn a_legacy_token_is_basic_with_the_literal_token_suffix() {
        let auth = Auth::ApiToken {
            email: "a@b.example".to_owned(),
            token: Secret::new("t"),
        };
        let header = auth.header().unwrap().unwrap();
        assert_eq!(
            header.to_str().unwrap(),
            "Basic YUBiLmV4YW1wbGUvdG9rZW46dA=="
        );
        assert!(header.is_sensitive());
        assert!(auth.is_legacy());
    }

    #[test]
    fn debug_of_a_credential_hides_it() {
        let auth = Auth::OAuth {
            token: Secret::new("planted"),
        };
        assert!(!format!("{auth:?} {:?}", auth.header()).contains("planted"));
    }
}
