//! What the registry lets through and should not: a first linter.
//!
//! [`Bundle::parse`] refuses what the registry refuses. These rules look further: references that
//! lead nowhere, paths that never end, notations that do nothing, limits. Errors certainly fail,
//! warnings probably do or rest on undocumented behaviour. Ids are stable; the catalogue grows.

mod action;
mod data;
mod flow;
mod name;
mod reference;

use crate::finding::{Finding, Severity, child};
use crate::limits::FINDINGS_MAX;
use crate::model::{Bundle, State};

/// What the linter should know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintOptions {
    /// The integration that the bundle is meant for; addresses of another one are errors.
    pub integration: Option<String>,
}

/// All findings, gravest first, then by path.
#[must_use]
pub fn lint(bundle: &Bundle, options: &LintOptions) -> Vec<Finding> {
    let mut findings = Findings::default();
    name::lint(bundle, &mut findings);
    reference::lint(bundle, options, &mut findings);
    action::lint(bundle, &mut findings);
    for flow in bundle.flows() {
        let place = format!("{}.properties.definition", child("$.resources", &flow.key));
        flow::lint(&flow.machine, &place, &mut findings);
        data::lint(&flow.machine, &place, true, &mut findings);
    }
    let mut found = findings.found;
    found.sort_by(|a, b| {
        (b.severity, &a.path, a.rule, &a.what).cmp(&(a.severity, &b.path, b.rule, &b.what))
    });
    found
}

#[derive(Default)]
struct Findings {
    found: Vec<Finding>,
}

impl Findings {
    fn error(&mut self, rule: &'static str, path: &str, what: impl Into<String>, fix: &str) {
        self.add(rule, Severity::Error, path, what.into(), fix);
    }

    fn warn(&mut self, rule: &'static str, path: &str, what: impl Into<String>, fix: &str) {
        self.add(rule, Severity::Warning, path, what.into(), fix);
    }

    fn info(&mut self, rule: &'static str, path: &str, what: impl Into<String>, fix: &str) {
        self.add(rule, Severity::Info, path, what.into(), fix);
    }

    fn add(&mut self, rule: &'static str, severity: Severity, path: &str, what: String, fix: &str) {
        if self.found.len() < FINDINGS_MAX {
            let (path, fix) = (path.to_owned(), fix.to_owned());
            self.found.push(Finding {
                rule,
                severity,
                path,
                what,
                fix,
            });
        }
    }
}

/// Path of a state under `{StartAt, States}` at `place`.
fn state_path(place: &str, name: &str) -> String {
    child(&format!("{place}.States"), name)
}

/// The states of a machine with their paths.
fn states<'m>(
    machine: &'m crate::model::Machine,
    place: &'m str,
) -> impl Iterator<Item = (&'m str, &'m State, String)> {
    let states = machine.states.iter();
    states.map(move |(name, state)| (name.as_str(), state, state_path(place, name)))
}

#[cfg(test)]
mod tests;
