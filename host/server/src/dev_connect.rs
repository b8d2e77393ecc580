//! The one development switch, `--dev-connect HOST=127.0.0.1:PORT`: dial that loopback port in plain
//! HTTP where HOST is meant. Names, allow-lists and templates stay real; only the dial target changes.
//!
//! It would let anybody who can set it read a merchant's credentials, so it is refused unless its
//! target is a loopback address and the server listens on one, and it is loud at start.

use std::{net::SocketAddr, str::FromStr};

/// One redirected host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevConnect {
    /// The host that is meant, in lower case.
    pub host: String,
    /// Where to dial instead.
    pub target: SocketAddr,
}

/// Why the switch is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DevConnectError {
    /// Not `HOST=ADDRESS:PORT`.
    #[error("`{0}` is not HOST=127.0.0.1:PORT")]
    Shape(String),
    /// The host is not a plain DNS name.
    #[error("`{0}` is not a host name: write it without scheme, port or path")]
    Host(String),
    /// The target is another machine.
    #[error("`{0}` is not a loopback address: --dev-connect only reaches this machine")]
    Target(SocketAddr),
    /// The server can be reached from other machines.
    #[error(
        "--dev-connect is for development and needs a server on loopback, but --listen is {0}: \
         listen on 127.0.0.1 or leave --dev-connect out"
    )]
    Listen(SocketAddr),
}

impl FromStr for DevConnect {
    type Err = DevConnectError;

    fn from_str(text: &str) -> Result<Self, DevConnectError> {
        let shape = || DevConnectError::Shape(text.to_owned());
        let (host, target) = text.split_once('=').ok_or_else(shape)?;
        let target: SocketAddr = target.parse().map_err(|_| shape())?;
        let plain = !host.is_empty()
            && host.len() <= 253
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
        if !plain {
            return Err(DevConnectError::Host(host.to_owned()));
        }
        if !target.ip().is_loopback() {
            return Err(DevConnectError::Target(target));
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            target,
        })
    }
}

/// Refuses the switch on a server that others can reach.
///
/// # Errors
/// [`DevConnectError::Listen`] where there is a redirect and `listen` is not loopback.
pub fn check(redirects: &[DevConnect], listen: SocketAddr) -> Result<(), DevConnectError> {
    if redirects.is_empty() || listen.ip().is_loopback() {
        return Ok(());
    }
    Err(DevConnectError::Listen(listen))
}

/// Says at start that traffic is redirected.
pub fn warn(redirects: &[DevConnect]) {
    for redirect in redirects {
        tracing::warn!(
            host = redirect.host,
            target = %redirect.target,
            "DEVELOPMENT ONLY: {} is dialled at {} in plain HTTP, without TLS; \
             never use --dev-connect with real credentials",
            redirect.host, redirect.target
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_target_is_read() {
        let read: DevConnect = "Acme.Zendesk.com=127.0.0.1:9001".parse().unwrap();
        assert_eq!(read.host, "acme.zendesk.com");
        assert_eq!(read.target, "127.0.0.1:9001".parse().unwrap());
        assert!("acme.zendesk.com=[::1]:9001".parse::<DevConnect>().is_ok());
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        let refused = |text: &str| text.parse::<DevConnect>().unwrap_err();
        assert!(matches!(
            refused("a.example=10.0.0.1:80"),
            DevConnectError::Target(_)
        ));
        assert!(matches!(
            refused("https://a=127.0.0.1:80"),
            DevConnectError::Host(_)
        ));
        assert!(matches!(refused("=127.0.0.1:80"), DevConnectError::Host(_)));
        assert!(matches!(refused("a.example"), DevConnectError::Shape(_)));
        assert!(matches!(
            refused("a.example=localhost:80"),
            DevConnectError::Shape(_)
        ));
    }

    #[test]
    fn a_public_server_refuses_it() {
        let redirects = ["a.example=127.0.0.1:80".parse().unwrap()];
        let public = "0.0.0.0:8080".parse().unwrap();
        assert_eq!(
            check(&redirects, public),
            Err(DevConnectError::Listen(public))
        );
        assert_eq!(check(&[], public), Ok(()));
        assert_eq!(check(&redirects, "127.0.0.1:0".parse().unwrap()), Ok(()));
    }
}
