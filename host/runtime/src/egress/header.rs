//! Which headers of a request are the host's.

/// Headers that a plugin's request never carries: who signs in, where it goes, how it travels.
const RESERVED: [&str; 20] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "origin",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-http-method-override",
    "x-real-ip",
];

const RESERVED_PREFIXES: [&str; 3] = ["proxy-", "sec-", "x-forwarded-"];

/// Whether a header belongs to the host.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|p| name.starts_with(p))
}
