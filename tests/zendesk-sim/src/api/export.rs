//! The incremental ticket export by cursor: everything that changed, in order of change, except for
//! the newest minute; deleted tickets included.

use axum::Extension;
use axum::extract::{RawQuery, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use super::Account;
use crate::http::answer::{Answer, ApiError, ok};
use crate::http::caller::Caller;
use crate::http::page::Query;
use crate::limits::{EXPORT_HOLDBACK_SECONDS, EXPORT_PAGE_MAX};
use crate::world::ticket::Ticket;

/// `GET /incremental/tickets/cursor`
pub(crate) async fn tickets(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    RawQuery(raw): RawQuery,
) -> Answer {
    caller.admin()?;
    let query = Query::read(raw.as_deref());
    let newest = shared.clock.seconds() - EXPORT_HOLDBACK_SECONDS;
    let from = start(&query, newest)?;
    let per_page = query
        .number("per_page")
        .and_then(|size| usize::try_from(size).ok());
    let per_page = per_page
        .unwrap_or(EXPORT_PAGE_MAX)
        .clamp(1, EXPORT_PAGE_MAX);
    shared.read(|world| {
        let mut changed: Vec<&Ticket> = world
            .tickets
            .values()
            .filter(|ticket| ticket.generated_at <= newest && place(ticket) > from)
            .filter(|ticket| query.get("exclude_deleted") != Some("true") || !ticket.deleted)
            .collect();
        changed.sort_by_key(|ticket| place(ticket));
        let end_of_stream = changed.len() <= per_page;
        changed.truncate(per_page);
        let reached = changed.last().map_or(from, |ticket| place(ticket));
        let cursor = seal(reached);
        let url = world.url("incremental/tickets/cursor");
        let rows: Vec<Value> = changed
            .iter()
            .map(|ticket| world.show_ticket(ticket))
            .collect();
        ok(json!({
            "tickets": rows,
            "after_url": format!("{url}?cursor={cursor}"),
            "after_cursor": cursor,
            "before_url": null,
            "before_cursor": null,
            "end_of_stream": end_of_stream,
        }))
    })
}

/// Where a ticket stands in the stream.
fn place(ticket: &Ticket) -> (i64, u64) {
    (ticket.generated_at, ticket.id)
}

fn start(query: &Query, newest: i64) -> Result<(i64, u64), ApiError> {
    if let Some(cursor) = query.get("cursor") {
        return unseal(cursor).ok_or_else(|| {
            ApiError::described(
                StatusCode::BAD_REQUEST,
                "InvalidValue",
                "cursor is not valid",
            )
        });
    }
    let seconds = query
        .get("start_time")
        .and_then(|text| text.parse::<i64>().ok())
        .ok_or_else(|| {
            ApiError::described(
                StatusCode::BAD_REQUEST,
                "InvalidValue",
                "start_time is required",
            )
        })?;
    if seconds > newest {
        return Err(ApiError::described(
            StatusCode::BAD_REQUEST,
            "StartTimeTooRecent",
            "Too recent start_time. Use a start_time older than 1 minute",
        ));
    }
    Ok((seconds - 1, u64::MAX))
}

fn seal((seconds, id): (i64, u64)) -> String {
    STANDARD.encode(format!("{seconds}.0||{id}|"))
}

fn unseal(cursor: &str) -> Option<(i64, u64)> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    let (seconds, rest) = text.split_once(".0||")?;
    Some((seconds.parse().ok()?, rest.strip_suffix('|')?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{seal, unseal};

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let place = (1_790_000_000, 5_000_000_001);
        assert_eq!(unseal(&seal(place)), Some(place));
        assert_eq!(unseal("nonsense"), None);
    }
}
