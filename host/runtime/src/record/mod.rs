//! Whether what leaves a plugin keeps the contract: one bounded pass over every record.
//!
//! After this, the rest of the host may rely on a record: its schema and kind are known, its id and
//! texts are bounded, its body is JSON of bounded depth that reads as the type of its kind, and the
//! hard rules of the model hold. The first breach rejects the whole call, with its path.

mod body;
mod envelope;
mod json;
mod output;

pub(crate) use output::{Invalid, Output};
