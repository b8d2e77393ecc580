//! Parcels. Vendure's states are the merchant's word: nobody asks the carrier.

use ordercase_sdk::model::{
    Decimal, FulfilledBy, Shipment, ShipmentEvent, ShipmentLine, StateSource, Tracking,
};
use ordercase_sdk::{Context, time};

use super::history::{self, Of};
use super::status;
use crate::wire::{self, Order};

pub(super) fn shipments(order: &Order<'_>, ctx: &Context) -> Vec<Shipment> {
    let all = order.fulfillments.iter().enumerate();
    all.map(|(at, one)| shipment(order, one, at, ctx)).collect()
}

fn shipment(order: &Order<'_>, one: &wire::Fulfillment<'_>, at: usize, ctx: &Context) -> Shipment {
    let id = one.id.get().unwrap_or_default();
    let reached = |state: &str| history::reached(order, Of::Fulfillment(id), state);
    let events = history::steps(order, Of::Fulfillment(id)).map(|(state, at)| ShipmentEvent {
        at,
        state: status::SHIPMENT.read(&ctx.overrides, Some(state)),
        text: None,
        place: None,
    });
    let tracking = one.tracking_code.owned().map(|number| Tracking {
        number,
        carrier: one.method.owned(),
        ..Tracking::default()
    });
    Shipment {
        source_id: one
            .id
            .owned()
            .unwrap_or_else(|| format!("fulfillment:{at}")),
        state: status::SHIPMENT.read(&ctx.overrides, one.state.get()),
        state_source: StateSource::MerchantClaim,
        // What staff typed as the method is, as a rule, the carrier.
        carrier: one.method.owned(),
        method: one.method.owned(),
        tracking: tracking.into_iter().collect(),
        lines: lines(one),
        fulfilled_by: FulfilledBy::Merchant,
        created_at: time::zoned(one.created_at.get()),
        shipped_at: reached("Shipped"),
        delivered_at: reached("Delivered"),
        events: events.collect(),
        ..Shipment::default()
    }
}

fn lines(one: &wire::Fulfillment<'_>) -> Vec<ShipmentLine> {
    let parts = one.lines.iter();
    parts
        .filter_map(|part| {
            Some(ShipmentLine {
                line_source_id: part.order_line_id.owned()?,
                quantity: Decimal::from_value(part.quantity.get()?.into()),
            })
        })
        .collect()
}
