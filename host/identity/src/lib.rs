//! Who is writing, and how sure that is. Pure: no clock, no I/O, no randomness.
//!
//! In: what a ticket claims about its requester ([`Claims`]) and the customer and order records that
//! might be theirs ([`Face`]). Out: a [`Resolution`] with one of five classes and the candidates
//! with reasons and counter-reasons. Only [`MatchClass::Confirmed`] lets order data leave the host;
//! a wrong customer's data in a ticket is the failure to avoid, so every doubt lowers the class.
//!
//! The way of the data: `address` and `phone` make identifiers comparable, `face` turns records into
//! comparable faces, `person` joins faces into people, `resolve` matches people with the claims.

mod address;
mod candidate;
mod claim;
mod face;
mod limits;
mod person;
mod phone;
mod resolve;

pub use address::{AddressUse, address_key, address_use};
pub use candidate::{Candidate, Counter, MatchClass, Reason, Resolution, masked_initials};
pub use claim::{Claims, EmailProof, QuotedOrder};
pub use face::{Face, RecordLink};
pub use limits::{FACES_MAX, NAMES_PER_ADDRESS_MAX};
pub use person::{Person, people};
pub use phone::{same_phone, searchable_phone};
pub use resolve::resolve;
