//! What a seed decides about a run before it begins, and what is as usual in every run.

use super::{random::Random, world::Faults};
use crate::limits::REREAD_INTERVAL_SECONDS;

/// Time between two polls, seconds: short, so that runs are.
pub(super) const POLL_INTERVAL_SECONDS: i64 = 60;
/// How far a poll reaches back, seconds.
pub(super) const POLL_OVERLAP_SECONDS: i64 = 30;
/// Time between two reconciliations, seconds.
pub(super) const RECONCILE_INTERVAL_SECONDS: i64 = 150;
/// How far a reconciliation reaches back, seconds: over all that happens in a run.
pub(super) const RECONCILE_WINDOW_SECONDS: i64 = 24 * 3_600;

/// What a seed decides about a run before it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) replicas: usize,
    pub(super) steps: u64,
    pub(super) changes: u64,
    pub(super) events: u64,
    pub(super) kills: u64,
    /// Orders that the shop deletes without a word.
    pub(super) deletes: u64,
    /// Whether changes are found by reconciliation alone, beside webhooks.
    pub(super) poll_off: bool,
    /// Webhooks that never come, in a hundred.
    pub(super) dropped: u64,
    /// How often time is let pass, against all else.
    pub(super) haste: u64,
    /// How quick requests are, against all else.
    pub(super) speed: u64,
    /// The same of effects; at 0 they arrive when they must, or in the quiet time.
    pub(super) effect_speed: u64,
    pub(super) faults: Faults,
}

impl Plan {
    pub(super) fn draw(random: &mut Random) -> Self {
        let faulty = random.percent(70);
        let chance = |random: &mut Random, most: u64| match faulty {
            true => random.below(most + 1),
            false => 0,
        };
        Self {
            replicas: if random.percent(75) { 2 } else { 3 },
            steps: random.from_to(40, 160),
            changes: random.from_to(1, 6),
            events: random.from_to(1, 3),
            kills: if random.percent(60) {
                random.from_to(1, 2)
            } else {
                0
            },
            deletes: random.one_of(&[0, 0, 0, 1], 0),
            poll_off: random.percent(10),
            dropped: random.one_of(&[0, 0, 30, 100], 0),
            haste: random.one_of(&[1, 2, 6], 2),
            speed: random.one_of(&[1, 6, 6], 6),
            effect_speed: random.one_of(&[0, 1, 6, 6], 6),
            faults: Faults {
                lost: chance(random, 10),
                unanswered: chance(random, 15),
                refused: chance(random, 6),
                busy: chance(random, 3),
                unsaid: chance(random, 2),
            },
        }
    }
}

/// What is as usual in every interleaving.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// Time between two polls, seconds.
    pub(super) poll_interval_seconds: i64,
    /// Time between two reconciliations, seconds.
    pub(super) reconcile_interval_seconds: i64,
    /// Time between two looks for orders that are to be read again, seconds.
    pub(super) reread_interval_seconds: i64,
    /// Whether the help desk never answers.
    pub(super) dead_desk: bool,
    /// At most so many replicas.
    pub(super) replicas_max: usize,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            poll_interval_seconds: POLL_INTERVAL_SECONDS,
            reconcile_interval_seconds: RECONCILE_INTERVAL_SECONDS,
            reread_interval_seconds: REREAD_INTERVAL_SECONDS,
            dead_desk: false,
            replicas_max: 3,
        }
    }
}
