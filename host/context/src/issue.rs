//! Three rules that notice trouble with an order before anybody reads its history.
//!
//! Each issue is data: a rule, how grave, since when, and the numbers behind it; no prose and no
//! locale. A fact that is absent never makes an issue.

use std::collections::BTreeMap;

use ordercase_model::{
    FulfilmentState, Instant, MoneyPair, Order, OrderState, PaymentState, RefundState, ReturnState,
    Shipment, ShipmentState,
};
use serde::{Deserialize, Serialize};

use crate::{
    fact::at,
    limits::{DAY_SECONDS, DELIVER_WITHIN_DAYS, REFUND_WITHIN_DAYS, SHIP_WITHIN_DAYS},
    source::Sourced,
};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Paid, but nothing left the shop in time.
    LateShipment,
    /// A parcel is in trouble or late.
    DeliveryProblem,
    /// Money that should have gone back did not.
    RefundProblem,
}

impl Rule {
    /// In words, for a person.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::LateShipment => "late shipment",
            Self::DeliveryProblem => "delivery problem",
            Self::RefundProblem => "refund problem",
        }
    }
}

/// How grave an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Needs somebody.
    Warning,
}

/// Something wrong with an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// The rule.
    pub rule: Rule,
    /// How grave.
    pub severity: Severity,
    /// Since when, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// What exactly, such as `exception`, `failed`, `overdue`.
    pub what: String,
    /// The numbers behind it.
    pub detail: BTreeMap<String, String>,
    /// Short name of the source.
    #[serde(default)]
    pub src: String,
}

/// Everything wrong with an order, gravest first.
#[must_use]
pub fn issues(order: &Sourced<Order>, now: Instant) -> Vec<Issue> {
    let body = &order.body;
    if matches!(
        body.order_state.canonical,
        OrderState::Draft | OrderState::Failed
    ) {
        return Vec::new();
    }
    let mut found: Vec<Issue> = late_shipment(body, now)
        .into_iter()
        .chain(
            body.shipments
                .iter()
                .filter_map(|s| delivery_problem(s, body, now)),
        )
        .chain(refund_problems(body, now))
        .collect();
    found.sort_by(|a, b| (b.severity, a.rule, a.since).cmp(&(a.severity, b.rule, b.since)));
    found
}

fn issue(rule: Rule, severity: Severity, what: &str, since: Option<Instant>) -> Issue {
    Issue {
        rule,
        severity,
        since,
        what: what.to_owned(),
        detail: BTreeMap::new(),
        src: String::new(),
    }
}

impl Issue {
    fn with<T: std::fmt::Display + ?Sized>(mut self, name: &str, value: &T) -> Self {
        self.detail.insert(name.to_owned(), format!("{value}"));
        self
    }
}

fn late_shipment(order: &Order, now: Instant) -> Option<Issue> {
    let money = matches!(
        order.payment_state.canonical,
        PaymentState::Paid
            | PaymentState::Overpaid
            | PaymentState::Authorized
            | PaymentState::NotRequired
            | PaymentState::PartiallyRefunded
    );
    let waiting = matches!(
        order.fulfilment_state.canonical,
        FulfilmentState::Unfulfilled
            | FulfilmentState::InProgress
            | FulfilmentState::OnHold
            | FulfilmentState::PartiallyFulfilled
    );
    let over = matches!(
        order.order_state.canonical,
        OrderState::Cancelled | OrderState::Closed | OrderState::Completed
    );
    if !money || !waiting || over {
        return None;
    }
    let promised = order.expected.as_ref().and_then(|e| at(e.ship_by.as_ref()));
    let paid = at(order.paid_at.as_ref()).or_else(|| order.placed());
    let due = promised.or_else(|| Some(paid?.plus_seconds(SHIP_WITHIN_DAYS * DAY_SECONDS)))?;
    (now > due).then(|| {
        let what = if promised.is_some() {
            "promise_missed"
        } else {
            "overdue"
        };
        let days = now.seconds_since(due) / DAY_SECONDS;
        issue(Rule::LateShipment, Severity::Warning, what, Some(due))
            .with("days_late", &days)
            .with("fulfilment_status", &order.fulfilment_state.canonical)
    })
}

fn delivery_problem(shipment: &Shipment, order: &Order, now: Instant) -> Option<Issue> {
    let state = shipment.state.canonical;
    let seen = shipment
        .events
        .iter()
        .filter_map(|event| at(event.at.as_ref()))
        .max()
        .or_else(|| at(shipment.shipped_at.as_ref()));
    let found = match state {
        ShipmentState::Exception | ShipmentState::ReturnedToSender => issue(
            Rule::DeliveryProblem,
            Severity::Warning,
            state.as_str(),
            seen,
        ),
        ShipmentState::Delayed | ShipmentState::DeliveryAttempted => issue(
            Rule::DeliveryProblem,
            Severity::Notice,
            state.as_str(),
            seen,
        ),
        ShipmentState::Shipped | ShipmentState::InTransit | ShipmentState::OutForDelivery => {
            let promised = at(shipment.estimated_delivery.as_ref())
                .or_else(|| at(order.expected.as_ref()?.deliver_by.as_ref()));
            let usual = at(shipment.shipped_at.as_ref())
                .map(|left| left.plus_seconds(DELIVER_WITHIN_DAYS * DAY_SECONDS));
            let due = promised.or(usual).filter(|due| now > *due)?;
            issue(
                Rule::DeliveryProblem,
                Severity::Warning,
                "overdue",
                Some(due),
            )
            .with("days_late", &(now.seconds_since(due) / DAY_SECONDS))
        }
        _ => return None,
    };
    let number = shipment
        .tracking
        .iter()
        .find(|t| !t.is_return)
        .map(|t| t.number.as_str());
    Some(match number {
        Some(number) => found.with("tracking", number),
        None => found,
    })
}

fn refund_problems(order: &Order, now: Instant) -> Vec<Issue> {
    let late = |since: Option<Instant>| {
        since.is_some_and(|at| now.seconds_since(at) > REFUND_WITHIN_DAYS * DAY_SECONDS)
    };
    let mut found: Vec<Issue> = order
        .refunds
        .iter()
        .filter_map(|refund| {
            let since = at(refund.at.as_ref());
            let what = match refund.state.canonical {
                RefundState::Failed => "failed",
                RefundState::Pending if late(since) => "pending",
                RefundState::Succeeded if refund.money_moved == Some(false) => "money_not_moved",
                _ => return None,
            };
            let found = issue(Rule::RefundProblem, Severity::Warning, what, since);
            Some(with_amount(found, &refund.amount))
        })
        .collect();
    found.extend(order.returns.iter().filter_map(|goods| {
        let back = matches!(
            goods.state.canonical,
            ReturnState::Received | ReturnState::Inspected | ReturnState::Completed
        );
        let since = at(goods.closed_at.as_ref()).or_else(|| at(goods.updated_at.as_ref()));
        let unpaid = order.refunds.is_empty() && goods.refund_source_ids.is_empty();
        let due = back && unpaid && late(since) && goods.exchange_lines.is_empty();
        due.then(|| {
            issue(
                Rule::RefundProblem,
                Severity::Warning,
                "goods_back_no_refund",
                since,
            )
        })
    }));
    found.extend(state_without_money(order));
    found
}

/// The shop says that all is refunded, yet the known refunds are less than what came in.
fn state_without_money(order: &Order) -> Option<Issue> {
    if order.payment_state.canonical != PaymentState::Refunded || order.refunds.is_empty() {
        return None;
    }
    let received = order.totals.received.as_ref()?.booked()?;
    let mut sum = None;
    for refund in order.refunds.iter().filter(|r| r.vanished != Some(true)) {
        let amount = refund.amount.booked()?;
        sum = Some(match sum {
            None => amount.clone(),
            Some(sum) => amount.checked_add(&sum).ok()?,
        });
    }
    let sum = sum?;
    let less = sum.currency == received.currency && sum.amount < received.amount;
    less.then(|| {
        issue(
            Rule::RefundProblem,
            Severity::Notice,
            "less_refunded_than_paid",
            None,
        )
        .with("refunded", &sum.to_string())
        .with("received", &received.to_string())
    })
}

fn with_amount(issue: Issue, amount: &MoneyPair) -> Issue {
    match amount.shown() {
        Some(money) => issue.with("amount", &money.to_string()),
        None => issue,
    }
}
