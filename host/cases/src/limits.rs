//! Bounds of one case.

/// Longest subject kept, in characters.
pub const SUBJECT_CHARS_MAX: usize = 1_000;

/// Longest comment kept, in characters; the help desk cuts at 64 KiB.
pub const COMMENT_CHARS_MAX: usize = 65_536;
