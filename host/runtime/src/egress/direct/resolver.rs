//! Names to addresses that may be dialled.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::egress::is_global;

/// Why a name has no address.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("the name has no address")]
    Unknown,
    #[error("the name leads only to private or reserved addresses")]
    NotGlobal,
}

/// Resolves a name once and keeps only global addresses.
pub(super) struct GlobalOnly;

impl Resolve for GlobalOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = found.map_err(|_| ResolveError::Unknown)?.collect();
            if found.is_empty() {
                return Err(ResolveError::Unknown.into());
            }
            let global: Vec<_> = found.into_iter().filter(|a| is_global(a.ip())).collect();
            if global.is_empty() {
                return Err(ResolveError::NotGlobal.into());
            }
            Ok(Box::new(global.into_iter()) as Addrs)
        })
    }
}
