//! The simulator's own endpoints under `/_sim/`: what people in the account do, what goes wrong,
//! what time it is, and what happened.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::api::Account;
use crate::clock::iso;
use crate::http::answer::{Answer, ApiError, id, json_answer, object, ok};
use crate::http::fault::Fault;
use crate::limits::FAULTS_MAX;
use crate::shared::Shared;
use crate::world::World;
use crate::world::render::{show_audit, show_comment};
use crate::world::ticket::{Ticket, Writer, via, via_email};
use crate::world::user::NewUser;
use crate::zis::events;

/// All admin routes.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/info", get(info))
        .route("/tickets", get(list_tickets).post(file_ticket))
        .route("/tickets/{id}", get(show_ticket).post(change_ticket))
        .route("/tickets/{id}/comments", post(comment))
        .route(
            "/faults",
            get(list_faults).post(add_faults).delete(clear_faults),
        )
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

/// A ticket as an end user files it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filing {
    requester: NewUser,
    #[serde(default)]
    subject: String,
    body: String,
    /// `email`, `web`, `api` and others.
    #[serde(default = "web")]
    channel: String,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    priority: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// Doubts about the sender, by Zendesk's numbers.
    #[serde(default)]
    flags: Vec<u32>,
}

fn web() -> String {
    "web".to_owned()
}

/// `POST /_sim/tickets`: 201, or 200 with the ticket that has this `external_id` already.
async fn file_ticket(State(shared): Account, body: Bytes) -> Answer {
    let filing: Filing = read(&body)?;
    if let Some(found) = with_external_id(&shared, filing.external_id.as_deref()) {
        return ok(json!({ "ticket": found, "created": false }));
    }
    let now = shared.clock.seconds();
    let saved = shared.write(|world| {
        let requester = world.find_or_make_user(&filing.requester, now);
        let writer = Writer {
            user_id: requester,
            staff: false,
            via: via_of(world, &filing),
        };
        let mut input = Map::new();
        input.insert("requester_id".to_owned(), json!(requester));
        input.insert("subject".to_owned(), json!(filing.subject));
        input.insert(
            "comment".to_owned(),
            json!({ "body": filing.body, "public": true }),
        );
        input.insert("tags".to_owned(), json!(filing.tags));
        if let Some(external_id) = &filing.external_id {
            input.insert("external_id".to_owned(), json!(external_id));
        }
        if let Some(priority) = &filing.priority {
            input.insert("priority".to_owned(), json!(priority));
        }
        world.create(&input, &writer, &filing.flags, now)
    })?;
    events::emit(&shared, &saved);
    let shown = shared.read(|world| world.show_ticket(&saved.after));
    Ok(json_answer(
        StatusCode::CREATED,
        json!({ "ticket": shown, "created": true }),
    ))
}

fn via_of(world: &World, filing: &Filing) -> Value {
    let requester = &filing.requester;
    match (filing.channel.as_str(), &requester.email) {
        ("email", Some(address)) => {
            let name = requester.name.as_deref().unwrap_or_default();
            via_email(address, name, &world.subdomain)
        }
        (channel, _) => via(channel),
    }
}

fn with_external_id(shared: &Shared, external_id: Option<&str>) -> Option<Value> {
    external_id?;
    shared.read(|world| {
        world
            .tickets
            .values()
            .find(|ticket| !ticket.deleted && ticket.external_id.as_deref() == external_id)
            .map(|ticket| world.show_ticket(ticket))
    })
}

async fn list_tickets(State(shared): Account) -> Answer {
    let shown: Vec<Value> = shared.read(|world| {
        let tickets = world.tickets.values();
        tickets.map(|ticket| world.show_ticket(ticket)).collect()
    });
    ok(json!({ "tickets": shown }))
}

/// `GET /_sim/tickets/{id}`: ticket, requester, comments and audits, oldest first.
async fn show_ticket(State(shared): Account, Path(ticket): Path<String>) -> Answer {
    let ticket = id(&ticket)?;
    shared.read(|world| {
        let ticket = world.tickets.get(&ticket).ok_or_else(ApiError::not_found)?;
        let requester = world.users.get(&ticket.requester_id);
        let comments: Vec<Value> = ticket.comments.iter().map(show_comment).collect();
        let audits: Vec<Value> = ticket.audits.iter().map(show_audit).collect();
        ok(json!({
            "ticket": world.show_ticket(ticket),
            "requester": requester.map(|user| world.show_user(user)),
            "comments": comments,
            "audits": audits,
            "fields": titled_fields(world, ticket),
        }))
    })
}

/// Custom fields by title, for whoever reads a ticket without knowing ids.
fn titled_fields(world: &World, ticket: &Ticket) -> Value {
    let set = ticket.custom.iter().filter(|(_, value)| !value.is_null());
    set.filter_map(|(id, value)| Some((world.fields.get(id)?.title.clone(), value.clone())))
        .collect::<Map<String, Value>>()
        .into()
}

/// `POST /_sim/tickets/{id}`: an agent changes the ticket in the agent workspace.
async fn change_ticket(State(shared): Account, Path(ticket): Path<String>, body: Bytes) -> Answer {
    let ticket = id(&ticket)?;
    let input = object(&body)?;
    let now = shared.clock.seconds();
    let writer = agent(&shared)?;
    let saved = shared.write(|world| world.update(ticket, &input, &writer, now))?;
    events::emit(&shared, &saved);
    let shown = shared.read(|world| world.show_ticket(&saved.after));
    ok(json!({ "ticket": shown, "audit": saved.audit.as_ref().map(show_audit) }))
}

fn agent(shared: &Shared) -> Result<Writer, ApiError> {
    let email = shared.config.agent_email();
    shared
        .read(|world| world.user_by_email(&email).map(|user| user.id))
        .map(|user_id| Writer {
            user_id,
            staff: true,
            via: via("web"),
        })
        .ok_or_else(ApiError::not_found)
}

/// A comment that somebody writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remark {
    body: String,
    /// `requester` or `agent`.
    #[serde(default)]
    author: Author,
    #[serde(default = "yes")]
    public: bool,
    /// `email` or `web`.
    #[serde(default = "web")]
    channel: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Author {
    #[default]
    Requester,
    Agent,
}

fn yes() -> bool {
    true
}

/// `POST /_sim/tickets/{id}/comments`
async fn comment(State(shared): Account, Path(ticket): Path<String>, body: Bytes) -> Answer {
    let ticket = id(&ticket)?;
    let remark: Remark = read(&body)?;
    let now = shared.clock.seconds();
    let writer = if remark.author == Author::Agent {
        agent(&shared)?
    } else {
        shared.read(|world| requester(world, ticket, &remark.channel))?
    };
    let mut input = Map::new();
    let comment = json!({ "body": remark.body, "public": remark.public });
    input.insert("comment".to_owned(), comment);
    let saved = shared.write(|world| world.update(ticket, &input, &writer, now))?;
    events::emit(&shared, &saved);
    let comment = saved.after.comments.last().map(show_comment);
    Ok(json_answer(
        StatusCode::CREATED,
        json!({ "comment": comment }),
    ))
}

fn requester(world: &World, ticket: u64, channel: &str) -> Result<Writer, ApiError> {
    let user_id = world.ticket(ticket)?.requester_id;
    let user = world.users.get(&user_id).ok_or_else(ApiError::not_found)?;
    let via = match (channel, user.email()) {
        ("email", Some(address)) => via_email(address, &user.name, &world.subdomain),
        (channel, _) => via(channel),
    };
    Ok(Writer {
        user_id,
        staff: false,
        via,
    })
}

/// An agent changes the subject of the ticket that `path` names, a second ago as the stamp counts.
pub(crate) fn overtake(shared: &Shared, path: &str) {
    let ticket = path.split('/').find_map(|part| part.parse::<u64>().ok());
    let (Some(ticket), Ok(writer)) = (ticket, agent(shared)) else {
        return;
    };
    shared.clock.advance(Duration::from_secs(1));
    let now = shared.clock.seconds();
    let mut input = Map::new();
    input.insert(
        "subject".to_owned(),
        json!(format!("overtaken at {}", iso(now))),
    );
    // A ticket that takes no change is overtaken by nobody.
    let _ = shared.write(|world| world.update(ticket, &input, &writer, now));
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
    shared.faults().rules.clear();
    ok(json!({ "faults": [] }))
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
