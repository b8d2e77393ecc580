//! The use case of Ordercase: one ticket event or one record change becomes committed effects.
//!
//! In: an event that names a ticket, or keys of records that changed. Out: one store transaction
//! that holds the ticket's mirror, its case with comments, the records that it shows, and the
//! effects that bring the ticket up to date. Nothing here speaks HTTP: the ticket is read through
//! [`HelpDesk`], which the server implements, and effects are executed elsewhere.

mod helpdesk;

pub use helpdesk::{
    AuditMark, DeskKey, HelpDesk, HelpDeskError, Person, Role, Suspicion, TicketComment,
    TicketSnapshot,
};
