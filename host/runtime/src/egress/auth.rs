//! Signing a request in: the last thing that happens to it before it is dialled.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use url::Url;
use zeroize::Zeroizing;

use super::{Refusal, redact::Needles};
use crate::{Credentials, SecretText, package::Auth};

/// Signs a request in, and tells which texts must not come back.
pub(super) async fn sign(
    auth: &Auth,
    credentials: &dyn Credentials,
    url: &mut Url,
    headers: &mut HeaderMap,
) -> Result<Needles, Refusal> {
    let mut needles = Needles::default();
    match auth {
        Auth::None => {}
        Auth::Header {
            header,
            slot,
            prefix,
        } => {
            let secret = secret(credentials, slot, &mut needles).await?;
            let prefix = prefix.as_deref().unwrap_or_default();
            let name = HeaderName::from_bytes(header.as_bytes());
            let name = name.map_err(|_| Refusal::denied("the manifest's auth header is none"))?;
            headers.insert(name, value(slot, prefix, secret.expose())?);
        }
        Auth::Bearer { slot } => {
            let secret = secret(credentials, slot, &mut needles).await?;
            headers.insert(AUTHORIZATION, value(slot, "Bearer ", secret.expose())?);
        }
        Auth::Basic {
            user_slot,
            password_slot,
        } => {
            let user = secret(credentials, user_slot, &mut needles).await?;
            let password = secret(credentials, password_slot, &mut needles).await?;
            let pair = Zeroizing::new(format!("{}:{}", user.expose(), password.expose()));
            let pair = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
            needles.add(password_slot, &pair);
            headers.insert(AUTHORIZATION, value(password_slot, "Basic ", &pair)?);
        }
        Auth::Query { param, slot } => {
            let secret = secret(credentials, slot, &mut needles).await?;
            url.query_pairs_mut().append_pair(param, secret.expose());
            let escaped: String =
                url::form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect();
            needles.add(slot, &escaped);
        }
    }
    Ok(needles)
}

async fn secret(
    credentials: &dyn Credentials,
    slot: &str,
    needles: &mut Needles,
) -> Result<SecretText, Refusal> {
    let secret = credentials
        .secret(slot)
        .await
        .map_err(Refusal::Credential)?;
    needles.add(slot, secret.expose());
    // A secret inside JSON text is escaped there.
    let quoted = serde_json::to_string(secret.expose()).unwrap_or_default();
    let inner = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"'));
    needles.add(slot, inner.unwrap_or_default());
    Ok(secret)
}

fn value(slot: &str, prefix: &str, secret: &str) -> Result<HeaderValue, Refusal> {
    let text = Zeroizing::new(format!("{prefix}{secret}"));
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        Refusal::Credential(crate::CredentialError::Unavailable {
            slot: slot.to_owned(),
            problem: "it has characters that no header can carry".to_owned(),
        })
    })?;
    value.set_sensitive(true);
    Ok(value)
}
