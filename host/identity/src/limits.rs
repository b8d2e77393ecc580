//! Bounds of one resolution.

/// Most records looked at for one ticket; the newest of more are handed in by the caller.
pub const FACES_MAX: usize = 1_000;

/// An address that more people's names stand at than this is a shared one.
pub const NAMES_PER_ADDRESS_MAX: usize = 4;

/// Fewest digits of a telephone number that says anything.
pub(crate) const PHONE_DIGITS_MIN: usize = 8;

/// Most digits that stand before a national number: its country code.
pub(crate) const COUNTRY_DIGITS_MAX: usize = 3;
