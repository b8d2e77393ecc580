//! Connections: named credentials of an integration, each bound to one domain.
//!
//! Zendesk sends a credential to the connection's allowed domain and nowhere else. The check is
//! here, before a request exists, so that no port can forget it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::limits::{
    CONNECTION_CHARS_MAX, CONNECTION_CHARS_MIN, DOMAIN_CHARS_MAX, DOMAIN_LABEL_CHARS_MAX,
};

/// A text that never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// How a connection authenticates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// `Authorization: Bearer`.
    Bearer(Secret),
    /// `Authorization: Basic`.
    Basic {
        /// The user's name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A header of the connection's choice.
    ApiKey {
        /// The header.
        header: String,
        /// The key.
        key: Secret,
    },
    /// `Authorization: Bearer`; flows may also read `$.connections.{name}.access_token`.
    OAuth(Secret),
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Name, unique in the integration across all kinds.
    pub name: String,
    /// Host to which the credential may go: `api.example.com` or `*.example.com`, which covers the
    /// bare domain and everything below it.
    pub allowed_domain: String,
    /// The credential.
    pub credential: Credential,
}

impl Connection {
    /// True for a name that Zendesk takes.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        (CONNECTION_CHARS_MIN..=CONNECTION_CHARS_MAX).contains(&name.len())
            && name.bytes().all(allowed)
    }

    /// True for a domain that Zendesk takes: a host name with at least one dot, optionally behind
    /// `*.`; no scheme, port or path.
    #[must_use]
    pub fn is_domain(domain: &str) -> bool {
        let host = domain.strip_prefix("*.").unwrap_or(domain);
        domain.len() <= DOMAIN_CHARS_MAX && is_host(host) && host.contains('.')
    }

    pub(super) fn header(&self) -> (String, Secret) {
        let authorization = |text| ("Authorization".to_owned(), Secret::new(text));
        match &self.credential {
            Credential::Bearer(token) | Credential::OAuth(token) => {
                authorization(format!("Bearer {}", token.expose()))
            }
            Credential::Basic { username, password } => {
                let pair = STANDARD.encode(format!("{username}:{}", password.expose()));
                authorization(format!("Basic {pair}"))
            }
            Credential::ApiKey { header, key } => (header.clone(), key.clone()),
        }
    }

    pub(super) const fn secret(&self) -> &Secret {
        match &self.credential {
            Credential::Bearer(secret)
            | Credential::OAuth(secret)
            | Credential::Basic {
                password: secret, ..
            }
            | Credential::ApiKey { key: secret, .. } => secret,
        }
    }
}

/// True for a host name: labels of letters, digits and inner hyphens.
pub(crate) fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=DOMAIN_LABEL_CHARS_MAX).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= DOMAIN_CHARS_MAX && host.split('.').all(label)
}

/// True where a credential bound to `allowed_domain` may go to `url`: https, and that host.
#[must_use]
pub fn allows(allowed_domain: &str, url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let same = |domain: &str| host.eq_ignore_ascii_case(domain);
    let covered = match allowed_domain.strip_prefix("*.") {
        None => same(allowed_domain),
        Some(domain) => {
            let split = host.len().checked_sub(domain.len());
            let tail = split.and_then(|at| host.split_at_checked(at));
            tail.is_some_and(|(head, tail)| {
                tail.eq_ignore_ascii_case(domain) && (head.is_empty() || head.ends_with('.'))
            })
        }
    };
    url.scheme() == "https" && covered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(domain: &str, url: &str) -> bool {
        allows(domain, &Url::parse(url).unwrap())
    }

    #[test]
    fn a_credential_goes_to_its_own_host_over_https_only() {
        assert!(allowed("api.example.com", "https://api.example.com/v1"));
        assert!(allowed(
            "api.example.com",
            "https://API.example.com:8443/v1"
        ));
        for url in [
            "http://api.example.com/v1",
            "https://example.com/",
            "https://api.example.com.evil.test/",
            "https://evil.test/?api.example.com",
            "https://api.example.com@evil.test/",
        ] {
            assert!(!allowed("api.example.com", url), "{url}");
        }
    }

    #[test]
    fn a_wildcard_covers_the_bare_domain_and_what_is_below() {
        for url in [
            "https://example.com/",
            "https://a.example.com/",
            "https://a.b.example.com/",
        ] {
            assert!(allowed("*.example.com", url), "{url}");
        }
        for url in [
            "https://badexample.com/",
            "https://example.com.evil.test/",
            "https://com/",
        ] {
            assert!(!allowed("*.example.com", url), "{url}");
        }
    }

    #[test]
    fn names_and_domains_are_those_that_zendesk_takes() {
        assert!(Connection::is_name("ordercase_host") && Connection::is_name("a-1"));
        assert!(!Connection::is_name("ab") && !Connection::is_name("with space"));
        assert!(!Connection::is_name(&"x".repeat(65)));
        assert!(Connection::is_domain("*.example.com") && Connection::is_domain("a.example.com"));
        for domain in [
            "https://a.example.com",
            "a.example.com/x",
            "a.example.com:443",
            "localhost",
            "*.",
            "a..b",
        ] {
            assert!(!Connection::is_domain(domain), "{domain}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let credential = Credential::Bearer(Secret::new("canary"));
        assert!(!format!("{credential:?}").contains("canary"));
    }
}
