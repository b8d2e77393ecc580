//! Bounds of one context, so that an order of 500 lines still makes a document that an agent can read.

/// Most bytes of a ticket's text that are scanned.
pub const SCAN_BYTES_MAX: usize = 64 * 1024;
/// Most numbers taken from one ticket.
pub const QUOTES_MAX: usize = 20;
/// Most lines of an order shown.
pub const LINES_MAX: usize = 20;
/// Most shipments, payments, refunds or returns shown of one order.
pub const PARTS_MAX: usize = 20;
/// Most steps of a timeline, newest kept.
pub const TIMELINE_MAX: usize = 40;
/// Most other orders offered beside the one in question.
pub const ALTERNATIVES_MAX: usize = 5;
/// Most characters of a text that a source wrote.
pub const TEXT_CHARS_MAX: usize = 200;
/// Most characters of an internal note.
pub const NOTE_CHARS_MAX: usize = 4_000;

/// Days after payment by which goods should have left, where nobody promised a date.
pub const SHIP_WITHIN_DAYS: i64 = 3;
/// Days after leaving by which goods should have arrived, where nobody promised a date.
pub const DELIVER_WITHIN_DAYS: i64 = 10;
/// Days by which a refund should have gone through.
pub const REFUND_WITHIN_DAYS: i64 = 5;

pub(crate) const DAY_SECONDS: i64 = 24 * 60 * 60;
