//! Bounds of the helpers. The host has its own, stricter ones; these keep a plugin from looping.

/// Nested pages that [`crate::page::rest`] follows for one record.
pub const NESTED_PAGES_MAX: usize = 20;

/// Bytes of an answer that an error message quotes.
pub const QUOTE_BYTES_MAX: usize = 200;

/// Characters of a source id (canonical-model §2).
pub const SOURCE_ID_CHARS_MAX: usize = 255;

/// Bytes of a record's `extra` map (canonical-model §3).
pub const EXTRA_BYTES_MAX: usize = 8 * 1024;
