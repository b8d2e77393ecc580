//! The use case of Ordercase: one ticket event or one record change becomes committed effects.
//!
//! In: an event that names a ticket, or records that changed. Out: one store transaction that holds the
//! ticket's mirror, its case with comments, the records that it shows, the effects that bring the ticket
//! up to date, and the settled receipt. Nothing here speaks HTTP: the ticket is read through
//! [`HelpDesk`], the shops are searched through [`Finder`], and effects are executed elsewhere.
//!
//! | Module | Does |
//! |---|---|
//! | `desk` | reads, looks up, commits; tries again when somebody else was first |
//! | `claims`, `gather` | what the ticket says; what the store knows about it |
//! | `decide` | the decision, without I/O: case, comments, class, context |
//! | `project` | what the ticket must be told, and only what it does not show |
//! | `set_case` | the other direction: a change of a case |
//! | `mirror`, `case`, `effect` | what is stored and sent |

mod case;
mod claims;
mod decide;
mod desk;
mod effect;
mod error;
mod event;
mod finder;
mod gather;
mod helpdesk;
pub mod limits;
mod mirror;
mod project;
mod set_case;
mod settings;

pub use desk::Desk;
pub use error::DeskError;
pub use event::{CaseChanged, CasePatch, Handled, RecordsChanged, TicketEvent};
pub use finder::{Finder, Question};
pub use helpdesk::{
    AuditMark, HelpDesk, HelpDeskError, Person, Role, Suspicion, TicketComment, TicketSnapshot,
};
pub use ordercase_cases::{CasePriority, CaseStatus};
pub use ordercase_context::SupportContext;
pub use ordercase_store::DeskKey;
pub use settings::DeskSettings;
