//! Ticket fields.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Account, nothing};
use crate::http::answer::{Answer, ApiError, created, id, ok, wrapped};
use crate::http::caller::Caller;
use crate::http::page::{Query, Row};
use crate::world::World;
use crate::world::field::{CUSTOM_TYPES, Field, FieldOption};
use crate::world::ids::Kind;

/// `GET /ticket_fields`: everything at once unless a page is asked for.
pub(crate) async fn list(State(shared): Account, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::read(raw.as_deref());
    shared.read(|world| {
        let rows: Vec<Row<Value>> = world
            .fields
            .values()
            .map(|field| Row {
                key: field.id,
                row: world.show_field(field),
            })
            .collect();
        if query.get("page[size]").is_some() || query.get("page[after]").is_some() {
            return super::list_answer(world, "ticket_fields", rows, &query, "ticket_fields", nothing);
        }
        let rows: Vec<Value> = rows.into_iter().map(|row| row.row).collect();
        let count = rows.len();
        ok(json!({ "ticket_fields": rows, "count": count, "next_page": null, "previous_page": null }))
    })
}

/// `GET /ticket_fields/{id}`
pub(crate) async fn show(State(shared): Account, Path(field): Path<String>) -> Answer {
    let field = id(&field)?;
    shared.read(|world| {
        let field = world.fields.get(&field).ok_or_else(ApiError::not_found)?;
        ok(json!({ "ticket_field": world.show_field(field) }))
    })
}

/// `POST /ticket_fields`
pub(crate) async fn create(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    caller.admin()?;
    let input = wrapped(&body, "ticket_field")?;
    let now = shared.clock.seconds();
    shared.write(|world| {
        let field = field_of(world, &input, now)?;
        let shown = world.show_field(&field);
        let location = world.url(&format!("ticket_fields/{}", field.id));
        world.fields.insert(field.id, field);
        created(json!({ "ticket_field": shown }), &location)
    })
}

fn field_of(world: &mut World, input: &Map<String, Value>, now: i64) -> Result<Field, ApiError> {
    let text = |key: &str| input.get(key).and_then(Value::as_str).unwrap_or_default();
    let flag = |key: &str| input.get(key).and_then(Value::as_bool);
    if text("title").trim().is_empty() {
        return Err(ApiError::record_invalid(
            "title",
            "Title: cannot be blank",
            Some("BlankValue"),
        ));
    }
    if !CUSTOM_TYPES.contains(&text("type")) {
        return Err(ApiError::record_invalid(
            "type",
            "Type: is invalid",
            Some("InvalidValue"),
        ));
    }
    let options: Vec<FieldOption> = input
        .get("custom_field_options")
        .cloned()
        .and_then(|options| serde_json::from_value(options).ok())
        .unwrap_or_default();
    let taken = |tag: &str| {
        let mut others = world.fields.values().flat_map(|field| &field.options);
        others.any(|option| option.value == tag)
    };
    if let Some(option) = options.iter().find(|option| taken(&option.value)) {
        let words = format!("{} is already used by another field", option.value);
        return Err(ApiError::record_invalid(
            "custom_field_options",
            &words,
            None,
        ));
    }
    let position = u32::try_from(world.fields.values().count()).unwrap_or(u32::MAX);
    Ok(Field {
        id: world.next_id(Kind::Field),
        kind: text("type").to_owned(),
        title: text("title").to_owned(),
        agent_description: input
            .get("agent_description")
            .and_then(Value::as_str)
            .map(str::to_owned),
        active: flag("active").unwrap_or(true),
        required: flag("required").unwrap_or(false),
        visible_in_portal: flag("visible_in_portal").unwrap_or(false),
        editable_in_portal: flag("editable_in_portal").unwrap_or(false),
        removable: true,
        options,
        position,
        created_at: now,
        updated_at: now,
    })
}

/// `DELETE /ticket_fields/{id}`
pub(crate) async fn delete(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(field): Path<String>,
) -> Answer {
    caller.admin()?;
    let field = id(&field)?;
    shared.write(|world| {
        let known = world.fields.get(&field).ok_or_else(ApiError::not_found)?;
        if !known.removable {
            return Err(ApiError::forbidden("A system field cannot be deleted"));
        }
        world.fields.remove(&field);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}
