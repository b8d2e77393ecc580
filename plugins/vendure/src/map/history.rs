//! What an order's history tells that its fields do not: when it was shipped, delivered, paid,
//! refunded and cancelled, by whom and why. Its times move when `updatedAt` does not.

use ordercase_sdk::lenient::Word;
use ordercase_sdk::model::{Actor, Note, NoteVisibility, OrderEvent, SourceTime, Text};
use ordercase_sdk::time;

use crate::limits::HISTORY_ENTRIES;
use crate::wire::{Entry, EntryData, Order};

/// Which object a transition is about.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    Order,
    Payment(&'a str),
    Fulfillment(&'a str),
    Refund(&'a str),
}

fn entries<'o, 'a>(order: &'o Order<'a>) -> impl Iterator<Item = &'o Entry<'a>> {
    order
        .history
        .get()
        .into_iter()
        .flat_map(|history| history.items.iter())
}

/// Whether the history was asked for and came whole.
pub(super) fn is_cut(order: &Order<'_>) -> bool {
    let told = order
        .history
        .get()
        .and_then(|history| history.total_items.get());
    told.and_then(|told| told.parse().ok())
        .is_some_and(|total: u64| total > HISTORY_ENTRIES)
}

fn is_about(entry: &Entry<'_>, data: &EntryData<'_>, of: Of<'_>) -> bool {
    let kind = entry.kind.or_empty();
    match of {
        Of::Order => kind == "ORDER_STATE_TRANSITION",
        Of::Payment(id) => kind == "ORDER_PAYMENT_TRANSITION" && data.payment_id.get() == Some(id),
        Of::Fulfillment(id) => {
            kind == "ORDER_FULFILLMENT_TRANSITION" && data.fulfillment_id.get() == Some(id)
        }
        Of::Refund(id) => kind == "ORDER_REFUND_TRANSITION" && data.refund_id.get() == Some(id),
    }
}

/// When it last went to that state.
pub(super) fn reached(order: &Order<'_>, of: Of<'_>, state: &str) -> Option<SourceTime> {
    let last = entries(order)
        .filter(|entry| {
            entry
                .data
                .get()
                .is_some_and(|data| is_about(entry, data, of) && data.to.get() == Some(state))
        })
        .last()?;
    time::zoned(last.created_at.get())
}

/// All transitions of it, oldest first: state and time.
pub(super) fn steps<'a>(
    order: &'a Order<'_>,
    of: Of<'a>,
) -> impl Iterator<Item = (&'a str, Option<SourceTime>)> {
    entries(order).filter_map(move |entry| {
        let data = entry.data.get().filter(|data| is_about(entry, data, of))?;
        Some((data.to.get()?, time::zoned(entry.created_at.get())))
    })
}

/// Whether it ever was in that state.
pub(super) fn was(order: &Order<'_>, state: &str) -> bool {
    steps(order, Of::Order).any(|(to, _)| to == state)
}

/// A cancellation of lines: of the whole order, or goods that came back.
pub(super) struct Cancellation<'a> {
    pub(super) at: Option<SourceTime>,
    pub(super) reason: Option<&'a str>,
    pub(super) by_merchant: bool,
    /// Line and quantity.
    pub(super) lines: Vec<(&'a str, i64)>,
}

pub(super) fn cancellations<'o>(order: &'o Order<'_>) -> Vec<Cancellation<'o>> {
    entries(order)
        .filter(|entry| entry.kind.get() == Some("ORDER_CANCELLATION"))
        .filter_map(|entry| {
            let data = entry.data.get()?;
            let lines = data.lines.iter();
            Some(Cancellation {
                at: time::zoned(entry.created_at.get()),
                reason: data.reason.get(),
                by_merchant: entry
                    .administrator
                    .get()
                    .is_some_and(|one| one.id.get().is_some()),
                lines: lines
                    .filter_map(|part| Some((part.order_line_id.get()?, part.quantity.get()?)))
                    .collect(),
            })
        })
        .collect()
}

pub(super) fn notes(order: &Order<'_>) -> Vec<Note> {
    entries(order)
        .filter(|entry| entry.kind.get() == Some("ORDER_NOTE"))
        .filter_map(|entry| {
            Some(Note {
                at: time::zoned(entry.created_at.get()),
                author_kind: Actor::Merchant,
                visibility: if entry.is_public.is_yes() {
                    NoteVisibility::Customer
                } else {
                    NoteVisibility::Internal
                },
                text: Text::non_empty(entry.data.get()?.note.get()?)?,
            })
        })
        .collect()
}

/// Everything but notes, oldest first.
pub(super) fn events(order: &Order<'_>) -> Vec<OrderEvent> {
    entries(order)
        .filter(|entry| entry.kind.get() != Some("ORDER_NOTE"))
        .filter_map(|entry| {
            let by_staff = entry
                .administrator
                .get()
                .is_some_and(|one| one.id.get().is_some());
            Some(OrderEvent {
                at: time::zoned(entry.created_at.get()),
                kind: entry.kind.owned()?,
                text: entry.data.get().and_then(text),
                actor_kind: by_staff.then_some(Actor::Merchant),
                notified_customer: None,
            })
        })
        .collect()
}

fn text(data: &EntryData<'_>) -> Option<Text> {
    let moved = data
        .from
        .get()
        .zip(data.to.get())
        .map(|(from, to)| format!("{from} → {to}"));
    let parts: Vec<String> = moved.into_iter().chain(data.reason.owned()).collect();
    Text::non_empty(&parts.join(": "))
}

/// The newest of all times that the order and its parts carry.
pub(super) fn last_change(order: &Order<'_>) -> Option<SourceTime> {
    let parts = order.payments.iter().flat_map(|payment| {
        let refunds = payment.refunds.iter().map(|refund| &refund.updated_at);
        std::iter::once(&payment.updated_at).chain(refunds)
    });
    let shipments = order.fulfillments.iter().map(|one| &one.updated_at);
    let edits = order.modifications.iter().map(|one| &one.created_at);
    let told = entries(order).map(|entry| &entry.created_at);
    std::iter::once(&order.updated_at)
        .chain(parts)
        .chain(shipments)
        .chain(edits)
        .chain(told)
        .filter_map(|word: &Word<'_>| time::zoned(word.get()))
        .max_by_key(|time| time.at)
}
