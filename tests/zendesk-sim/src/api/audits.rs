//! Audits of a ticket. A cursor list comes oldest first, whatever the query asks.

use axum::extract::{Path, RawQuery, State};

use super::{Account, list_answer, newest_first, nothing};
use crate::http::answer::{Answer, id};
use crate::http::page::{Query, Row};
use crate::world::render::show_audit;

/// `GET /tickets/{id}/audits`
pub(crate) async fn list(
    State(shared): Account,
    Path(ticket): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let query = Query::read(raw.as_deref());
    let ticket = id(&ticket)?;
    shared.read(|world| {
        let audits = &world.ticket(ticket)?.audits;
        let mut rows: Vec<_> = audits
            .iter()
            .map(|audit| Row {
                key: audit.id,
                row: show_audit(audit),
            })
            .collect();
        if newest_first(&query, false) {
            rows.reverse();
        }
        let path = format!("tickets/{ticket}/audits");
        list_answer(world, "audits", rows, &query, &path, nothing)
    })
}
