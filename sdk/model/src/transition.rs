//! Which state may follow which, by machine (SB-129), pure.
//!
//! A table lists what shops do in the course of things, and what looks like a way back and is none: a refund after
//! delivery, a payment that is tried again, a dispute that is won, an order that grew. What it does not list is not
//! impossible, for shops can do anything: it is doubtful. Whoever is told so by a message asks the source before he
//! believes it; what the source answers holds (SB-130).

use crate::{FulfilmentState, OrderState, PaymentState};

/// A state, and the states that may follow it.
type Row<S> = (S, &'static [S]);

macro_rules! machines {
    ($($state:ident = $table:ident { $($before:ident => [$($after:ident),*],)* })*) => { $(
        const $table: &[Row<$state>] = &[$(($state::$before, &[$($state::$after),*]),)*];

        impl $state {
            /// Whether this state may follow that one in the course of things. `false` is a reason to ask the source,
            /// none to refuse what it answers.
            #[must_use]
            pub fn may_follow(self, before: Self) -> bool {
                lists($table, before, self)
            }
        }
    )* };
}
machines! {
    OrderState = ORDER {
        Draft => [Pending, Open, OnHold, Completed, Closed, Cancelled, Failed],
        Pending => [Open, OnHold, Completed, Closed, Cancelled, Failed],
        Open => [OnHold, Completed, Closed, Cancelled, Failed],
        OnHold => [Open, Completed, Closed, Cancelled, Failed],
        // Goods came back, or money did.
        Completed => [Closed, Cancelled],
        Closed => [Cancelled],
        // The refund of what was called off.
        Cancelled => [Closed],
        // The buyer pays again.
        Failed => [Pending, Open, OnHold, Completed, Closed, Cancelled],
    }
    PaymentState = PAYMENT {
        Unpaid => [
            Pending, Authorized, PartiallyPaid, Paid, Overpaid, PartiallyRefunded, Refunded, Voided, Failed,
            ChargedBack, NotRequired, NotReported
        ],
        Pending => [
            Authorized, PartiallyPaid, Paid, Overpaid, PartiallyRefunded, Refunded, Voided, Failed,
            ChargedBack, NotRequired, NotReported
        ],
        Authorized => [PartiallyPaid, Paid, Overpaid, PartiallyRefunded, Refunded, Voided, Failed, ChargedBack],
        PartiallyPaid => [Paid, Overpaid, PartiallyRefunded, Refunded, Voided, ChargedBack],
        // The order grew or shrank.
        Paid => [PartiallyPaid, Overpaid, PartiallyRefunded, Refunded, ChargedBack],
        Overpaid => [PartiallyPaid, Paid, PartiallyRefunded, Refunded, ChargedBack],
        PartiallyRefunded => [Refunded, ChargedBack],
        Refunded => [ChargedBack],
        // Another payment is made after one was refused or let go.
        Voided => [Pending, Authorized, PartiallyPaid, Paid, Overpaid, Refunded],
        Failed => [Pending, Authorized, PartiallyPaid, Paid, Overpaid, Refunded, Voided],
        // The dispute was won, or settled by a refund.
        ChargedBack => [Paid, PartiallyRefunded, Refunded],
        // The total is no longer zero.
        NotRequired => [Unpaid, Pending, Authorized, PartiallyPaid, Paid, Overpaid, Refunded],
        NotReported => [Pending, Paid, PartiallyRefunded, Refunded, ChargedBack],
    }
    FulfilmentState = FULFILMENT {
        Unfulfilled => [
            Scheduled, OnHold, InProgress, ReadyForPickup, PartiallyFulfilled, Fulfilled, PartiallyDelivered,
            Delivered, Cancelled, NotRequired
        ],
        Scheduled => [
            Unfulfilled, OnHold, InProgress, ReadyForPickup, PartiallyFulfilled, Fulfilled, PartiallyDelivered,
            Delivered, Cancelled, NotRequired
        ],
        // What is released waits again.
        OnHold => [
            Unfulfilled, Scheduled, InProgress, ReadyForPickup, PartiallyFulfilled, Fulfilled,
            PartiallyDelivered, Delivered, Cancelled, NotRequired
        ],
        InProgress => [
            OnHold, ReadyForPickup, PartiallyFulfilled, Fulfilled, PartiallyDelivered, Delivered, Cancelled
        ],
        // Nobody came for it.
        ReadyForPickup => [OnHold, PartiallyFulfilled, Fulfilled, PartiallyDelivered, Delivered, Cancelled],
        PartiallyFulfilled => [
            OnHold, InProgress, ReadyForPickup, Fulfilled, PartiallyDelivered, Delivered, Cancelled
        ],
        // The order grew.
        Fulfilled => [PartiallyFulfilled, PartiallyDelivered, Delivered],
        PartiallyDelivered => [PartiallyFulfilled, Fulfilled, Delivered],
        Delivered => [PartiallyFulfilled, PartiallyDelivered],
        Cancelled => [],
        // Something to send was added.
        NotRequired => [Unfulfilled, Scheduled, InProgress, PartiallyFulfilled, Fulfilled, Delivered, Cancelled],
    }
}

/// Whether a table lists a step. What the canonical model has no word for (`unknown`) may follow and be followed by
/// anything, as nobody knows what it is.
fn lists<S: Copy + Default + PartialEq>(table: &[Row<S>], before: S, after: S) -> bool {
    let unknown = S::default();
    before == after
        || before == unknown
        || after == unknown
        || table
            .iter()
            .any(|(state, next)| *state == before && next.contains(&after))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn drawn<S: Copy + std::fmt::Display>(all: &[S], may_follow: impl Fn(S, S) -> bool) -> String {
        let mut text = String::new();
        for before in all {
            let after = all.iter().filter(|after| may_follow(**after, *before));
            let after: Vec<String> = after.map(ToString::to_string).collect();
            writeln!(text, "{before} -> {}", after.join(" ")).unwrap();
        }
        text
    }

    #[test]
    fn the_tables_are_these() {
        let order = drawn(OrderState::ALL, OrderState::may_follow);
        let payment = drawn(PaymentState::ALL, PaymentState::may_follow);
        let fulfilment = drawn(FulfilmentState::ALL, FulfilmentState::may_follow);
        insta::assert_snapshot!(format!("{order}\n{payment}\n{fulfilment}"));
    }

    #[test]
    fn every_known_state_has_a_row() {
        fn has_all<S: Copy + Default + PartialEq>(all: &[S], table: &[Row<S>]) -> bool {
            let unknown = S::default();
            let known = all.iter().filter(|state| **state != unknown);
            known.clone().count() == table.len()
                && known
                    .zip(table)
                    .all(|(state, (row, next))| state == row && !next.contains(row))
        }
        assert!(has_all(OrderState::ALL, ORDER));
        assert!(has_all(PaymentState::ALL, PAYMENT));
        assert!(has_all(FulfilmentState::ALL, FULFILMENT));
    }

    #[test]
    fn legal_exceptions_are_known_and_ways_back_are_doubtful() {
        use OrderState as O;
        use PaymentState as P;
        // A refund after delivery changes the money, never the goods.
        assert!(P::PartiallyRefunded.may_follow(P::Paid));
        assert!(FulfilmentState::Delivered.may_follow(FulfilmentState::Delivered));
        assert!(O::Closed.may_follow(O::Completed), "returned as a whole");
        assert!(P::Paid.may_follow(P::ChargedBack), "a dispute was won");
        assert!(
            P::Authorized.may_follow(P::Failed),
            "paid at the second try"
        );
        assert!(O::Open.may_follow(O::Failed), "paid at the second try");
        assert!(P::PartiallyPaid.may_follow(P::Paid), "an order grew");
        for (before, after) in [
            (O::Open, O::Pending),
            (O::Completed, O::Open),
            (O::Cancelled, O::Open),
            (O::Closed, O::Pending),
        ] {
            assert!(!after.may_follow(before), "{before} -> {after}");
        }
        assert!(!P::Pending.may_follow(P::Paid));
        assert!(!P::Paid.may_follow(P::Refunded));
        assert!(!FulfilmentState::Unfulfilled.may_follow(FulfilmentState::Delivered));
    }

    #[test]
    fn what_nobody_knows_is_never_doubtful() {
        for state in OrderState::ALL {
            assert!(state.may_follow(OrderState::Unknown));
            assert!(OrderState::Unknown.may_follow(*state));
        }
    }
}
