//! Tickets: list, show, file, change, delete.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::IntoResponse as _;
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Map, Value, json};

use super::{Account, ids_of, list_answer, users_of};
use crate::clock::iso;
use crate::http::answer::{Answer, ApiError, created, id, ok, put_header, wrapped};
use crate::http::caller::Caller;
use crate::http::page::{Query, Row};
use crate::limits::IDEMPOTENCY_SECONDS;
use crate::shared::{Remembered, Shared};
use crate::world::World;
use crate::world::render::show_audit;
use crate::world::ticket::Ticket;
use crate::world::update::Saved;
use crate::zis::events;

/// `GET /tickets`
pub(crate) async fn list(State(shared): Account, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::read(raw.as_deref());
    let sort = query.get("sort").unwrap_or("id");
    let key = sort.trim_start_matches('-');
    if !["id", "updated_at", "status"].contains(&key) {
        return Err(ApiError::listed(
            StatusCode::BAD_REQUEST,
            "InvalidPaginationParameter",
            "sort is not valid",
        ));
    }
    shared.read(|world| {
        let wanted = query.get("external_id");
        let mut tickets: Vec<&Ticket> = world
            .tickets
            .values()
            .filter(|ticket| !ticket.deleted)
            .filter(|ticket| wanted.is_none() || ticket.external_id.as_deref() == wanted)
            .collect();
        match key {
            "updated_at" => tickets.sort_by_key(|ticket| (ticket.updated_at, ticket.id)),
            "status" => tickets.sort_by(|a, b| (&a.status, a.id).cmp(&(&b.status, b.id))),
            _ => {}
        }
        if sort.starts_with('-') {
            tickets.reverse();
        }
        let rows = tickets.into_iter().map(|ticket| Row {
            key: ticket.id,
            row: world.show_ticket(ticket),
        });
        list_answer(
            world,
            "tickets",
            rows.collect(),
            &query,
            "tickets",
            |shown, body| {
                side_load(world, shown, &query, body);
            },
        )
    })
}

/// `GET /tickets/show_many?ids=`
pub(crate) async fn show_many(State(shared): Account, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::read(raw.as_deref());
    let ids = ids_of(&query)?;
    shared.read(|world| {
        let rows = ids
            .iter()
            .filter_map(|id| world.ticket(*id).ok())
            .map(|ticket| Row {
                key: ticket.id,
                row: world.show_ticket(ticket),
            });
        list_answer(
            world,
            "tickets",
            rows.collect(),
            &query,
            "tickets/show_many",
            |shown, body| {
                side_load(world, shown, &query, body);
            },
        )
    })
}

/// `GET /tickets/count`
pub(crate) async fn count(State(shared): Account) -> Answer {
    let count = shared.read(|world| {
        world
            .tickets
            .values()
            .filter(|ticket| !ticket.deleted)
            .count()
    });
    ok(json!({ "count": { "value": count, "refreshed_at": iso(shared.clock.seconds()) } }))
}

/// `GET /tickets/{id}`
pub(crate) async fn show(
    State(shared): Account,
    Path(ticket): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let query = Query::read(raw.as_deref());
    let ticket = id(&ticket)?;
    shared.read(|world| {
        let shown = world.show_ticket(world.ticket(ticket)?);
        let mut body = Map::new();
        side_load(world, std::slice::from_ref(&shown), &query, &mut body);
        body.insert("ticket".to_owned(), shown);
        ok(Value::Object(body))
    })
}

fn side_load(world: &World, shown: &[Value], query: &Query, body: &mut Map<String, Value>) {
    if query.includes("users") {
        let people = shown.iter().flat_map(|ticket| {
            let one = ["requester_id", "submitter_id", "assignee_id"]
                .map(|key| ticket.get(key).and_then(Value::as_u64));
            let many = ["follower_ids", "email_cc_ids"].map(|key| {
                ticket
                    .get(key)
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default()
            });
            let many = many.into_iter().flatten().filter_map(|id| id.as_u64());
            one.into_iter().flatten().chain(many).collect::<Vec<u64>>()
        });
        body.insert("users".to_owned(), users_of(world, people));
    }
}

/// `POST /tickets`
pub(crate) async fn create(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .map(str::to_owned);
    if let Some(hit) = remembered(&shared, key.as_deref(), &body)? {
        let mut response = created(hit.answer, "")?;
        put_header(&mut response, LOOKUP, "hit");
        return Ok(response);
    }
    let input = wrapped(&body, "ticket")?;
    let now = shared.clock.seconds();
    let saved = shared.write(|world| world.create(&input, &caller.writer(), &[], now))?;
    events::emit(&shared, &saved);
    let answer = shared.read(|world| changed(world, &saved));
    let location = shared.read(|world| world.url(&format!("tickets/{}", saved.after.id)));
    let mut response = created(answer.clone(), &location)?;
    if let Some(key) = key {
        let body = body.to_vec();
        let remembered = Remembered {
            body,
            answer,
            at: now,
        };
        shared.records().idempotency.insert(key, remembered);
        put_header(&mut response, LOOKUP, "miss");
    }
    Ok(response)
}

const LOOKUP: HeaderName = HeaderName::from_static("x-idempotency-lookup");

fn remembered(
    shared: &Shared,
    key: Option<&str>,
    body: &[u8],
) -> Result<Option<Remembered>, ApiError> {
    let now = shared.clock.seconds();
    let mut records = shared.records();
    records
        .idempotency
        .retain(|_, remembered| remembered.at + IDEMPOTENCY_SECONDS > now);
    let Some(hit) = key.and_then(|key| records.idempotency.get(key)) else {
        return Ok(None);
    };
    if hit.body != body {
        return Err(ApiError::described(
            StatusCode::BAD_REQUEST,
            "IdempotentRequestError",
            "Request parameters don't match the given idempotency key",
        ));
    }
    Ok(Some(hit.clone()))
}

/// `PUT /tickets/{id}`
pub(crate) async fn update(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(ticket): Path<String>,
    body: Bytes,
) -> Answer {
    let ticket = id(&ticket)?;
    let input = wrapped(&body, "ticket")?;
    let now = shared.clock.seconds();
    let saved = shared.write(|world| world.update(ticket, &input, &caller.writer(), now))?;
    events::emit(&shared, &saved);
    ok(shared.read(|world| changed(world, &saved)))
}

/// The ticket after a change, with its audit; one without id where nothing changed.
fn changed(world: &World, saved: &Saved) -> Value {
    let audit = saved
        .audit
        .as_ref()
        .map_or_else(|| json!({ "events": [] }), show_audit);
    json!({ "ticket": world.show_ticket(&saved.after), "audit": audit })
}

/// `DELETE /tickets/{id}`
pub(crate) async fn delete(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(ticket): Path<String>,
) -> Answer {
    caller.admin()?;
    let ticket = id(&ticket)?;
    let now = shared.clock.seconds();
    shared.write(|world| {
        world.ticket(ticket)?;
        if let Some(ticket) = world.tickets.get_mut(&ticket) {
            ticket.deleted = true;
            ticket.generated_at = now;
        }
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
