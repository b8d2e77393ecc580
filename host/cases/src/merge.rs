//! Three-way merge, field by field: what both sides last agreed on, the case now, the ticket now.
//!
//! Changes of one side are taken, disjoint changes of both sides are both taken, and only a field that
//! both sides changed to different things is contested and settled by the policy. The same rule holds
//! on every path and in both directions (oro.md D4, D5, D24), and only fields that differ are sent.

use serde::{Deserialize, Serialize};

use crate::{
    Base, CaseFields, CasePriority, CaseStatus, Profile, TicketFields, TicketPriority,
    TicketStatus, limits::SUBJECT_CHARS_MAX,
};

/// Who wins a contested field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The ticket.
    #[default]
    RemoteWins,
    /// The case.
    LocalWins,
    /// Whoever changed last; the ticket on a tie or when a time is unknown.
    Newest,
}

/// When each side last changed, in any unit that counts up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideTimes {
    /// The case.
    pub local: Option<i64>,
    /// The ticket.
    pub remote: Option<i64>,
}

/// A field that both sides changed to different things.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contested {
    /// The field.
    pub field: String,
    /// Whether the case's value won.
    pub local_won: bool,
}

/// What the ticket must be told. Empty when nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// New subject.
    pub subject: Option<String>,
    /// New status.
    pub status: Option<TicketStatus>,
    /// New priority.
    pub priority: Option<TicketPriority>,
}

impl Outgoing {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The outcome of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The case from now on.
    pub case: CaseFields,
    /// What the ticket must be told.
    pub outgoing: Outgoing,
    /// Fields that both sides had changed.
    pub contested: Vec<Contested>,
    /// What both sides agree on after this; fields that are still to be sent keep their old base.
    pub base: Base,
}

/// Merges. Without a base the ticket is new here, and the case becomes what the ticket says.
#[must_use]
pub fn merge<P: Profile>(
    profile: &P,
    base: Option<&Base>,
    case: Option<&CaseFields>,
    ticket: &TicketFields,
    policy: Policy,
    times: SideTimes,
) -> Merged {
    let (Some(base), Some(case)) = (base, case) else {
        return adopt(profile, ticket);
    };
    if ticket.status == Some(TicketStatus::Closed) {
        // A closed ticket takes no writes: what the case wanted otherwise stays at the case.
        return follow_closed(profile, base, case, ticket);
    }
    let mut merging = Merging {
        case: case.clone(),
        outgoing: Outgoing::default(),
        contested: Vec::new(),
        base: base.clone(),
        local_wins: local_wins(policy, times),
    };
    merging.status(profile, base, ticket);
    merging.priority(profile, base, ticket);
    merging.subject(base, ticket);
    merging.inward_only(base, ticket);
    Merged {
        case: merging.case,
        outgoing: merging.outgoing,
        contested: merging.contested,
        base: merging.base,
    }
}

fn local_wins(policy: Policy, times: SideTimes) -> bool {
    match policy {
        Policy::RemoteWins => false,
        Policy::LocalWins => true,
        Policy::Newest => match (times.local, times.remote) {
            (Some(local), Some(remote)) => local > remote,
            _ => false,
        },
    }
}

/// A case that says what the ticket says.
fn adopt<P: Profile>(profile: &P, ticket: &TicketFields) -> Merged {
    let case = CaseFields {
        subject: subject(&ticket.subject),
        description: ticket.description.clone(),
        status: ticket
            .status
            .map_or(CaseStatus::Open, |status| profile.status_in(status)),
        priority: ticket
            .priority
            .map(|priority| profile.priority_in(priority)),
        kind: ticket.kind.clone(),
        requester: ticket.requester,
        submitter: ticket.submitter,
        assignee: ticket.assignee,
        followers: ticket.followers.clone(),
    };
    Merged {
        base: Base {
            ticket: ticket.clone(),
            case: case.clone(),
        },
        case,
        outgoing: Outgoing::default(),
        contested: Vec::new(),
    }
}

fn follow_closed<P: Profile>(
    profile: &P,
    base: &Base,
    case: &CaseFields,
    ticket: &TicketFields,
) -> Merged {
    let mut merging = Merging {
        case: case.clone(),
        outgoing: Outgoing::default(),
        contested: Vec::new(),
        base: base.clone(),
        local_wins: false,
    };
    merging.status(profile, base, ticket);
    merging.inward_only(base, ticket);
    Merged {
        case: merging.case,
        outgoing: Outgoing::default(),
        contested: merging.contested,
        base: merging.base,
    }
}

/// A subject that fits; a ticket without one gets words that say so.
fn subject(text: &str) -> String {
    let text: String = text.trim().chars().take(SUBJECT_CHARS_MAX).collect();
    if text.is_empty() {
        "(no subject)".to_owned()
    } else {
        text
    }
}

struct Merging {
    case: CaseFields,
    outgoing: Outgoing,
    contested: Vec<Contested>,
    base: Base,
    local_wins: bool,
}

/// What to do with one field.
enum Step {
    /// Both sides say the same.
    Agreed,
    /// The case takes the ticket's value.
    Take,
    /// The ticket must be told the case's value.
    Send,
}

impl Merging {
    fn step(&mut self, field: &str, agrees: bool, local: bool, remote: bool) -> Step {
        if agrees {
            return Step::Agreed;
        }
        match (local, remote) {
            (false, _) => Step::Take,
            (true, false) => Step::Send,
            (true, true) => {
                self.contested.push(Contested {
                    field: field.to_owned(),
                    local_won: self.local_wins,
                });
                if self.local_wins {
                    Step::Send
                } else {
                    Step::Take
                }
            }
        }
    }

    fn status<P: Profile>(&mut self, profile: &P, base: &Base, ticket: &TicketFields) {
        let Some(now) = ticket.status else { return };
        let agrees = profile.status_agrees(self.case.status, now);
        let local = self.case.status != base.case.status;
        let remote = ticket.status != base.ticket.status;
        // A ticket that moved within one class says nothing new to its case.
        let remote = remote
            && base.ticket.status.map(|was| profile.status_in(was)) != Some(profile.status_in(now));
        match self.step("status", agrees, local, remote) {
            Step::Agreed => {}
            Step::Take => self.case.status = profile.status_in(now),
            Step::Send => {
                self.outgoing.status = Some(profile.status_out(self.case.status));
                return;
            }
        }
        self.base.case.status = self.case.status;
        self.base.ticket.status = ticket.status;
    }

    fn priority<P: Profile>(&mut self, profile: &P, base: &Base, ticket: &TicketFields) {
        let class = |priority: Option<TicketPriority>| priority.map(|p| profile.priority_in(p));
        let agrees = match (self.case.priority, ticket.priority) {
            (Some(case), Some(ticket)) => profile.priority_agrees(case, ticket),
            (None, None) => true,
            _ => false,
        };
        let local = self.case.priority != base.case.priority;
        let remote = class(ticket.priority) != class(base.ticket.priority);
        match self.step("priority", agrees, local, remote) {
            Step::Agreed => {}
            // A ticket that lost its priority leaves the case's alone (oro.md §3.1).
            Step::Take => self.case.priority = class(ticket.priority).or(self.case.priority),
            Step::Send => {
                let out = |priority: CasePriority| profile.priority_out(priority);
                self.outgoing.priority = self.case.priority.map(out);
                return;
            }
        }
        self.base.case.priority = self.case.priority;
        self.base.ticket.priority = ticket.priority;
    }

    fn subject(&mut self, base: &Base, ticket: &TicketFields) {
        let now = subject(&ticket.subject);
        let agrees = self.case.subject == now;
        let local = self.case.subject != base.case.subject;
        let remote = ticket.subject != base.ticket.subject;
        match self.step("subject", agrees, local, remote) {
            Step::Agreed => {}
            Step::Take => self.case.subject = now,
            Step::Send => {
                self.outgoing.subject = Some(self.case.subject.clone());
                return;
            }
        }
        self.base.case.subject.clone_from(&self.case.subject);
        self.base.ticket.subject.clone_from(&ticket.subject);
    }

    /// Fields that only the help desk changes. A case's own edit of them stays until the ticket's
    /// value moves, and is never sent.
    fn inward_only(&mut self, base: &Base, ticket: &TicketFields) {
        fn follow<T: Clone + PartialEq>(case: &mut T, base: &T, ticket: &T) {
            if base != ticket {
                case.clone_from(ticket);
            }
        }
        let was = &base.ticket;
        follow(
            &mut self.case.description,
            &was.description,
            &ticket.description,
        );
        follow(&mut self.case.kind, &was.kind, &ticket.kind);
        follow(&mut self.case.requester, &was.requester, &ticket.requester);
        follow(&mut self.case.submitter, &was.submitter, &ticket.submitter);
        follow(&mut self.case.assignee, &was.assignee, &ticket.assignee);
        follow(&mut self.case.followers, &was.followers, &ticket.followers);
        let TicketFields {
            subject: _,
            status: _,
            priority: _,
            description,
            kind,
            requester,
            submitter,
            assignee,
            followers,
        } = ticket.clone();
        self.base.ticket = TicketFields {
            description,
            kind,
            requester,
            submitter,
            assignee,
            followers,
            ..self.base.ticket.clone()
        };
        self.base.case = CaseFields {
            subject: self.base.case.subject.clone(),
            status: self.base.case.status,
            priority: self.base.case.priority,
            ..self.case.clone()
        };
    }
}
