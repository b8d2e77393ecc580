//! Deterministic draws: one independent stream per (seed, purpose, index).

/// A stream of draws. SplitMix64: small, fast, the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn of(seed: u64, purpose: u64, index: u64) -> Self {
        let mut start = Self(seed ^ purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mixed = start.next() ^ index.wrapping_mul(0xD1B5_4A32_D192_ED03);
        Self(mixed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// 0 up to, not including, `bound`; 0 when there is nothing to choose from.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let drawn = self.next() >> 11;
        if bound == 0 { 0 } else { drawn % bound }
    }

    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low).unwrap_or(0);
        low + i64::try_from(self.below(width + 1)).unwrap_or(0)
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn one<'a, T>(&mut self, choices: &'a [T], fallback: &'a T) -> &'a T {
        let length = u64::try_from(choices.len()).unwrap_or(0);
        let at = usize::try_from(self.below(length)).unwrap_or(0);
        choices.get(at).unwrap_or(fallback)
    }

    pub(crate) fn word(&mut self, choices: &[&'static str]) -> &'static str {
        self.one::<&'static str>(choices, &"")
    }

    /// `length` digits, the first not zero.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        (0..length)
            .map(|at| {
                let digit = if at == 0 {
                    1 + self.below(9)
                } else {
                    self.below(10)
                };
                char::from_digit(u32::try_from(digit).unwrap_or(0), 10).unwrap_or('0')
            })
            .collect()
    }
}
