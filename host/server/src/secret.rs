//! Text that must not be printed: tokens, keys, passwords. No `Display`, a redacting `Debug`, and
//! the memory is overwritten on drop. And the references by which people name a secret.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A secret's text. Printing it takes a deliberate [`Secret::expose`].
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one place that sends or hashes it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(Self::new)
    }
}

/// Where a secret lies: `env:NAME` or `file:PATH`. Never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file, its trailing line end removed.
    File(PathBuf),
}

/// Why a reference cannot be read or followed.
#[derive(Debug, thiserror::Error)]
pub enum SecretRefError {
    /// Neither `env:` nor `file:`. The text is not repeated: it may be the secret itself.
    #[error("a secret is named by `env:NAME` or `file:PATH`, never given in the command line")]
    Shape,
    /// The variable is missing, empty or not text.
    #[error("environment variable `{0}` is not set or empty")]
    Env(String),
    /// The file cannot be read.
    #[error("cannot read secret file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is empty, or larger than any secret.
    #[error("secret file {0} is empty or larger than {max} bytes", max = crate::limits::SECRET_BYTES_MAX)]
    Size(PathBuf),
}

impl FromStr for SecretRef {
    type Err = SecretRefError;

    fn from_str(text: &str) -> Result<Self, SecretRefError> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err(SecretRefError::Shape),
        }
    }
}

impl SecretRef {
    /// Follows the reference.
    ///
    /// # Errors
    /// When there is nothing to read there.
    pub fn resolve(&self) -> Result<Secret, SecretRefError> {
        match self {
            Self::Env(name) => from_env(name),
            Self::File(path) => from_file(path),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a reference that the operator wrote is followed"
)]
fn from_env(name: &str) -> Result<Secret, SecretRefError> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
        _ => Err(SecretRefError::Env(name.to_owned())),
    }
}

fn from_file(path: &PathBuf) -> Result<Secret, SecretRefError> {
    let failed = |source| SecretRefError::File {
        path: path.clone(),
        source,
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > crate::limits::SECRET_BYTES_MAX {
        return Err(SecretRefError::Size(path.clone()));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(SecretRefError::Size(path.clone()));
    }
    Ok(Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_secret_is_refused_and_not_repeated() {
        let error = "shpat_canary".parse::<SecretRef>().unwrap_err();
        assert!(!error.to_string().contains("canary"));
        assert!("env:".parse::<SecretRef>().is_err());
    }

    #[test]
    fn a_file_loses_its_line_end_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, " a b \r\n").unwrap();
        let secret = SecretRef::File(path.clone()).resolve().unwrap();
        assert_eq!(secret.expose(), " a b ");
        std::fs::write(&path, "\n").unwrap();
        assert!(SecretRef::File(path).resolve().is_err());
    }

    #[test]
    fn debug_output_hides_the_text() {
        let secret = Secret::new("canary".into());
        assert!(!format!("{secret:?}").contains("canary"));
    }
}
