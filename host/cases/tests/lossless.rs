//! The lossless profile and the merge, by table: what Oro's integration got wrong must not come back.

use ordercase_cases::{
    Base, CaseFields, CasePriority, CaseStatus, Lossless, Merged, Policy, Profile, SideTimes,
    TicketFields, TicketPriority, TicketStatus, merge,
};

fn ticket(status: TicketStatus, priority: Option<TicketPriority>) -> TicketFields {
    TicketFields {
        subject: "Where is it?".into(),
        description: "Hello".into(),
        status: Some(status),
        priority,
        requester: Some(1),
        ..TicketFields::default()
    }
}

fn adopted(ticket: &TicketFields) -> (Base, CaseFields) {
    let merged = merge(
        &Lossless,
        None,
        None,
        ticket,
        Policy::default(),
        SideTimes::default(),
    );
    assert!(merged.outgoing.is_empty());
    (merged.base, merged.case)
}

fn again(base: &Base, case: &CaseFields, ticket: &TicketFields, policy: Policy) -> Merged {
    merge(
        &Lossless,
        Some(base),
        Some(case),
        ticket,
        policy,
        SideTimes::default(),
    )
}

#[test]
fn statuses_and_priorities_come_in_as_the_table_says() {
    let table = [
        (TicketStatus::New, CaseStatus::Open),
        (TicketStatus::Open, CaseStatus::Open),
        (TicketStatus::Pending, CaseStatus::InProgress),
        (TicketStatus::Hold, CaseStatus::Open),
        (TicketStatus::Solved, CaseStatus::Resolved),
        (TicketStatus::Closed, CaseStatus::Closed),
    ];
    for (status, expected) in table {
        assert_eq!(adopted(&ticket(status, None)).1.status, expected);
    }
    let table = [
        (Some(TicketPriority::Low), Some(CasePriority::Low)),
        (Some(TicketPriority::Normal), Some(CasePriority::Normal)),
        (Some(TicketPriority::High), Some(CasePriority::High)),
        (Some(TicketPriority::Urgent), Some(CasePriority::High)),
        (None, None),
    ];
    for (priority, expected) in table {
        assert_eq!(
            adopted(&ticket(TicketStatus::New, priority)).1.priority,
            expected
        );
    }
}

/// D1, D2, D3: whatever the ticket says, a case that merely followed it sends nothing back.
#[test]
fn an_unrelated_edit_of_a_case_sends_neither_status_nor_priority() {
    for status in TicketStatus::ALL {
        for priority in TicketPriority::ALL {
            let ticket = ticket(*status, Some(*priority));
            let (base, mut case) = adopted(&ticket);
            case.subject = "Edited".into();
            let merged = again(&base, &case, &ticket, Policy::LocalWins);
            assert_eq!(merged.outgoing.status, None, "{status}");
            assert_eq!(merged.outgoing.priority, None, "{priority}");
            let open = *status != TicketStatus::Closed;
            assert_eq!(merged.outgoing.subject.is_some(), open);
        }
    }
}

#[test]
fn a_status_set_on_the_case_is_sent_once_and_its_echo_changes_nothing() {
    let before = ticket(TicketStatus::Open, None);
    let (base, mut case) = adopted(&before);
    case.status = CaseStatus::Resolved;
    let sent = again(&base, &case, &before, Policy::RemoteWins);
    assert_eq!(sent.outgoing.status, Some(TicketStatus::Solved));
    assert_eq!(sent.case.status, CaseStatus::Resolved);

    let echo = ticket(TicketStatus::Solved, None);
    let after = again(&sent.base, &sent.case, &echo, Policy::RemoteWins);
    assert!(after.outgoing.is_empty());
    assert_eq!(after.case, sent.case);
    assert_eq!(
        again(&after.base, &after.case, &echo, Policy::RemoteWins),
        after
    );
}

#[test]
fn a_case_that_is_closed_solves_its_ticket_and_stays_closed() {
    let before = ticket(TicketStatus::Hold, None);
    let (base, mut case) = adopted(&before);
    case.status = CaseStatus::Closed;
    let sent = again(&base, &case, &before, Policy::RemoteWins);
    assert_eq!(sent.outgoing.status, Some(TicketStatus::Solved));
    let echo = again(
        &sent.base,
        &sent.case,
        &ticket(TicketStatus::Solved, None),
        Policy::RemoteWins,
    );
    assert_eq!(echo.case.status, CaseStatus::Closed);

    let reopened = again(
        &echo.base,
        &echo.case,
        &ticket(TicketStatus::Open, None),
        Policy::LocalWins,
    );
    assert_eq!(reopened.case.status, CaseStatus::Open);
    assert!(reopened.outgoing.is_empty());
}

/// D4: the remote change of one field never takes the local change of another.
#[test]
fn disjoint_changes_of_both_sides_are_both_kept() {
    let before = ticket(TicketStatus::Open, Some(TicketPriority::Normal));
    let (base, mut case) = adopted(&before);
    case.priority = Some(CasePriority::Low);
    let now = ticket(TicketStatus::Pending, Some(TicketPriority::Normal));
    for policy in [Policy::RemoteWins, Policy::LocalWins, Policy::Newest] {
        let merged = again(&base, &case, &now, policy);
        assert_eq!(merged.case.status, CaseStatus::InProgress);
        assert_eq!(merged.case.priority, Some(CasePriority::Low));
        assert_eq!(merged.outgoing.priority, Some(TicketPriority::Low));
        assert_eq!(merged.contested, []);
    }
}

#[test]
fn a_contested_field_goes_to_whom_the_policy_says() {
    let before = ticket(TicketStatus::Open, None);
    let (base, mut case) = adopted(&before);
    case.status = CaseStatus::Resolved;
    let now = ticket(TicketStatus::Pending, None);

    let remote = again(&base, &case, &now, Policy::RemoteWins);
    assert_eq!(remote.case.status, CaseStatus::InProgress);
    assert!(remote.outgoing.is_empty() && !remote.contested[0].local_won);

    let local = again(&base, &case, &now, Policy::LocalWins);
    assert_eq!(local.case.status, CaseStatus::Resolved);
    assert_eq!(local.outgoing.status, Some(TicketStatus::Solved));

    for (times, won) in [
        ((Some(2), Some(1)), true),
        ((Some(1), Some(2)), false),
        ((None, Some(0)), false),
    ] {
        let times = SideTimes {
            local: times.0,
            remote: times.1,
        };
        let newest = merge(
            &Lossless,
            Some(&base),
            Some(&case),
            &now,
            Policy::Newest,
            times,
        );
        assert_eq!(newest.contested[0].local_won, won);
    }
}

#[test]
fn a_closed_ticket_is_followed_and_never_written() {
    let before = ticket(TicketStatus::Open, Some(TicketPriority::Low));
    let (base, mut case) = adopted(&before);
    case.priority = Some(CasePriority::High);
    let merged = again(
        &base,
        &case,
        &ticket(TicketStatus::Closed, Some(TicketPriority::Low)),
        Policy::LocalWins,
    );
    assert!(merged.outgoing.is_empty());
    assert_eq!(merged.case.status, CaseStatus::Closed);
    assert_eq!(merged.case.priority, Some(CasePriority::High));
}

#[test]
fn a_ticket_without_subject_or_priority_makes_a_case_all_the_same() {
    let bare = TicketFields::default();
    let (_, case) = adopted(&bare);
    assert_eq!(case.subject, "(no subject)");
    assert_eq!((case.status, case.priority), (CaseStatus::Open, None));

    // A ticket that loses its priority leaves the case's.
    let (base, case) = adopted(&ticket(TicketStatus::Open, Some(TicketPriority::High)));
    let merged = again(
        &base,
        &case,
        &ticket(TicketStatus::Open, None),
        Policy::RemoteWins,
    );
    assert_eq!(merged.case.priority, Some(CasePriority::High));
    assert!(merged.outgoing.is_empty());
}

#[test]
fn the_profile_never_sends_new_or_closed() {
    for status in CaseStatus::ALL {
        let out = Lossless.status_out(*status);
        assert!(!matches!(out, TicketStatus::New | TicketStatus::Closed));
    }
}

#[test]
fn words_of_the_command_line_are_understood_and_others_named() {
    assert_eq!("Solved".parse(), Ok(CaseStatus::Resolved));
    assert_eq!("pending".parse(), Ok(CaseStatus::InProgress));
    let error = "done".parse::<CaseStatus>().unwrap_err().to_string();
    assert!(
        error.contains("open, in_progress, resolved, closed"),
        "{error}"
    );
}
