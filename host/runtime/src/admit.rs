//! Whether we run it.

use std::fmt;

use crate::package::{Lock, Manifest, ManifestError};

/// A component that was admitted: it may be called.
pub struct Plugin {
    /// What it says of itself.
    pub manifest: Manifest,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// What it may do.
    pub lock: Lock,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("id", &self.manifest.plugin.id)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// Why a component is not run.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// Its manifest is missing or wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// It is larger than its tier allows.
    #[error(
        "the component has {bytes} bytes, more than the {bytes_max} of its tier: build it with optimisation and without data"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The largest accepted.
        bytes_max: usize,
    },
    /// It is not valid WebAssembly.
    #[error("not a valid component: {0}")]
    Malformed(String),
    /// It asks for something that plugins do not get.
    #[error(
        "the component imports `{name}`: plugins get http, log and time of ordercase:source and nothing else"
    )]
    Import {
        /// What it asks for.
        name: String,
    },
    /// Its exports are not those of its manifest.
    #[error("the component and its manifest disagree on exports: {}", differ(.undeclared, .absent))]
    Exports {
        /// There, but not in the manifest.
        undeclared: Vec<String>,
        /// In the manifest, but not there.
        absent: Vec<String>,
    },
    /// It needs more from the start than its tier has.
    #[error("the component needs {what} {needed}, more than the {max} of its tier")]
    Resources {
        /// What of.
        what: &'static str,
        /// How much.
        needed: u64,
        /// How much there is.
        max: u64,
    },
    /// It cannot be compiled.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// Its types are not those of the contract, or it crashes when it is started.
    #[error("the component does not fit the contract: {0}")]
    Contract(String),
    /// The host itself failed.
    #[error("the host failed while admitting: {0}")]
    Host(String),
}

fn differ(undeclared: &[String], absent: &[String]) -> String {
    let mut out = Vec::new();
    if !undeclared.is_empty() {
        out.push(format!("add {} to plugin.exports", undeclared.join(", ")));
    }
    if !absent.is_empty() {
        out.push(format!(
            "implement {} or take it out of plugin.exports",
            absent.join(", ")
        ));
    }
    out.join("; ")
}
