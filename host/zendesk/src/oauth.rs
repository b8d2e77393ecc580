//! OAuth 2: the authorization-code flow with PKCE for a public client, refresh, client credentials.
//!
//! Pure text in and out besides the one token request. Whoever keeps tokens must store a refreshed
//! pair before using it and refresh from one place at a time: a refresh kills the old pair.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;
use crate::secret::Secret;

/// Scopes that the host needs. Audits want the global `read`.
pub const SCOPES: &str = "read tickets:write users:write webhooks:write triggers:write";

/// Seconds that an access token is asked to live: the most that Zendesk gives.
const ACCESS_SECONDS: u32 = 172_800;
/// Seconds that a refresh token is asked to live: the most that Zendesk gives.
const REFRESH_SECONDS: u32 = 7_776_000;

/// The challenge of a PKCE verifier, method `S256`.
#[must_use]
pub fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()))
}

/// Where an admin grants access.
///
/// # Errors
/// [`ZendeskError::Setup`] when the subdomain is no name.
pub fn authorize_url(
    subdomain: &str,
    client_id: &str,
    redirect_uri: &str,
    state: &str,
    challenge: &str,
) -> Result<Url, ZendeskError> {
    let base = format!("https://{subdomain}.zendesk.com/oauth/authorizations/new");
    let mut url = Url::parse(&base).map_err(|_| ZendeskError::Setup {
        reason: "the subdomain is no name".to_owned(),
    })?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", SCOPES)
        .append_pair("state", state)
        .append_pair("code_challenge", challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(url)
}

/// How a token is asked for.
#[derive(Clone, Debug)]
pub enum Grant {
    /// The code that the callback brought.
    Code {
        /// The code; lives two minutes.
        code: Secret,
        /// Exactly the one of the authorize URL.
        redirect_uri: String,
        /// The PKCE verifier.
        verifier: Secret,
    },
    /// The refresh token of the last pair.
    Refresh {
        /// The token; dead after this.
        token: Secret,
    },
    /// A confidential client acting as the admin who made it.
    ClientCredentials {
        /// The client's secret.
        secret: Secret,
    },
}

/// A pair of tokens.
#[derive(Clone, Debug, Deserialize)]
pub struct Tokens {
    /// The access token.
    #[serde(deserialize_with = "secret")]
    pub access_token: Secret,
    /// The next refresh token.
    #[serde(default, deserialize_with = "optional_secret")]
    pub refresh_token: Option<Secret>,
    /// What was granted. Compare it: a misspelt scope is dropped in silence.
    #[serde(default)]
    pub scope: String,
    /// Seconds that the access token lives; absent means that it does not expire.
    #[serde(default)]
    pub expires_in: Option<u64>,
}

impl Tokens {
    /// Scopes that were asked for and not granted.
    #[must_use]
    pub fn missing_scopes(&self) -> Vec<&'static str> {
        let granted: Vec<&str> = self.scope.split_whitespace().collect();
        let covered = |wanted: &str| {
            granted.contains(&wanted) || (wanted.ends_with(":write") && granted.contains(&"write"))
        };
        SCOPES
            .split_whitespace()
            .filter(|wanted| !covered(wanted))
            .collect()
    }
}

impl Client {
    /// Asks for tokens. A refused grant is [`ZendeskError::Refused`] with code `invalid_grant`:
    /// authorize again.
    ///
    /// # Errors
    /// See [`ZendeskError`]. After [`ZendeskError::AnswerLost`] on a refresh, authorize again: the
    /// old pair is dead and the new one unknown.
    pub async fn tokens(&self, client_id: &str, grant: &Grant) -> Result<Tokens, ZendeskError> {
        let mut body =
            json!({ "client_id": client_id, "scope": SCOPES, "expires_in": ACCESS_SECONDS });
        let mut put = |key: &str, value: &str| {
            if let Value::Object(map) = &mut body {
                map.insert(key.to_owned(), value.into());
            }
        };
        match grant {
            Grant::Code {
                code,
                redirect_uri,
                verifier,
            } => {
                put("grant_type", "authorization_code");
                put("code", code.expose());
                put("redirect_uri", redirect_uri);
                put("code_verifier", verifier.expose());
            }
            Grant::Refresh { token } => {
                put("grant_type", "refresh_token");
                put("refresh_token", token.expose());
            }
            Grant::ClientCredentials { secret } => {
                put("grant_type", "client_credentials");
                put("client_secret", secret.expose());
            }
        }
        if let (Value::Object(map), false) =
            (&mut body, matches!(grant, Grant::ClientCredentials { .. }))
        {
            map.insert(
                "refresh_token_expires_in".to_owned(),
                REFRESH_SECONDS.into(),
            );
        }
        let call = Call::write(Method::POST, "/oauth/tokens", Some(body));
        self.json(call).await
    }
}

fn secret<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    String::deserialize(from).map(Secret::new)
}

fn optional_secret<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(
            challenge(&verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn the_authorize_url_names_the_account_and_escapes() {
        let url = authorize_url(
            "acme",
            "zdg-ordercase",
            "https://o.example/cb?x=1",
            "s&t",
            "c",
        )
        .unwrap();
        assert_eq!(url.host_str(), Some("acme.zendesk.com"));
        assert!(
            url.as_str()
                .contains("redirect_uri=https%3A%2F%2Fo.example%2Fcb%3Fx%3D1")
        );
        assert!(url.as_str().contains("state=s%26t"));
    }

    #[test]
    fn a_narrower_grant_is_noticed_and_tokens_stay_hidden() {
        let tokens: Tokens = serde_json::from_str(
            r#"{"access_token":"planted","token_type":"bearer","scope":"read write","refresh_token":"planted2"}"#,
        )
        .unwrap();
        assert!(tokens.missing_scopes().is_empty());
        assert!(!format!("{tokens:?}").contains("planted"));
        let narrow = Tokens {
            scope: "read tickets:write".to_owned(),
            ..tokens
        };
        assert_eq!(
            narrow.missing_scopes(),
            ["users:write", "webhooks:write", "triggers:write"]
        );
    }
}
