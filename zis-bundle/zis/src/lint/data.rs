//! How data moves: notations that do nothing, jq that does not parse, roots that nobody makes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::flow::looks_like_path;
use super::{Findings, states};
use crate::address::BuiltIn;
use crate::emulate::check_jq;
use crate::finding::child;
use crate::model::{ActionState, Machine, StateKind, Wait};
use crate::reference::Reference;
use crate::template::{has_placeholder, placeholders};

/// Roots that every document has.
const GIVEN: [&str; 5] = [
    "account_id",
    "integration_key",
    "subdomain",
    "input",
    "connections",
];

/// Lints a machine; `outer` is false inside a Map, where `$` is the item and anything may be in it.
pub(super) fn lint(machine: &Machine, place: &str, outer: bool, findings: &mut Findings) {
    let roots = if outer { roots(machine) } else { None };
    for (_, state, path) in states(machine, place) {
        match &state.kind {
            StateKind::Action(action) => {
                let at = format!("{path}.Parameters");
                let is_jq = BuiltIn::of(&action.action_name) == Some(BuiltIn::Jq);
                if let Some(parameters) = &action.parameters {
                    let mut reads = Vec::new();
                    walk(parameters, &at, is_jq, &mut reads, findings);
                    known_roots(&reads, roots.as_ref(), findings);
                }
                if is_jq {
                    jq(action, &at, findings);
                }
            }
            StateKind::Map(map) => {
                let reads = [(map.items_path.clone(), format!("{path}.ItemsPath"))];
                known_roots(&reads, roots.as_ref(), findings);
                lint(&map.iterator, &format!("{path}.Iterator"), false, findings);
            }
            StateKind::Wait {
                wait: Wait::Path(read),
                ..
            } => {
                let reads = [(read.clone(), format!("{path}.SecondsPath"))];
                known_roots(&reads, roots.as_ref(), findings);
            }
            StateKind::Succeed { message } => {
                texts(message.as_deref(), &path, roots.as_ref(), findings);
            }
            StateKind::Fail { error, cause } => {
                for text in [error, cause] {
                    texts(Some(text), &path, roots.as_ref(), findings);
                }
            }
            _ => {}
        }
    }
}

/// The roots that a machine's documents can have; `None` where a state replaces the document.
fn roots(machine: &Machine) -> Option<BTreeSet<String>> {
    let mut roots: BTreeSet<String> = GIVEN.iter().map(|&root| root.to_owned()).collect();
    for state in machine.states.values() {
        let written: Vec<Option<&String>> = match &state.kind {
            StateKind::Action(action) => {
                let catches = action.catch.iter().map(|catch| catch.result_path.as_ref());
                catches.chain([action.result_path.as_ref()]).collect()
            }
            StateKind::Map(map) => {
                let catches = map.catch.iter().map(|catch| catch.result_path.as_ref());
                catches.chain([map.result_path.as_ref()]).collect()
            }
            StateKind::Pass(pass) => vec![pass.result_path.as_ref()],
            _ => Vec::new(),
        };
        for path in written {
            let root = path.and_then(|path| path.parse::<Reference>().ok());
            match root {
                Some(reference) if !reference.is_root() => {
                    roots.extend(reference.root_key().map(str::to_owned));
                }
                _ if state.kind.ends() => {}
                _ => return None,
            }
        }
    }
    Some(roots)
}

fn known_roots(
    reads: &[(String, String)],
    roots: Option<&BTreeSet<String>>,
    findings: &mut Findings,
) {
    for (read, path) in reads {
        match read.parse::<Reference>() {
            Err(error) => {
                findings.error("P06", path, error.to_string(), "write a reference path");
            }
            Ok(reference) => {
                let root = reference.root_key();
                if let (Some(root), Some(roots)) = (root, roots)
                    && !roots.contains(root)
                {
                    let what = format!("nothing in this flow makes $.{root}");
                    let fix = "store it there first; settings come from LoadConfig";
                    findings.error("P05", path, what, fix);
                }
            }
        }
    }
}

fn texts(
    text: Option<&str>,
    path: &str,
    roots: Option<&BTreeSet<String>>,
    findings: &mut Findings,
) {
    let text = text.unwrap_or_default();
    let reads: Vec<_> = placeholders(text)
        .map(|read| (read.to_owned(), path.to_owned()))
        .collect();
    known_roots(&reads, roots, findings);
    if reads
        .iter()
        .any(|(read, _)| read.contains("token") || read.contains("password"))
    {
        let what = "the text may show a credential to every admin";
        findings.warn("S01", path, what, "leave it out");
    }
}

/// Looks at `Parameters`, collecting the paths that are read.
fn walk(
    value: &Value,
    path: &str,
    is_jq: bool,
    reads: &mut Vec<(String, String)>,
    findings: &mut Findings,
) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let at = child(path, key);
                match (key.strip_suffix(".$"), value) {
                    (Some(_), Value::String(text)) if has_placeholder(text) => {
                        reads.extend(placeholders(text).map(|read| (read.to_owned(), at.clone())));
                    }
                    (Some(_), Value::String(text)) if text.starts_with('$') => {
                        reads.push((text.clone(), at));
                    }
                    (Some("expr"), Value::String(_)) if is_jq => {}
                    (Some(name), _) => {
                        let what = format!("\"{key}\" holds neither a path nor a placeholder");
                        let fix = format!("write \"{name}\" for a constant");
                        findings.error("P02", &at, what, &fix);
                    }
                    (None, Value::String(text)) if !(is_jq && key == "expr") => {
                        literal(key, text, &at, findings);
                    }
                    (None, value) => walk(value, &at, is_jq, reads, findings),
                }
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{i}]"), is_jq, reads, findings);
            }
        }
        _ => {}
    }
}

fn literal(key: &str, text: &str, path: &str, findings: &mut Findings) {
    if has_placeholder(text) || looks_like_path(&Value::from(text)) {
        let what = format!("\"{text}\" is passed literally");
        let fix = format!("write \"{key}.$\" to have it filled");
        findings.error("P01", path, what, &fix);
    }
}

fn jq(action: &ActionState, path: &str, findings: &mut Findings) {
    let parameters = action.parameters.as_ref();
    let text = |key: &str| {
        parameters
            .and_then(|all| all.get(key))
            .and_then(Value::as_str)
    };
    if let Some(expression) = text("expr") {
        let at = format!("{path}.expr");
        if has_placeholder(expression) {
            let what = "the placeholder in \"expr\" is not filled";
            findings.error("P01", &at, what, "pass the value through \"data.$\"");
        } else if let Err(error) = check_jq(expression) {
            findings.error("P09", &at, format!("jq: {error}"), "correct the expression");
        }
    }
    if text("expr.$").is_some_and(has_placeholder) {
        let what = "text of the event becomes jq code, which breaks on quotes and can be abused";
        let fix = "write a constant \"expr\" and pass the value through \"data.$\"";
        findings.error("P07", &format!("{path}.expr.$"), what, fix);
    }
    if text("expr").is_none() && text("expr.$").is_none() {
        findings.error("P09", path, "there is no expression", "add \"expr\"");
    }
}
