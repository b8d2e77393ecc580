//! Connections: credentials bound to one domain. Nothing shows them again.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::StatusCode;
use ordercase_zis::emulate::Connection;
use serde_json::{Map, Value, json};

use super::{admit_connections, refuse, unknown_integration, uuid};
use crate::api::Account;
use crate::clock::iso;
use crate::http::answer::{Answer, ApiError, json_answer, object, ok};
use crate::http::caller::Caller;
use crate::shared::Shared;
use crate::world::zis::{StoredConnection, StoredCredential};

/// `GET /integrations/{integration}/connections/all`
pub(crate) async fn list(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Answer {
    admit_connections(&shared, &caller, &name)?;
    let integration = shared
        .read(|world| world.integrations.get(&name).cloned())
        .ok_or_else(unknown_integration)?;
    let of = |wanted: &str| -> Vec<Value> {
        let all = integration.connections.values();
        all.filter(|connection| kind(connection) == wanted)
            .map(show)
            .collect()
    };
    ok(json!({
        "api_key": [], "basic_auth": of("basic_auth"), "bearer_token": of("bearer_token"), "oauth": [],
        "meta": { "has_more": false, "after": "", "before": "" },
    }))
}

fn kind(connection: &StoredConnection) -> &'static str {
    match connection.credential {
        StoredCredential::Bearer { .. } => "bearer_token",
        StoredCredential::Basic { .. } => "basic_auth",
    }
}

fn show(connection: &StoredConnection) -> Value {
    let mut shown = json!({
        "uuid": connection.uuid,
        "name": connection.name,
        "allowed_domain": connection.allowed_domain,
        "created_at": iso(connection.created_at),
    });
    if let Value::Object(map) = &mut shown {
        match &connection.credential {
            StoredCredential::Bearer { .. } => map.insert("token".to_owned(), json!("****")),
            StoredCredential::Basic { username, .. } => {
                map.insert("username".to_owned(), json!(username))
            }
        };
    }
    shown
}

/// `POST .../connections/bearer_token`
pub(crate) async fn create_bearer(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    create(&shared, &caller, &name, &body, |input| {
        let token = text(input, "token")?;
        Ok(StoredCredential::Bearer { token })
    })
}

/// `POST .../connections/basic_auth`
pub(crate) async fn create_basic(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    create(&shared, &caller, &name, &body, |input| {
        Ok(StoredCredential::Basic {
            username: text(input, "username")?,
            password: text(input, "password")?,
        })
    })
}

fn text(input: &Map<String, Value>, key: &str) -> Result<String, ApiError> {
    let text = input.get(key).and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        return Err(refuse(
            StatusCode::BAD_REQUEST,
            &format!("{key} is required"),
        ));
    }
    Ok(text.to_owned())
}

fn create(
    shared: &Shared,
    caller: &Caller,
    name: &str,
    body: &[u8],
    credential: impl Fn(&Map<String, Value>) -> Result<StoredCredential, ApiError>,
) -> Answer {
    admit_connections(shared, caller, name)?;
    let input = object(body)?;
    let connection = StoredConnection {
        uuid: uuid(),
        name: text(&input, "name")?,
        allowed_domain: text(&input, "allowed_domain")?,
        credential: credential(&input)?,
        created_at: shared.clock.seconds(),
    };
    if !Connection::is_name(&connection.name) {
        return Err(refuse(StatusCode::BAD_REQUEST, "invalid connection name"));
    }
    if !Connection::is_domain(&connection.allowed_domain) {
        return Err(refuse(StatusCode::BAD_REQUEST, "invalid allowed_domain"));
    }
    shared.write(|world| {
        let integration = world
            .integrations
            .get_mut(&name.to_owned())
            .ok_or_else(unknown_integration)?;
        if integration.connections.contains_key(&connection.name) {
            return Err(refuse(
                StatusCode::CONFLICT,
                "a connection of this name exists",
            ));
        }
        let shown = show(&connection);
        integration
            .connections
            .insert(connection.name.clone(), connection);
        Ok(json_answer(StatusCode::CREATED, shown))
    })
}

/// `DELETE .../connections/{kind}/{name}`
pub(crate) async fn delete(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path((name, wanted, connection)): Path<(String, String, String)>,
) -> Answer {
    admit_connections(&shared, &caller, &name)?;
    shared.write(|world| {
        let integration = world
            .integrations
            .get_mut(&name)
            .ok_or_else(unknown_integration)?;
        let fits = integration
            .connections
            .get(&connection)
            .is_some_and(|found| kind(found) == wanted);
        if !fits {
            return Err(refuse(StatusCode::NOT_FOUND, "connection not found"));
        }
        integration.connections.remove(&connection);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}
