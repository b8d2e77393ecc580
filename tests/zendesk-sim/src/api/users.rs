//! Users.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};

use super::{Account, ids_of, list_answer, nothing};
use crate::http::answer::{Answer, ApiError, created, id, ok, wrapped};
use crate::http::caller::Caller;
use crate::http::page::{Query, Row};
use crate::world::World;
use crate::world::user::{NewUser, User};

fn rows<'a>(world: &World, users: impl Iterator<Item = &'a User>) -> Vec<Row<Value>> {
    users
        .map(|user| Row {
            key: user.id,
            row: world.show_user(user),
        })
        .collect()
}

/// `GET /users`
pub(crate) async fn list(State(shared): Account, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::read(raw.as_deref());
    let external = query.get("external_id");
    shared.read(|world| {
        let found = world
            .users
            .values()
            .filter(|user| external.is_none() || user.external_id.as_deref() == external);
        list_answer(world, "users", rows(world, found), &query, "users", nothing)
    })
}

/// `GET /users/me`: 200 for anybody; whoever is not signed in is the anonymous user.
pub(crate) async fn me(State(shared): Account, caller: Option<Extension<Caller>>) -> Answer {
    let Some(Extension(caller)) = caller else {
        return ok(json!({ "user": {
            "id": null, "url": null, "name": "Anonymous user", "email": "invalid@example.com",
            "role": "end-user", "verified": false, "active": false,
        }}));
    };
    shared.read(|world| {
        let user = world
            .users
            .get(&caller.user_id)
            .ok_or_else(ApiError::not_found)?;
        ok(json!({ "user": world.show_user(user) }))
    })
}

/// `GET /users/{id}`
pub(crate) async fn show(State(shared): Account, Path(user): Path<String>) -> Answer {
    let user = id(&user)?;
    shared.read(|world| {
        let user = world.users.get(&user).ok_or_else(ApiError::not_found)?;
        ok(json!({ "user": world.show_user(user) }))
    })
}

/// `GET /users/show_many?ids=`
pub(crate) async fn show_many(State(shared): Account, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::read(raw.as_deref());
    let ids = ids_of(&query)?;
    shared.read(|world| {
        let found = ids.iter().filter_map(|id| world.users.get(id));
        list_answer(
            world,
            "users",
            rows(world, found),
            &query,
            "users/show_many",
            nothing,
        )
    })
}

/// `GET /users/search?query=`: words and prefixes, never an exact match. Numbered pages only.
pub(crate) async fn search(State(shared): Account, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::read(raw.as_deref());
    let external = query.get("external_id");
    let text = query.get("query").unwrap_or_default().to_lowercase();
    let wanted = text
        .strip_prefix("email:")
        .unwrap_or(&text)
        .trim_matches('"');
    shared.read(|world| {
        let matches = |user: &&User| match external {
            Some(external) => user.external_id.as_deref() == Some(external),
            None => {
                let email = user.email().unwrap_or_default();
                !wanted.is_empty()
                    && (email.starts_with(wanted)
                        || email.split('@').any(|part| part.starts_with(wanted))
                        || user
                            .name
                            .to_lowercase()
                            .split(' ')
                            .any(|word| word.starts_with(wanted)))
            }
        };
        let found = world.users.values().filter(matches);
        list_answer(
            world,
            "users",
            rows(world, found),
            &query,
            "users/search",
            nothing,
        )
    })
}

/// `GET /users/{id}/identities`
pub(crate) async fn identities(
    State(shared): Account,
    Path(user): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let query = Query::read(raw.as_deref());
    let user = id(&user)?;
    shared.read(|world| {
        let user = world.users.get(&user).ok_or_else(ApiError::not_found)?;
        let rows = user.identities.iter().map(|identity| Row {
            key: identity.id,
            row: world.show_identity(user, identity),
        });
        let path = format!("users/{}/identities", user.id);
        list_answer(world, "identities", rows.collect(), &query, &path, nothing)
    })
}

/// `POST /users`
pub(crate) async fn create(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    caller.admin()?;
    let input = wrapped(&body, "user")?;
    let new: NewUser =
        serde_json::from_value(Value::Object(input)).map_err(|_| ApiError::unreadable())?;
    if new.name.as_deref().unwrap_or_default().trim().is_empty() {
        return Err(ApiError::record_invalid(
            "name",
            "Name: is too short (minimum is 1 characters)",
            Some("BlankValue"),
        ));
    }
    let now = shared.clock.seconds();
    shared.write(|world| {
        if let Some(email) = &new.email
            && world.user_by_email(email).is_some()
        {
            let words = format!("Email: {email} is already being used by another user");
            return Err(ApiError::record_invalid(
                "email",
                &words,
                Some("DuplicateValue"),
            ));
        }
        let id = world.make_user(&new, now);
        let user = world.users.get(&id).ok_or_else(ApiError::not_found)?;
        created(
            json!({ "user": world.show_user(user) }),
            &world.url(&format!("users/{id}")),
        )
    })
}
