//! What is wrong with a manifest: which key, what, and what to do about it.

use std::fmt;

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, such as `origins.admin.url`.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}: {}", self.key, self.what, self.fix)
    }
}

/// Why a text is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is longer than a manifest may be.
    #[error("plugin.toml has {bytes} bytes, more than the {bytes_max} allowed: shorten it")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The longest accepted.
        bytes_max: usize,
    },
    /// It is not TOML, or a key is missing, unknown or of the wrong type.
    #[error("plugin.toml cannot be read: {0}")]
    Shape(String),
    /// It reads, but says things that cannot be.
    #[error("plugin.toml has {} problem(s):{}", .0.len(), lines(.0))]
    Invalid(Vec<Problem>),
    /// The component carries none.
    #[error(
        "the component has no `ordercase:manifest` section: build it with `ordercase-kit build`"
    )]
    Absent,
    /// The component carries more than one.
    #[error(
        "the component has {0} `ordercase:manifest` sections, not one: build it anew with `ordercase-kit build`"
    )]
    Repeated(usize),
    /// The bytes are not a component.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(String),
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("\n  {p}")).collect()
}

/// Collects problems under a key.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(
        &mut self,
        key: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.0.push(Problem {
            key: key.into(),
            what: what.into(),
            fix: fix.into(),
        });
    }

    /// Adds a problem unless `holds`.
    pub(super) fn unless(
        &mut self,
        holds: bool,
        key: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if !holds {
            self.add(key, what, fix);
        }
    }

    pub(super) fn into_result(self) -> Result<(), ManifestError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ManifestError::Invalid(self.0))
        }
    }
}
