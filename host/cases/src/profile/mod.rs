//! A mapping profile: which words of a ticket and of a case belong together.

pub(crate) mod lossless;

use crate::{CasePriority, CaseStatus, TicketPriority, TicketStatus};

/// Translates between a ticket's words and a case's.
pub trait Profile {
    /// The case's word for a ticket's status.
    fn status_in(&self, ticket: TicketStatus) -> CaseStatus;

    /// The ticket's word for a case's status, when it must be written at all.
    fn status_out(&self, case: CaseStatus) -> TicketStatus;

    /// The case's word for a ticket's priority.
    fn priority_in(&self, ticket: TicketPriority) -> CasePriority;

    /// The ticket's word for a case's priority, when it must be written at all.
    fn priority_out(&self, case: CasePriority) -> TicketPriority;

    /// Whether the two words already say the same, in either direction; then neither is written.
    fn status_agrees(&self, case: CaseStatus, ticket: TicketStatus) -> bool {
        self.status_in(ticket) == case || self.status_out(case) == ticket
    }

    /// Whether the two words already say the same, in either direction; then neither is written.
    fn priority_agrees(&self, case: CasePriority, ticket: TicketPriority) -> bool {
        self.priority_in(ticket) == case || self.priority_out(case) == ticket
    }
}
