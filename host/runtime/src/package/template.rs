//! The URL template of an origin: `https://{shop_domain}/api`.
//!
//! A setting that stands in the authority may hold a host name and a port and nothing else, so that
//! no value can move the authority's end. A setting in the path holds plain path segments.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};

use super::SettingProblem;

/// A template over settings that yields an https base URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UrlTemplate {
    text: String,
    authority: Vec<Part>,
    path: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Setting(String),
}

const SCHEME: &str = "https://";

impl UrlTemplate {
    /// The template's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Names of the settings in it.
    pub fn settings(&self) -> impl Iterator<Item = &str> {
        let parts = self.authority.iter().chain(&self.path);
        parts.filter_map(|part| match part {
            Part::Setting(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The base URL under these settings: https, a host by name, no query, no trailing slash.
    ///
    /// # Errors
    /// When a setting is missing or holds what cannot stand there.
    pub fn expand(&self, settings: &Value) -> Result<Url, SettingProblem> {
        let mut text = String::from(SCHEME);
        fill(&mut text, &self.authority, settings, is_authority)?;
        let authority_end = text.len();
        fill(&mut text, &self.path, settings, is_path)?;
        let bad = |message: String| SettingProblem {
            field: self.settings().next().unwrap_or("url").to_owned(),
            message,
        };
        let url = Url::parse(&text).map_err(|error| bad(format!("makes no URL: {error}")))?;
        let path_kept = url.path().trim_end_matches('/') == text.get(authority_end..).unwrap_or("");
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        match url.host() {
            Some(Host::Domain(_)) if path_kept && plain => Ok(url),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => {
                Err(bad("must be a host name, not an IP address".to_owned()))
            }
            _ => Err(bad("does not make a plain https address".to_owned())),
        }
    }
}

fn fill(
    out: &mut String,
    parts: &[Part],
    settings: &Value,
    allowed: fn(&str) -> bool,
) -> Result<(), SettingProblem> {
    for part in parts {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Setting(name) => {
                let value = settings.get(name).and_then(Value::as_str);
                let problem = |message: &str| SettingProblem {
                    field: name.clone(),
                    message: message.to_owned(),
                };
                let value = value.ok_or_else(|| problem("is needed for the shop's address"))?;
                if !allowed(value) {
                    return Err(problem("cannot stand in the shop's address"));
                }
                out.push_str(value);
            }
        }
    }
    Ok(())
}

/// A host name with an optional port, or a part of one.
fn is_authority(value: &str) -> bool {
    let (host, port) = value
        .split_once(':')
        .map_or((value, None), |(h, p)| (h, Some(p)));
    let host_ok = !host.is_empty()
        && host.len() <= 253
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    host_ok && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Path segments of unreserved characters.
fn is_path(value: &str) -> bool {
    let segment = |s: &str| {
        !s.is_empty()
            && s != "."
            && s != ".."
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
    };
    value.split('/').all(segment)
}

impl FromStr for UrlTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or("an origin's url must start with https://")?;
        let split = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(split);
        let literal_ok = |part: &Part, allowed: fn(&str) -> bool| match part {
            Part::Literal(text) => allowed(text),
            Part::Setting(_) => true,
        };
        let authority = parts(authority)?;
        let path = parts(path.trim_end_matches('/'))?;
        let host_literal: fn(&str) -> bool = |t| {
            t.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':'))
        };
        let path_literal: fn(&str) -> bool = |t| is_path(t.trim_matches('/')) || t == "/";
        if authority.is_empty() || !authority.iter().all(|p| literal_ok(p, host_literal)) {
            return Err(format!("`{text}` has no plain host after https://"));
        }
        if !path.iter().all(|p| literal_ok(p, path_literal)) {
            return Err(format!(
                "`{text}` has a path with characters that need escaping"
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            authority,
            path,
        })
    }
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| format!("`{text}` opens a brace and does not close it"))?;
        let named = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !named {
            return Err(format!("`{{{name}}}` is not the name of a setting"));
        }
        if !before.is_empty() {
            out.push(Part::Literal(before.to_owned()));
        }
        out.push(Part::Setting(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        out.push(Part::Literal(rest.to_owned()));
    }
    Ok(out)
}

impl TryFrom<String> for UrlTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<UrlTemplate> for String {
    fn from(template: UrlTemplate) -> Self {
        template.text
    }
}

impl fmt::Display for UrlTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expand(template: &str, settings: &Value) -> Result<String, String> {
        let template: UrlTemplate = template.parse()?;
        let url = template.expand(settings).map_err(|p| p.to_string())?;
        Ok(url.to_string())
    }

    #[test]
    fn settings_fill_host_port_and_path() {
        let settings = json!({"host": "shop.example:8443", "base": "wp/shop"});
        assert_eq!(
            expand("https://{host}/{base}", &settings).unwrap(),
            "https://shop.example:8443/wp/shop"
        );
        assert_eq!(
            expand("https://api.{host}/v1/", &json!({"host": "shop.example"})).unwrap(),
            "https://api.shop.example/v1"
        );
    }

    #[test]
    fn no_value_moves_the_authority() {
        let hosts = [
            "",
            "evil.example/",
            "evil.example#",
            "evil.example?x",
            "u@evil.example",
            "a b",
            "evil.example\\",
            "shop.example:0",
            "shop.example:99999",
            "shop.example:1:2",
            "[::1]",
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "::1",
        ];
        for host in hosts {
            let expanded = expand("https://{host}", &json!({ "host": host }));
            assert!(expanded.is_err(), "{host} became {expanded:?}");
        }
    }

    #[test]
    fn no_value_climbs_out_of_the_path() {
        for base in [
            "..", "a/../b", ".", "a//b", "%2e%2e", "a?b", "a#b", "/a", "a\\b", "",
        ] {
            let expanded = expand("https://h.example/{base}", &json!({ "base": base }));
            assert!(expanded.is_err(), "{base} became {expanded:?}");
        }
    }

    #[test]
    fn only_https_templates_with_named_settings_are_read() {
        for template in [
            "http://{host}",
            "ftp://x",
            "https://",
            "https:///x",
            "https://{}",
            "https://{Host}",
            "https://{host",
            "https://u@h",
            "https://h/a b",
            "https://h/%2e%2e",
            "https://h/../x",
        ] {
            assert!(
                template.parse::<UrlTemplate>().is_err(),
                "{template} was read"
            );
        }
    }
}
