//! The default profile. A ticket has more words than a case; what a case cannot say is kept at the
//! ticket, because a word is only sent when the case's word is not what the ticket's already means.
//! So an urgent ticket stays urgent and a ticket on hold stays on hold through any number of edits of
//! their cases (oro.md §3.4, defects D1 to D3).

use super::Profile;
use crate::{CasePriority, CaseStatus, TicketPriority, TicketStatus};

/// The lossless profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lossless;

impl Profile for Lossless {
    fn status_in(&self, ticket: TicketStatus) -> CaseStatus {
        match ticket {
            TicketStatus::New | TicketStatus::Open | TicketStatus::Hold => CaseStatus::Open,
            TicketStatus::Pending => CaseStatus::InProgress,
            TicketStatus::Solved => CaseStatus::Resolved,
            TicketStatus::Closed => CaseStatus::Closed,
        }
    }

    /// Never `new`, which a ticket cannot return to, and never `closed`, which is final: the help desk
    /// closes solved tickets itself.
    fn status_out(&self, case: CaseStatus) -> TicketStatus {
        match case {
            CaseStatus::Open => TicketStatus::Open,
            CaseStatus::InProgress => TicketStatus::Pending,
            CaseStatus::Resolved | CaseStatus::Closed => TicketStatus::Solved,
        }
    }

    fn priority_in(&self, ticket: TicketPriority) -> CasePriority {
        match ticket {
            TicketPriority::Low => CasePriority::Low,
            TicketPriority::Normal => CasePriority::Normal,
            TicketPriority::High | TicketPriority::Urgent => CasePriority::High,
        }
    }

    fn priority_out(&self, case: CasePriority) -> TicketPriority {
        match case {
            CasePriority::Low => TicketPriority::Low,
            CasePriority::Normal => TicketPriority::Normal,
            CasePriority::High => TicketPriority::High,
        }
    }
}
