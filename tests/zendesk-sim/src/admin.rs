//! The simulator's own endpoints under `/_sim/`: what people in the account do, what goes wrong,
//! what time it is, and what happened.

mod people;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::api::Account;
use crate::http::answer::{Answer, ApiError, ok};
use crate::http::fault::Fault;
use crate::limits::FAULTS_MAX;
use crate::shared::Shared;

pub(crate) use people::overtake;

/// All admin routes.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/info", get(info))
        .route(
            "/tickets",
            get(people::list_tickets).post(people::file_ticket),
        )
        .route(
            "/tickets/{id}",
            get(people::show_ticket).post(people::change_ticket),
        )
        .route("/tickets/{id}/comments", post(people::comment))
        .route(
            "/faults",
            get(list_faults).post(add_faults).delete(clear_faults),
        )
        .route("/weather", post(set_weather))
        .route("/clock", get(show_clock).post(set_clock))
        .route("/limits", post(set_limits))
        .route("/dev_connect", post(add_dial))
        .route("/journal", get(journal))
        .route("/events", get(list_events))
        .route("/runs", get(list_runs))
}

/// Asks for the admin token where there is one.
pub(crate) async fn guard(State(shared): Account, request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if shared.config.admin_token.is_some() && shared.config.admin_token.as_deref() != given {
        return ApiError::unauthenticated().into_response();
    }
    next.run(request).await
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::described(
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            &error.to_string(),
        )
    })
}

async fn info(State(shared): Account) -> Answer {
    ok(shared.config.info(shared.address))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Fault>),
    One(Fault),
}

async fn add_faults(State(shared): Account, body: Bytes) -> Answer {
    let given = match read(&body)? {
        OneOrMany::One(fault) => vec![fault],
        OneOrMany::Many(faults) => faults,
    };
    let mut faults = shared.faults();
    if faults.rules.len() + given.len() > FAULTS_MAX {
        return Err(ApiError::described(
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            "too many faults at once",
        ));
    }
    faults.rules.extend(given);
    ok(json!({ "faults": faults.rules }))
}

async fn list_faults(State(shared): Account) -> Answer {
    ok(json!({ "faults": shared.faults().rules }))
}

async fn clear_faults(State(shared): Account) -> Answer {
    shared.faults().clear();
    ok(json!({ "faults": [] }))
}

/// `POST /_sim/weather`: what goes wrong with a share of everything, until the faults are ended.
async fn set_weather(State(shared): Account, body: Bytes) -> Answer {
    let begun = shared.faults().begin_weather(read(&body)?);
    begun.map_err(|why| ApiError::described(StatusCode::BAD_REQUEST, "InvalidRequest", why))?;
    ok(json!({}))
}

async fn show_clock(State(shared): Account) -> Answer {
    ok(json!({ "now": shared.clock.now().to_string() }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Hands {
    advance_seconds: Option<u64>,
    scale: Option<f64>,
}

/// `POST /_sim/clock`: moves the clock on, or changes how fast it runs.
async fn set_clock(State(shared): Account, body: Bytes) -> Answer {
    let hands: Hands = read(&body)?;
    if let Some(scale) = hands.scale {
        if !(0.001..=100_000.0).contains(&scale) {
            return Err(ApiError::unreadable());
        }
        shared.clock.rescale(scale);
    }
    if let Some(seconds) = hands.advance_seconds {
        shared.clock.advance(Duration::from_secs(seconds));
    }
    // A write that changes nothing keeps the clock's lead for a restart.
    shared.write(|_| Ok(()))?;
    ok(json!({ "now": shared.clock.now().to_string() }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    requests_per_minute: Option<u32>,
}

/// `POST /_sim/limits`: another limit than the plan's, or `null` for the plan's again.
async fn set_limits(State(shared): Account, body: Bytes) -> Answer {
    let limits: Limits = read(&body)?;
    shared.meters().account_limit = limits.requests_per_minute;
    ok(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dial {
    host: String,
    target: SocketAddr,
}

/// `POST /_sim/dev_connect`: a host of flows, once its port is known.
async fn add_dial(State(shared): Account, body: Bytes) -> Answer {
    let dial: Dial = read(&body)?;
    if !dial.target.ip().is_loopback() {
        return Err(ApiError::unreadable());
    }
    shared.set_dial(&dial.host, dial.target);
    ok(json!({}))
}

async fn journal(State(shared): Account) -> Answer {
    ok(json!({ "writes": shared.records().journal }))
}

async fn list_events(State(shared): Account) -> Answer {
    ok(json!({ "events": shared.records().events }))
}

async fn list_runs(State(shared): Account) -> Answer {
    ok(json!({ "runs": shared.records().runs }))
}
