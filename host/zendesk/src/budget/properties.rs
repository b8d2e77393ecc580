//! Whatever is asked and whenever: what goes out keeps every limit.

use proptest::prelude::*;

use super::*;

/// A call: how long after the last one, for whom, of what kind.
type Asked = (u64, Lane, Meter);

fn asked() -> impl Strategy<Value = Asked> {
    let lane = prop_oneof![Just(Lane::People), Just(Lane::Live), Just(Lane::Background)];
    let meter = prop_oneof![
        Just(Meter::Plain),
        Just(Meter::Export),
        Just(Meter::Audits),
        (0_u64..3).prop_map(Meter::TicketUpdate),
    ];
    (0_u64..900, lane, meter)
}

/// The most calls that went within one span.
fn peak(times: &[Duration], span: Duration) -> usize {
    let within = |end: &Duration| {
        let began = |time: &&Duration| **time <= *end && **time + span > *end;
        times.iter().filter(began).count()
    };
    times.iter().map(within).max().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_span_holds_more_than_its_limit(calls in prop::collection::vec(asked(), 1..600)) {
        let mut governor = Governor::new(Plan::Team);
        let mut now = Duration::ZERO;
        let mut went: Vec<(Duration, Meter)> = Vec::new();
        for (gap, lane, meter) in calls {
            now += Duration::from_millis(gap);
            if governor.admit(now, lane, meter) == Admission::Go {
                went.push((now, meter));
            }
        }
        let of = |wanted: &dyn Fn(Meter) -> bool| -> Vec<Duration> {
            went.iter().filter(|(_, meter)| wanted(*meter)).map(|(at, _)| *at).collect()
        };
        prop_assert!(peak(&of(&|_| true), MINUTE) <= 200);
        prop_assert!(peak(&of(&|meter| meter == Meter::Export), MINUTE) <= 10);
        let updates = of(&|meter| matches!(meter, Meter::TicketUpdate(_)));
        prop_assert!(peak(&updates, MINUTE) <= 100);
        for ticket in 0..3 {
            let one = of(&|meter| meter == Meter::TicketUpdate(ticket));
            prop_assert!(peak(&one, TEN_MINUTES) <= TICKET_UPDATES_MAX as usize);
        }
    }

    #[test]
    fn whoever_waits_as_told_may_go(calls in prop::collection::vec(asked(), 1..300), lane in asked()) {
        let mut governor = Governor::new(Plan::Team);
        let mut now = Duration::ZERO;
        for (gap, lane, meter) in calls {
            now += Duration::from_millis(gap);
            governor.admit(now, lane, meter);
        }
        let (_, lane, meter) = lane;
        if let Admission::Wait(wait) = governor.admit(now, lane, meter) {
            prop_assert!(wait > Duration::ZERO);
            prop_assert_eq!(governor.admit(now + wait, lane, meter), Admission::Go);
        }
    }
}
