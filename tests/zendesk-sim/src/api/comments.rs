//! Comments of a ticket.

use axum::extract::{Path, RawQuery, State};
use serde_json::Value;

use super::{Account, list_answer, newest_first, users_of};
use crate::http::answer::{Answer, id};
use crate::http::page::{Query, Row};
use crate::world::render::show_comment;

/// `GET /tickets/{id}/comments`
pub(crate) async fn list(
    State(shared): Account,
    Path(ticket): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let query = Query::read(raw.as_deref());
    let ticket = id(&ticket)?;
    shared.read(|world| {
        let mut rows: Vec<Row<Value>> = world
            .ticket(ticket)?
            .comments
            .iter()
            .map(|comment| Row {
                key: comment.id,
                row: show_comment(comment),
            })
            .collect();
        if newest_first(&query, true) {
            rows.reverse();
        }
        let path = format!("tickets/{ticket}/comments");
        list_answer(world, "comments", rows, &query, &path, |shown, body| {
            if query.includes("users") {
                let authors = shown
                    .iter()
                    .filter_map(|comment| comment.get("author_id").and_then(Value::as_u64));
                body.insert("users".to_owned(), users_of(world, authors));
            }
        })
    })
}
