use super::*;
use crate::{
    Discount, Line, Refund, RefundLine, Shipment, ShipmentLine, SourceTime, Status, Totals,
};

fn eur(amount: &str) -> MoneyPair {
    MoneyPair::same(Money::new(amount.parse().unwrap(), "EUR".parse().unwrap()))
}

fn decimal(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

fn line(id: &str) -> Line {
    Line {
        source_id: id.to_owned(),
        ..Line::default()
    }
}

fn refund(id: &str, amount: &str) -> Refund {
    Refund {
        source_id: id.to_owned(),
        state: Status::derived(RefundState::Succeeded),
        amount: eur(amount),
        ..Refund::default()
    }
}

fn paths(order: &Order) -> Vec<String> {
    let broken = check_order(order).err().unwrap_or_default();
    broken
        .into_iter()
        .map(|broken| match broken {
            Broken::Negative { path } | Broken::EmptyId { path } => path,
            Broken::RepeatedId { path, id } => format!("{path}={id}"),
        })
        .collect()
}

#[test]
fn every_negative_amount_is_named_by_its_path() {
    let order = Order {
        refunds: vec![Refund {
            lines: vec![RefundLine {
                amount: Some(eur("-1")),
                ..RefundLine::default()
            }],
            ..refund("r1", "-0.01")
        }],
        discounts: vec![Discount {
            amount: eur("-2"),
            ..Discount::default()
        }],
        shipments: vec![Shipment {
            source_id: "s".to_owned(),
            lines: vec![ShipmentLine {
                line_source_id: "1".to_owned(),
                quantity: "-1".parse().unwrap(),
            }],
            ..Shipment::default()
        }],
        totals: Totals {
            discount: Some(eur("-3")),
            refunded: Some(eur("-4")),
            ..Totals::default()
        },
        ..Order::default()
    };
    assert_eq!(
        paths(&order),
        [
            "refunds[0].amount",
            "refunds[0].lines[0]",
            "totals.refunded",
            "discounts[0].amount",
            "totals.discount",
            "shipments[0].lines[0].quantity"
        ]
    );
}

#[test]
fn ids_are_there_and_unique() {
    let order = Order {
        lines: vec![line("1"), line(""), line("1")],
        ..Order::default()
    };
    assert_eq!(paths(&order), ["lines[1].source_id", "lines=1"]);
    assert_eq!(check_order(&Order::default()), Ok(()));
}

/// Placed 21.40 = items 20 - discount 1 + shipping 1.50 + tax 0.90.
fn adding_up() -> Order {
    Order {
        lines: vec![line("1")],
        prices_include_tax: Some(false),
        totals: Totals {
            items: Some(eur("20.00")),
            discount: Some(eur("1.00")),
            shipping: Some(eur("1.50")),
            tax: Some(eur("0.90")),
            placed: Some(eur("21.40")),
            ..Totals::default()
        },
        ..Order::default()
    }
}

#[test]
fn a_total_may_be_off_by_one_minor_unit_per_line_and_no_more() {
    let with = |placed: &str, lines: usize| {
        let mut order = adding_up();
        order.totals.placed = Some(eur(placed));
        order.lines = (0..lines).map(|i| line(&i.to_string())).collect();
        soft_warnings(&order, None).contains(&Soft::TotalMismatch)
    };
    assert!(!with("21.40", 1));
    assert!(!with("21.41", 1));
    assert!(with("21.42", 1));
    assert!(!with("21.42", 2));
    // Items after discounts.
    assert!(!with("22.40", 1));
}

#[test]
fn a_total_is_not_judged_without_its_parts_or_after_an_edit() {
    let off = || {
        let mut order = adding_up();
        order.totals.placed = Some(eur("99.00"));
        order
    };
    assert_eq!(soft_warnings(&off(), None), [Soft::TotalMismatch]);
    let mut edited = off();
    edited.flags.edited = Some(true);
    assert_eq!(soft_warnings(&edited, None), []);
    let mut without_tax = off();
    without_tax.totals.tax = None;
    assert_eq!(soft_warnings(&without_tax, None), []);
}

#[test]
fn tax_counts_once_where_prices_hold_it() {
    let mut order = adding_up();
    order.prices_include_tax = Some(true);
    order.totals.placed = Some(eur("20.50"));
    assert_eq!(soft_warnings(&order, None), []);
    order.totals.placed = Some(eur("21.40"));
    assert_eq!(soft_warnings(&order, None), [Soft::TotalMismatch]);
}

#[test]
fn money_and_its_states_must_agree() {
    let mut order = Order {
        payment_state: Status::derived(PaymentState::Paid),
        refunds: vec![refund("r", "10.00")],
        totals: Totals {
            received: Some(eur("10.00")),
            outstanding: Some(eur("5.00")),
            ..Totals::default()
        },
        ..Order::default()
    };
    assert_eq!(
        soft_warnings(&order, None),
        [Soft::OutstandingVsPaid, Soft::RefundSumVsState]
    );
    order.payment_state = Status::derived(PaymentState::Refunded);
    assert_eq!(soft_warnings(&order, None), []);
    order.refunds = vec![refund("r", "9.99")];
    assert_eq!(soft_warnings(&order, None), [Soft::RefundSumVsState]);
}

#[test]
fn goods_and_their_states_must_agree() {
    let mut order = Order {
        order_state: Status::derived(OrderState::Cancelled),
        fulfilment_state: Status::derived(FulfilmentState::Unfulfilled),
        shipments: vec![Shipment {
            source_id: "s".to_owned(),
            state: Status::derived(ShipmentState::InTransit),
            ..Shipment::default()
        }],
        ..Order::default()
    };
    assert_eq!(soft_warnings(&order, None), [Soft::ShipmentVsState]);
    order.fulfilment_state = Status::derived(FulfilmentState::Delivered);
    assert_eq!(soft_warnings(&order, None), [Soft::StateVsCancel]);
    let mut overrun = line("1");
    overrun.quantity.ordered = decimal("2");
    overrun.quantity.fulfilled = decimal("1.5");
    overrun.quantity.cancelled = decimal("0.6");
    let order = Order {
        lines: vec![overrun],
        ..Order::default()
    };
    assert_eq!(soft_warnings(&order, None), [Soft::QuantityOverrun]);
}

#[test]
fn times_must_be_in_order_and_not_ahead() {
    let time = |text: &str| Some(SourceTime::zoned(text));
    let order = Order {
        created_at: time("2026-01-02T00:00:00Z"),
        updated_at: time("2026-01-01T00:00:00Z"),
        ..Order::default()
    };
    assert_eq!(soft_warnings(&order, None), [Soft::TimeOrder]);
    let shipped_first = Order {
        placed_at: time("2026-01-02T00:00:00Z"),
        shipments: vec![Shipment {
            source_id: "s".to_owned(),
            shipped_at: time("2026-01-01T00:00:00Z"),
            ..Shipment::default()
        }],
        ..Order::default()
    };
    assert_eq!(soft_warnings(&shipped_first, None), [Soft::TimeOrder]);
    let order = Order {
        placed_at: time("2026-01-01T00:10:01Z"),
        ..Order::default()
    };
    let at = |text: &str| Some(text.parse().unwrap());
    assert_eq!(
        soft_warnings(&order, at("2026-01-01T00:00:00Z")),
        [Soft::TimeInFuture]
    );
    assert_eq!(soft_warnings(&order, at("2026-01-01T00:00:01Z")), []);
}

#[test]
fn a_word_outside_the_table_and_two_currencies_are_warned_of() {
    let order = Order {
        payment_state: Status::new(PaymentState::Unknown, Some("QUANTUM"), "state"),
        totals: Totals {
            placed: Some(eur("1")),
            items: Some(MoneyPair::same(Money::new(
                "1".parse().unwrap(),
                "USD".parse().unwrap(),
            ))),
            ..Totals::default()
        },
        ..Order::default()
    };
    assert_eq!(
        soft_warnings(&order, None),
        [Soft::CurrencyMixed, Soft::UnknownStatus]
    );
}
