//! Streams, page by page.
//!
//! A window with a start is read by change time, oldest first, so that the host's watermark can
//! follow; one without is a backfill, newest first by creation, which nothing moves. Shopify's search
//! index trails by seconds: overlap is the host's business.

use ordercase_sdk::graphql::{AskError, Responses};
use ordercase_sdk::model::Instant;
use ordercase_sdk::{Context, Host, Page, PluginError, PullRequest, Pulled, Window};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, Sizes, role, served};
use crate::complete::{complete, readings};
use crate::cursor::Cursor;
use crate::limits::{
    DEEP_PAGING_MAX, PAGE_CHILDREN, PAGE_CUSTOMERS_MAX, PAGE_LINES, PAGE_ORDERS_MAX,
};
use crate::map::customer;
use crate::map::shape::{self, Data};
use crate::{CUSTOMERS, ORDERS, query};

pub(crate) fn pull(
    host: &dyn Host,
    ctx: &Context,
    request: &PullRequest,
) -> Result<Page, PluginError> {
    let responses = Responses::default();
    let api = Api::new(host, &responses);
    match request.stream.as_str() {
        ORDERS => orders(api, ctx, request),
        CUSTOMERS => customers(api, ctx, request),
        other => Err(PluginError::Unsupported(format!("stream `{other}`"))),
    }
}

/// How a window is read.
struct Reel {
    sort_key: &'static str,
    reverse: bool,
    filter: String,
}

impl Reel {
    /// `from` is where an earlier page, too deep to go on, ended; it may repeat records.
    fn of(window: Window, from: Option<Instant>) -> Self {
        let by_change = window.since.is_some();
        let (field, sort_key) = if by_change {
            ("updated_at", "UPDATED_AT")
        } else {
            ("created_at", "CREATED_AT")
        };
        let since = if by_change {
            from.or(window.since)
        } else {
            None
        };
        let mut terms = Vec::new();
        if let Some(since) = since {
            terms.push(format!("{field}:>='{since}'"));
        }
        match (by_change, from, window.until) {
            (false, Some(from), _) => terms.push(format!("{field}:<='{from}'")),
            (_, _, Some(until)) => terms.push(format!("{field}:<'{until}'")),
            _ => {}
        }
        Self {
            sort_key,
            reverse: !by_change,
            filter: terms.join(" "),
        }
    }

    fn filter(&self) -> Option<&str> {
        (!self.filter.is_empty()).then_some(&self.filter)
    }

    fn variables(&self, first: u32, after: Option<&str>) -> Value {
        json!({
            "first": first,
            "after": after,
            "query": self.filter(),
            "sortKey": self.sort_key,
            "reverse": self.reverse,
        })
    }
}

fn orders(api: Api<'_>, ctx: &Context, request: &PullRequest) -> Result<Page, PluginError> {
    let first = request.limit.clamp(1, PAGE_ORDERS_MAX);
    let cursor = Cursor::parse(request.cursor.as_deref(), first)?;
    let reel = Reel::of(request.window, cursor.from);
    let mut sizes = Sizes {
        first: cursor.first,
        lines: PAGE_LINES,
        children: PAGE_CHILDREN,
    };
    let answer =
        api.ask_sized::<Data<'_>, _>(role::ORDERS, query::ORDERS, &mut sizes, |sizes| {
            let mut variables = reel.variables(sizes.first, cursor.after.as_deref());
            if let Value::Object(map) = &mut variables {
                map.insert("lines".to_owned(), sizes.lines.into());
                map.insert("children".to_owned(), sizes.children.into());
            }
            variables
        })?;
    let after = after(answer.data.orders.as_ref().and_then(|orders| orders.next()));
    let mut readings = readings(answer);
    let last = readings.last().map(|reading| {
        let order = &reading.order;
        (order.updated_at.owned(), order.created_at.owned())
    });
    complete(api, &mut readings)?;
    let records = readings
        .into_iter()
        .map(|reading| reading.pulled(ctx))
        .collect::<Result<Vec<Pulled>, PluginError>>()?;
    let total = total(api, &cursor, query::ORDERS_COUNT, &reel)?;
    let next = next(&cursor, sizes.first, after, records.len(), last, &reel)?;
    Ok(Page {
        records,
        next,
        total,
    })
}

fn customers(api: Api<'_>, ctx: &Context, request: &PullRequest) -> Result<Page, PluginError> {
    let first = request.limit.clamp(1, PAGE_CUSTOMERS_MAX);
    let cursor = Cursor::parse(request.cursor.as_deref(), first)?;
    let reel = Reel::of(request.window, cursor.from);
    let mut sizes = Sizes {
        first: cursor.first,
        lines: 0,
        children: 0,
    };
    // Customers have no `created_at` filter but they can be sorted by it.
    let answer =
        api.ask_sized::<Data<'_>, _>(role::CUSTOMERS, query::CUSTOMERS, &mut sizes, |sizes| {
            reel.variables(sizes.first, cursor.after.as_deref())
        })?;
    let after = after(answer.data.customers.as_ref().and_then(|c| c.next()));
    let (exchange, api_version) = (answer.exchange, served(&answer));
    let contents = shape::contents(answer.data, &answer.errors);
    let denied: Vec<String> = contents.denied.into_iter().collect();
    let last = contents
        .customers
        .last()
        .map(|customer| (customer.updated_at.owned(), customer.created_at.owned()));
    let records = contents
        .customers
        .iter()
        .map(|customer| {
            Ok(Pulled {
                record: customer::record(customer, ctx, api_version.as_deref(), &denied)?,
                exchanges: vec![exchange],
            })
        })
        .collect::<Result<Vec<Pulled>, PluginError>>()?;
    let total = total(api, &cursor, query::CUSTOMERS_COUNT, &reel)?;
    let next = next(&cursor, sizes.first, after, records.len(), last, &reel)?;
    Ok(Page {
        records,
        next,
        total,
    })
}

fn after(cursor: Option<&str>) -> Option<String> {
    cursor.map(str::to_owned)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Counts {
    orders_count: Option<Count>,
    customers_count: Option<Count>,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
}

/// How many records the window holds; asked with its first page, and not worth failing for.
fn total(
    api: Api<'_>,
    cursor: &Cursor,
    query: &str,
    reel: &Reel,
) -> Result<Option<u64>, PluginError> {
    if cursor.after.is_some() || cursor.read > 0 {
        return Ok(None);
    }
    let variables = json!({ "query": reel.filter() });
    match api.ask::<Counts>(role::COUNT, query, &variables) {
        Ok(answer) => {
            let counts = answer.data;
            Ok(counts
                .orders_count
                .or(counts.customers_count)
                .map(|c| c.count))
        }
        Err(AskError::Failed(error @ PluginError::AuthExpired(_))) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Where the next page starts: after this one, or, where Shopify pages no deeper, in a window that
/// starts where this page ended.
fn next(
    cursor: &Cursor,
    first: u32,
    after: Option<String>,
    records: usize,
    last: Option<(Option<String>, Option<String>)>,
    reel: &Reel,
) -> Result<Option<String>, PluginError> {
    let Some(after) = after else {
        return Ok(None);
    };
    let read = cursor.read + u64::try_from(records).unwrap_or(0);
    let anew = last
        .filter(|_| read >= DEEP_PAGING_MAX)
        .and_then(|(updated, created)| if reel.reverse { created } else { updated })
        .and_then(|text| text.parse::<Instant>().ok())
        .filter(|anew| cursor.from != Some(*anew));
    let next = match anew {
        Some(anew) => Cursor {
            from: Some(anew),
            ..Cursor::start(first)
        },
        None => Cursor {
            after: Some(after),
            first,
            read,
            ..cursor.clone()
        },
    };
    next.to_text().map(Some)
}
