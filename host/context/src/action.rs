//! Three suggestions of what to do next. Data only: whoever shows them brings the words.

use ordercase_model::{Order, ShipmentState, number_search};
use serde::{Deserialize, Serialize};

use crate::{
    issue::{Issue, Rule},
    source::Sourced,
};

/// What an agent could do, with what is needed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Answer with the parcel's number and link.
    SendTracking {
        /// The parcel's number.
        tracking: String,
        /// The carrier's page, where the source gave one.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// The carrier.
        #[serde(skip_serializing_if = "Option::is_none")]
        carrier: Option<String>,
        /// Where the parcel is.
        shipment_status: String,
    },
    /// Ask the shop to send the goods, or to take the parcel up with the carrier.
    EscalateShipping {
        /// Days late, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        days_late: Option<i64>,
        /// Link to the order for the agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        admin_url: Option<String>,
    },
    /// Look up where the money is, and tell.
    ConfirmRefund {
        /// How much.
        #[serde(skip_serializing_if = "Option::is_none")]
        amount: Option<String>,
        /// Link to the order for the agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        admin_url: Option<String>,
    },
}

/// A suggestion with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// What to do.
    #[serde(flatten)]
    pub action: Action,
    /// Why: a rule's name, or `parcel_under_way`.
    pub reason: String,
    /// Short name of the source.
    pub src: String,
}

/// What to do about an order, at most one suggestion of each kind.
pub(crate) fn suggestions(order: &Sourced<Order>, issues: &[Issue], src: &str) -> Vec<Suggestion> {
    let suggest = |action, reason: &str| Suggestion {
        action,
        reason: reason.to_owned(),
        src: src.to_owned(),
    };
    let admin_url = order.body.admin_url.clone();
    let by = |rule: Rule| issues.iter().find(|issue| issue.rule == rule);
    let mut found = Vec::new();
    if let Some(action) = tracking(&order.body) {
        found.push(suggest(action, "parcel_under_way"));
    }
    let late = by(Rule::LateShipment)
        .map(|issue| (issue, "late_shipment"))
        .or_else(|| by(Rule::DeliveryProblem).map(|issue| (issue, "delivery_problem")));
    if let Some((issue, reason)) = late {
        let days_late = issue
            .detail
            .get("days_late")
            .and_then(|days| days.parse().ok());
        let admin_url = admin_url.clone();
        found.push(suggest(
            Action::EscalateShipping {
                days_late,
                admin_url,
            },
            reason,
        ));
    }
    if let Some(issue) = by(Rule::RefundProblem) {
        let amount = issue.detail.get("amount").cloned();
        found.push(suggest(
            Action::ConfirmRefund { amount, admin_url },
            "refund_problem",
        ));
    }
    found
}

/// The newest parcel that is on its way to the buyer and has a number.
fn tracking(order: &Order) -> Option<Action> {
    let under_way = |state| {
        matches!(
            state,
            ShipmentState::Shipped
                | ShipmentState::InTransit
                | ShipmentState::Delayed
                | ShipmentState::OutForDelivery
                | ShipmentState::DeliveryAttempted
                | ShipmentState::ReadyForPickup
        )
    };
    order
        .shipments
        .iter()
        .rev()
        .filter(|shipment| under_way(shipment.state.canonical))
        .find_map(|shipment| {
            let tracking = shipment
                .tracking
                .iter()
                .find(|t| !t.is_return && !number_search(&t.number).is_empty())?;
            Some(Action::SendTracking {
                tracking: tracking.number.clone(),
                url: tracking
                    .url
                    .clone()
                    .filter(|url| url.starts_with("https://")),
                carrier: tracking
                    .carrier
                    .clone()
                    .or_else(|| shipment.carrier.clone()),
                shipment_status: shipment.state.canonical.to_string(),
            })
        })
}
