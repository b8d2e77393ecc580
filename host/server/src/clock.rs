//! The only clock of the host. Everything else is handed an [`Instant`] or this trait.

use ordercase_model::Instant;

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is handed in elsewhere"
    )]
    fn now(&self) -> Instant {
        jiff::Timestamp::now().into()
    }
}
