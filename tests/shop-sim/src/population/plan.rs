//! What happened to an order, decided cheaply: lists are filtered and sorted by this alone.

use super::{Draw, Origin};
use crate::limits::HISTORY_SECONDS;

const PURPOSE: u64 = 0x6f72_6465_7273;
/// The newest orders are paid, unshipped, and have a customer.
const FRESH: u32 = 3;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// How an order went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Paid, nothing shipped yet.
    Unfulfilled,
    /// Bank transfer expected.
    AwaitingPayment,
    /// Held on the card, not captured.
    Authorized,
    OnHold,
    PartlyShipped,
    Shipped,
    OutForDelivery,
    Delivered,
    /// Delivered, then part of the money went back.
    PartlyRefunded,
    /// Delivered, everything came back.
    Returned,
    ReturnRequested,
    /// Cancelled before it was shipped, money returned.
    Cancelled,
    /// Authorised, then voided.
    Voided,
    /// A line was removed before shipping.
    Edited,
}

/// Who ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buyer {
    /// A customer record: with an account or as a guest.
    Customer(u32),
    /// No customer record, only what was typed at checkout.
    Stranger(u32),
    /// No customer record and no e-mail: a phone number only.
    PhoneOnly(u32),
}

/// The buyer's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presentment {
    Eur,
    Usd,
    Jpy,
}

/// An order's life in brief. Times are Unix seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    pub(crate) sequence: u32,
    pub(crate) buyer: Buyer,
    pub(crate) fate: Fate,
    pub(crate) presentment: Presentment,
    pub(crate) created: i64,
    pub(crate) shipped: Option<i64>,
    pub(crate) delivered: Option<i64>,
    /// Refund, return, cancellation or edit.
    pub(crate) turned: Option<i64>,
    pub(crate) updated: i64,
}

/// How many customer records a shop of that size has.
pub(crate) fn customers_of(orders: u32) -> u32 {
    (orders / 2).max(8)
}

/// The story of the order with that sequence number, 0 being the oldest.
pub(crate) fn story(origin: Origin, sequence: u32) -> Story {
    let mut draw = Draw::of(origin.seed, PURPOSE, u64::from(sequence));
    let created = created_at(origin, sequence, &mut draw);
    let buyer = buyer(origin, &mut draw);
    let presentment = match draw.below(100) {
        0..74 => Presentment::Eur,
        74..92 => Presentment::Usd,
        _ => Presentment::Jpy,
    };
    let age = origin.now - created;
    let fate = fate(age, &mut draw);
    // Whoever plays the world can count on a few fresh orders of known people.
    let fresh = origin.orders.saturating_sub(sequence) <= FRESH;
    let (fate, buyer) = if fresh {
        (Fate::Unfulfilled, known(buyer))
    } else {
        (fate, buyer)
    };
    let mut story = Story {
        sequence,
        buyer,
        fate,
        presentment,
        created,
        shipped: None,
        delivered: None,
        turned: None,
        updated: created + 60,
    };
    date(&mut story, origin.now, &mut draw);
    story
}

/// Strictly rising with the sequence number, so that "newest first" is the same by id and by time.
/// A growing shop: the older, the sparser, so that even a small one has orders of this week.
fn created_at(origin: Origin, sequence: u32, draw: &mut Draw) -> i64 {
    let count = i128::from(origin.orders.max(1));
    let from_newest = count - 1 - i128::from(sequence);
    // Of the whole span a twentieth is spread evenly; the rest grows with the square of the age.
    let span = i128::from(HISTORY_SECONDS);
    let age = |twice: i128| {
        span * twice / (count * 40) + span * 19 * twice * twice / (count * count * 80)
    };
    let (mine, next) = (age(2 * from_newest + 1), age(2 * from_newest - 1));
    let jitter = u64::try_from((mine - next) / 2).unwrap_or(0);
    let age = 60 + i64::try_from(mine).unwrap_or(0);
    origin.now - age + i64::try_from(draw.below(jitter)).unwrap_or(0)
}

fn buyer(origin: Origin, draw: &mut Draw) -> Buyer {
    let customers = u64::from(customers_of(origin.orders));
    // The square of an even draw: a few regulars order often, many people once.
    let even = draw.below(customers * 4);
    let index = u32::try_from(even * even / (customers * 16)).unwrap_or(0);
    match draw.below(100) {
        0..90 => Buyer::Customer(index),
        90..97 => Buyer::Stranger(index),
        _ => Buyer::PhoneOnly(index),
    }
}

const fn known(buyer: Buyer) -> Buyer {
    match buyer {
        Buyer::Customer(index) | Buyer::Stranger(index) | Buyer::PhoneOnly(index) => {
            Buyer::Customer(index)
        }
    }
}

fn fate(age: i64, draw: &mut Draw) -> Fate {
    let luck = draw.below(100);
    if age < 3 * DAY {
        return match luck {
            0..80 => Fate::Unfulfilled,
            80..88 => Fate::AwaitingPayment,
            88..94 => Fate::Authorized,
            94..97 => Fate::OnHold,
            _ => Fate::Cancelled,
        };
    }
    if age < 9 * DAY {
        return match luck {
            0..18 => Fate::Unfulfilled,
            18..52 => Fate::Shipped,
            52..64 => Fate::OutForDelivery,
            64..78 => Fate::PartlyShipped,
            78..84 => Fate::AwaitingPayment,
            84..88 => Fate::Edited,
            88..94 => Fate::Cancelled,
            94..97 => Fate::Voided,
            _ => Fate::OnHold,
        };
    }
    match luck {
        0..66 => Fate::Delivered,
        66..76 => Fate::PartlyRefunded,
        76..82 => Fate::Returned,
        82..85 if age < 60 * DAY => Fate::ReturnRequested,
        82..90 => Fate::Cancelled,
        90..94 => Fate::Edited,
        94..96 => Fate::Voided,
        96..98 => Fate::Shipped,
        _ => Fate::PartlyShipped,
    }
}

fn date(story: &mut Story, now: i64, draw: &mut Draw) {
    let before_now = |at: i64| at.min(now - 60).max(story.created + 60);
    let shipped = before_now(story.created + draw.between(6 * HOUR, 50 * HOUR));
    let delivered = before_now(shipped + draw.between(20 * HOUR, 120 * HOUR));
    let turned = before_now(delivered + draw.between(DAY, 12 * DAY));
    let soon = before_now(story.created + draw.between(HOUR, 40 * HOUR));
    match story.fate {
        Fate::Unfulfilled | Fate::AwaitingPayment | Fate::Authorized | Fate::OnHold => {}
        Fate::PartlyShipped | Fate::Shipped => story.shipped = Some(shipped),
        Fate::OutForDelivery => {
            story.shipped = Some(shipped);
            story.updated = delivered;
        }
        Fate::Delivered => {
            story.shipped = Some(shipped);
            story.delivered = Some(delivered);
        }
        Fate::PartlyRefunded | Fate::Returned | Fate::ReturnRequested => {
            story.shipped = Some(shipped);
            story.delivered = Some(delivered);
            story.turned = Some(turned);
        }
        Fate::Cancelled | Fate::Voided => story.turned = Some(soon),
        Fate::Edited => {
            story.turned = Some(soon.min(shipped));
            story.shipped = Some(shipped);
        }
    }
    let happened = [story.shipped, story.delivered, story.turned];
    let last = happened
        .into_iter()
        .flatten()
        .max()
        .unwrap_or(story.updated);
    story.updated = story.updated.max(last);
}
