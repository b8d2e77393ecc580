//! The internal note: plain text for a person, written once per order.
//!
//! Dates are ISO 8601 in UTC, money has its currency code, and what is absent is said to be absent.
//! Texts of a source are made harmless first, because the help desk expands placeholders, reads
//! Markdown and strips HTML in comments.

use ordercase_model::{Instant, Money};

use crate::{
    Absent, Fact, SupportContext,
    block::{OrderBlock, ShipmentView},
    fact::StatusView,
    limits::NOTE_CHARS_MAX,
};

/// What a note's last line begins with; behind it stands the note's key.
pub const NOTE_MARK: &str = "Ordercase note ";

/// Most reasons that a note gives for its order.
const EVIDENCE_MAX: usize = 3;

/// The note of a confirmed person's order; `None` when there is nothing that may be said.
#[must_use]
pub fn note(context: &SupportContext, key: &str) -> Option<String> {
    let order = context.order_in_question.as_ref()?;
    let mut lines = vec![
        format!("Order {} at {}", shown(&order.number), plain(&order.store)),
        format!("Chosen because: {}", evidence(order)),
    ];
    lines.extend(
        context
            .identity
            .as_ref()
            .map(|who| format!("Customer: {}", shown(&who.name))),
    );
    lines.push(format!("Placed: {}", shown(&order.placed_at)));
    lines.push(format!(
        "Order: {} | Payment: {} | Goods: {}",
        status(&order.order_status),
        status(&order.payment_status),
        status(&order.fulfilment_status),
    ));
    lines.push(format!("Total: {}", shown(&order.total_current)));
    lines.extend(order.lines.iter().take(5).map(|line| {
        let quantity = line.ordered.as_deref().unwrap_or("?");
        format!("- {quantity} x {}", plain(&line.title))
    }));
    if let Some(goods) = &context.fulfilment {
        lines.extend(goods.shipments.iter().map(shipment));
    }
    if let Some(back) = &context.returns_refunds {
        lines.push(format!("Refunded: {}", shown(&back.refunded)));
    }
    if let Some(history) = &context.history {
        let least = if history.orders.at_least {
            "at least "
        } else {
            ""
        };
        lines.push(format!("Orders known: {least}{}", history.orders.count));
    }
    lines.extend(context.issues.iter().map(|issue| {
        let since = issue.since.map(|at| format!(" since {}", date(at)));
        format!(
            "Check: {} ({}{})",
            issue.rule.words(),
            issue.what,
            since.unwrap_or_default()
        )
    }));
    if let Some(source) = context.sources.get(&order.src) {
        lines.push(format!(
            "As of {} ({})",
            date(source.observed_at),
            source.path
        ));
    }
    let body: String = lines.join("\n").chars().take(NOTE_CHARS_MAX).collect();
    Some(format!("{body}\n{NOTE_MARK}{key}"))
}

fn shipment(shipment: &ShipmentView) -> String {
    let numbers: Vec<String> = shipment.tracking.iter().map(|t| plain(&t.number)).collect();
    let numbers = if numbers.is_empty() {
        "no tracking number".to_owned()
    } else {
        numbers.join(", ")
    };
    format!(
        "Parcel: {} ({}, {}), sent {}",
        shipment.status.status,
        shown(&shipment.carrier),
        numbers,
        shown(&shipment.shipped_at),
    )
}

fn evidence(order: &OrderBlock) -> String {
    let strongest = order.evidence.iter().take(EVIDENCE_MAX);
    let words: Vec<&str> = strongest.map(|evidence| evidence.words()).collect();
    if words.is_empty() {
        "nothing speaks for another".to_owned()
    } else {
        words.join(", ")
    }
}

fn status(fact: &Fact<StatusView>) -> String {
    fact.value
        .as_ref()
        .map_or_else(|| missing(fact), |view| plain(&view.status))
}

/// How a value is written into a note.
trait Shown {
    fn shown(&self) -> String;
}

impl Shown for String {
    fn shown(&self) -> String {
        plain(self)
    }
}

impl Shown for Instant {
    fn shown(&self) -> String {
        date(*self)
    }
}

impl Shown for Money {
    fn shown(&self) -> String {
        self.to_string()
    }
}

fn shown<T: Shown>(fact: &Fact<T>) -> String {
    fact.value
        .as_ref()
        .map_or_else(|| missing(fact), Shown::shown)
}

fn missing<T>(fact: &Fact<T>) -> String {
    match fact.absent {
        Some(Absent::Hidden) => "hidden by policy",
        Some(Absent::NotPermitted) => "not available (no permission)",
        Some(Absent::NotFetched) => "not read yet",
        Some(Absent::Redacted) => "blanked by the shop",
        Some(Absent::NotReported) | None => "not available from this shop",
    }
    .to_owned()
}

/// `2026-01-31 09:05 UTC`.
fn date(at: Instant) -> String {
    let text = at.to_string();
    let minute = text.get(..16).unwrap_or(&text).replace('T', " ");
    format!("{minute} UTC")
}

/// A source's text that no help desk expands, styles or strips.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        let c = match c {
            '<' => '‹',
            '>' => '›',
            '*' => '∗',
            '`' => '\'',
            c if c.is_control() => ' ',
            c => c,
        };
        if before == '{' && matches!(c, '{' | '%') {
            out.push(' ');
        }
        out.push(c);
        before = c;
    }
    out
}
