//! Integrations: registering one makes its OAuth client.

use axum::Extension;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};

use super::{admit, refuse};
use crate::api::Account;
use crate::api::oauth::random_secret;
use crate::http::answer::{Answer, ok};
use crate::http::caller::{Caller, Credential};
use crate::world::ids::Kind;
use crate::world::oauth::Client;
use crate::world::zis::Integration;

/// Names that other Zendesk accounts hold, as far as this world knows.
const TAKEN: [&str; 2] = ["shopify", "salesforce"];

/// `POST /registry/{integration}`: the client's secret is shown this once; a second time is 409.
pub(crate) async fn register(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    body: axum::body::Bytes,
) -> Answer {
    admit(&shared, &caller)?;
    if let Credential::OAuth {
        integration: Some(_),
        ..
    } = &caller.credential
    {
        return Err(super::mismatch());
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
        return Err(refuse(StatusCode::BAD_REQUEST, "invalid integration key"));
    }
    if TAKEN.contains(&name.as_str()) {
        let words = format!("the integration: {name} is not available for upsert by this account");
        return Err(refuse(StatusCode::BAD_REQUEST, &words));
    }
    let description = serde_json::from_slice::<Value>(&body)
        .ok()
        .and_then(|body| Some(body.get("description")?.as_str()?.to_owned()))
        .unwrap_or_default();
    let now = shared.clock.seconds();
    shared.write(|world| {
        if world.integrations.get(&name).is_some() {
            return Err(refuse(
                StatusCode::CONFLICT,
                "the integration already exists",
            ));
        }
        let client = Client {
            id: world.next_id(Kind::Client),
            identifier: format!("zis_{name}"),
            name: format!("zis_{name}"),
            kind: "confidential".to_owned(),
            secret: random_secret(),
            redirect_uris: vec![
                "https://zis.zendesk.com/api/services/zis/connections/oauth/callback".to_owned(),
            ],
            user_id: caller.user_id,
            integration: Some(name.clone()),
            created_at: now,
        };
        let integration = Integration {
            name: name.clone(),
            description: description.clone(),
            client_id: client.id,
            ..Integration::default()
        };
        let answer = json!({
            "description": description,
            "jwt_public_key": "",
            "zendesk_oauth_client": {
                "id": client.id, "identifier": client.identifier, "secret": client.secret,
            },
        });
        world.clients.insert(client.id, client);
        world.integrations.insert(name.clone(), integration);
        ok(answer)
    })
}

/// `GET /registry/integrations`
pub(crate) async fn list(State(shared): Account, Extension(caller): Extension<Caller>) -> Answer {
    admit(&shared, &caller)?;
    shared.read(|world| {
        let rows: Vec<Value> = world
            .integrations
            .values()
            .map(|integration| {
                json!({
                    "name": integration.name,
                    "description": integration.description,
                    "jwt_public_key": "",
                    "zendesk_oauth_client": {
                        "id": integration.client_id,
                        "identifier": format!("zis_{}", integration.name),
                        "secret": "****",
                    },
                })
            })
            .collect();
        ok(json!({ "integrations": rows }))
    })
}
