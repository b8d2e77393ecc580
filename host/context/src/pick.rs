//! Which of a person's orders a ticket is about, and why.
//!
//! Points only sort; what an agent sees is the evidence. A quoted number beats everything, then
//! trouble, then orders that are still under way, then the newest before the ticket.

use ordercase_model::{Instant, Order, OrderState, number_search};
use serde::{Deserialize, Serialize};

use crate::{
    issue::{Issue, issues},
    limits::{ALTERNATIVES_MAX, DAY_SECONDS},
    scan::{Place, Quote, QuoteKind},
    source::Sourced,
};

/// Why an order may be the one in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Its number is in the subject.
    NumberInSubject,
    /// Its number is in the text.
    NumberInText,
    /// Another number of it, such as an invoice's, is quoted.
    OtherNumberQuoted,
    /// A parcel of it is quoted.
    TrackingQuoted,
    /// A number that may be its own occurs.
    NumberOccurs,
    /// Something is wrong with it.
    HasIssue,
    /// It is under way.
    StillOpen,
    /// Placed in the two weeks before the ticket.
    PlacedShortlyBefore,
    /// Placed in the three months before the ticket.
    PlacedRecently,
    /// The newest order before the ticket.
    NewestOrder,
    /// The only order known.
    OnlyOrder,
    /// Placed after the ticket was written, so hardly meant.
    PlacedAfterTicket,
}

impl Evidence {
    const fn points(self) -> i32 {
        match self {
            Self::NumberInSubject => 120,
            Self::NumberInText => 100,
            Self::TrackingQuoted => 95,
            Self::OtherNumberQuoted => 80,
            Self::NumberOccurs => 50,
            Self::HasIssue => 12,
            Self::StillOpen => 10,
            Self::PlacedShortlyBefore => 8,
            Self::PlacedRecently => 4,
            Self::NewestOrder => 3,
            Self::OnlyOrder => 1,
            Self::PlacedAfterTicket => -40,
        }
    }

    /// In words, for a person.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NumberInSubject => "its number is in the subject",
            Self::NumberInText => "its number is in the text",
            Self::OtherNumberQuoted => "another number of it is quoted",
            Self::TrackingQuoted => "its parcel is quoted",
            Self::NumberOccurs => "its number occurs in the text",
            Self::HasIssue => "something is wrong with it",
            Self::StillOpen => "it is still open",
            Self::PlacedShortlyBefore => "it was placed shortly before",
            Self::PlacedRecently => "it was placed recently",
            Self::NewestOrder => "it is the newest order",
            Self::OnlyOrder => "it is the only order",
            Self::PlacedAfterTicket => "it was placed after the ticket",
        }
    }

    const fn is_quote(self) -> bool {
        matches!(
            self,
            Self::NumberInSubject
                | Self::NumberInText
                | Self::TrackingQuoted
                | Self::OtherNumberQuoted
                | Self::NumberOccurs
        )
    }
}

/// The order that a ticket is about.
#[derive(Clone, Debug)]
pub struct Picked<'a> {
    /// The order.
    pub order: &'a Sourced<Order>,
    /// Why, strongest first.
    pub evidence: Vec<Evidence>,
    /// Whether the ticket itself names it.
    pub quoted: bool,
    /// The next likeliest ones.
    pub alternatives: Vec<&'a Sourced<Order>>,
}

/// Picks among the orders of one person. Deleted and test orders are never picked unless quoted.
#[must_use]
pub fn pick<'a>(
    orders: &'a [Sourced<Order>],
    quotes: &[Quote],
    ticket_at: Instant,
    now: Instant,
) -> Option<Picked<'a>> {
    let newest = orders
        .iter()
        .filter_map(|order| Some((order.body.placed().filter(|at| *at <= ticket_at)?, order)))
        .max_by(|a, b| (a.0, &a.1.provenance.record).cmp(&(b.0, &b.1.provenance.record)))
        .map(|(_, order)| &order.provenance.record);
    let mut rated: Vec<(i32, Vec<Evidence>, &Sourced<Order>)> = orders
        .iter()
        .map(|order| {
            let mut evidence = quoted(&order.body, quotes);
            let hidden =
                order.body.flags.deleted == Some(true) || order.body.flags.test == Some(true);
            evidence.extend(circumstances(order, &issues(order, now), ticket_at));
            if newest == Some(&order.provenance.record) {
                evidence.push(Evidence::NewestOrder);
            }
            if orders.len() == 1 {
                evidence.push(Evidence::OnlyOrder);
            }
            evidence.sort_unstable();
            let points: i32 = evidence.iter().map(|e| e.points()).sum();
            (if hidden { points - 60 } else { points }, evidence, order)
        })
        .collect();
    rated.sort_by(|a, b| {
        let key = |r: &(i32, Vec<Evidence>, &Sourced<Order>)| (r.0, r.2.body.placed());
        key(b)
            .cmp(&key(a))
            .then_with(|| a.2.provenance.record.cmp(&b.2.provenance.record))
    });
    let mut rated = rated.into_iter();
    let (points, evidence, order) = rated.next()?;
    (points > -30).then(|| Picked {
        order,
        quoted: evidence.iter().any(|e| e.is_quote()),
        evidence,
        alternatives: rated.take(ALTERNATIVES_MAX).map(|r| r.2).collect(),
    })
}

/// Whether a quote names this order, and how.
#[must_use]
pub fn names(order: &Order, quote: &Quote) -> bool {
    !quoted(order, std::slice::from_ref(quote)).is_empty()
}

fn quoted(order: &Order, quotes: &[Quote]) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = quotes
        .iter()
        .filter_map(|quote| match quote.kind {
            QuoteKind::Order => by_number(order, quote),
            QuoteKind::Tracking => by_tracking(order, quote).then_some(Evidence::TrackingQuoted),
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn by_number(order: &Order, quote: &Quote) -> Option<Evidence> {
    if order
        .number
        .as_deref()
        .is_some_and(|number| same_number(number, quote))
    {
        return Some(match (quote.explicit, quote.place) {
            (false, _) => Evidence::NumberOccurs,
            (true, Place::Subject) => Evidence::NumberInSubject,
            (true, Place::Body) => Evidence::NumberInText,
        });
    }
    let other = quote.explicit
        && quote.search.len() >= 4
        && order
            .refs
            .iter()
            .any(|r| number_search(&r.value) == quote.search);
    other.then_some(Evidence::OtherNumberQuoted)
}

/// Equal letters and digits; or the text left prefix and suffix away.
fn same_number(number: &str, quote: &Quote) -> bool {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    number_search(number) == quote.search
        || (quote.search == quote.digits && digits == quote.digits)
}

fn by_tracking(order: &Order, quote: &Quote) -> bool {
    let shipped = order.shipments.iter().flat_map(|s| {
        s.tracking
            .iter()
            .chain(s.packages.iter().filter_map(|p| p.tracking.as_ref()))
    });
    let returned = order.returns.iter().flat_map(|r| &r.tracking);
    shipped
        .chain(returned)
        .any(|tracking| number_search(&tracking.number) == quote.search)
}

fn circumstances(order: &Sourced<Order>, issues: &[Issue], ticket_at: Instant) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if !issues.is_empty() {
        evidence.push(Evidence::HasIssue);
    }
    if matches!(
        order.body.order_state.canonical,
        OrderState::Open | OrderState::OnHold | OrderState::Pending
    ) {
        evidence.push(Evidence::StillOpen);
    }
    if let Some(placed) = order.body.placed() {
        let days = ticket_at.seconds_since(placed) / DAY_SECONDS;
        // Ten minutes of grace: a shop's and a help desk's clocks differ.
        if placed.seconds_since(ticket_at) > 600 {
            evidence.push(Evidence::PlacedAfterTicket);
        } else if days <= 14 {
            evidence.push(Evidence::PlacedShortlyBefore);
        } else if days <= 90 {
            evidence.push(Evidence::PlacedRecently);
        }
    }
    evidence
}
