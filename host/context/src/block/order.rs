//! Which order a ticket is about.

use ordercase_model::{Instant, Line, Money, Order};
use serde::{Deserialize, Serialize};

use crate::{
    fact::{Fact, StatusView, at, cut, money, text},
    limits::LINES_MAX,
    pick::{Evidence, Picked},
    policy::FieldPolicy,
    source::{Sourced, Sources},
};

/// A line of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineView {
    /// Product's name.
    pub title: String,
    /// Variant's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Stock-keeping unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// How many were ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered: Option<String>,
    /// How many left the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfilled: Option<String>,
    /// How many were paid back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded: Option<String>,
    /// What the buyer pays for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// Short name of the source.
    pub src: String,
}

/// Another order of the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// Its number.
    pub number: Fact<String>,
    /// When it was placed.
    pub placed_at: Fact<Instant>,
    /// Where it stands.
    pub order_status: Fact<StatusView>,
}

/// The order that a ticket is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBlock {
    /// What people quote.
    pub number: Fact<String>,
    /// What the merchant calls the shop.
    pub store: String,
    /// Why this order, strongest first.
    pub evidence: Vec<Evidence>,
    /// Whether the ticket itself names it.
    pub quoted: bool,
    /// The next likeliest ones.
    pub alternatives: Vec<Alternative>,
    /// The order as a whole.
    pub order_status: Fact<StatusView>,
    /// The money.
    pub payment_status: Fact<StatusView>,
    /// The goods.
    pub fulfilment_status: Fact<StatusView>,
    /// When the buyer committed.
    pub placed_at: Fact<Instant>,
    /// When it was called off.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cancelled_at: Option<Fact<Instant>>,
    /// Grand total when placed.
    pub total_placed: Fact<Money>,
    /// Grand total after edits and returns.
    pub total_current: Fact<Money>,
    /// How many lines there are.
    pub lines_count: Fact<usize>,
    /// The first of them.
    pub lines: Vec<LineView>,
    /// Link for the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_url: Option<String>,
    /// Doubts about the data.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
    /// Whether the order is gone at its source.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub deleted: bool,
    /// Short name of the source.
    pub src: String,
}

pub(crate) fn order_in_question(
    picked: &Picked<'_>,
    sources: &mut Sources,
    policy: &FieldPolicy,
) -> OrderBlock {
    let order = picked.order;
    let body = &order.body;
    let src = sources.name(&order.provenance);
    let alternatives = if policy.history {
        picked.alternatives.as_slice()
    } else {
        &[]
    };
    let total = |pair, path| Fact::read(money(pair), order, path, &src).shown_if(policy.amounts);
    let counted = !order.is_missing("lines");
    OrderBlock {
        number: number(order, &src),
        store: order.provenance.connection_name.clone(),
        evidence: picked.evidence.clone(),
        quoted: picked.quoted,
        alternatives: alternatives
            .iter()
            .map(|order| alternative(order, sources))
            .collect(),
        order_status: status(order, "order_state", (&body.order_state).into(), &src),
        payment_status: status(order, "payment_state", (&body.payment_state).into(), &src),
        fulfilment_status: status(
            order,
            "fulfilment_state",
            (&body.fulfilment_state).into(),
            &src,
        ),
        placed_at: Fact::read(body.placed(), order, "placed_at", &src),
        cancelled_at: at(body.cancelled_at.as_ref()).map(|at| Fact::known(at, &src)),
        total_placed: total(body.totals.placed.as_ref(), "totals.placed"),
        total_current: total(body.totals.current.as_ref(), "totals.current"),
        lines_count: Fact::read(counted.then_some(body.lines.len()), order, "lines", &src)
            .shown_if(policy.lines),
        lines: lines(body, &src, policy),
        admin_url: body.admin_url.clone(),
        warnings: order.warnings.clone(),
        deleted: body.flags.deleted == Some(true),
        src,
    }
}

/// A status; absent when the record says that it was not read.
pub(crate) fn status<R>(
    record: &Sourced<R>,
    path: &str,
    view: StatusView,
    src: &str,
) -> Fact<StatusView> {
    let told = view.status != "unknown" || view.raw.is_some();
    Fact::read(
        (told && !record.is_missing(path)).then_some(view),
        record,
        path,
        src,
    )
}

fn number(order: &Sourced<Order>, src: &str) -> Fact<String> {
    Fact::read(order.body.number.as_deref().map(cut), order, "number", src)
}

fn alternative(order: &Sourced<Order>, sources: &mut Sources) -> Alternative {
    let src = sources.name(&order.provenance);
    Alternative {
        number: number(order, &src),
        placed_at: Fact::read(order.body.placed(), order, "placed_at", &src),
        order_status: status(order, "order_state", (&order.body.order_state).into(), &src),
    }
}

fn lines(order: &Order, src: &str, policy: &FieldPolicy) -> Vec<LineView> {
    let shown = if policy.lines { LINES_MAX } else { 0 };
    order
        .lines
        .iter()
        .take(shown)
        .map(|line| view(line, src, policy))
        .collect()
}

fn view(line: &Line, src: &str, policy: &FieldPolicy) -> LineView {
    let digits = |quantity: &Option<ordercase_model::Decimal>| {
        quantity
            .as_ref()
            .map(|quantity| quantity.as_str().to_owned())
    };
    LineView {
        title: cut(line.title.as_str()),
        variant: text(line.variant_title.as_ref()),
        sku: line
            .product_ref
            .as_ref()
            .and_then(|product| product.sku.as_deref())
            .map(cut),
        ordered: digits(&line.quantity.ordered),
        fulfilled: digits(&line.quantity.fulfilled),
        refunded: digits(&line.quantity.refunded),
        total: money(line.line_total.as_ref()).filter(|_| policy.amounts),
        src: src.to_owned(),
    }
}
