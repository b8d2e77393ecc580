//! `POST /admin/api/2026-10/graphql.json`, as strict as Shopify.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::faults::Trouble;
use super::log::Asked;
use super::{VERSION, World};
use crate::clock::{utc, wall_seconds};
use crate::graphql::{GraphError, Request, check, execute, requested};
use crate::limits::QUERY_COST_MAX;

pub(super) async fn not_found() -> Response {
    plain(StatusCode::NOT_FOUND, &json!({ "errors": "Not Found" }))
}

pub(super) async fn graphql(
    State(world): State<Arc<World>>,
    Path(version): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut asked = Asked {
        at: utc(wall_seconds()),
        operation: "?".to_owned(),
        roots: Vec::new(),
        status: 200,
        outcome: "answered".to_owned(),
        requested_cost: 0,
        actual_cost: 0,
    };
    world.with_faults(|faults| faults.blow(false));
    if let Some(Trouble::Latency { ms }) = world
        .with_faults(|faults| faults.take(|trouble| matches!(trouble, Trouble::Latency { .. })))
    {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let response = answer(&world, &version, &headers, &body, &mut asked);
    asked.status = response.status().as_u16();
    world.with_log(|log| log.add(asked));
    response
}

fn answer(
    world: &World,
    version: &str,
    headers: &HeaderMap,
    body: &[u8],
    asked: &mut Asked,
) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("");
    if host.split(':').next() != Some(&world.domain) || version != VERSION {
        "not_found".clone_into(&mut asked.outcome);
        return plain(StatusCode::NOT_FOUND, &json!({ "errors": "Not Found" }));
    }
    if let Some(fault) = world.with_faults(|faults| {
        faults.take(|trouble| matches!(trouble, Trouble::Status { root: None, .. } | Trouble::Html))
    }) {
        "fault".clone_into(&mut asked.outcome);
        return broken(&fault);
    }
    if !authorised(world, headers) {
        "unauthorised".clone_into(&mut asked.outcome);
        let message =
            "[API] Invalid API key or access token (unrecognized login or wrong password)";
        return plain(StatusCode::UNAUTHORIZED, &json!({ "errors": message }));
    }
    let content = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("");
    if !content.starts_with("application/json") {
        "bad_request".clone_into(&mut asked.outcome);
        return plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            &json!({ "errors": "Unsupported Media Type" }),
        );
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        "bad_request".clone_into(&mut asked.outcome);
        return plain(
            StatusCode::BAD_REQUEST,
            &json!({ "errors": { "query": "Required parameter missing or invalid" } }),
        );
    };
    let told = match run(world, &body, asked) {
        Ok(told) => told,
        Err(fault) => {
            "fault".clone_into(&mut asked.outcome);
            return broken(&fault);
        }
    };
    let half = world.with_faults(|faults| {
        faults.take(|trouble| matches!(trouble, Trouble::HalfAnswer | Trouble::CutAnswer))
    });
    let mut text = told.to_string();
    if half.is_some() {
        "fault".clone_into(&mut asked.outcome);
        let mut middle = text.len() / 2;
        while !text.is_char_boundary(middle) {
            middle -= 1;
        }
        text.truncate(middle);
    }
    if half == Some(Trouble::CutAnswer) {
        return cut(text);
    }
    respond(StatusCode::OK, text)
}

/// An answer whose connection breaks behind its first half.
fn cut(half: String) -> Response {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let parts = [Ok(Bytes::from(half)), Err(broken)];
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    let body = Body::from_stream(futures::stream::iter(parts));
    (StatusCode::OK, headers, body).into_response()
}

fn broken(fault: &Trouble) -> Response {
    match fault {
        Trouble::Status {
            status,
            retry_after,
            ..
        } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = plain(status, &json!({ "errors": status.canonical_reason() }));
            if let Some(seconds) = retry_after {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, (*seconds).into());
            }
            response
        }
        _ => (
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            "<!DOCTYPE html><html><title>Something went wrong</title></html>",
        )
            .into_response(),
    }
}

fn authorised(world: &World, headers: &HeaderMap) -> bool {
    if world
        .with_faults(|faults| faults.take(|trouble| *trouble == Trouble::TokenRevoked))
        .is_some()
    {
        return false;
    }
    headers.get("x-shopify-access-token").is_some_and(|token| {
        token
            .as_bytes()
            .ct_eq(world.facts.access_token.as_bytes())
            .into()
    })
}

/// Parses, checks, prices, throttles, runs. `Err` is trouble with what was asked for.
fn run(world: &World, body: &Value, asked: &mut Asked) -> Result<Value, Trouble> {
    let request = match Request::read(body) {
        Ok(request) => request,
        Err(error) => {
            "refused".clone_into(&mut asked.outcome);
            return Ok(json!({ "errors": [error.0] }));
        }
    };
    asked.operation = request
        .name
        .clone()
        .unwrap_or_else(|| "anonymous".to_owned());
    let roots = request.collect(&[&request.selection], &|_| true);
    asked.roots = roots
        .iter()
        .filter_map(|(_, same)| Some(same.first()?.name.clone()))
        .collect();
    let down = |trouble: &Trouble| matches!(trouble, Trouble::Status { root: Some(root), .. } if asked.roots.contains(root));
    if let Some(fault) = world.with_faults(|faults| faults.take(down)) {
        return Err(fault);
    }
    let schema = world.schema.as_deref();
    let complaints = schema.map_or_else(Vec::new, |schema| check(schema, &request));
    if !complaints.is_empty() {
        "refused".clone_into(&mut asked.outcome);
        let told: Vec<Value> = complaints.into_iter().map(|error| error.0).collect();
        return Ok(json!({ "errors": told }));
    }
    let price = requested(schema, &request);
    asked.requested_cost = price;
    if price > QUERY_COST_MAX {
        "too_dear".clone_into(&mut asked.outcome);
        return Ok(too_dear(price));
    }
    let emptied = world.with_faults(|faults| faults.take(|trouble| *trouble == Trouble::Throttle));
    let admitted = world.with_throttle(|throttle| {
        if emptied.is_some() {
            throttle.empty();
        }
        emptied.is_none() && throttle.admits(price)
    });
    if !admitted {
        "throttled".clone_into(&mut asked.outcome);
        let error = GraphError::coded("Throttled", "THROTTLED");
        return Ok(
            json!({ "errors": [error.0], "extensions": { "cost": cost(world, price, None) } }),
        );
    }
    if world
        .with_faults(|faults| faults.take(|trouble| *trouble == Trouble::CursorReset))
        .is_some()
    {
        world.with_shop(|shop| shop.cursor_epoch += 1);
    }
    let answer = world.with_shop(|shop| execute(schema, &request, shop));
    if request.kind == "mutation" {
        world.save();
    }
    asked.actual_cost = answer.actual_cost;
    world.with_throttle(|throttle| throttle.charge(answer.actual_cost));
    let mut errors: Vec<Value> = answer.errors.into_iter().map(|error| error.0).collect();
    if world
        .with_faults(|faults| faults.take(|trouble| *trouble == Trouble::InternalError))
        .is_some()
    {
        let message = "Internal error. Looks like something went wrong on our end.";
        errors.push(GraphError::coded(message, "INTERNAL_SERVER_ERROR").0);
    }
    let mut told = json!({ "data": answer.data });
    if !errors.is_empty() {
        "answered_with_errors".clone_into(&mut asked.outcome);
        crate::shop::json::set(&mut told, "errors", errors);
    }
    let mut extensions = json!({ "cost": cost(world, price, Some(answer.actual_cost)) });
    if !answer.search.is_empty() {
        crate::shop::json::set(&mut extensions, "search", answer.search);
    }
    crate::shop::json::set(&mut told, "extensions", extensions);
    Ok(told)
}

fn too_dear(price: u32) -> Value {
    json!({ "errors": [{
        "message": format!(
            "Query cost is {price}, which exceeds the single query max cost limit ({QUERY_COST_MAX}). See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the cost of a query is calculated."
        ),
        "extensions": { "code": "MAX_COST_EXCEEDED", "cost": price, "maxCost": QUERY_COST_MAX },
    }] })
}

fn cost(world: &World, requested: u32, actual: Option<u32>) -> Value {
    json!({
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": world.with_throttle(|throttle| throttle.status()),
    })
}

fn plain(status: StatusCode, body: &Value) -> Response {
    respond(status, body.to_string())
}

fn respond(status: StatusCode, text: String) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE.as_str(),
            "application/json; charset=utf-8",
        ),
        ("x-shopify-api-version", VERSION),
    ];
    (status, headers, Body::from(text)).into_response()
}
