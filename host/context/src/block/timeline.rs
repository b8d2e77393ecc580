//! What happened, as one list: order, payments, shipments, refunds, returns and the ticket itself.
//!
//! Sorted by time, then by kind and id, so that the order in which records arrived does not show.

use std::collections::BTreeMap;

use ordercase_model::{Instant, MoneyPair, Order, SourceTime};
use serde::{Deserialize, Serialize};

use crate::{
    fact::{at, cut},
    limits::TIMELINE_MAX,
    policy::FieldPolicy,
    source::Sourced,
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// What, such as `placed`, `payment`, `shipped`, `refund`.
    pub kind: String,
    /// Its numbers and states, locale-neutral.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub detail: BTreeMap<String, String>,
    /// Short name of the source; `ticket` for the ticket itself.
    pub src: String,
}

pub(crate) fn timeline(
    order: &Sourced<Order>,
    src: &str,
    ticket_at: Instant,
    policy: &FieldPolicy,
) -> Vec<Step> {
    let mut steps = Steps {
        steps: Vec::new(),
        src,
        amounts: policy.amounts,
    };
    steps.order(&order.body);
    steps.payments(&order.body);
    steps.shipments(&order.body);
    steps.returns(&order.body);
    let mut steps = steps.steps;
    steps.push(Step {
        at: ticket_at,
        kind: "ticket_created".to_owned(),
        detail: BTreeMap::new(),
        src: "ticket".to_owned(),
    });
    steps.sort();
    steps.dedup();
    let skipped = steps.len().saturating_sub(TIMELINE_MAX);
    steps.split_off(skipped)
}

struct Steps<'a> {
    steps: Vec<Step>,
    src: &'a str,
    amounts: bool,
}

impl Steps<'_> {
    fn add(&mut self, time: Option<&SourceTime>, kind: &str, detail: &[(&str, Option<&str>)]) {
        let Some(at) = at(time) else { return };
        let detail = detail
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), cut((*value)?))))
            .collect();
        self.steps.push(Step {
            at,
            kind: kind.to_owned(),
            detail,
            src: self.src.to_owned(),
        });
    }

    fn amount(&self, pair: &MoneyPair) -> Option<String> {
        let money = pair.shown().filter(|_| self.amounts)?;
        Some(money.to_string())
    }

    fn order(&mut self, order: &Order) {
        let placed = order.placed_at.as_ref().or(order.created_at.as_ref());
        self.add(placed, "placed", &[]);
        self.add(order.paid_at.as_ref(), "paid", &[]);
        let why = order.cancel.as_ref().and_then(|c| c.reason.as_ref());
        let why = why.map(|reason| reason.canonical.as_str());
        self.add(order.cancelled_at.as_ref(), "cancelled", &[("reason", why)]);
        self.add(order.completed_at.as_ref(), "completed", &[]);
        for event in &order.events {
            self.add(
                event.at.as_ref(),
                "shop_event",
                &[("event", Some(&event.kind))],
            );
        }
    }

    fn payments(&mut self, order: &Order) {
        for payment in &order.payments {
            let amount = self.amount(&payment.amount);
            let detail = [
                ("transaction", Some(payment.kind.canonical.as_str())),
                ("status", Some(payment.state.canonical.as_str())),
                ("amount", amount.as_deref()),
            ];
            self.add(payment.at.as_ref(), "payment", &detail);
        }
        for refund in &order.refunds {
            let amount = self.amount(&refund.amount);
            let detail = [
                ("status", Some(refund.state.canonical.as_str())),
                ("amount", amount.as_deref()),
            ];
            self.add(refund.at.as_ref(), "refund", &detail);
        }
    }

    fn shipments(&mut self, order: &Order) {
        for shipment in &order.shipments {
            let number = shipment.tracking.first().map(|t| t.number.as_str());
            let carrier = shipment.carrier.as_deref();
            let detail = [("tracking", number), ("carrier", carrier)];
            self.add(shipment.shipped_at.as_ref(), "shipped", &detail);
            self.add(
                shipment.delivered_at.as_ref(),
                "delivered",
                &[("tracking", number)],
            );
            for event in &shipment.events {
                let detail = [
                    ("status", Some(event.state.canonical.as_str())),
                    ("tracking", number),
                ];
                self.add(event.at.as_ref(), "parcel_event", &detail);
            }
        }
    }

    fn returns(&mut self, order: &Order) {
        for goods in &order.returns {
            let number = goods.number.as_deref();
            let state = Some(goods.state.canonical.as_str());
            let detail = [("number", number), ("status", state)];
            self.add(goods.requested_at.as_ref(), "return_requested", &detail);
            self.add(goods.closed_at.as_ref(), "return_closed", &detail);
        }
    }
}
