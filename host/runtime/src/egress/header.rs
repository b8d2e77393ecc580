//! Which headers of a request are the host's, and which of an answer reach the plugin.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Refusal, redact::Needles};
use crate::limits;

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

/// Headers of an answer that say how it travelled, or that a browser would keep.
const TRANSIENT: [&str; 9] = [
    "connection",
    "content-encoding",
    "content-length",
    "keep-alive",
    "set-cookie",
    "set-cookie2",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether a header belongs to the host.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|p| name.starts_with(p))
}

/// The headers of a plugin's request that are let through. Reserved ones, and the one that the
/// manifest signs in with, are dropped; broken or too many are refused.
pub(super) fn let_through(
    given: &[(String, String)],
    signing: Option<&str>,
) -> Result<HeaderMap, Refusal> {
    let bytes: usize = given.iter().map(|(n, v)| n.len() + v.len()).sum();
    if given.len() > limits::REQUEST_HEADERS_MAX || bytes > limits::REQUEST_HEADER_BYTES_MAX {
        return Err(Refusal::denied(format!(
            "more than {} headers or {} bytes of them",
            limits::REQUEST_HEADERS_MAX,
            limits::REQUEST_HEADER_BYTES_MAX
        )));
    }
    let mut out = HeaderMap::new();
    for (name, value) in given {
        if is_reserved(name) || signing.is_some_and(|ours| ours.eq_ignore_ascii_case(name)) {
            continue;
        }
        let broken = || Refusal::denied("a header's name or value has forbidden characters");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| broken())?;
        let value = HeaderValue::from_str(value).map_err(|_| broken())?;
        out.append(name, value);
    }
    Ok(out)
}

/// The headers of an answer that reach the plugin: text, no cookies, none that echoes a secret.
pub(super) fn hand_on(answer: &HeaderMap, needles: &Needles) -> Vec<(String, String)> {
    let mut bytes = 0;
    let mut out = Vec::new();
    for (name, value) in answer {
        let Ok(text) = value.to_str() else { continue };
        if TRANSIENT.contains(&name.as_str()) || needles.are_in(text.as_bytes()) {
            continue;
        }
        bytes += name.as_str().len() + text.len();
        if bytes > limits::RESPONSE_HEADER_BYTES_MAX {
            break;
        }
        out.push((name.as_str().to_owned(), text.to_owned()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|&(n, v)| (n.to_owned(), v.to_owned()))
            .collect()
    }

    #[test]
    fn the_hosts_headers_are_dropped_and_the_rest_stay() {
        let given = pairs(&[
            ("Authorization", "Bearer x"),
            ("HOST", "evil.example"),
            ("X-Forwarded-Host", "evil.example"),
            ("Proxy-Authorization", "x"),
            ("Transfer-Encoding", "chunked"),
            ("X-Shop-Token", "guess"),
            ("Accept", "application/json"),
            ("x-request-id", "7"),
        ]);
        let left = let_through(&given, Some("x-shop-token")).unwrap();
        let names: Vec<_> = left.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["accept", "x-request-id"]);
    }

    #[test]
    fn broken_and_too_many_headers_are_refused() {
        for (name, value) in [
            ("a b", "x"),
            ("a", "x\r\nhost: evil"),
            ("", "x"),
            ("ä", "x"),
        ] {
            assert!(
                let_through(&pairs(&[(name, value)]), None).is_err(),
                "{name:?}"
            );
        }
        let many = vec![("a".to_owned(), "x".to_owned()); limits::REQUEST_HEADERS_MAX + 1];
        assert!(let_through(&many, None).is_err());
        let long = pairs(&[("a", &"x".repeat(limits::REQUEST_HEADER_BYTES_MAX))]);
        assert!(let_through(&long, None).is_err());
    }

    #[test]
    fn cookies_and_echoes_do_not_reach_the_plugin() {
        let mut answer = HeaderMap::new();
        answer.insert("set-cookie", HeaderValue::from_static("sid=1"));
        answer.insert(
            "x-echo",
            HeaderValue::from_static("token canary-0123456789"),
        );
        answer.insert("link", HeaderValue::from_static("<p2>; rel=next"));
        let needles = Needles::of([("token", "canary-0123456789")]);
        assert_eq!(
            hand_on(&answer, &needles),
            pairs(&[("link", "<p2>; rel=next")])
        );
    }
}
