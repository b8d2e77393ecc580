//! Fulfilments: what left the shop together, and its tracking numbers.

use ordercase_sdk::model::{
    Decimal, FulfilledBy, Shipment, ShipmentLine, ShipmentState, StateSource, Status, Tracking,
};
use ordercase_sdk::{Context, DecimalText, time};

use super::ids::Unique;
use super::status::{self, DELIVERY, FULFILLMENT};
use crate::wire::order::{Dialect, Fulfillment, FulfillmentLine, Order};
use crate::wire::tail;

/// All shipments of an order.
pub(super) fn shipments(order: &Order<'_>, ctx: &Context) -> Vec<Shipment> {
    let mut ids = Unique::default();
    order
        .fulfillments
        .iter()
        .enumerate()
        .map(|(position, fulfillment)| {
            let id = fulfillment
                .legacy_resource_id
                .get()
                .or_else(|| tail(&fulfillment.id));
            one(fulfillment, ids.next(id, position), order.dialect, ctx)
        })
        .collect()
}

/// Whether the goods were not called back.
pub(super) fn is_live(fulfillment: &Fulfillment<'_>) -> bool {
    let status = fulfillment.status.or_empty().to_ascii_uppercase();
    !matches!(status.as_str(), "CANCELLED" | "ERROR" | "FAILURE")
}

/// Whether a shipment has left the shop.
pub(super) fn has_left(shipment: &Shipment) -> bool {
    !matches!(
        shipment.state.canonical,
        ShipmentState::Pending
            | ShipmentState::LabelCreated
            | ShipmentState::Cancelled
            | ShipmentState::Exception
            | ShipmentState::Unknown
    )
}

fn one(
    fulfillment: &Fulfillment<'_>,
    source_id: String,
    dialect: Dialect,
    ctx: &Context,
) -> Shipment {
    let state = state(fulfillment, dialect, ctx);
    let created_at = time::zoned(fulfillment.created_at.get());
    let mut shipment = Shipment {
        source_id,
        number: fulfillment.name.owned(),
        state_source: state_source(state.canonical),
        state,
        carrier: fulfillment
            .tracking_info
            .iter()
            .find_map(|info| info.company.owned()),
        tracking: tracking(fulfillment),
        lines: lines(&fulfillment.fulfillment_line_items.nodes),
        fulfilled_by: match fulfillment.service_handle.get() {
            Some("manual") => FulfilledBy::Merchant,
            Some(_) => FulfilledBy::ThirdParty,
            None => FulfilledBy::Unknown,
        },
        delivered_at: time::zoned(fulfillment.delivered_at.get()),
        estimated_delivery: time::zoned(fulfillment.estimated_delivery_at.get()),
        created_at,
        ..Shipment::default()
    };
    if has_left(&shipment) {
        shipment.shipped_at.clone_from(&shipment.created_at);
    }
    shipment
}

/// The fine status where it says something, unless the coarse one called the batch off.
fn state(fulfillment: &Fulfillment<'_>, dialect: Dialect, ctx: &Context) -> Status<ShipmentState> {
    let fine = fulfillment.display_status.get();
    if is_live(fulfillment)
        && let Some(fine) = fine
    {
        let rest_field = "fulfillments.shipment_status";
        return status::read(&DELIVERY, rest_field, dialect, ctx, Some(fine));
    }
    let raw = fulfillment.status.get();
    status::read(&FULFILLMENT, "fulfillments.status", dialect, ctx, raw)
}

/// Shopify takes most states from the carrier; "fulfilled" is the merchant's word.
fn state_source(state: ShipmentState) -> StateSource {
    match state {
        ShipmentState::Shipped => StateSource::MerchantClaim,
        ShipmentState::InTransit
        | ShipmentState::Delayed
        | ShipmentState::OutForDelivery
        | ShipmentState::DeliveryAttempted
        | ShipmentState::Delivered => StateSource::Carrier,
        _ => StateSource::Platform,
    }
}

fn tracking(fulfillment: &Fulfillment<'_>) -> Vec<Tracking> {
    let mut all: Vec<Tracking> = Vec::new();
    for info in fulfillment.tracking_info.iter() {
        let Some(number) = info.number.owned() else {
            continue;
        };
        if all.iter().any(|known| known.number == number) {
            continue;
        }
        all.push(Tracking {
            number,
            url: info.url.owned().filter(|url| url.starts_with("http")),
            carrier: info.company.owned(),
            is_return: false,
        });
    }
    all
}

fn lines(lines: &[FulfillmentLine<'_>]) -> Vec<ShipmentLine> {
    lines
        .iter()
        .filter_map(|line| {
            let id = line.line_item.get().and_then(|node| tail(&node.id))?;
            Some(ShipmentLine {
                line_source_id: id.to_owned(),
                quantity: line
                    .quantity
                    .as_ref()
                    .and_then(DecimalText::magnitude)
                    .unwrap_or_else(Decimal::zero),
            })
        })
        .collect()
}
