//! One remark about a bundle: where, what, and what to do about it.

use std::fmt;

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; the bundle works.
    Info,
    /// Probably wrong, or right only by behaviour that Zendesk does not document.
    Warning,
    /// The registry refuses it, or the flow certainly fails.
    Error,
}

/// One remark about a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's short id, stable between versions (`F08`).
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Where in the bundle, as a path from `$`.
    pub path: String,
    /// What is wrong there.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let Self {
            rule,
            path,
            what,
            fix,
            ..
        } = self;
        write!(f, "{severity} {rule} at {path}: {what}; {fix}")
    }
}

/// The path of `key` under `path`, in the notation of ZIS reference paths.
pub(crate) fn child(path: &str, key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !key.is_empty() && key.chars().all(plain) {
        format!("{path}.{key}")
    } else {
        format!("{path}['{key}']")
    }
}
