//! Names, sizes, and what a template left behind.

use serde_json::Value;

use super::Findings;
use crate::finding::child;
use crate::limits::{
    ACTION_NAME_CHARS_DOCUMENTED, BUNDLE_NAME_CHARS_MAX, DESCRIPTION_CHARS_MAX, FLOWS_SUITABLE_MAX,
};
use crate::model::Bundle;
use crate::rekey::token;

pub(super) fn lint(bundle: &Bundle, findings: &mut Findings) {
    if bundle.flows.is_empty() || bundle.job_specs.is_empty() {
        let what = format!(
            "the bundle has {} flows and {} job specs",
            bundle.flows.len(),
            bundle.job_specs.len()
        );
        findings.warn("B06", "$.resources", what, "without both nothing ever runs");
    }
    if bundle.name().chars().count() > BUNDLE_NAME_CHARS_MAX {
        findings.warn(
            "B08",
            "$.name",
            "the name is long",
            "keep it within 50 characters",
        );
    }
    let description = bundle.description().unwrap_or_default();
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        let what = "the description is long";
        findings.warn(
            "B08",
            "$.description",
            what,
            "keep it within 255 characters",
        );
    }
    if bundle.flows.len() >= FLOWS_SUITABLE_MAX {
        let what = format!("the bundle has {} flows", bundle.flows.len());
        findings.info("B10", "$.resources", what, "ZIS is meant for fewer than 20");
    }
    keys(bundle, findings);
    tokens(bundle.document(), "$", findings);
}

fn keys(bundle: &Bundle, findings: &mut Findings) {
    let flows = bundle.flows().map(|flow| (&flow.key, &flow.name, false));
    let actions = bundle
        .actions()
        .map(|action| (&action.key, &action.name, true));
    let jobs = bundle.job_specs().map(|job| (&job.key, &job.name, false));
    for (key, name, is_action) in flows.chain(actions).chain(jobs) {
        let path = format!("{}.properties.name", child("$.resources", key));
        if key != name {
            let what = format!("the name \"{name}\" differs from the resource's key");
            findings.info(
                "B07",
                &path,
                what,
                "addresses use the name; make them equal",
            );
        }
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_action && (name.len() > ACTION_NAME_CHARS_DOCUMENTED || !plain) {
            let what = format!("the action name \"{name}\" is outside the documented form");
            findings.info(
                "B07",
                &path,
                what,
                "documented are 20 of A-Z, a-z, 0-9 and _",
            );
        }
    }
}

fn tokens(value: &Value, path: &str, findings: &mut Findings) {
    const FIX: &str = "fill the template before the upload; ZIS takes it literally";
    let mut look = |text: &str, path: &str| {
        if let Some(token) = token(text) {
            let what = format!("the template token {token} was not filled");
            findings.error("B09", path, what, FIX);
        }
    };
    match value {
        Value::String(text) => look(text, path),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                tokens(item, &format!("{path}[{i}]"), findings);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = child(path, key);
                if let Some(token) = token(key) {
                    let what = format!("the template token {token} was not filled");
                    findings.error("B09", &path, what, FIX);
                }
                tokens(value, &path, findings);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
