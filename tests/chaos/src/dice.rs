//! Draws of the storm: one independent stream per actor, all told from the seed, so that what one actor does never
//! depends on how fast another is.

use std::{ops::Range, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// A stream of draws.
#[derive(Debug)]
pub(crate) struct Dice(StdRng);

impl Dice {
    /// The stream of an actor.
    pub(crate) fn of(seed: u64, actor: u64) -> Self {
        Self(StdRng::seed_from_u64(
            seed.wrapping_mul(1_000_003).wrapping_add(actor),
        ))
    }

    /// A number of the range.
    pub(crate) fn of_range(&mut self, range: Range<u64>) -> u64 {
        self.0.random_range(range)
    }

    /// A pause of so many milliseconds.
    pub(crate) fn pause(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.of_range(range))
    }

    /// Below that; 0 where there is nothing to choose from.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            0
        } else {
            self.0.random_range(0..bound)
        }
    }

    /// True that often in a hundred.
    pub(crate) fn percent(&mut self, chance: u32) -> bool {
        self.0.random_range(0..100) < chance
    }

    /// One of them.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    /// One of them, drawn by its weight.
    pub(crate) fn weighted<T: Copy>(&mut self, of: &[(u32, T)]) -> Option<T> {
        let whole: u32 = of.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.0.random_range(0..whole.max(1));
        of.iter()
            .find(|(weight, _)| {
                let hit = drawn < *weight;
                drawn = drawn.saturating_sub(*weight);
                hit
            })
            .map(|(_, one)| *one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_tells_every_draw_of_an_actor_and_actors_differ() {
        let draws = |seed, actor| {
            let mut dice = Dice::of(seed, actor);
            let draws = (0..50).map(|_| dice.of_range(0..1_000));
            draws.collect::<Vec<_>>()
        };
        assert_eq!(draws(1, 2), draws(1, 2));
        assert_ne!(draws(1, 2), draws(1, 3));
        assert_ne!(draws(1, 2), draws(2, 2));
    }

    #[test]
    fn weights_are_kept_and_nothing_is_drawn_from_nothing() {
        let mut dice = Dice::of(1, 1);
        let draws = (0..1_000).filter_map(|_| dice.weighted(&[(90, 'a'), (10, 'b')]));
        let rare = draws.filter(|drawn| *drawn == 'b').count();
        assert!((50..160).contains(&rare), "{rare}");
        assert_eq!(dice.weighted::<char>(&[]), None);
        assert_eq!(dice.one::<char>(&[]), None);
    }
}
