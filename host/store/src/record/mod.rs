//! Canonical records: what comes in ([`Snapshot`]), which of two is newer ([`Stamp`], [`decide`]), what is
//! stored ([`StoredRecord`]), the keys it is found by ([`LookupKey`]).

mod apply;
mod guard;
mod held;
mod keys;
mod lookup;
mod raw;
mod read;
mod redact;
mod rederive;
mod snapshot;
mod transition;
mod wake;

pub use apply::Applied;
pub(crate) use apply::{known, lane_of, write_batch, write_page};
pub use guard::{ReadPath, Stamp, Verdict, decide};
pub(crate) use held::Held;
pub use held::{Gone, Outcome};
pub use keys::{KeyKind, LookupKey};
pub(crate) use raw::keep as keep_raw;
pub use read::StoredRecord;
pub(crate) use redact::is_personal;
pub use rederive::{Candidate, Derived, RecordFilter, Rederivation, Rederived};
pub use snapshot::{Batch, RawBody, Snapshot};
pub(crate) use wake::wake_again;
#[cfg(test)]
pub(crate) use {
    apply::STATEMENTS as APPLY_STATEMENTS, lookup::STATEMENTS as LOOKUP_STATEMENTS,
    raw::STATEMENTS as RAW_STATEMENTS, rederive::STATEMENTS as REDERIVE_STATEMENTS,
    wake::STATEMENTS as WAKE_STATEMENTS,
};
/// Statements of many rows, for the preparing test.
#[cfg(test)]
pub(crate) const MANY: [(&str, &crate::db::Many); 2] =
    [("SAVE", &apply::SAVE), ("ADD_KEYS", &apply::ADD_KEYS)];
