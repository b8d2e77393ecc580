//! Secrets of a connection: handed over by slot, wiped when dropped, never printed.

use std::fmt;

use async_trait::async_trait;
use zeroize::Zeroizing;

/// A secret text. Its debug form says nothing, and it has no other.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes a secret over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

/// Why a slot's secret is not to be had. Never holds the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The merchant has not filled it in.
    #[error("the secret `{slot}` is not set: set it for this connection")]
    Missing {
        /// The slot.
        slot: String,
    },
    /// It is there, but cannot be read now.
    #[error("the secret `{slot}` cannot be read: {problem}")]
    Unavailable {
        /// The slot.
        slot: String,
        /// Why.
        problem: String,
    },
}

/// Where the secrets of one connection come from. Asked once per request, so that a rotated secret
/// holds at once.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// The secret in that slot.
    ///
    /// # Errors
    /// When it is not set or cannot be read.
    async fn secret(&self, slot: &str) -> Result<SecretText, CredentialError>;
}

/// A connection without secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredentials;

#[async_trait]
impl Credentials for NoCredentials {
    async fn secret(&self, slot: &str) -> Result<SecretText, CredentialError> {
        Err(CredentialError::Missing {
            slot: slot.to_owned(),
        })
    }
}
