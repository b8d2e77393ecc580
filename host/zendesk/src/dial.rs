//! The development switch `--dev-connect HOST=127.0.0.1:PORT`.
//!
//! It changes only what is dialled: a loopback port in plain HTTP instead of the host over TLS. The
//! URL, the `Host` header and every allow-list keep the real name, so nothing else in the product
//! knows that it talks to a simulator. Whoever takes it from a command line must warn loudly.

use std::net::SocketAddr;
use std::str::FromStr;

use crate::error::ZendeskError;

/// One host that is dialled elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevConnect {
    host: String,
    target: SocketAddr,
}

impl DevConnect {
    /// Maps `host` to a loopback address.
    ///
    /// # Errors
    /// When the target is not a loopback address or the host is no plain name.
    pub fn new(host: &str, target: SocketAddr) -> Result<Self, ZendeskError> {
        let plain = !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
        if !plain || !target.ip().is_loopback() {
            return Err(ZendeskError::Setup {
                reason: "dev-connect wants HOST=127.0.0.1:PORT with a loopback address".to_owned(),
            });
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            target,
        })
    }

    /// The real name.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What is dialled.
    #[must_use]
    pub fn target(&self) -> SocketAddr {
        self.target
    }
}

impl FromStr for DevConnect {
    type Err = ZendeskError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text
            .split_once('=')
            .and_then(|(host, target)| Some((host, target.parse().ok()?)));
        let Some((host, target)) = parsed else {
            return Err(ZendeskError::Setup {
                reason: "dev-connect wants HOST=127.0.0.1:PORT".to_owned(),
            });
        };
        Self::new(host, target)
    }
}

#[cfg(test)]
mod tests {
    use super::DevConnect;

    #[test]
    fn only_loopback_targets_pass() {
        let ok: DevConnect = "Acme.zendesk.com=127.0.0.1:99".parse().unwrap();
        assert_eq!(ok.host(), "acme.zendesk.com");
        for bad in [
            "acme=10.0.0.1:80",
            "acme",
            "=127.0.0.1:1",
            "a b=127.0.0.1:1",
            "a=b",
        ] {
            assert!(bad.parse::<DevConnect>().is_err(), "{bad}");
        }
    }
}
