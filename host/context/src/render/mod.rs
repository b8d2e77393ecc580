//! What goes into a ticket: pure renderings of a context, compared before anything is written.

mod fields;
mod note;
mod tags;

pub use fields::{FIELD_KEYS, fields};
pub use note::{NOTE_MARK, note, plain};
pub use tags::{MATCH_TAG_PREFIX, TagChange, tags};
