//! From the orders of a page to whole orders: more lines, what came back, long lists.
//!
//! Most orders need nothing. The requests of a call are limited; when they are spent, an order stays
//! as it is and warns (`truncated_children`), or says that refunds and returns were not fetched.

use std::collections::BTreeSet;

use ordercase_sdk::graphql::{Answer, AskError};
use ordercase_sdk::model::Record;
use ordercase_sdk::{Context, Level, PluginError, Pulled};
use serde_json::json;

use crate::api::{Api, Sizes, role, served};
use crate::limits::{BACKS_ORDERS, FETCH_CHILDREN, FETCH_LINES, MORE_LINES, PAGE_CHILDREN};
use crate::map::shape::{self, Data};
use crate::map::{self};
use crate::query;
use crate::wire::order::Order;

/// An order, and the exchanges that it came from.
pub(crate) struct Reading<'a> {
    pub(crate) order: Order<'a>,
    exchanges: BTreeSet<u32>,
    denied: BTreeSet<String>,
    api_version: Option<String>,
}

impl<'a> Reading<'a> {
    pub(crate) fn pulled(self, ctx: &Context) -> Result<Pulled, PluginError> {
        let denied: Vec<String> = self.denied.into_iter().collect();
        let record: Record =
            map::order::record(&self.order, ctx, self.api_version.as_deref(), &denied)?;
        Ok(Pulled {
            record,
            exchanges: self.exchanges.into_iter().collect(),
        })
    }

    fn absorb(&mut self, order: Order<'a>, exchange: u32, denied: &BTreeSet<String>) {
        self.order.absorb(order);
        self.exchanges.insert(exchange);
        self.denied.extend(denied.iter().cloned());
    }
}

/// The orders of an answer.
pub(crate) fn readings<'a>(answer: Answer<'a, Data<'a>>) -> Vec<Reading<'a>> {
    let api_version = served(&answer);
    let exchange = answer.exchange;
    let contents = shape::contents(answer.data, &answer.errors);
    let denied = contents.denied;
    contents
        .orders
        .into_iter()
        .map(|order| Reading {
            order,
            exchanges: BTreeSet::from([exchange]),
            denied: denied.clone(),
            api_version: api_version.clone(),
        })
        .collect()
}

/// Reads what the page cut.
pub(crate) fn complete<'a>(api: Api<'a>, readings: &mut [Reading<'a>]) -> Result<(), PluginError> {
    let mut spent = long_lists(api, readings)?;
    spent = spent || what_came_back(api, readings)?;
    for reading in readings.iter_mut() {
        spent = spent || more_lines(api, reading)?;
        reading.order.truncated |= is_cut(&reading.order);
    }
    if spent {
        api.host().log(
            Level::Warn,
            "the call's requests are spent; some orders of the page are not whole",
            &[],
        );
    }
    Ok(())
}

/// Whether a list that nobody reads further was cut.
fn is_cut(order: &Order<'_>) -> bool {
    let refunds = order.refunds.iter();
    let returns = order.returns.iter();
    order.line_items.next().is_some()
        || order
            .fulfillments
            .iter()
            .any(|f| f.fulfillment_line_items.next().is_some())
        || refunds
            .into_iter()
            .any(|r| r.refund_line_items.next().is_some())
        || returns.into_iter().any(|r| {
            r.next().is_some() || r.nodes.iter().any(|r| r.return_line_items.next().is_some())
        })
}

/// Reads alone the orders whose shipments or payments fill the page's share. Returns whether the
/// requests of the call are spent.
fn long_lists<'a>(api: Api<'a>, readings: &mut [Reading<'a>]) -> Result<bool, PluginError> {
    let full = |len: usize| len >= PAGE_CHILDREN as usize;
    for reading in readings {
        let order = &reading.order;
        let payments = order.transactions.as_ref().map_or(0, |t| t.len());
        let batches = order.fulfillments.iter();
        let cut_batch = batches
            .clone()
            .any(|f| f.fulfillment_line_items.next().is_some());
        if order.returns.is_some()
            || !(full(payments) || full(order.fulfillments.len()) || cut_batch)
        {
            continue;
        }
        let Some(gid) = order.gid() else { continue };
        match alone(api, &gid) {
            Ok(mut whole) => {
                if let Some(whole) = whole.pop() {
                    reading.exchanges.extend(whole.exchanges);
                    reading.denied.extend(whole.denied);
                    reading.order = whole.order;
                }
            }
            Err(AskError::BudgetSpent) => {
                reading.order.truncated = true;
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

/// One order, with all that lies in it.
pub(crate) fn alone<'a>(api: Api<'a>, gid: &str) -> Result<Vec<Reading<'a>>, AskError> {
    let mut sizes = Sizes {
        first: 1,
        lines: FETCH_LINES,
        children: FETCH_CHILDREN,
    };
    let answer = api.ask_sized(
        role::ORDER,
        query::ORDER,
        &mut sizes,
        |sizes| json!({ "id": gid, "lines": sizes.lines, "children": sizes.children }),
    )?;
    let mut readings = readings(answer);
    let full = |len: usize| len >= sizes.children as usize;
    for reading in &mut readings {
        let order = &reading.order;
        let payments = order.transactions.as_ref().map_or(0, |t| t.len());
        let cut = full(payments) || full(order.fulfillments.len()) || full(order.refunds.len());
        reading.order.truncated |= cut;
    }
    Ok(readings)
}

/// Reads refunds and returns of the orders that have some. Returns whether requests are spent.
fn what_came_back<'a>(api: Api<'a>, readings: &mut [Reading<'a>]) -> Result<bool, PluginError> {
    let mut wanted: Vec<String> = readings
        .iter()
        .filter(|reading| !reading.order.knows_what_came_back())
        .filter_map(|reading| reading.order.gid())
        .collect();
    let mut sizes = Sizes {
        first: u32::try_from(BACKS_ORDERS).unwrap_or(1),
        lines: FETCH_LINES,
        children: FETCH_CHILDREN,
    };
    while !wanted.is_empty() {
        let answer = api.ask_sized::<Data<'_>, _>(
            role::ORDER_BACKS,
            query::ORDER_BACKS,
            &mut sizes,
            |sizes| {
                let ids: Vec<&String> = wanted.iter().take(sizes.first as usize).collect();
                json!({ "ids": ids, "lines": sizes.lines, "children": sizes.children })
            },
        );
        let answer = match answer {
            Ok(answer) => answer,
            Err(AskError::BudgetSpent) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        let asked = wanted.len().min(sizes.first as usize);
        wanted.drain(..asked);
        let exchange = answer.exchange;
        let contents = shape::contents(answer.data, &answer.errors);
        for order in contents.orders {
            let of = readings.iter_mut().find(|r| r.order.key() == order.key());
            if let Some(reading) = of {
                reading.absorb(order, exchange, &contents.denied);
            }
        }
    }
    Ok(false)
}

/// Reads an order's lines to their end. Returns whether requests are spent.
fn more_lines<'a>(api: Api<'a>, reading: &mut Reading<'a>) -> Result<bool, PluginError> {
    for _ in 0..ordercase_sdk::limits::NESTED_PAGES_MAX {
        let after = reading.order.line_items.next().map(str::to_owned);
        let (Some(after), Some(gid)) = (after, reading.order.gid()) else {
            return Ok(false);
        };
        let mut sizes = Sizes {
            first: 1,
            lines: MORE_LINES,
            children: 0,
        };
        let answer = api.ask_sized::<Data<'_>, _>(
            role::ORDER_LINES,
            query::ORDER_LINES,
            &mut sizes,
            |sizes| json!({ "id": gid, "after": after, "lines": sizes.lines }),
        );
        let answer = match answer {
            Ok(answer) => answer,
            Err(AskError::BudgetSpent) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        let exchange = answer.exchange;
        let contents = shape::contents(answer.data, &answer.errors);
        let Some(more) = contents.orders.into_iter().next() else {
            return Ok(false);
        };
        if more.line_items.nodes.is_empty() || more.line_items.next() == Some(&after) {
            return Ok(false);
        }
        reading.absorb(more, exchange, &contents.denied);
    }
    Ok(false)
}
