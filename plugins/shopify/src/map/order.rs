//! An order record from its GraphQL form.

use ordercase_sdk::lenient::Word;
use ordercase_sdk::model::{
    Actor, Cancel, CancelReason, Channel, ChannelKind, DeliveryMethod, FeeKind, FeeLine, Flags,
    FulfilmentState, Group, Kind, Missing, Note, NoteVisibility, Record, Ref, RefKind,
    ShippingLine, Status, Text, number_search,
};
use ordercase_sdk::{Context, PluginError, RecordBuilder, money, time};

use super::{line, payment, person, refund, return_, shipment, status, totals};
use crate::wire::order::{Dialect, Order};
use crate::wire::{pair, tail};

/// The record of an order.
pub(crate) fn record(
    order: &Order<'_>,
    ctx: &Context,
    api_version: Option<&str>,
    denied: &[String],
) -> Result<Record, PluginError> {
    let key = order
        .key()
        .ok_or_else(|| PluginError::Malformed("an order without an id".to_owned()))?;
    let body = body(order, key, ctx);
    let updated_at = body.updated_at.clone();
    let mut record = RecordBuilder::new(Kind::Order, key)
        .versioned_by_time(updated_at.as_ref())
        .api_version(api_version)
        .missing("events", Missing::NotFetched)
        .missing("dispute_state", Missing::NotFetched);
    for field in denied {
        record = record.missing(field, Missing::NotPermitted);
    }
    if order.truncated {
        record = record.warn("truncated_children");
    }
    if has_unknown_parts(&body) {
        record = record.warn("unknown_status");
    }
    if refund::any_negative(order) {
        record = record.warn("negative_refund");
    }
    completeness(record, order).build_order(&body)
}

/// REST bodies have no payments but those of refunds, no returns and no money received.
fn completeness(record: RecordBuilder, order: &Order<'_>) -> RecordBuilder {
    let known = [
        Group::Core,
        Group::Lines,
        Group::Addresses,
        Group::Shipments,
    ];
    match order.dialect {
        Dialect::Rest => record
            .partial(known.into_iter().chain([Group::Refunds]))
            .missing("payments", Missing::NotReported)
            .missing("returns", Missing::NotReported)
            .missing("return_state", Missing::NotReported)
            .missing("totals.received", Missing::NotReported)
            .missing("totals.authorized", Missing::NotReported)
            .missing("flags.edited", Missing::NotReported),
        Dialect::GraphQl if !order.knows_what_came_back() => record
            .partial(known.into_iter().chain([Group::Payments]))
            .missing("refunds", Missing::NotFetched)
            .missing("returns", Missing::NotFetched),
        Dialect::GraphQl => record,
    }
}

fn has_unknown_parts(order: &ordercase_sdk::model::Order) -> bool {
    fn unknown<E: Default + PartialEq>(status: &Status<E>) -> bool {
        status.canonical == E::default() && status.raw.is_some()
    }
    order.shipments.iter().any(|s| unknown(&s.state))
        || order.returns.iter().any(|r| unknown(&r.state))
        || order
            .payments
            .iter()
            .any(|p| unknown(&p.kind) || unknown(&p.state))
        || order.return_state.as_ref().is_some_and(unknown)
}

fn body(order: &Order<'_>, key: &str, ctx: &Context) -> ordercase_sdk::model::Order {
    let shipments = shipment::shipments(order, ctx);
    let payments = payment::payments(order.transactions.as_deref().unwrap_or_default(), ctx);
    let knows_what_came_back = order.knows_what_came_back();
    let refunds = if knows_what_came_back {
        refund::refunds(order, ctx)
    } else {
        Vec::new()
    };
    let axes = status::axes(order, ctx, shipments.iter().any(shipment::has_left));
    let counted = line::count(order);
    let return_status = order.return_status.get();
    ordercase_sdk::model::Order {
        number: order.name.owned(),
        number_search: order.name.get().map(number_search),
        refs: refs(order),
        channel: channel(order),
        return_state: return_status.map(|raw| status::RETURNS.read(&ctx.overrides, Some(raw))),
        flags: flags(order, axes.fulfilment.canonical),
        order_state: axes.order,
        payment_state: axes.payment,
        fulfilment_state: axes.fulfilment,
        placed_at: time::zoned(order.processed_at.get().or_else(|| order.created_at.get())),
        created_at: time::zoned(order.created_at.get()),
        updated_at: time::zoned(order.updated_at.get()),
        cancelled_at: time::zoned(order.cancelled_at.get()),
        closed_at: time::zoned(order.closed_at.get()),
        paid_at: payments
            .iter()
            .filter(|payment| payment::came_in(payment))
            .find_map(|payment| payment.at.clone()),
        cancel: cancel(order, ctx),
        buyer: person::buyer(order),
        billing_address: person::address(&order.billing_address),
        shipping_address: person::address(&order.shipping_address),
        lines: line::lines(order, &counted),
        fees: fees(order),
        shipping_lines: shipping_lines(order),
        discounts: line::all_discounts(order),
        taxes: line::taxes(&order.tax_lines, order.taxes_included.get()),
        totals: totals::totals(order, &payments, &refunds),
        prices_include_tax: order.taxes_included.get(),
        returns: return_::returns(order, ctx),
        notes: notes(order),
        tags: order.tags.iter().filter_map(Word::owned).collect(),
        admin_url: ctx
            .setting("shop_domain")
            .map(|domain| format!("https://{domain}/admin/orders/{key}")),
        payments,
        shipments,
        refunds,
        ..ordercase_sdk::model::Order::default()
    }
}

fn refs(order: &Order<'_>) -> Vec<Ref> {
    let search = order.name.get().map(number_search).unwrap_or_default();
    let bare = order.order_number.owned().filter(|bare| *bare != search);
    let mut refs: Vec<Ref> = [
        (RefKind::OrderNumberAlt, bare),
        (RefKind::Confirmation, order.confirmation_number.owned()),
        (RefKind::PurchaseOrder, order.po_number.owned()),
        (RefKind::SalesChannelOrder, order.source_identifier.owned()),
        (RefKind::SourceGlobalId, order.gid()),
    ]
    .into_iter()
    .filter_map(|(kind, value)| {
        value.map(|value| Ref {
            kind,
            value,
            label: None,
        })
    })
    .collect();
    let transactions = order.transactions.iter().flat_map(|list| list.iter());
    for transaction in transactions.filter(|t| !payment::is_suggestion(t)) {
        let Some(value) = transaction.payment_id.owned() else {
            continue;
        };
        if refs.iter().all(|known| known.value != value) {
            refs.push(Ref {
                kind: RefKind::GatewayReference,
                value,
                label: transaction.gateway.owned(),
            });
        }
    }
    refs
}

fn channel(order: &Order<'_>) -> Channel {
    let name = order.source_name.get();
    Channel {
        kind: match name.unwrap_or_default() {
            "web" => ChannelKind::OnlineStore,
            "pos" => ChannelKind::Pos,
            "shopify_draft_order" => ChannelKind::Draft,
            "subscription_contract" | "subscription_contract_checkout_one" => {
                ChannelKind::Subscription
            }
            "facebook" | "instagram" | "tiktok" | "pinterest" => ChannelKind::Social,
            "amazon" | "ebay" | "amazon-us" => ChannelKind::Marketplace,
            "" => ChannelKind::Unknown,
            app if app.bytes().all(|b| b.is_ascii_digit()) => ChannelKind::Api,
            _ => ChannelKind::Other,
        },
        name: name.map(str::to_owned),
        source_id: None,
    }
}

fn flags(order: &Order<'_>, fulfilment: FulfilmentState) -> Flags {
    let lines = &order.line_items.nodes;
    let needs_shipping = |line: &crate::wire::order::Line<'_>| line.requires_shipping.get();
    let all_told = !lines.is_empty() && lines.iter().all(|line| needs_shipping(line).is_some());
    let risk = order.risk.get().and_then(|risk| risk.recommendation.get());
    Flags {
        test: order.test.get(),
        archived: Some(order.closed_at.get().is_some()),
        edited: order.edited.get(),
        draft_origin: order
            .source_name
            .get()
            .map(|name| name == "shopify_draft_order"),
        digital_only: all_told
            .then(|| lines.iter().all(|line| needs_shipping(line) == Some(false))),
        b2b: order.is_b2b,
        high_risk: risk.map(|risk| matches!(risk, "CANCEL" | "INVESTIGATE")),
        has_hold: match order.dialect {
            Dialect::GraphQl => Some(fulfilment == FulfilmentState::OnHold),
            Dialect::Rest => None,
        },
        ..Flags::default()
    }
}

fn cancel(order: &Order<'_>, ctx: &Context) -> Option<Cancel> {
    order.cancelled_at.get()?;
    let reason = order
        .cancel_reason
        .get()
        .map(|raw| status::CANCEL.read(&ctx.overrides, Some(raw)));
    let initiator = match reason.as_ref().map(|reason| reason.canonical) {
        Some(CancelReason::Customer) => Actor::Customer,
        Some(CancelReason::Merchant | CancelReason::Inventory) => Actor::Merchant,
        _ => Actor::Unknown,
    };
    Some(Cancel {
        reason,
        initiator,
        note: None,
    })
}

fn fees(order: &Order<'_>) -> Vec<FeeLine> {
    let added = order.additional_fees.iter().filter_map(|fee| {
        Some(FeeLine {
            title: fee.name.or_empty().to_owned(),
            kind: FeeKind::Other,
            amount: pair(&fee.price)?,
            tax: None,
        })
    });
    let named = [
        ("Tip", FeeKind::Tip, &order.total_tip_received_set),
        ("Duties", FeeKind::Duty, &order.original_total_duties_set),
    ];
    let named = named.into_iter().filter_map(|(title, kind, bag)| {
        let amount = pair(bag).filter(|p| p.booked().is_some_and(|m| !m.amount.is_zero()))?;
        Some(FeeLine {
            title: title.to_owned(),
            kind,
            amount,
            tax: None,
        })
    });
    added.chain(named).collect()
}

fn shipping_lines(order: &Order<'_>) -> Vec<ShippingLine> {
    order
        .shipping_lines
        .nodes
        .iter()
        .map(|line| {
            let taxes: Vec<_> = line
                .tax_lines
                .iter()
                .filter_map(|tax| pair(&tax.price_set))
                .collect();
            ShippingLine {
                source_id: tail(&line.id).map(str::to_owned),
                title: Text::new(line.title.or_empty()).as_str().to_owned(),
                code: line.code.owned(),
                carrier: line.carrier_identifier.owned(),
                price: pair(&line.original_price_set),
                discounted_price: pair(&line.discounted_price_set),
                tax: money::sum(&taxes),
                delivery_method: match line.delivery_category.or_empty() {
                    "local_pickup" | "pickup" => DeliveryMethod::Pickup,
                    "local_delivery" => DeliveryMethod::LocalDelivery,
                    "shipping" => DeliveryMethod::Shipping,
                    _ => DeliveryMethod::Unknown,
                },
            }
        })
        .collect()
}

fn notes(order: &Order<'_>) -> Vec<Note> {
    let text = order.note.get().and_then(Text::non_empty);
    text.into_iter()
        .map(|text| Note {
            at: None,
            author_kind: Actor::Unknown,
            visibility: NoteVisibility::Internal,
            text,
        })
        .collect()
}
