//! Orders and people for tests, and the few steps from them to a context.

use ordercase_context::{
    CaseView, FieldPolicy, Material, ProvenSpan, Provenance, Quote, Sourced, StoreState,
    SupportContext, build, scan,
};
use ordercase_identity::{Claims, EmailProof, Face, QuotedOrder, RecordLink, Resolution, resolve};
use ordercase_model::{Customer, Instant, Kind, Order};
use serde_json::{Value, json};

pub(crate) const ANNA: &str = "anna@example.com";
/// 2026-11-20, noon.
pub(crate) const NOW: &str = "2026-11-20T12:00:00Z";

pub(crate) fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn time(text: &str) -> Value {
    json!({"at": text, "raw": text, "zone": "source"})
}

pub(crate) fn money(amount: &str) -> Value {
    json!({"shop": {"amount": amount, "currency": "EUR"}, "presentment": {"amount": amount, "currency": "EUR"}})
}

pub(crate) fn sourced<T>(kind: Kind, id: &str, body: T) -> Sourced<T> {
    Sourced {
        body,
        provenance: Provenance {
            record: RecordLink::new(kind, "con_1", id),
            connection_name: "Tea Shop".to_owned(),
            observed_at: at("2026-11-20T11:59:00Z"),
            path: "webhook_refetch".to_owned(),
            source_updated_at: Some(at("2026-11-20T11:58:00Z")),
        },
        missing: std::collections::BTreeMap::new(),
        warnings: Vec::new(),
    }
}

/// An order of Anna's with `more` laid over it.
pub(crate) fn order(number: &str, more: Value) -> Sourced<Order> {
    let mut body = json!({
        "number": format!("#{number}"),
        "order_state": {"canonical": "open", "raw": "OPEN", "source_field": "status"},
        "payment_state": {"canonical": "paid", "raw": "PAID", "source_field": "financial"},
        "fulfilment_state": {"canonical": "unfulfilled", "raw": "UNFULFILLED", "source_field": "fulfilment"},
        "placed_at": time("2026-11-18T08:00:00Z"),
        "paid_at": time("2026-11-18T08:01:00Z"),
        "buyer": {"kind": "registered", "customer_source_id": "c1", "display_name": "Anna Berg",
            "email": {"value": ANNA, "normalised": ANNA, "kind": "direct"}},
        "lines": [{"source_id": "1", "title": "Darjeeling <b>{{x}}</b>", "countable": true,
            "quantity": {"ordered": "2", "fulfilled": "0"}, "line_total": money("23.80")}],
        "totals": {"placed": money("28.70"), "current": money("28.70"), "received": money("28.70")},
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    sourced(
        Kind::Order,
        &format!("o{number}"),
        serde_json::from_value(body).unwrap(),
    )
}

pub(crate) fn anna() -> Sourced<Customer> {
    let body = json!({
        "source_id": "c1", "kind": "registered", "state": {"canonical": "enabled"},
        "display_name": "Anna Berg", "order_count": 7,
        "emails": [{"value": ANNA, "normalised": ANNA, "kind": "direct"}],
        "phones": [{"raw": "+49 30 901820", "e164": "+4930901820"}],
    });
    sourced(Kind::Customer, "c1", serde_json::from_value(body).unwrap())
}

/// A ticket about these orders.
pub(crate) struct Ticket<'a> {
    pub(crate) email: &'a str,
    pub(crate) proof: EmailProof,
    pub(crate) subject: &'a str,
    pub(crate) text: &'a str,
    pub(crate) orders: Vec<Sourced<Order>>,
    pub(crate) policy: FieldPolicy,
    pub(crate) complete: bool,
}

impl Default for Ticket<'_> {
    fn default() -> Self {
        Self {
            email: ANNA,
            proof: EmailProof::VerifiedAtDesk,
            subject: "Where is #1001?",
            text: "It has not come.",
            orders: vec![order("1001", json!({}))],
            policy: FieldPolicy::agent(),
            complete: true,
        }
    }
}

impl Ticket<'_> {
    pub(crate) fn quotes(&self) -> Vec<Quote> {
        scan(self.subject, &[self.text])
    }

    pub(crate) fn resolution(&self) -> Resolution {
        let mut faces: Vec<Face> = self
            .orders
            .iter()
            .map(|order| Face::of_order("con_1", &order.provenance.record.source_id, &order.body))
            .collect();
        faces.push(Face::of_customer("con_1", &anna().body));
        let quotes = self.quotes();
        let quoted = self
            .orders
            .iter()
            .filter(|order| {
                quotes
                    .iter()
                    .any(|quote| ordercase_context::names(&order.body, quote))
            })
            .map(|order| QuotedOrder {
                order: order.provenance.record.clone(),
                explicit: true,
            });
        let claims = Claims {
            email: Some(self.email.to_owned()),
            proof: self.proof,
            quoted: quoted.collect(),
            ..Claims::default()
        };
        resolve(&claims, &faces)
    }

    pub(crate) fn context(&self) -> SupportContext {
        build(&Material {
            now: at(NOW),
            ticket_id: 7,
            ticket_at: at("2026-11-20T10:00:00Z"),
            resolution: &self.resolution(),
            customers: &[anna()],
            orders: &self.orders,
            quotes: &self.quotes(),
            stores: &[StoreState {
                connection: "con_1".to_owned(),
                name: "Tea Shop".to_owned(),
                state: "active".to_owned(),
                reason: None,
                complete: self.complete,
                unstored: 0,
                proven: self.complete.then(|| ProvenSpan {
                    since: None,
                    through: at("2026-11-20T11:30:00Z"),
                }),
                last_read_at: Some(at("2026-11-20T11:55:00Z")),
            }],
            more: false,
            policy: self.policy,
            case: Some(CaseView {
                id: "cas_1".to_owned(),
                status: "open".to_owned(),
                priority: None,
            }),
        })
    }
}

/// An order with everything: two parcels, a failed and a good payment, a refund, a return.
pub(crate) fn rich() -> Sourced<Order> {
    order(
        "1001",
        json!({
            "fulfilment_state": {"canonical": "partially_fulfilled"},
            "payment_state": {"canonical": "partially_refunded"},
            "shipping_address": {"line1": "Secret Street 1", "city": "Berlin", "country": "DE"},
            "payments": [
                {"source_id": "p1", "kind": {"canonical": "sale"}, "state": {"canonical": "failed"},
                 "amount": money("28.70"), "at": time("2026-11-18T08:00:30Z"),
                 "failure": {"message": "card declined"}},
                {"source_id": "p2", "kind": {"canonical": "sale"}, "state": {"canonical": "succeeded"},
                 "amount": money("28.70"), "at": time("2026-11-18T08:01:00Z"),
                 "method": {"kind": "card", "brand": "visa", "last4": "4242"}},
            ],
            "shipments": [{"source_id": "s1", "state": {"canonical": "exception", "raw": "FAILURE"},
                "carrier": "Post", "tracking": [{"number": "RB123456785DE", "url": "https://post.example/RB123456785DE"}],
                "shipped_at": time("2026-11-18T16:00:00Z"),
                "events": [{"at": time("2026-11-19T07:00:00Z"), "state": {"canonical": "exception"}}]}],
            "refunds": [{"source_id": "r1", "state": {"canonical": "pending"}, "amount": money("4.90"),
                "at": time("2026-11-10T09:00:00Z"), "reason": "late"}],
            "returns": [{"source_id": "x1", "number": "R-1", "state": {"canonical": "requested"},
                "requested_at": time("2026-11-19T09:00:00Z")}],
            "return_state": {"canonical": "requested"},
            "admin_url": "https://admin.example/o1001",
        }),
    )
}
