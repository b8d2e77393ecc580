//! Cases and tickets kept in step, both ways. Pure: data in, data out.
//!
//! A case follows its ticket field by field. What both sides last agreed on is the [`Base`]; against
//! it [`merge`] sees which side changed what, takes disjoint changes from both, and settles contested
//! fields by [`Policy`]. A mapping profile translates words; the `lossless` one (the default) never
//! sends a word back that merely survived a round trip. [`comments`] gives comments one identity on
//! both sides, and [`echo`] tells our own writes from everybody else's.

mod comment;
mod echo;
mod limits;
mod merge;
mod people;
mod profile;
mod state;

pub use comment::{
    CaseComment, CommentChange, CommentOrigin, Incoming, OurWrites, comment_key, comments,
};
pub use echo::{Audit, EchoView, echo};
pub use limits::{COMMENT_CHARS_MAX, SUBJECT_CHARS_MAX};
pub use merge::{Contested, Merged, Outgoing, Policy, SideTimes, merge};
pub use people::{CasePeople, PersonName, case_people, split_name};
pub use profile::{Profile, lossless::Lossless};
pub use state::{
    Base, CaseFields, CasePriority, CaseStatus, TicketFields, TicketPriority, TicketStatus,
    WordError,
};
