//! Time is handed in, so that a test can own it.

use async_trait::async_trait;
use ordercase_model::Instant;

/// The engine's only clock.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Instant;

    /// Returns at `at` or soon after; at once when that is past.
    async fn sleep_until(&self, at: Instant);
}

/// An instant moved by milliseconds, held at the ends of the calendar.
pub(crate) fn plus_ms(at: Instant, ms: u64) -> Instant {
    let micros = i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000);
    Instant::from_micros(at.micros().saturating_add(micros)).unwrap_or(at)
}
