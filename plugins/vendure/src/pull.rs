//! Streams, page by page, newest first.
//!
//! A window with a start is a poll. Since `updatedAt` of an order does not move when it is paid,
//! shipped or refunded, a poll also reads every order of the last weeks that is not final yet; what
//! happens to final ones (a late refund) arrives by event or by the host's reconciliation.

use ordercase_sdk::graphql::Responses;
use ordercase_sdk::model::Instant;
use ordercase_sdk::{Context, Host, Page, PluginError, PullRequest, Pulled, Window};
use serde_json::{Value, json};

use crate::api::{ask, role};
use crate::cursor::Cursor;
use crate::limits::{PAGE_CUSTOMERS_MAX, PAGE_ORDERS_MAX, REREAD_SECONDS};
use crate::map::{customer, order, status};
use crate::wire::Data;
use crate::{CUSTOMERS, ORDERS, query};

pub(crate) fn pull(
    host: &dyn Host,
    ctx: &Context,
    request: &PullRequest,
) -> Result<Page, PluginError> {
    match request.stream.as_str() {
        ORDERS => orders(host, ctx, request),
        CUSTOMERS => customers(host, ctx, request),
        other => Err(PluginError::Unsupported(format!("stream `{other}`"))),
    }
}

fn orders(host: &dyn Host, ctx: &Context, request: &PullRequest) -> Result<Page, PluginError> {
    let cursor = Cursor::parse(request.cursor.as_deref(), host.now())?;
    let take = request.limit.clamp(1, PAGE_ORDERS_MAX);
    let variables = json!({ "options": {
        "take": take,
        "skip": cursor.skip,
        "sort": { "orderPlacedAt": "DESC", "id": "DESC" },
        "filter": order_filter(request.window, cursor.pinned),
    }});
    let responses = Responses::default();
    let answer = ask::<Data<'_>>(host, &responses, role::ORDERS, query::ORDERS, &variables)?;
    let list = answer.data.orders.0.unwrap_or_default();
    let total = list.total();
    let rows = list.items.len() as u64;
    let records = list
        .items
        .iter()
        .filter_map(|found| order::record(found, ctx).transpose())
        .map(|record| pulled(record?, answer.exchange))
        .collect::<Result<Vec<Pulled>, PluginError>>()?;
    Ok(Page {
        records,
        next: cursor.after(rows, total)?,
        total: Some(total),
    })
}

fn customers(host: &dyn Host, ctx: &Context, request: &PullRequest) -> Result<Page, PluginError> {
    let cursor = Cursor::parse(request.cursor.as_deref(), host.now())?;
    let take = request.limit.clamp(1, PAGE_CUSTOMERS_MAX);
    let variables = json!({ "options": {
        "take": take,
        "skip": cursor.skip,
        "sort": { "createdAt": "DESC", "id": "DESC" },
        "filter": customer_filter(request.window, cursor.pinned),
    }});
    let responses = Responses::default();
    let answer = ask::<Data<'_>>(
        host,
        &responses,
        role::CUSTOMERS,
        query::CUSTOMERS,
        &variables,
    )?;
    let list = answer.data.customers.0.unwrap_or_default();
    let total = list.total();
    let rows = list.items.len() as u64;
    let records = list
        .items
        .iter()
        .map(|found| pulled(customer::record(found, ctx)?, answer.exchange))
        .collect::<Result<Vec<Pulled>, PluginError>>()?;
    Ok(Page {
        records,
        next: cursor.after(rows, total)?,
        total: Some(total),
    })
}

fn pulled(record: ordercase_sdk::model::Record, exchange: u32) -> Result<Pulled, PluginError> {
    Ok(Pulled {
        record,
        exchanges: vec![exchange],
    })
}

/// `after` excludes its own instant; a window's start does not.
fn from(since: Instant) -> String {
    Instant::from_micros(since.micros() - 1_000)
        .unwrap_or(since)
        .to_string()
}

fn within(since: Option<Instant>, until: Option<Instant>) -> Value {
    match (since, until) {
        (Some(since), Some(until)) => {
            json!({ "between": { "start": from(since), "end": until.to_string() } })
        }
        (Some(since), None) => json!({ "after": from(since) }),
        (None, Some(until)) => json!({ "before": until.to_string() }),
        (None, None) => json!({ "isNull": false }),
    }
}

/// Never carts. A backfill takes orders by when they were placed; a poll also by when they changed,
/// and those that are not final.
fn order_filter(window: Window, pinned: Instant) -> Value {
    let Window { since, until } = window;
    let placed_by = until.map_or(pinned, |until| until.min(pinned));
    let placed = within(since, Some(placed_by));
    let Some(since) = since else {
        return json!({ "active": { "eq": false }, "orderPlacedAt": placed });
    };
    let mut any = vec![
        json!({ "orderPlacedAt": placed }),
        json!({ "updatedAt": within(Some(since), until) }),
    ];
    if until.is_none() {
        // Fields side by side below `_or` are alternatives at Vendure; only `_and` joins them.
        any.push(json!({ "_and": [
            { "orderPlacedAt": within(Some(since.plus_seconds(-REREAD_SECONDS)), Some(pinned)) },
            { "state": { "notIn": status::FINAL } },
        ]}));
    }
    json!({ "active": { "eq": false }, "_and": [{ "_or": any }] })
}

fn customer_filter(window: Window, pinned: Instant) -> Value {
    let Window { since, until } = window;
    let created_by = until.map_or(pinned, |until| until.min(pinned));
    let Some(since) = since else {
        return json!({ "createdAt": within(None, Some(created_by)) });
    };
    json!({ "_or": [
        { "createdAt": within(Some(since), Some(created_by)) },
        { "updatedAt": within(Some(since), until) },
    ]})
}
