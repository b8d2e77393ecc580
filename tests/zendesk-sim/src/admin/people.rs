//! What people in the account do: end users file tickets and write, agents change and answer.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::read;
use crate::api::Account;
use crate::clock::iso;
use crate::http::answer::{Answer, ApiError, id, json_answer, object, ok};
use crate::shared::Shared;
use crate::world::World;
use crate::world::render::{show_audit, show_comment};
use crate::world::ticket::{Ticket, Writer, via, via_email};
use crate::world::user::NewUser;
use crate::zis::events;

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
pub(super) async fn file_ticket(State(shared): Account, body: Bytes) -> Answer {
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

pub(super) async fn list_tickets(State(shared): Account) -> Answer {
    let shown: Vec<Value> = shared.read(|world| {
        let tickets = world.tickets.values();
        tickets.map(|ticket| world.show_ticket(ticket)).collect()
    });
    ok(json!({ "tickets": shown }))
}

/// `GET /_sim/tickets/{id}`: ticket, requester, comments and audits, oldest first.
pub(super) async fn show_ticket(State(shared): Account, Path(ticket): Path<String>) -> Answer {
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
pub(super) async fn change_ticket(
    State(shared): Account,
    Path(ticket): Path<String>,
    body: Bytes,
) -> Answer {
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
pub(super) async fn comment(
    State(shared): Account,
    Path(ticket): Path<String>,
    body: Bytes,
) -> Answer {
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
