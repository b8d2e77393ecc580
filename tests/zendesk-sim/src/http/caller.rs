//! Who calls, by which credential, and what that credential may do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, header};

use super::answer::ApiError;
use crate::shared::Shared;
use crate::world::World;
use crate::world::ticket::{Writer, via};

/// An authenticated caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user_id: u64,
    pub(crate) role: String,
    pub(crate) credential: Credential,
}

/// How a caller proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// The legacy API token.
    ApiToken,
    /// An OAuth token, with the integration where its client belongs to one.
    OAuth {
        token_id: u64,
        client: String,
        scopes: Vec<String>,
        integration: Option<String>,
    },
}

impl Caller {
    /// The credential as the journal names it.
    pub(crate) fn name(&self) -> String {
        match &self.credential {
            Credential::ApiToken => "api_token".to_owned(),
            Credential::OAuth { client, .. } => format!("oauth:{client}"),
        }
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.role == "admin"
    }

    /// Refuses whoever is no admin.
    pub(crate) fn admin(&self) -> Result<(), ApiError> {
        if self.is_admin() {
            return Ok(());
        }
        Err(ApiError::forbidden(
            "You do not have access to this page. Please contact the account owner of this help desk for further help.",
        ))
    }

    /// As the author of changes.
    pub(crate) fn writer(&self) -> Writer {
        Writer {
            user_id: self.user_id,
            staff: self.role != "end-user",
            via: via("api"),
        }
    }
}

/// Reads the credential; `None` where there is none.
pub(crate) fn identify(shared: &Shared, headers: &HeaderMap) -> Result<Option<Caller>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| ApiError::unauthenticated())?;
    let now = shared.clock.seconds();
    shared.read(|world| match text.split_once(' ') {
        Some(("Basic", encoded)) => basic(shared, world, encoded),
        Some(("Bearer", token)) => bearer(world, token.trim(), now),
        _ => Err(ApiError::unauthenticated()),
    })
}

/// An API token belongs to the account: it lets in as any of its staff.
fn basic(shared: &Shared, world: &World, encoded: &str) -> Result<Option<Caller>, ApiError> {
    let pair = STANDARD
        .decode(encoded.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(ApiError::unauthenticated)?;
    let (login, token) = pair.split_once(':').ok_or_else(ApiError::unauthenticated)?;
    let email = login
        .strip_suffix("/token")
        .ok_or_else(ApiError::unauthenticated)?;
    if token != shared.config.legacy_token {
        return Err(ApiError::unauthenticated());
    }
    let user = world
        .user_by_email(email)
        .filter(|user| user.active && user.is_staff())
        .ok_or_else(ApiError::unauthenticated)?;
    Ok(Some(Caller {
        user_id: user.id,
        role: user.role.clone(),
        credential: Credential::ApiToken,
    }))
}

fn bearer(world: &World, access: &str, now: i64) -> Result<Option<Caller>, ApiError> {
    let token = world
        .tokens
        .values()
        .find(|token| token.access == access)
        .filter(|token| token.expires_at.is_none_or(|at| at > now))
        .ok_or_else(ApiError::invalid_token)?;
    let user = world.users.get(&token.user_id).filter(|user| user.active);
    let (Some(user), Some(client)) = (user, world.clients.get(&token.client_id)) else {
        return Err(ApiError::invalid_token());
    };
    Ok(Some(Caller {
        user_id: user.id,
        role: user.role.clone(),
        credential: Credential::OAuth {
            token_id: token.id,
            client: client.identifier.clone(),
            scopes: token.scopes.clone(),
            integration: client.integration.clone(),
        },
    }))
}

/// Refuses what the token's scopes do not cover. Audits want the global `read`.
pub(crate) fn check_scope(caller: &Caller, method: &Method, path: &str) -> Result<(), ApiError> {
    let Credential::OAuth { scopes, .. } = &caller.credential else {
        return Ok(());
    };
    let Some(rest) = path.strip_prefix("/api/v2/") else {
        return Ok(());
    };
    let verb = if method == Method::GET {
        "read"
    } else {
        "write"
    };
    let mut parts = rest.split('/');
    let resource = match parts.next().unwrap_or_default() {
        "incremental" => "tickets",
        "ticket_fields" => "tickets",
        other => other,
    };
    let audits = rest.split('/').any(|part| part.contains("audits"));
    let covered = scopes
        .iter()
        .any(|scope| scope == verb || (!audits && *scope == format!("{resource}:{verb}")));
    // Whoever holds a token may ask who that is, and may give the token back.
    let about_itself = rest == "users/me" || rest == "oauth/tokens/current";
    if covered || about_itself {
        return Ok(());
    }
    Err(ApiError::described(
        http::StatusCode::FORBIDDEN,
        "Forbidden",
        "You do not have access to this page. Missing the following required scopes",
    ))
}
