//! What holds of every merge.

use ordercase_cases::{
    CaseFields, CasePriority, CaseStatus, Lossless, Policy, Profile, SideTimes, TicketFields,
    TicketPriority, TicketStatus, merge,
};
use proptest::{prelude::*, sample::select};

fn ticket() -> impl Strategy<Value = TicketFields> {
    (
        "[a-c]{0,2}",
        select(TicketStatus::ALL.to_vec()),
        prop::option::of(select(TicketPriority::ALL.to_vec())),
        prop::option::of(1..4u64),
    )
        .prop_map(|(subject, status, priority, assignee)| TicketFields {
            subject,
            status: Some(status),
            priority,
            assignee,
            ..TicketFields::default()
        })
}

fn open_ticket() -> impl Strategy<Value = TicketFields> {
    ticket().prop_filter("closed tickets take no writes", |t| {
        t.status != Some(TicketStatus::Closed)
    })
}

/// Edits that somebody makes at a case.
type Edit = (Option<String>, Option<CaseStatus>, Option<CasePriority>);

fn edit() -> impl Strategy<Value = Edit> {
    (
        prop::option::of("[x-z]{1,2}"),
        prop::option::of(select(CaseStatus::ALL.to_vec())),
        prop::option::of(select(CasePriority::ALL.to_vec())),
    )
}

fn edited(case: &CaseFields, (subject, status, priority): &Edit) -> CaseFields {
    let mut case = case.clone();
    if let Some(subject) = subject {
        case.subject.clone_from(subject);
    }
    case.status = status.unwrap_or(case.status);
    case.priority = priority.or(case.priority);
    case
}

fn policy() -> impl Strategy<Value = Policy> {
    select(vec![Policy::RemoteWins, Policy::LocalWins, Policy::Newest])
}

fn adopt(ticket: &TicketFields) -> ordercase_cases::Merged {
    merge(
        &Lossless,
        None,
        None,
        ticket,
        Policy::default(),
        SideTimes::default(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_again_changes_nothing(before in ticket(), edit in edit(), now in ticket(), policy in policy()) {
        let start = adopt(&before);
        let case = edited(&start.case, &edit);
        let once = merge(&Lossless, Some(&start.base), Some(&case), &now, policy, SideTimes::default());
        let twice = merge(&Lossless, Some(&once.base), Some(&once.case), &now, policy, SideTimes::default());
        prop_assert_eq!(&twice.case, &once.case);
        prop_assert_eq!(&twice.outgoing, &once.outgoing);
        prop_assert_eq!(&twice.base, &once.base);
    }

    #[test]
    fn an_untouched_case_sends_nothing_and_follows(before in ticket(), now in ticket(), policy in policy()) {
        let start = adopt(&before);
        let merged = merge(&Lossless, Some(&start.base), Some(&start.case), &now, policy, SideTimes::default());
        prop_assert!(merged.outgoing.is_empty());
        prop_assert!(merged.contested.is_empty());
        prop_assert!(Lossless.status_agrees(merged.case.status, now.status.unwrap()));
        prop_assert_eq!(merged.case.assignee, now.assignee);
    }

    #[test]
    fn an_untouched_ticket_receives_every_edit(before in open_ticket(), edit in edit(), policy in policy()) {
        let start = adopt(&before);
        let case = edited(&start.case, &edit);
        let merged = merge(&Lossless, Some(&start.base), Some(&case), &before, policy, SideTimes::default());
        prop_assert_eq!(&merged.case, &case);
        prop_assert!(merged.contested.is_empty());
        // After the write the ticket says what the case says, and the echo changes nothing.
        let mut echo = before.clone();
        if let Some(subject) = merged.outgoing.subject.clone() { echo.subject = subject; }
        echo.status = merged.outgoing.status.or(echo.status);
        echo.priority = merged.outgoing.priority.or(echo.priority);
        let after = merge(&Lossless, Some(&merged.base), Some(&merged.case), &echo, policy, SideTimes::default());
        prop_assert!(after.outgoing.is_empty());
        prop_assert_eq!(&after.case, &case);
    }

    #[test]
    fn fields_are_merged_apart(before in open_ticket(), edit in edit(), now in open_ticket(), policy in policy()) {
        // The outcome of a field does not depend on what happened to the others.
        let start = adopt(&before);
        let whole = merge(
            &Lossless, Some(&start.base), Some(&edited(&start.case, &edit)), &now, policy, SideTimes::default(),
        );
        let alone_edit = (None, edit.1, None);
        let alone_now = TicketFields { status: now.status, ..before.clone() };
        let alone = merge(
            &Lossless, Some(&start.base), Some(&edited(&start.case, &alone_edit)), &alone_now, policy,
            SideTimes::default(),
        );
        prop_assert_eq!(whole.case.status, alone.case.status);
        prop_assert_eq!(whole.outgoing.status, alone.outgoing.status);
    }

    #[test]
    fn nothing_is_lost(before in open_ticket(), edit in edit(), now in open_ticket(), policy in policy()) {
        // Each side's value is in the outcome, or the field is named as contested.
        let start = adopt(&before);
        let case = edited(&start.case, &edit);
        let merged = merge(&Lossless, Some(&start.base), Some(&case), &now, policy, SideTimes::default());
        let contested = merged.contested.iter().any(|c| c.field == "status");
        let local_kept = case.status == start.case.status || merged.case.status == case.status;
        let told = merged.outgoing.status.unwrap_or(now.status.unwrap());
        prop_assert!(local_kept || contested);
        prop_assert!(told == now.status.unwrap() || contested || case.status != start.case.status);
        prop_assert!(Lossless.status_agrees(merged.case.status, told));
    }

    #[test]
    fn a_round_trip_sends_nothing(before in ticket(), policy in policy()) {
        let start = adopt(&before);
        let merged = merge(&Lossless, Some(&start.base), Some(&start.case), &before, policy, SideTimes::default());
        prop_assert!(merged.outgoing.is_empty());
        prop_assert_eq!(merged.case, start.case);
    }
}
