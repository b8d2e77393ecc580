//! The only writer to the help desk, as the engine sees it.

use async_trait::async_trait;
use ordercase_store::Effect;
use serde_json::Value;

/// Executes effects. The server implements this over the help desk's client.
#[async_trait]
pub trait EffectExecutor: Send + Sync + 'static {
    /// Does it. The answer is kept with the effect.
    async fn execute(&self, effect: &Effect) -> Result<Value, EffectFailure>;

    /// Whether an earlier attempt did it, with the answer to keep. Asked before every attempt but the
    /// first.
    async fn did_it_happen(&self, effect: &Effect) -> Result<Option<Value>, EffectFailure>;
}

/// Why an effect did not happen, or may not have, cut by what the engine does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EffectFailure {
    /// Credentials do not open the door: the desk waits for a person.
    #[error("the help desk refuses the credentials: {0}")]
    Credentials(String),
    /// Too fast.
    #[error("the help desk asks to slow down")]
    RateLimited {
        /// How long to wait, where it said so, milliseconds.
        after_ms: Option<u64>,
    },
    /// Network, time-out, 5xx. It may have happened; the next attempt asks first.
    #[error("the help desk does not answer: {0}")]
    Unavailable(String),
    /// Somebody changed the target meanwhile: again soon.
    #[error("the target changed meanwhile: {0}")]
    Conflict(String),
    /// It will never be taken: invalid, closed, gone.
    #[error("the help desk refuses it: {0}")]
    Refused(String),
}
