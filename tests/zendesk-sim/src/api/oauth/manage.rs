//! An admin's view of OAuth: clients and tokens, made, listed and taken away.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::{Value, json};

use super::{ACCESS_SECONDS, known_scopes, random_secret};
use crate::api::Account;
use crate::http::answer::{Answer, ApiError, created, id, ok, wrapped};
use crate::http::caller::{Caller, Credential};
use crate::shared::Shared;
use crate::world::World;
use crate::world::ids::Kind;
use crate::world::oauth::{Client, Token};

/// `GET /oauth/clients`
pub(crate) async fn list_clients(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
) -> Answer {
    caller.admin()?;
    shared.read(|world| {
        let clients: Vec<Value> = world
            .clients
            .values()
            .map(|client| world.show_client(client, false))
            .collect();
        let count = clients.len();
        ok(json!({ "clients": clients, "count": count, "next_page": null, "previous_page": null }))
    })
}

/// `POST /oauth/clients`
pub(crate) async fn create_client(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    caller.admin()?;
    let input = wrapped(&body, "client")?;
    let text = |key: &str| {
        input
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let now = shared.clock.seconds();
    shared.write(|world| {
        if text("identifier").is_empty()
            || world.client_by_identifier(&text("identifier")).is_some()
        {
            return Err(ApiError::record_invalid(
                "identifier",
                "Identifier: has already been taken",
                Some("DuplicateValue"),
            ));
        }
        let redirect_uris = input
            .get("redirect_uri")
            .cloned()
            .and_then(|uris| serde_json::from_value(uris).ok())
            .unwrap_or_default();
        let kind = if text("kind") == "public" {
            "public"
        } else {
            "confidential"
        };
        let client = Client {
            id: world.next_id(Kind::Client),
            identifier: text("identifier"),
            name: text("name"),
            kind: kind.to_owned(),
            secret: random_secret(),
            redirect_uris,
            user_id: caller.user_id,
            integration: None,
            created_at: now,
        };
        let shown = world.show_client(&client, true);
        let location = world.url(&format!("oauth/clients/{}", client.id));
        world.clients.insert(client.id, client);
        created(json!({ "client": shown }), &location)
    })
}

/// `DELETE /oauth/clients/{id}`: its tokens go with it.
pub(crate) async fn delete_client(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(client): Path<String>,
) -> Answer {
    caller.admin()?;
    let client = id(&client)?;
    shared.write(|world| {
        world
            .clients
            .remove(&client)
            .ok_or_else(ApiError::not_found)?;
        drop_tokens(world, |token| token.client_id == client);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

fn drop_tokens(world: &mut World, doomed: impl Fn(&Token) -> bool) {
    let ids: Vec<u64> = world
        .tokens
        .values()
        .filter(|token| doomed(token))
        .map(|token| token.id)
        .collect();
    for id in ids {
        world.tokens.remove(&id);
    }
}

/// `PUT /oauth/clients/{id}/generate_secret`
pub(crate) async fn generate_secret(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(client): Path<String>,
) -> Answer {
    caller.admin()?;
    let client = id(&client)?;
    shared.write(|world| {
        let found = world
            .clients
            .get_mut(&client)
            .ok_or_else(ApiError::not_found)?;
        found.secret = random_secret();
        let found = found.clone();
        ok(json!({ "client": world.show_client(&found, true) }))
    })
}

/// `GET /oauth/tokens`
pub(crate) async fn list_tokens(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
) -> Answer {
    caller.admin()?;
    shared.read(|world| {
        let tokens: Vec<Value> = world
            .tokens
            .values()
            .map(|token| world.show_token(token, false))
            .collect();
        ok(json!({ "tokens": tokens }))
    })
}

/// `POST /oauth/tokens` of the API: an admin makes a token for a client by its numeric id.
pub(crate) async fn create_token(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    caller.admin()?;
    let input = wrapped(&body, "token")?;
    let client_id = input.get("client_id").and_then(Value::as_u64);
    let scopes: Vec<String> = input
        .get("scopes")
        .cloned()
        .and_then(|scopes| serde_json::from_value(scopes).ok())
        .unwrap_or_default();
    let now = shared.clock.seconds();
    shared.write(|world| {
        let client = client_id
            .and_then(|id| world.clients.get(&id))
            .map(|client| client.id);
        let client_id = client.ok_or_else(|| {
            ApiError::record_invalid("client", "Client: cannot be blank", Some("BlankValue"))
        })?;
        let token = Token {
            id: world.next_id(Kind::Token),
            client_id,
            user_id: caller.user_id,
            scopes: known_scopes(&scopes.join(" ")),
            access: random_secret(),
            refresh: None,
            expires_at: Some(now + ACCESS_SECONDS.0),
            refresh_expires_at: None,
            created_at: now,
        };
        let shown = world.show_token(&token, true);
        let location = world.url(&format!("oauth/tokens/{}", token.id));
        world.tokens.insert(token.id, token);
        created(json!({ "token": shown }), &location)
    })
}

/// `DELETE /oauth/tokens/current`: the token and its refresh token.
pub(crate) async fn revoke_current(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
) -> Answer {
    let Credential::OAuth { token_id, .. } = caller.credential else {
        return Err(ApiError::not_found());
    };
    remove_token(&shared, token_id)
}

/// `DELETE /oauth/tokens/{id}`
pub(crate) async fn revoke(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(token): Path<String>,
) -> Answer {
    caller.admin()?;
    remove_token(&shared, id(&token)?)
}

fn remove_token(shared: &Arc<Shared>, token: u64) -> Answer {
    shared.write(|world| {
        world
            .tokens
            .remove(&token)
            .ok_or_else(ApiError::not_found)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}
