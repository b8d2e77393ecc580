//! Search over tickets, as little of it as anybody should use: it lags in reality, and nobody may
//! decide by it whether something exists.

use axum::extract::{RawQuery, State};
use http::StatusCode;
use serde_json::{Value, json};

use super::Account;
use crate::http::answer::{Answer, ApiError, ok};
use crate::http::page::{Query, Row, paged};
use crate::world::World;
use crate::world::ticket::Ticket;

/// Rows that search reaches.
const RESULTS_MAX: u64 = 1000;

/// `GET /search?query=`
pub(crate) async fn search(State(shared): Account, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::read(raw.as_deref());
    if query.get("page[size]").is_some() {
        return Err(ApiError::described(
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            "page must be an integer",
        ));
    }
    let page = query.number("page").unwrap_or(1);
    let per_page = query.number("per_page").unwrap_or(100);
    if page.saturating_mul(per_page) > RESULTS_MAX {
        return Err(ApiError::text(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Requested response size was greater than Search Response Limits",
        ));
    }
    let text = query.get("query").unwrap_or_default().to_lowercase();
    shared.read(|world| {
        let rows: Vec<Row<Value>> = world
            .tickets
            .values()
            .filter(|ticket| !ticket.deleted && matches(world, ticket, &text))
            .map(|ticket| Row {
                key: ticket.id,
                row: result(world, ticket),
            })
            .collect();
        let page = paged(rows, &query, &world.url("search"))?;
        let mut body = page.envelope;
        body.insert("results".to_owned(), Value::Array(page.rows));
        body.insert("facets".to_owned(), Value::Null);
        ok(Value::Object(body))
    })
}

fn result(world: &World, ticket: &Ticket) -> Value {
    let mut shown = world.show_ticket(ticket);
    if let Value::Object(map) = &mut shown {
        map.insert("result_type".to_owned(), json!("ticket"));
    }
    shown
}

fn matches(world: &World, ticket: &Ticket, query: &str) -> bool {
    query.split_whitespace().all(|term| {
        let Some((key, value)) = term.split_once(':') else {
            let subject = ticket.subject.as_deref().unwrap_or_default();
            let text = format!("{subject} {}", ticket.description).to_lowercase();
            return text.split_whitespace().any(|word| word.starts_with(term));
        };
        match key {
            "type" => value == "ticket",
            "status" => ticket.status == value,
            "tags" => ticket.tags.iter().any(|tag| tag == value),
            "external_id" => {
                let id = ticket.external_id.as_deref().unwrap_or_default();
                id.eq_ignore_ascii_case(value)
            }
            "requester" => world
                .users
                .get(&ticket.requester_id)
                .and_then(|user| user.email())
                .is_some_and(|email| email.starts_with(value)),
            _ => false,
        }
    })
}
