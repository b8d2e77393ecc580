//! What a failure leads to: a total function over every kind of failure, the attempt and the age. Pure.

use ordercase_model::Instant;
use ordercase_store::ErrorClass;

use crate::{
    DeskFailure, EffectFailure, SourceFailure,
    limits::{AGE_SECONDS_MAX, ATTEMPTS_MAX, OWN_FAULT_ATTEMPTS_MAX, RATE_LIMIT_CAP_MS},
    retry::Backoff,
};

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The same again at that moment.
    Retry {
        /// When.
        at: Instant,
    },
    /// The connection or the desk waits for a person; its work waits with it, and no attempt is counted.
    Pause,
    /// It waits for a person: a stream is parked, a receipt or an effect becomes a dead letter.
    GiveUp,
    /// The record is gone at the source.
    Gone,
    /// The window begins again at that moment.
    Restart {
        /// When.
        at: Instant,
    },
}

/// What a failed attempt is measured by.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'a> {
    /// Which attempt failed, from 1.
    pub attempt: u32,
    /// Since when it is to be done.
    pub since: Instant,
    /// Now.
    pub now: Instant,
    /// Makes the schedule its own.
    pub seed: &'a str,
    /// Whether there is an end to trying. Streams have none: they try on, ever more slowly.
    pub ends: bool,
}

impl Tried<'_> {
    /// Tries again unless it was tried too often or for too long.
    fn again(&self) -> Decision {
        self.by(Backoff::default(), None, ATTEMPTS_MAX)
    }

    /// The same where the other side answers and only asks to slow down: it gets better with the next minutes, and
    /// however often it asked so, nothing is wrong with the work.
    fn slower(&self, asked_ms: Option<u64>) -> Decision {
        let usual = Backoff::default();
        let cap_ms = match self.attempt < ATTEMPTS_MAX {
            true => RATE_LIMIT_CAP_MS,
            false => usual.cap_ms,
        };
        self.by(Backoff { cap_ms, ..usual }, asked_ms, u32::MAX)
    }

    fn by(&self, schedule: Backoff, asked_ms: Option<u64>, attempts_max: u32) -> Decision {
        let worn =
            self.attempt >= attempts_max || self.now.seconds_since(self.since) >= AGE_SECONDS_MAX;
        if worn && self.ends {
            return Decision::GiveUp;
        }
        Decision::Retry {
            at: schedule.next(self.now, self.attempt, self.seed, asked_ms),
        }
    }

    /// What fails by itself is not worth many attempts, whoever asks.
    fn own_fault(&self) -> Decision {
        if self.attempt >= OWN_FAULT_ATTEMPTS_MAX {
            return Decision::GiveUp;
        }
        self.again()
    }
}

/// What the failure of a source leads to.
#[must_use]
pub fn classify(failure: &SourceFailure, tried: &Tried<'_>) -> Decision {
    match failure {
        SourceFailure::NotFound(_) => Decision::Gone,
        SourceFailure::InvalidCursor(_) => Decision::Restart {
            at: Backoff::default().next(tried.now, tried.attempt, tried.seed, None),
        },
        SourceFailure::Credentials(_) | SourceFailure::Config(_) => Decision::Pause,
        // Nothing but the mapping helps; a page has no letter of its own and is asked for ever more slowly.
        SourceFailure::Mapping(_) if tried.ends => Decision::GiveUp,
        SourceFailure::Mapping(_) => tried.again(),
        SourceFailure::RateLimited { after_ms } => tried.slower(*after_ms),
        SourceFailure::Unavailable(_) => tried.again(),
        SourceFailure::Malformed(_) | SourceFailure::Unsupported(_) => Decision::GiveUp,
        SourceFailure::Unreadable(_) | SourceFailure::Plugin(_) => tried.own_fault(),
    }
}

/// What the failure of an effect leads to.
#[must_use]
pub fn classify_effect(failure: &EffectFailure, tried: &Tried<'_>) -> Decision {
    match failure {
        EffectFailure::Credentials(_) => Decision::Pause,
        EffectFailure::RateLimited { after_ms } => tried.slower(*after_ms),
        EffectFailure::Unavailable(_) | EffectFailure::Conflict(_) => tried.again(),
        EffectFailure::Refused(_) => Decision::GiveUp,
    }
}

/// What the failure of the desk leads to.
#[must_use]
pub fn classify_desk(failure: &DeskFailure, tried: &Tried<'_>) -> Decision {
    match failure {
        DeskFailure::Credentials(_) => Decision::Pause,
        DeskFailure::RateLimited { after_ms } => tried.slower(*after_ms),
        DeskFailure::Unavailable(_) | DeskFailure::Conflict(_) => tried.again(),
        DeskFailure::Broken(_) => Decision::GiveUp,
    }
}

/// The class under which a person finds what the failure of a source left behind.
#[must_use]
pub fn class_of_source(failure: &SourceFailure) -> ErrorClass {
    match failure {
        SourceFailure::NotFound(_) => ErrorClass::Refused,
        SourceFailure::InvalidCursor(_) | SourceFailure::RateLimited { .. } => {
            ErrorClass::Exhausted
        }
        SourceFailure::Credentials(_) => ErrorClass::Credentials,
        SourceFailure::Config(_) | SourceFailure::Mapping(_) => ErrorClass::Mapping,
        SourceFailure::Unavailable(_) => ErrorClass::Transport,
        SourceFailure::Unreadable(_) | SourceFailure::Malformed(_) => ErrorClass::Malformed,
        SourceFailure::Unsupported(_) => ErrorClass::Unsupported,
        SourceFailure::Plugin(_) => ErrorClass::Plugin,
    }
}

/// The same of an effect.
#[must_use]
pub fn class_of_effect(failure: &EffectFailure) -> ErrorClass {
    match failure {
        EffectFailure::Credentials(_) => ErrorClass::Credentials,
        EffectFailure::RateLimited { .. } | EffectFailure::Conflict(_) => ErrorClass::Exhausted,
        EffectFailure::Unavailable(_) => ErrorClass::Transport,
        EffectFailure::Refused(_) => ErrorClass::Refused,
    }
}

/// The same of the desk.
#[must_use]
pub fn class_of_desk(failure: &DeskFailure) -> ErrorClass {
    match failure {
        DeskFailure::Credentials(_) => ErrorClass::Credentials,
        DeskFailure::RateLimited { .. } | DeskFailure::Conflict(_) => ErrorClass::Exhausted,
        DeskFailure::Unavailable(_) => ErrorClass::Transport,
        DeskFailure::Broken(_) => ErrorClass::Refused,
    }
}

#[cfg(test)]
mod tests {
    use ordercase_store::{MappingName, MissingMapping};

    use super::*;

    fn tried(attempt: u32, age_seconds: i64, ends: bool) -> Tried<'static> {
        let since = Instant::from_micros(0).unwrap();
        Tried {
            attempt,
            since,
            now: since.plus_seconds(age_seconds),
            seed: "s",
            ends,
        }
    }

    fn missing() -> MissingMapping {
        MissingMapping {
            name: MappingName::new("state", "OnHold").unwrap(),
            revision: 0,
        }
    }

    fn word(decision: &Decision) -> &'static str {
        match decision {
            Decision::Retry { .. } => "retry",
            Decision::Pause => "pause",
            Decision::GiveUp => "give up",
            Decision::Gone => "gone",
            Decision::Restart { .. } => "restart",
        }
    }

    #[test]
    fn every_failure_of_a_source_has_its_consequence() {
        let text = String::new;
        let table = [
            (SourceFailure::NotFound(text()), ["gone"; 4]),
            (SourceFailure::InvalidCursor(text()), ["restart"; 4]),
            (SourceFailure::Credentials(text()), ["pause"; 4]),
            (SourceFailure::Config(text()), ["pause"; 4]),
            (
                SourceFailure::Mapping(missing()),
                ["give up", "give up", "give up", "retry"],
            ),
            (
                SourceFailure::RateLimited { after_ms: Some(5) },
                ["retry", "retry", "give up", "retry"],
            ),
            (
                SourceFailure::Unavailable(text()),
                ["retry", "give up", "give up", "retry"],
            ),
            (
                SourceFailure::Unreadable(text()),
                ["retry", "give up", "give up", "give up"],
            ),
            (SourceFailure::Malformed(text()), ["give up"; 4]),
            (SourceFailure::Unsupported(text()), ["give up"; 4]),
            (
                SourceFailure::Plugin(text()),
                ["retry", "give up", "give up", "give up"],
            ),
        ];
        let situations = [
            tried(1, 0, true),
            tried(ATTEMPTS_MAX, 0, true),
            tried(1, AGE_SECONDS_MAX, true),
            tried(ATTEMPTS_MAX, AGE_SECONDS_MAX, false),
        ];
        for (failure, expected) in table {
            let words = situations.map(|tried| word(&classify(&failure, &tried)));
            assert_eq!(words, expected, "{failure:?}");
        }
    }

    #[test]
    fn every_failure_of_the_help_desk_has_its_consequence() {
        let text = String::new;
        let first = tried(1, 0, true);
        let effects = [
            (EffectFailure::Credentials(text()), "pause"),
            (EffectFailure::RateLimited { after_ms: None }, "retry"),
            (EffectFailure::Unavailable(text()), "retry"),
            (EffectFailure::Conflict(text()), "retry"),
            (EffectFailure::Refused(text()), "give up"),
        ];
        for (failure, expected) in effects {
            assert_eq!(
                word(&classify_effect(&failure, &first)),
                expected,
                "{failure:?}"
            );
        }
        let desks = [
            (DeskFailure::Credentials(text()), "pause"),
            (DeskFailure::RateLimited { after_ms: None }, "retry"),
            (DeskFailure::Unavailable(text()), "retry"),
            (DeskFailure::Conflict(text()), "retry"),
            (DeskFailure::Broken(text()), "give up"),
        ];
        for (failure, expected) in desks {
            assert_eq!(
                word(&classify_desk(&failure, &first)),
                expected,
                "{failure:?}"
            );
        }
    }
}
