//! A sliding window: when the last calls went, and how long until one more fits.

use std::collections::VecDeque;
use std::time::Duration;

/// The calls of the last `span`.
#[derive(Debug)]
pub(super) struct Window {
    span: Duration,
    sent: VecDeque<Duration>,
}

impl Window {
    pub(super) fn new(span: Duration) -> Self {
        Self {
            span,
            sent: VecDeque::new(),
        }
    }

    /// Counts one call.
    pub(super) fn add(&mut self, now: Duration) {
        self.forget(now);
        self.sent.push_back(now);
    }

    /// How long until one more call keeps within `limit`.
    pub(super) fn wait(&mut self, now: Duration, limit: u32) -> Duration {
        self.forget(now);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        // The call that has to leave the window before another may enter.
        let over = self.sent.len().checked_sub(limit);
        over.and_then(|index| self.sent.get(index))
            .map_or(Duration::ZERO, |sent| {
                (*sent + self.span).saturating_sub(now)
            })
    }

    /// Whether nothing is left in the window.
    pub(super) fn is_idle(&self, now: Duration) -> bool {
        self.sent.back().is_none_or(|sent| *sent + self.span <= now)
    }

    fn forget(&mut self, now: Duration) {
        while self
            .sent
            .front()
            .is_some_and(|sent| *sent + self.span <= now)
        {
            self.sent.pop_front();
        }
    }
}
