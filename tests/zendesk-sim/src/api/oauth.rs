//! OAuth: the authorize page (which says yes at once) and the token endpoint with PKCE and rotation.

pub(crate) mod manage;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use rand::RngExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Account;
use crate::http::answer::{Answer, ApiError, ok};
use crate::http::page::Query;
use crate::limits::CODE_SECONDS;
use crate::shared::{Code, Shared};
use crate::world::ids::Kind;
use crate::world::oauth::{Client, Token};

/// Default life of an access token, in seconds, and the bounds of a wish.
const ACCESS_SECONDS: (i64, i64, i64) = (1_800, 300, 172_800);
/// The same of a refresh token.
const REFRESH_SECONDS: (i64, i64, i64) = (2_592_000, 604_800, 7_776_000);

/// 40 characters that nobody guesses.
pub(crate) fn random_secret() -> String {
    let bytes: [u8; 30] = rand::rng().random();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `GET /oauth/authorizations/new`: the admin is signed in and agrees.
pub(crate) async fn authorize(State(shared): Account, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::read(raw.as_deref());
    let text = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let client = shared
        .read(|world| world.client_by_identifier(&text("client_id")).cloned())
        .ok_or_else(|| ApiError::oauth("invalid_client", "No such client"))?;
    let redirect_uri = text("redirect_uri");
    if !client.redirect_uris.contains(&redirect_uri) {
        return Err(ApiError::oauth("invalid_request", "Invalid redirect URL"));
    }
    let back = |pairs: &[(&str, &str)]| -> Answer {
        let mut url = url::Url::parse(&redirect_uri)
            .map_err(|_| ApiError::oauth("invalid_request", "Invalid redirect URL"))?;
        url.query_pairs_mut()
            .extend_pairs(pairs)
            .append_pair("state", &text("state"));
        Ok(Redirect::to(url.as_str()).into_response())
    };
    let challenge = query.get("code_challenge").map(str::to_owned);
    if client.is_public() && (challenge.is_none() || text("code_challenge_method") != "S256") {
        return back(&[
            ("error", "invalid_request"),
            (
                "error_description",
                "PKCE with S256 is required for public clients",
            ),
        ]);
    }
    let code = random_secret();
    let user_id = shared.admin_id().ok_or_else(ApiError::unauthenticated)?;
    shared.records().codes.push(Code {
        code: code.clone(),
        client_id: client.id,
        user_id,
        redirect_uri: redirect_uri.clone(),
        scopes: known_scopes(&text("scope")),
        challenge,
        expires_at: shared.clock.seconds() + CODE_SECONDS,
    });
    back(&[("code", &code)])
}

/// A misspelt scope is dropped without a word.
fn known_scopes(text: &str) -> Vec<String> {
    let resources = [
        "tickets",
        "users",
        "organizations",
        "auditlogs",
        "hc",
        "apps",
        "triggers",
        "automations",
        "targets",
        "webhooks",
        "macros",
        "requests",
        "zis",
    ];
    let known = |scope: &&str| {
        matches!(*scope, "read" | "write" | "impersonate")
            || scope.split_once(':').is_some_and(|(resource, verb)| {
                resources.contains(&resource) && matches!(verb, "read" | "write")
            })
    };
    text.split_whitespace()
        .filter(known)
        .map(str::to_owned)
        .collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Grant {
    grant_type: String,
    code: Option<String>,
    client_id: String,
    client_secret: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    scope: Option<String>,
    expires_in: Option<i64>,
    refresh_token_expires_in: Option<i64>,
}

/// `POST /oauth/tokens`, JSON or form.
pub(crate) async fn grant(State(shared): Account, headers: HeaderMap, body: Bytes) -> Answer {
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let grant = read_grant(&body, form).ok_or_else(ApiError::unreadable)?;
    let client = shared
        .read(|world| world.client_by_identifier(&grant.client_id).cloned())
        .ok_or_else(|| ApiError::oauth("invalid_client", "No such client"))?;
    let secret_fits = grant.client_secret.as_ref() == Some(&client.secret);
    if !client.is_public() && !secret_fits {
        return Err(ApiError::oauth(
            "invalid_client",
            "Client authentication failed",
        ));
    }
    let now = shared.clock.seconds();
    let (user_id, scopes, refreshable) = match grant.grant_type.as_str() {
        "authorization_code" => by_code(&shared, &grant, &client, now)?,
        "refresh_token" => by_refresh(&shared, &grant, &client, now)?,
        "client_credentials" if !client.is_public() => {
            let scopes = known_scopes(grant.scope.as_deref().unwrap_or("read"));
            (client.user_id, scopes, false)
        }
        _ => {
            return Err(ApiError::oauth(
                "unsupported_grant_type",
                "Not for this client",
            ));
        }
    };
    let access_life = life(grant.expires_in, ACCESS_SECONDS);
    let refresh_life = life(grant.refresh_token_expires_in, REFRESH_SECONDS);
    let token = shared.write(|world| {
        let token = Token {
            id: world.next_id(Kind::Token),
            client_id: client.id,
            user_id,
            scopes,
            access: random_secret(),
            refresh: refreshable.then(random_secret),
            expires_at: Some(now + access_life),
            refresh_expires_at: refreshable.then_some(now + refresh_life),
            created_at: now,
        };
        world.tokens.insert(token.id, token.clone());
        Ok(token)
    })?;
    ok(json!({
        "access_token": token.access,
        "token_type": "bearer",
        "scope": token.scopes.join(" "),
        "refresh_token": token.refresh,
        "expires_in": access_life,
        "refresh_token_expires_in": token.refresh.as_ref().map(|_| refresh_life),
    }))
}

fn read_grant(body: &[u8], form: bool) -> Option<Grant> {
    if !form {
        return serde_json::from_slice(body).ok();
    }
    let pairs: serde_json::Map<String, Value> = url::form_urlencoded::parse(body)
        .map(|(key, value)| {
            let number = value
                .parse::<i64>()
                .ok()
                .filter(|_| key.ends_with("expires_in"));
            (
                key.into_owned(),
                number.map_or_else(|| json!(value), |number| json!(number)),
            )
        })
        .collect();
    serde_json::from_value(Value::Object(pairs)).ok()
}

fn life(wish: Option<i64>, (default, least, most): (i64, i64, i64)) -> i64 {
    wish.unwrap_or(default).clamp(least, most)
}

fn invalid_grant() -> ApiError {
    ApiError::oauth(
        "invalid_grant",
        "The provided access grant is invalid, expired, or revoked (e.g. invalid assertion, expired authorization token, bad end-user password credentials, or mismatching authorization code and redirection URI).",
    )
}

type Granted = (u64, Vec<String>, bool);

fn by_code(shared: &Shared, grant: &Grant, client: &Client, now: i64) -> Result<Granted, ApiError> {
    let mut records = shared.records();
    records.codes.retain(|code| code.expires_at > now);
    let at = records
        .codes
        .iter()
        .position(|code| Some(&code.code) == grant.code.as_ref())
        .ok_or_else(invalid_grant)?;
    // A code is good once, also when the rest does not fit.
    let code = records.codes.swap_remove(at);
    let challenge = grant
        .code_verifier
        .as_ref()
        .map(|verifier| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())));
    let fits = code.client_id == client.id
        && Some(&code.redirect_uri) == grant.redirect_uri.as_ref()
        && (code.challenge.is_none() || code.challenge == challenge);
    if fits {
        Ok((code.user_id, code.scopes, true))
    } else {
        Err(invalid_grant())
    }
}

/// A refresh kills the old pair; the successor keeps working when the old one is tried again.
fn by_refresh(
    shared: &Shared,
    grant: &Grant,
    client: &Client,
    now: i64,
) -> Result<Granted, ApiError> {
    shared.write(|world| {
        let old = world
            .tokens
            .values()
            .find(|token| token.refresh.is_some() && token.refresh == grant.refresh_token)
            .filter(|token| token.client_id == client.id)
            .filter(|token| token.refresh_expires_at.is_none_or(|at| at > now))
            .cloned()
            .ok_or_else(invalid_grant)?;
        world.tokens.remove(&old.id);
        Ok((old.user_id, old.scopes, true))
    })
}
