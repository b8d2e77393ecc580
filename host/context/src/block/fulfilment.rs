//! Where the goods are.

use ordercase_model::{Instant, Order, Shipment};
use serde::{Deserialize, Serialize};

use super::order::status;
use crate::{
    fact::{Fact, StatusView, at, cut},
    limits::PARTS_MAX,
    policy::FieldPolicy,
    source::Sourced,
};

/// A parcel's number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingView {
    /// The number.
    pub number: String,
    /// The carrier's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The carrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
}

/// What left or will leave the shop together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentView {
    /// Where it is.
    pub status: StatusView,
    /// Who says so.
    pub said_by: String,
    /// The carrier.
    pub carrier: Fact<String>,
    /// Its numbers.
    pub tracking: Vec<TrackingView>,
    /// When it left.
    pub shipped_at: Fact<Instant>,
    /// When it should arrive.
    pub estimated_delivery: Fact<Instant>,
    /// When it arrived.
    pub delivered_at: Fact<Instant>,
    /// Short name of the source.
    pub src: String,
}

/// Where goods go, without the street. **Personal.**
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// Town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// Where the goods are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfilmentBlock {
    /// The goods as a whole.
    pub status: Fact<StatusView>,
    /// How many shipments there are.
    pub shipments_count: Fact<usize>,
    /// The newest of them.
    pub shipments: Vec<ShipmentView>,
    /// Promised to leave by.
    pub ship_by: Fact<Instant>,
    /// Promised to arrive by.
    pub deliver_by: Fact<Instant>,
    /// Where they go.
    pub destination: Fact<Destination>,
}

pub(crate) fn fulfilment(
    order: &Sourced<Order>,
    src: &str,
    policy: &FieldPolicy,
) -> FulfilmentBlock {
    let body = &order.body;
    let expected = body.expected.as_ref();
    let destination = body.shipping_address.as_ref().map(|address| Destination {
        city: crate::fact::text(address.city.as_ref()),
        country: address.country.clone(),
    });
    let skipped = body.shipments.len().saturating_sub(PARTS_MAX);
    let told = !order.is_missing("shipments");
    FulfilmentBlock {
        status: status(
            order,
            "fulfilment_state",
            (&body.fulfilment_state).into(),
            src,
        ),
        shipments_count: Fact::read(
            told.then_some(body.shipments.len()),
            order,
            "shipments",
            src,
        ),
        shipments: body
            .shipments
            .iter()
            .skip(skipped)
            .map(|s| view(s, order, src))
            .collect(),
        ship_by: Fact::read(
            expected.and_then(|e| at(e.ship_by.as_ref())),
            order,
            "expected.ship_by",
            src,
        ),
        deliver_by: Fact::read(
            expected.and_then(|e| at(e.deliver_by.as_ref())),
            order,
            "expected.deliver_by",
            src,
        ),
        destination: Fact::read(destination, order, "shipping_address", src)
            .shown_if(policy.destination),
    }
}

fn view(shipment: &Shipment, order: &Sourced<Order>, src: &str) -> ShipmentView {
    let parcels = shipment
        .packages
        .iter()
        .filter_map(|package| package.tracking.as_ref());
    let mut tracking: Vec<TrackingView> = Vec::new();
    for parcel in shipment
        .tracking
        .iter()
        .chain(parcels)
        .filter(|t| !t.is_return)
    {
        if tracking.len() < PARTS_MAX && tracking.iter().all(|known| known.number != parcel.number)
        {
            tracking.push(TrackingView {
                number: cut(&parcel.number),
                url: parcel.url.clone().filter(|url| url.starts_with("https://")),
                carrier: parcel.carrier.as_deref().map(cut),
            });
        }
    }
    let carrier = shipment
        .carrier
        .as_deref()
        .or_else(|| shipment.tracking.iter().find_map(|t| t.carrier.as_deref()));
    ShipmentView {
        status: (&shipment.state).into(),
        said_by: shipment.state_source.to_string(),
        carrier: Fact::read(carrier.map(cut), order, "shipments.carrier", src),
        tracking,
        shipped_at: Fact::read(
            at(shipment.shipped_at.as_ref()),
            order,
            "shipments.shipped_at",
            src,
        ),
        estimated_delivery: Fact::read(
            at(shipment.estimated_delivery.as_ref()),
            order,
            "shipments.estimated_delivery",
            src,
        ),
        delivered_at: Fact::read(
            at(shipment.delivered_at.as_ref()),
            order,
            "shipments.delivered_at",
            src,
        ),
        src: src.to_owned(),
    }
}
