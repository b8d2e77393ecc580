//! `POST /v1/events/zendesk`: a flow says that something happened to a ticket.
//!
//! Stored durably, then answered, within a second: the work is the engine's. The token alone names tenant
//! and desk; account and subdomain in the body only guard against a token pasted into another account.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use ordercase_store::{Lane, NewReceipt, Owner, ReceiptKind, ticket_entity};
use serde::Serialize;
use utoipa::ToSchema;

use super::event::DeskEvent;
use crate::{
    app::App,
    http::{
        auth, bound,
        bound::RawBody,
        problem::{Document, Kind, Problem},
    },
};

/// Stream under which a desk's receipts are counted.
pub const STREAM: &str = "tickets";

/// Proof that an event is kept.
#[derive(Serialize, ToSchema)]
pub(super) struct Kept {
    /// Its receipt; the same event again has the same.
    receipt: String,
}

/// Takes an event of a ticket.
#[utoipa::path(
    post, path = "/v1/events/zendesk", tag = "events", request_body = DeskEvent,
    security(("desk" = [])),
    responses(
        (status = 202, description = "Stored; it will be worked off", body = Kept),
        (status = 401, description = "Nobody has this token", body = Document, content_type = "application/problem+json"),
        (status = 403, description = "The event is of another account", body = Document, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Document, content_type = "application/problem+json"),
        (status = 422, description = "Malformed; `path` says where", body = Document, content_type = "application/problem+json"),
        (status = 503, description = "Not stored; ask again", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn receive(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    let desk = app.desk_of_token(&auth::bearer(&headers)?).await?;
    let event: DeskEvent = bound::parse(&body)?;
    let occurred_at = event.check()?;
    let account = event.account_id.to_string();
    if desk.subdomain != event.subdomain || desk.account_id.as_ref().is_some_and(|a| *a != account)
    {
        return Err(Problem::new(
            Kind::OtherAccount,
            "the token belongs to another account than the event: install the bundle again from \
             this desk",
        ));
    }
    let receipt = NewReceipt {
        tenant: desk.key.tenant,
        owner: Owner::Desk(desk.key.desk),
        stream: STREAM.to_owned(),
        kind: ReceiptKind::DeskEvent,
        topic: event.event_type.clone(),
        dedupe_key: event.dedupe_key(),
        entity_key: ticket_entity(event.ticket_id),
        lane: Lane::Live,
        headers: Vec::new(),
        body: body.to_vec(),
        occurred_at: Some(occurred_at),
        received_at: app.clock.now(),
        dead: None,
    };
    let put = app.store.put_receipt(receipt).await.map_err(|error| {
        Problem::new(Kind::CannotStore, "nothing was kept; ask again")
            .because(error)
            .retry_after(5)
    })?;
    let receipt = put.id().to_string();
    Ok((StatusCode::ACCEPTED, Json(Kept { receipt })))
}
