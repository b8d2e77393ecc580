//! OAuth clients and tokens.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::World;
use crate::clock::iso;

/// An OAuth client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) id: u64,
    pub(crate) identifier: String,
    pub(crate) name: String,
    /// `public` or `confidential`.
    pub(crate) kind: String,
    pub(crate) secret: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) user_id: u64,
    /// The integration, for clients that ZIS made.
    pub(crate) integration: Option<String>,
    pub(crate) created_at: i64,
}

/// An access token, with its refresh token where it has one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) id: u64,
    pub(crate) client_id: u64,
    pub(crate) user_id: u64,
    pub(crate) scopes: Vec<String>,
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) refresh_expires_at: Option<i64>,
    pub(crate) created_at: i64,
}

impl Client {
    pub(crate) fn is_public(&self) -> bool {
        self.kind == "public"
    }
}

impl World {
    pub(crate) fn client_by_identifier(&self, identifier: &str) -> Option<&Client> {
        self.clients
            .values()
            .find(|client| client.identifier == identifier)
    }

    pub(crate) fn show_client(&self, client: &Client, whole_secret: bool) -> Value {
        json!({
            "id": client.id,
            "url": self.url(&format!("oauth/clients/{}", client.id)),
            "identifier": client.identifier,
            "name": client.name,
            "kind": client.kind,
            "company": "",
            "description": "",
            "redirect_uri": client.redirect_uris,
            "secret": if whole_secret { client.secret.clone() } else { head(&client.secret) },
            "user_id": client.user_id,
            "global": false,
            "created_at": iso(client.created_at),
            "updated_at": iso(client.created_at),
        })
    }

    pub(crate) fn show_token(&self, token: &Token, whole: bool) -> Value {
        let mut shown = json!({
            "id": token.id,
            "url": self.url(&format!("oauth/tokens/{}", token.id)),
            "client_id": token.client_id,
            "user_id": token.user_id,
            "scopes": token.scopes,
            "token": head(&token.access),
            "refresh_token": token.refresh.as_deref().map(head),
            "expires_at": token.expires_at.map(iso),
            "refresh_token_expires_at": token.refresh_expires_at.map(iso),
            "used_at": null,
            "created_at": iso(token.created_at),
        });
        if let (true, Value::Object(map)) = (whole, &mut shown) {
            map.insert("full_token".to_owned(), json!(token.access));
        }
        shown
    }
}

/// The ten first characters, as listings show a secret.
fn head(secret: &str) -> String {
    secret.chars().take(10).collect::<String>() + "..."
}
