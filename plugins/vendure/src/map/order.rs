//! An order record.

use ordercase_sdk::model::{
    self, Actor, Cancel, CancelReason, Flags, Kind, Missing, OrderState, Record, Ref, RefKind,
    Related, Relation, Status, Text, number_search,
};
use ordercase_sdk::{Context, PluginError, RecordBuilder, time};

use super::history::{self, Of};
use super::money::{Scale, money_decimals};
use super::{adjustment, line, payment, person, refund, shipment, status, totals, version};
use crate::wire::Order;

/// The record of an order; `None` for a cart.
pub(crate) fn record(order: &Order<'_>, ctx: &Context) -> Result<Option<Record>, PluginError> {
    if !status::is_placed(order) {
        return Ok(None);
    }
    let key = order
        .id
        .get()
        .ok_or_else(|| PluginError::Malformed("an order without an id".to_owned()))?;
    let scale = Scale {
        currency: order.currency_code.get().and_then(|code| code.parse().ok()),
        decimals: money_decimals(ctx)?,
    };
    let body = body(order, key, ctx, scale);
    let mut record = RecordBuilder::new(Kind::Order, key)
        .version(Some(version::of(&body)?))
        .updated(body.updated_at.as_ref())
        .missing("channel", Missing::NotReported)
        .missing("returns", Missing::NotReported)
        .missing("return_state", Missing::NotReported)
        .missing("tags", Missing::NotReported);
    if order.history.get().is_none() {
        record = record
            .missing("events", Missing::NotFetched)
            .missing("notes", Missing::NotFetched);
    }
    if history::is_cut(order) {
        record = record.warn("truncated_children");
    }
    if has_unknown_parts(&body) {
        record = record.warn("unknown_status");
    }
    record.build_order(&body).map(Some)
}

fn has_unknown_parts(order: &model::Order) -> bool {
    fn unknown<E: Default + PartialEq>(status: &Status<E>) -> bool {
        status.canonical == E::default() && status.raw.is_some()
    }
    order.shipments.iter().any(|one| unknown(&one.state))
        || order.refunds.iter().any(|one| unknown(&one.state))
        || order
            .payments
            .iter()
            .any(|one| unknown(&one.kind) || unknown(&one.state))
}

fn body(order: &Order<'_>, key: &str, ctx: &Context, scale: Scale) -> model::Order {
    let sums = totals::sums(order);
    let counts = line::counts(order);
    let axes = status::axes(order, ctx, &sums, &counts);
    let payments = payment::payments(order, ctx, scale);
    let cancelled = axes.order.canonical == OrderState::Cancelled;
    model::Order {
        number: order.code.owned(),
        number_search: order.code.get().map(number_search),
        refs: refs(order),
        flags: Flags {
            edited: Some(status::is_edited(order)),
            draft_origin: order.history.get().map(|_| history::was(order, "Draft")),
            ..Flags::default()
        },
        placed_at: time::zoned(order.order_placed_at.get()),
        created_at: time::zoned(order.created_at.get()),
        updated_at: history::last_change(order),
        paid_at: payment::paid_at(&payments),
        cancelled_at: cancelled.then(|| cancelled_at(order)).flatten(),
        completed_at: history::reached(order, Of::Order, "Delivered")
            .filter(|_| axes.order.canonical == OrderState::Completed),
        cancel: cancelled.then(|| cancel(order)),
        buyer: person::buyer(order, ctx),
        billing_address: order.billing_address.get().and_then(person::address),
        shipping_address: order.shipping_address.get().and_then(person::address),
        lines: line::lines(order, scale),
        fees: adjustment::fees(order, scale),
        shipping_lines: adjustment::shipping(order, scale),
        discounts: adjustment::of_order(order, scale),
        taxes: adjustment::taxes(order, scale),
        totals: totals::totals(order, &sums, scale),
        // Of the two prices that Vendure keeps of everything, those with tax are taken.
        prices_include_tax: Some(true),
        payments,
        shipments: shipment::shipments(order, ctx),
        refunds: refund::refunds(order, ctx, scale),
        notes: history::notes(order),
        events: history::events(order),
        related: related(order),
        admin_url: ctx
            .setting("shop_host")
            .map(|host| format!("https://{host}/admin/orders/{key}")),
        order_state: axes.order,
        payment_state: axes.payment,
        fulfilment_state: axes.fulfilment,
        ..model::Order::default()
    }
}

/// Payment providers' references, as people read them off a statement.
fn refs(order: &Order<'_>) -> Vec<Ref> {
    let mut refs: Vec<Ref> = Vec::new();
    for payment in order.payments.iter() {
        let Some(value) = payment.transaction_id.owned() else {
            continue;
        };
        if refs.iter().all(|known| known.value != value) {
            refs.push(Ref {
                kind: RefKind::GatewayReference,
                value,
                label: payment.method.owned(),
            });
        }
    }
    refs
}

/// A seller's part of an order of several sellers; its money is the aggregate's.
fn related(order: &Order<'_>) -> Vec<Related> {
    let aggregate = order.aggregate_order_id.owned();
    aggregate
        .into_iter()
        .map(|source_id| Related {
            relation: Relation::AggregateOf,
            source_id,
        })
        .collect()
}

fn cancelled_at(order: &Order<'_>) -> Option<model::SourceTime> {
    history::reached(order, Of::Order, "Cancelled")
        .or_else(|| history::cancellations(order).pop()?.at)
}

/// The reason is free text: it is kept as sent, on no axis.
fn cancel(order: &Order<'_>) -> Cancel {
    let last = history::cancellations(order).pop();
    let reason = last.as_ref().and_then(|one| one.reason);
    Cancel {
        reason: reason.map(|raw| {
            Status::new(
                CancelReason::Unknown,
                Some(raw),
                "ORDER_CANCELLATION.reason",
            )
        }),
        initiator: match last {
            Some(one) if one.by_merchant => Actor::Merchant,
            _ => Actor::Unknown,
        },
        note: reason.and_then(Text::non_empty),
    }
}
