//! Tags of a ticket by their own endpoints: PUT adds, POST replaces, DELETE removes.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::json;

use super::Account;
use crate::http::answer::{Answer, id, json_answer, object, ok};
use crate::http::caller::Caller;
use crate::shared::Shared;
use crate::world::update::TagChange;
use crate::zis::events;

/// `GET /tickets/{id}/tags`
pub(crate) async fn list(State(shared): Account, Path(ticket): Path<String>) -> Answer {
    let ticket = id(&ticket)?;
    shared.read(|world| ok(json!({ "tags": world.ticket(ticket)?.tags })))
}

/// `PUT /tickets/{id}/tags`
pub(crate) async fn add(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(ticket): Path<String>,
    body: Bytes,
) -> Answer {
    change(&shared, &caller, &ticket, &body, TagChange::Add)
}

/// `POST /tickets/{id}/tags`
pub(crate) async fn set(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(ticket): Path<String>,
    body: Bytes,
) -> Answer {
    change(&shared, &caller, &ticket, &body, TagChange::Set)
}

/// `DELETE /tickets/{id}/tags`
pub(crate) async fn remove(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(ticket): Path<String>,
    body: Bytes,
) -> Answer {
    change(&shared, &caller, &ticket, &body, TagChange::Remove)
}

fn change(
    shared: &Arc<Shared>,
    caller: &Caller,
    ticket: &str,
    body: &[u8],
    change: TagChange,
) -> Answer {
    let ticket = id(ticket)?;
    let input = object(body)?;
    let now = shared.clock.seconds();
    let saved =
        shared.write(|world| world.change_tags(ticket, &input, change, &caller.writer(), now))?;
    events::emit(shared, &saved);
    let status = if change == TagChange::Set {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(json_answer(status, json!({ "tags": saved.after.tags })))
}
