//! The Support API, one file per resource.

pub(crate) mod account;
pub(crate) mod audits;
pub(crate) mod comments;
pub(crate) mod export;
pub(crate) mod fields;
pub(crate) mod oauth;
pub(crate) mod search;
pub(crate) mod tags;
pub(crate) mod tickets;
pub(crate) mod users;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::http::answer::{Answer, ApiError, ok};
use crate::http::page::{Query, Row, paged};
use crate::shared::Shared;
use crate::world::World;

/// The state that handlers take.
pub(crate) type Account = axum::extract::State<Arc<Shared>>;

/// A page of rows under `name`, with whatever `beside` adds for the rows shown.
pub(crate) fn list_answer(
    world: &World,
    name: &str,
    rows: Vec<Row<Value>>,
    query: &Query,
    path: &str,
    beside: impl FnOnce(&[Value], &mut Map<String, Value>),
) -> Answer {
    let page = paged(rows, query, &world.url(path))?;
    let mut body = page.envelope;
    beside(&page.rows, &mut body);
    body.insert(name.to_owned(), Value::Array(page.rows));
    ok(Value::Object(body))
}

/// Nothing beside the rows.
pub(crate) fn nothing(_: &[Value], _: &mut Map<String, Value>) {}

/// The users of those ids, once each, as a side-load.
pub(crate) fn users_of(world: &World, ids: impl Iterator<Item = u64>) -> Value {
    let ids: std::collections::BTreeSet<u64> = ids.collect();
    ids.iter()
        .filter_map(|id| world.users.get(id))
        .map(|user| world.show_user(user))
        .collect()
}

/// Orders newest first where the query asks for it, by `sort` with a cursor or `sort_order`
/// without. A cursor list ignores `sort_order` without a word.
pub(crate) fn newest_first(query: &Query, sorts_by_cursor: bool) -> bool {
    let cursor = query.get("page[size]").is_some() || query.get("page[after]").is_some();
    if cursor {
        sorts_by_cursor && query.get("sort").is_some_and(|sort| sort.starts_with('-'))
    } else {
        query.get("sort_order") == Some("desc")
            || query.get("sort").is_some_and(|sort| sort.starts_with('-'))
    }
}

/// Comma-separated ids of a query, at most 100.
pub(crate) fn ids_of(query: &Query) -> Result<Vec<u64>, ApiError> {
    let text = query.get("ids").unwrap_or_default();
    let ids: Vec<u64> = text
        .split(',')
        .filter_map(|id| id.trim().parse().ok())
        .collect();
    if ids.is_empty() || ids.len() > 100 {
        return Err(ApiError::described(
            http::StatusCode::BAD_REQUEST,
            "InvalidRequest",
            "ids must name 1 to 100 records",
        ));
    }
    Ok(ids)
}
