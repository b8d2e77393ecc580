use super::*;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Sends until the governor says wait; how many went, and the wait.
fn drain(governor: &mut Governor, now: Duration, lane: Lane, meter: Meter) -> (u32, Duration) {
    let mut sent = 0;
    loop {
        match governor.admit(now, lane, meter) {
            Admission::Go => sent += 1,
            Admission::Wait(wait) => return (sent, wait),
            Admission::Rest(_) => unreachable!("nobody said that a call failed"),
        }
    }
}

#[test]
fn live_work_leaves_a_fifth_of_the_plan_to_people() {
    let mut governor = Governor::new(Plan::Team);
    assert_eq!(
        drain(&mut governor, secs(0), Lane::Background, Meter::Plain),
        (100, secs(60))
    );
    assert_eq!(
        drain(&mut governor, secs(10), Lane::Live, Meter::Plain),
        (60, secs(50))
    );
    assert_eq!(
        drain(&mut governor, secs(20), Lane::People, Meter::Plain),
        (40, secs(40))
    );
}

#[test]
fn the_window_slides() {
    let mut governor = Governor::new(Plan::Team);
    drain(&mut governor, secs(0), Lane::Background, Meter::Plain);
    assert_eq!(
        governor.admit(secs(59), Lane::Background, Meter::Plain),
        Admission::Wait(secs(1))
    );
    assert_eq!(
        governor.admit(secs(60), Lane::Background, Meter::Plain),
        Admission::Go
    );
}

#[test]
fn one_ticket_is_updated_at_most_28_times_in_ten_minutes() {
    let mut governor = Governor::new(Plan::Enterprise);
    assert_eq!(
        drain(&mut governor, secs(0), Lane::Live, Meter::TicketUpdate(1)),
        (TICKET_UPDATES_MAX, secs(600))
    );
    // Another ticket is free, and a refusal counts nothing.
    assert_eq!(
        governor.admit(secs(0), Lane::Live, Meter::TicketUpdate(2)),
        Admission::Go
    );
    assert_eq!(
        governor.admit(secs(600), Lane::Live, Meter::TicketUpdate(1)),
        Admission::Go
    );
}

#[test]
fn all_tickets_together_keep_the_accounts_update_limit() {
    let mut governor = Governor::new(Plan::Enterprise);
    let mut sent = 0;
    for ticket in 0..200 {
        if governor.admit(secs(0), Lane::Live, Meter::TicketUpdate(ticket)) == Admission::Go {
            sent += 1;
        }
    }
    assert_eq!(sent, 80, "four fifths of 100");
}

#[test]
fn the_export_keeps_its_own_limit() {
    let mut governor = Governor::new(Plan::Enterprise);
    assert_eq!(
        drain(&mut governor, secs(0), Lane::Background, Meter::Export),
        (10, secs(60))
    );
    let mut big = Governor::new(Plan::HighVolume);
    assert_eq!(
        drain(&mut big, secs(0), Lane::Background, Meter::Export),
        (30, secs(60))
    );
}

#[test]
fn the_limit_that_zendesk_states_wins_over_the_plan() {
    let mut governor = Governor::new(Plan::Team);
    let stated = RateHeaders {
        limit: Some(10),
        ..RateHeaders::default()
    };
    governor.observe(secs(0), &stated);
    assert_eq!(drain(&mut governor, secs(0), Lane::Live, Meter::Plain).0, 8);
}

#[test]
fn when_others_use_the_account_up_only_people_go_on() {
    let mut governor = Governor::new(Plan::Team);
    let low = RateHeaders {
        limit: Some(200),
        remaining: Some(30),
        reset: Some(secs(20)),
        retry_after: None,
    };
    governor.observe(secs(0), &low);
    assert_eq!(
        governor.admit(secs(5), Lane::Live, Meter::Plain),
        Admission::Wait(secs(15))
    );
    assert_eq!(
        governor.admit(secs(5), Lane::People, Meter::Plain),
        Admission::Go
    );
    assert_eq!(
        governor.admit(secs(20), Lane::Live, Meter::Plain),
        Admission::Go
    );
}

#[test]
fn a_refused_meter_holds_itself_and_a_used_up_account_holds_everybody() {
    let mut governor = Governor::new(Plan::Team);
    let left = RateHeaders {
        remaining: Some(150),
        ..RateHeaders::default()
    };
    governor.refused(secs(0), Meter::TicketUpdate(1), secs(30), &left);
    assert_eq!(
        governor.admit(secs(10), Lane::Live, Meter::TicketUpdate(1)),
        Admission::Wait(secs(20))
    );
    assert_eq!(
        governor.admit(secs(10), Lane::Live, Meter::Plain),
        Admission::Go
    );

    governor.refused(secs(10), Meter::Plain, secs(5), &RateHeaders::default());
    assert_eq!(
        governor.admit(secs(12), Lane::People, Meter::Plain),
        Admission::Wait(secs(3))
    );
}
