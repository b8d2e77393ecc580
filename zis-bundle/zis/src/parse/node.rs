//! A place in the document that is being read, and the problems found on the way.

use serde_json::{Map, Value};

use crate::finding::{Finding, Severity, child};
use crate::limits::FINDINGS_MAX;

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Problems {
    findings: Vec<Finding>,
}

impl Problems {
    /// Adds a reason for which the registry refuses the bundle.
    pub(super) fn add(
        &mut self,
        rule: &'static str,
        path: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if self.findings.len() < FINDINGS_MAX {
            let (path, what, fix) = (path.into(), what.into(), fix.into());
            self.findings.push(Finding {
                rule,
                severity: Severity::Error,
                path,
                what,
                fix,
            });
        }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// One value with its path.
#[derive(Clone)]
pub(super) struct Node<'v> {
    value: &'v Value,
    path: String,
}

impl<'v> Node<'v> {
    pub(super) fn root(value: &'v Value) -> Self {
        Self {
            value,
            path: "$".to_owned(),
        }
    }

    pub(super) fn value(&self) -> &'v Value {
        self.value
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The field, where it is there.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key)?;
        Some(Self {
            value,
            path: child(&self.path, key),
        })
    }

    /// The field, or a problem.
    pub(super) fn required(&self, key: &str, problems: &mut Problems) -> Option<Self> {
        let found = self.get(key);
        if found.is_none() {
            let what = format!("the field \"{key}\" is missing");
            problems.add("B03", &self.path, what, format!("add \"{key}\""));
        }
        found
    }

    /// The object's fields, or a problem.
    pub(super) fn object(&self, problems: &mut Problems) -> Option<&'v Map<String, Value>> {
        let map = self.value.as_object();
        if map.is_none() {
            self.wrong_type("an object", problems);
        }
        map
    }

    /// The list's items, or a problem.
    pub(super) fn items(&self, problems: &mut Problems) -> Option<Vec<Self>> {
        let Some(items) = self.value.as_array() else {
            self.wrong_type("a list", problems);
            return None;
        };
        let node = |(i, value)| Self {
            value,
            path: format!("{}[{i}]", self.path),
        };
        Some(items.iter().enumerate().map(node).collect())
    }

    /// Every field with its node; nothing where this is no object.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'v str, Self)> {
        let fields = self.value.as_object().into_iter().flatten();
        fields.map(|(key, value)| {
            (
                key.as_str(),
                Self {
                    value,
                    path: child(&self.path, key),
                },
            )
        })
    }

    /// The text of a required field with its path, or a problem.
    pub(super) fn text(&self, key: &str, problems: &mut Problems) -> Option<(&'v str, String)> {
        self.required(key, problems)?.as_text(problems)
    }

    /// The text of an optional field with its path; another type is a problem.
    pub(super) fn optional_text(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<(&'v str, String)> {
        self.get(key)?.as_text(problems)
    }

    pub(super) fn as_text(&self, problems: &mut Problems) -> Option<(&'v str, String)> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong_type("text", problems);
        }
        Some((text?, self.path.clone()))
    }

    pub(super) fn wrong_type(&self, wanted: &str, problems: &mut Problems) {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        problems.add(
            "B03",
            &self.path,
            format!("found {found}"),
            format!("write {wanted}"),
        );
    }
}
