//! HTTP actions: addresses, credentials, bodies.

use serde_json::Value;

use super::Findings;
use super::flow::looks_like_path;
use crate::emulate::Connection;
use crate::finding::child;
use crate::model::{Body, Bundle, HttpAction, Method, Target};

pub(super) fn lint(bundle: &Bundle, findings: &mut Findings) {
    for action in bundle.actions() {
        let path = format!(
            "{}.properties.definition",
            child("$.resources", &action.key)
        );
        target(action, &path, findings);
        credentials(action, &path, findings);
        body(action, &path, findings);
        if !action.query.is_empty() {
            let what = "two pages of the documentation name the query field differently";
            findings.warn("H06", &path, what, "write the query into the url or path");
        }
    }
}

fn has_header(action: &HttpAction, name: &str) -> bool {
    action
        .headers
        .iter()
        .any(|header| header.key.eq_ignore_ascii_case(name))
}

fn target(action: &HttpAction, path: &str, findings: &mut Findings) {
    let text = &action.target.text().text;
    match &action.target {
        Target::Path(_) => {
            if text.contains("://") {
                let what = "the path is an absolute address";
                findings.warn("H03", path, what, "use \"url\" for it");
            }
            if action.connection_name.is_none() && !has_header(action, "authorization") {
                let what = "a call of the Zendesk API does not authenticate by itself";
                findings.warn("H03", path, what, "name a connection");
            }
        }
        Target::Url(_) if text.starts_with('/') => {
            let what = "the url is a path";
            findings.warn("H03", path, what, "use \"path\" for the account's own API");
        }
        Target::Url(_) if text.starts_with("http://") => {
            let what = "the url is not encrypted";
            findings.warn(
                "H04",
                path,
                what,
                "use https; connections send nothing elsewhere",
            );
        }
        Target::Url(_) => {}
    }
}

fn credentials(action: &HttpAction, path: &str, findings: &mut Findings) {
    if let Some(name) = &action.connection_name
        && !Connection::is_name(name)
    {
        let what = format!("\"{name}\" is no connection name");
        let at = format!("{path}.connectionName");
        findings.error("H07", &at, what, "use 3 to 64 of A-Z, a-z, 0-9, _ and -");
    }
    for (i, header) in action.headers.iter().enumerate() {
        if header.key.eq_ignore_ascii_case("authorization") {
            let what = "the action handles a credential itself";
            let at = format!("{path}.headers[{i}]");
            findings.warn("H04", &at, what, "name a connection instead");
        }
        if header.key.eq_ignore_ascii_case("host") {
            let what = "the action sets the Host header";
            findings.warn("H04", &format!("{path}.headers[{i}]"), what, "remove it");
        }
    }
}

fn body(action: &HttpAction, path: &str, findings: &mut Findings) {
    let Some(body) = &action.body else { return };
    if matches!(action.method, Method::Get | Method::Head) {
        let what = format!("a {} has a body", action.method.as_str());
        findings.warn("H05", path, what, "remove it");
    }
    if !has_header(action, "content-type") {
        let what = "the body has no Content-Type";
        findings.warn(
            "H05",
            path,
            what,
            "add the header Content-Type: application/json",
        );
    }
    if let Body::Template(template) = body {
        literals(template, &format!("{path}.requestBody"), findings);
    }
}

fn literals(value: &Value, path: &str, findings: &mut Findings) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let at = child(path, key);
                if !key.ends_with(".$") && looks_like_path(value) {
                    let what = format!("{value} is sent literally");
                    findings.warn("P01", &at, what, "write the key with .$, or {{$.path}}");
                }
                literals(value, &at, findings);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                literals(item, &format!("{path}[{i}]"), findings);
            }
        }
        _ => {}
    }
}
