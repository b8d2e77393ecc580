//! `POST /v1/webhooks/{connection}`: a shop says that something changed.
//!
//! Verified natively by the manifest's recipe before anything else looks at it, stored, then answered. A
//! verified body that is not JSON goes to the dead letters at once and is answered 202: the shop has done
//! its part, a person must look. What fails verification is counted apart and never stored.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode, header};
use ordercase_runtime::{
    SecretText,
    package::{Scheme, Webhooks},
    webhook::{VerifiedWebhook, VerifyError, verify},
};
use ordercase_store::{Death, ErrorClass, Lane, NewReceipt, Owner, Put, ReceiptKind};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::{
    app::App,
    http::{
        auth,
        bound::RawBody,
        problem::{Document, Kind, Problem},
    },
    limits,
    secret::Secret,
    wiring::door::Shop,
};

/// Stream under which a connection's webhooks are counted.
pub(super) const STREAM: &str = "webhooks";

/// What became of a delivery.
#[derive(Serialize, ToSchema)]
pub(super) struct Taken {
    /// Its receipt; the same delivery again has the same.
    receipt: String,
    /// `stored`, `known` (it came before) or `dead_lettered`.
    outcome: &'static str,
    /// Why a person must look.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Takes a signed webhook.
#[utoipa::path(
    post, path = "/v1/webhooks/{connection}", tag = "events",
    params(("connection" = String, Path, description = "Connection id")),
    request_body(content = String, description = "As the shop's platform sends it", content_type = "application/json"),
    responses(
        (status = 200, description = "Stored, or known already", body = Taken),
        (status = 202, description = "Verified, but not readable: kept for a person", body = Taken),
        (status = 401, description = "Not verified", body = Document, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Document, content_type = "application/problem+json"),
        (status = 503, description = "Not stored; send again", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn receive(
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<(StatusCode, Json<Taken>), Problem> {
    let token = auth::bearer(&headers).ok();
    let token = token.as_ref().map(Secret::expose);
    take(&app, &connection, token, &headers, &body).await
}

/// Takes a webhook of a shop that cannot sign: the token in the address stands in for a signature.
#[utoipa::path(
    post, path = "/v1/webhooks/{connection}/{token}", tag = "events",
    params(
        ("connection" = String, Path, description = "Connection id"),
        ("token" = String, Path, description = "Webhook token, shown once by `ordercase connect`"),
    ),
    request_body(content = String, description = "As the shop's platform sends it", content_type = "application/json"),
    responses(
        (status = 200, description = "Stored, or known already", body = Taken),
        (status = 401, description = "Not verified", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn receive_with_token(
    State(app): State<Arc<App>>,
    Path((connection, token)): Path<(String, String)>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<(StatusCode, Json<Taken>), Problem> {
    take(&app, &connection, Some(&token), &headers, &body).await
}

async fn take(
    app: &App,
    connection: &str,
    token: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(StatusCode, Json<Taken>), Problem> {
    // An unknown connection and a bad signature look the same from outside.
    let found = app.door.shop(connection).await?;
    let (mut shop, is_fresh) = found.ok_or_else(unverified)?;
    let mut checked = check(app, &shop, token, headers, body).await;
    if !is_fresh && matches!(checked, Err(Refusal::Theirs(_))) {
        // The key may be new, set a moment ago at another replica.
        let found = app.door.shop_read_now(connection).await?;
        shop = found.ok_or_else(unverified)?;
        checked = check(app, &shop, token, headers, body).await;
    }
    let verified = match checked {
        Ok(verified) => verified,
        Err(Refusal::Ours(problem)) => return Err(problem),
        Err(Refusal::Theirs(error)) => {
            app.count_unverified(&shop, STREAM).await?;
            tracing::warn!(
                tenant.id = %shop.connection.key.tenant,
                connection.id = %shop.connection.key.connection,
                "a webhook was refused: {error}"
            );
            return Err(match error {
                VerifyError::TooLarge { .. } => Problem::new(Kind::TooLarge, error.to_string()),
                _ => unverified(),
            });
        }
    };
    keep(app, &shop, verified, headers, body).await
}

enum Refusal {
    Ours(Problem),
    Theirs(VerifyError),
}

async fn check(
    app: &App,
    shop: &Shop,
    token: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Known, Refusal> {
    let Some(recipe) = shop.plugin.manifest.webhooks.as_ref() else {
        return Err(Refusal::Ours(Problem::new(
            Kind::NotFound,
            "this connection takes no webhooks",
        )));
    };
    if recipe.scheme == Scheme::None {
        let token = Secret::new(token.unwrap_or_default().to_owned());
        if !app
            .is_webhook_token(shop, &token)
            .await
            .map_err(Refusal::Ours)?
        {
            return Err(Refusal::Theirs(VerifyError::Mismatch));
        }
    }
    match verify(recipe, shop.key.as_ref(), headers, body) {
        Ok(verified) => Ok(Known::Whole(verified)),
        // The signature was good; where the topic should be there is none.
        Err(error @ (VerifyError::NoTopic(_) | VerifyError::MissingHeader(_)))
            if is_signed(recipe, shop.key.as_ref(), headers, body) =>
        {
            Ok(Known::NoTopic(error.to_string()))
        }
        Err(error) => Err(Refusal::Theirs(error)),
    }
}

/// A delivery whose sender is known.
enum Known {
    Whole(VerifiedWebhook),
    NoTopic(String),
}

/// Whether the signature alone is good: the same recipe, its topic taken from a header that is there.
fn is_signed(
    recipe: &Webhooks,
    key: Option<&SecretText>,
    headers: &HeaderMap,
    body: &[u8],
) -> bool {
    const PROBE: &str = "x-ordercase-topic-probe";
    let mut headers = headers.clone();
    headers.insert(PROBE, http::HeaderValue::from_static("none"));
    let recipe = Webhooks {
        topic_header: Some(PROBE.to_owned()),
        id_header: None,
        time_header: None,
        ..recipe.clone()
    };
    verify(&recipe, key, &headers, body).is_ok()
}

async fn keep(
    app: &App,
    shop: &Shop,
    known: Known,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(StatusCode, Json<Taken>), Problem> {
    let (verified, mut dead) = match known {
        Known::Whole(verified) => (verified, None),
        Known::NoTopic(reason) => {
            let id = format!("sha256:{}", hex::encode(Sha256::digest(body)));
            let verified = VerifiedWebhook {
                topic: String::new(),
                delivery: None,
                delivery_id: id,
                occurred_at: None,
            };
            (verified, Some(reason))
        }
    };
    if dead.is_none() {
        dead = serde_json::from_slice::<serde::de::IgnoredAny>(body)
            .err()
            .map(|error| {
                format!(
                    "the body is not JSON: line {}, column {}",
                    error.line(),
                    error.column()
                )
            });
    }
    let receipt = NewReceipt {
        tenant: shop.connection.key.tenant.clone(),
        owner: Owner::Connection(shop.connection.key.connection.clone()),
        stream: STREAM.to_owned(),
        kind: ReceiptKind::Webhook,
        entity_key: format!("delivery:{}", verified.delivery_id),
        dedupe_key: format!("{}/{}", verified.topic, verified.delivery_id),
        topic: verified.topic,
        lane: Lane::Live,
        headers: kept_headers(headers),
        body: body.to_vec(),
        occurred_at: verified.occurred_at,
        received_at: app.clock.now(),
        dead: dead
            .as_ref()
            .map(|reason| Death::new(ErrorClass::Malformed, reason.as_str())),
    };
    let put = app.store.put_receipt(receipt).await.map_err(|error| {
        Problem::new(Kind::CannotStore, "nothing was kept; send it again")
            .because(error)
            .retry_after(5)
    })?;
    let (status, outcome) = match (&put, &dead) {
        (_, Some(_)) => (StatusCode::ACCEPTED, "dead_lettered"),
        (Put::Stored(_), None) => (StatusCode::OK, "stored"),
        (Put::Duplicate(_), None) => (StatusCode::OK, "known"),
    };
    Ok((
        status,
        Json(Taken {
            receipt: put.id().to_string(),
            outcome,
            reason: dead,
        }),
    ))
}

/// Headers for the plugin: bounded, and nothing that opens anything.
fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            !matches!(name, "cookie" | "proxy-authorization")
                && name != header::AUTHORIZATION.as_str()
                && !name.contains("hmac")
                && !name.contains("signature")
        })
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .filter(|(_, value)| value.len() <= limits::WEBHOOK_HEADER_BYTES_MAX)
        .take(limits::WEBHOOK_HEADERS_MAX)
        .collect()
}

fn unverified() -> Problem {
    Problem::new(
        Kind::BadSignature,
        "nothing was kept; check that the shop signs with the secret that this connection has",
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn no_credential_is_kept_with_a_webhook() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer canary"),
            ("cookie", "canary"),
            ("x-shop-hmac-sha256", "canary"),
            ("x-topic", "orders/create"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert("x-long", HeaderValue::from_str(&"a".repeat(9000)).unwrap());
        assert_eq!(
            kept_headers(&headers),
            [("x-topic".to_owned(), "orders/create".to_owned())]
        );
    }
}
