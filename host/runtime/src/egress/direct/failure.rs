//! What a failed request means. Texts name the host and the cause; the URL, whose query may carry a
//! credential, is never printed.

use std::error::Error;

use super::resolver::ResolveError;
use crate::egress::TransportError;

pub(super) fn classify(host: &str, error: &reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::Timeout;
    }
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    let mut last = None;
    while let Some(inner) = cause {
        if let Some(resolve) = inner.downcast_ref::<ResolveError>() {
            return TransportError::Dns(format!("{host}: {resolve}"));
        }
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return TransportError::Tls(format!("{host}: {tls}"));
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && let Some(tls) = io.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>())
        {
            return TransportError::Tls(format!("{host}: {tls}"));
        }
        last = Some(inner);
        cause = inner.source();
    }
    let what = match last {
        Some(root) => root.to_string(),
        None if error.is_decode() => "the answer cannot be decoded".to_owned(),
        None => "the request failed".to_owned(),
    };
    TransportError::Connection(format!("{host}: {what}"))
}
