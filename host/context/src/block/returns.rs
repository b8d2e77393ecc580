//! Goods and money on their way back.

use ordercase_model::{Instant, Money, Order, Refund, Return};
use serde::{Deserialize, Serialize};

use crate::{
    fact::{Fact, StatusView, at, cut, money, text},
    limits::PARTS_MAX,
    policy::FieldPolicy,
    source::Sourced,
};

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundView {
    /// Where it stands.
    pub status: StatusView,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// When it was made.
    pub at: Fact<Instant>,
    /// How the money goes back.
    pub method: String,
    /// Whether a gateway moved money.
    pub money_moved: Fact<bool>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Short name of the source.
    pub src: String,
}

/// A return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnView {
    /// What people quote.
    pub number: Fact<String>,
    /// Where it stands.
    pub status: StatusView,
    /// When it was asked for.
    pub requested_at: Fact<Instant>,
    /// When it was settled.
    pub closed_at: Fact<Instant>,
    /// Until when goods must be back.
    pub deadline: Fact<Instant>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<String>,
    /// Short name of the source.
    pub src: String,
}

/// Goods and money on their way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnsBlock {
    /// Roll-up of the returns.
    pub return_status: Fact<StatusView>,
    /// All that went back.
    pub refunded: Fact<Money>,
    /// How many refunds there are.
    pub refunds_count: Fact<usize>,
    /// The newest of them.
    pub refunds: Vec<RefundView>,
    /// How many returns there are.
    pub returns_count: Fact<usize>,
    /// The newest of them.
    pub returns: Vec<ReturnView>,
}

pub(crate) fn returns(order: &Sourced<Order>, src: &str, policy: &FieldPolicy) -> ReturnsBlock {
    let body = &order.body;
    let count =
        |path: &str, n: usize| Fact::read((!order.is_missing(path)).then_some(n), order, path, src);
    let newest = |n: usize| n.saturating_sub(PARTS_MAX);
    ReturnsBlock {
        return_status: Fact::read(
            body.return_state.as_ref().map(StatusView::from),
            order,
            "return_state",
            src,
        ),
        refunded: Fact::read(
            money(body.totals.refunded.as_ref()),
            order,
            "totals.refunded",
            src,
        )
        .shown_if(policy.amounts),
        refunds_count: count("refunds", body.refunds.len()),
        refunds: body
            .refunds
            .iter()
            .skip(newest(body.refunds.len()))
            .map(|refund| refund_view(refund, order, src, policy))
            .collect(),
        returns_count: count("returns", body.returns.len()),
        returns: body
            .returns
            .iter()
            .skip(newest(body.returns.len()))
            .map(|goods| return_view(goods, order, src))
            .collect(),
    }
}

fn refund_view(
    refund: &Refund,
    order: &Sourced<Order>,
    src: &str,
    policy: &FieldPolicy,
) -> RefundView {
    RefundView {
        status: (&refund.state).into(),
        amount: refund.amount.shown().cloned().filter(|_| policy.amounts),
        at: Fact::read(at(refund.at.as_ref()), order, "refunds.at", src),
        method: refund.method.to_string(),
        money_moved: Fact::read(refund.money_moved, order, "refunds.money_moved", src),
        reason: text(refund.reason.as_ref()),
        src: src.to_owned(),
    }
}

fn return_view(goods: &Return, order: &Sourced<Order>, src: &str) -> ReturnView {
    let time = |value, path| Fact::read(at(value), order, path, src);
    ReturnView {
        number: Fact::read(
            goods.number.as_deref().map(cut),
            order,
            "returns.number",
            src,
        ),
        status: (&goods.state).into(),
        requested_at: time(goods.requested_at.as_ref(), "returns.requested_at"),
        closed_at: time(goods.closed_at.as_ref(), "returns.closed_at"),
        deadline: time(goods.deadline.as_ref(), "returns.deadline"),
        decline_reason: text(goods.decline_reason.as_ref()),
        src: src.to_owned(),
    }
}
