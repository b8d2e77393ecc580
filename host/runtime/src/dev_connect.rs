//! `--dev-connect HOST=127.0.0.1:PORT`: reach a simulator under a real shop's name.
//!
//! Changes where a connection is opened and that it has no TLS, and nothing else: templates, allowed
//! methods and paths, the `Host` header, credentials and limits stay as they are in production.

use std::{net::SocketAddr, str::FromStr};

/// A host name that is dialled on a loopback port instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevConnect {
    host: String,
    target: SocketAddr,
}

/// Why a text is no such pair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DevConnectError {
    /// Not `HOST=IP:PORT`.
    #[error("`{0}` does not read HOST=127.0.0.1:PORT")]
    Shape(String),
    /// The target is another machine.
    #[error("`{0}` leads off this machine: only loopback addresses may stand in for a shop")]
    NotLoopback(SocketAddr),
}

impl DevConnect {
    /// That host on that loopback address.
    ///
    /// # Errors
    /// When the address is not loopback, or the host is none.
    pub fn new(host: &str, target: SocketAddr) -> Result<Self, DevConnectError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(DevConnectError::Shape(format!("{host}={target}")));
        }
        if !target.ip().is_loopback() || target.port() == 0 {
            return Err(DevConnectError::NotLoopback(target));
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            target,
        })
    }

    /// The host's name.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where it is dialled.
    #[must_use]
    pub fn target(&self) -> SocketAddr {
        self.target
    }
}

impl FromStr for DevConnect {
    type Err = DevConnectError;

    fn from_str(text: &str) -> Result<Self, DevConnectError> {
        let shape = || DevConnectError::Shape(text.to_owned());
        let (host, target) = text.split_once('=').ok_or_else(shape)?;
        Self::new(host.trim(), target.trim().parse().map_err(|_| shape())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_targets_are_taken() {
        let ok: DevConnect = "Shop.Example=127.0.0.1:8080".parse().unwrap();
        assert_eq!((ok.host(), ok.target().port()), ("shop.example", 8080));
        for bad in [
            "",
            "x",
            "x=",
            "=127.0.0.1:1",
            "x=localhost:1",
            "x=10.0.0.1:80",
            "x=127.0.0.1:0",
            "a b=127.0.0.1:1",
            "x=169.254.169.254:80",
        ] {
            assert!(bad.parse::<DevConnect>().is_err(), "{bad}");
        }
    }
}
