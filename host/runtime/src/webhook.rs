//! Whether a delivery is real: the manifest's recipe, followed in constant time, before any plugin
//! code sees the delivery.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use ordercase_model::Instant;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::{
    SecretText, limits,
    package::{Algorithm, Delivery, Encoding, Scheme, Webhooks},
};

/// A delivery that is real.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedWebhook {
    /// Its topic.
    pub topic: String,
    /// What the topic brings; `None` for a topic that the manifest does not name.
    pub delivery: Option<Delivery>,
    /// Its id for deduplication: the platform's, or a hash of the content.
    pub delivery_id: String,
    /// When the source says that it happened.
    pub occurred_at: Option<Instant>,
}

/// Why a delivery is refused. Never says what a right signature would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The body is too long.
    #[error(
        "the body has {bytes} bytes, more than {}",
        limits::WEBHOOK_BODY_BYTES_MAX
    )]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// A header of the recipe is not there, or not readable text.
    #[error("the header `{0}` is missing or not plain text")]
    MissingHeader(String),
    /// A header of the recipe is there more than once.
    #[error("the header `{0}` is there more than once")]
    RepeatedHeader(String),
    /// The connection has no key.
    #[error("the connection has no webhook key: set the secret `{0}`")]
    NoKey(String),
    /// The recipe lacks something; the manifest's check should have found it.
    #[error("the manifest's webhook recipe lacks `{0}`")]
    Recipe(&'static str),
    /// The signature is not written as the recipe says.
    #[error("the signature in `{0}` is not written as it should be")]
    Encoding(String),
    /// The signature is wrong.
    #[error("the signature does not match: the key is another, or the body was changed")]
    Mismatch,
    /// The topic is not where the recipe says.
    #[error("the body has no topic at `{0}`")]
    NoTopic(String),
}

/// Follows the recipe.
///
/// # Errors
/// When the delivery is not proven real, or its topic is not found.
pub fn verify(
    recipe: &Webhooks,
    key: Option<&SecretText>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<VerifiedWebhook, VerifyError> {
    if body.len() > limits::WEBHOOK_BODY_BYTES_MAX {
        return Err(VerifyError::TooLarge { bytes: body.len() });
    }
    if recipe.scheme == Scheme::Hmac {
        signature(recipe, key, headers, body)?;
    }
    let topic = topic(recipe, headers, body)?;
    let delivery_id = match optional(recipe.id_header.as_deref(), headers)? {
        Some(id) if !id.is_empty() => id.to_owned(),
        _ => content_id(&topic, body),
    };
    let occurred_at = optional(recipe.time_header.as_deref(), headers)?;
    Ok(VerifiedWebhook {
        delivery: recipe.topics.get(&topic).map(|topic| topic.delivery),
        topic,
        delivery_id,
        occurred_at: occurred_at.and_then(|text| text.parse().ok()),
    })
}

fn signature(
    recipe: &Webhooks,
    key: Option<&SecretText>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), VerifyError> {
    let slot = recipe.slot.as_deref().ok_or(VerifyError::Recipe("slot"))?;
    let name = recipe.signature_header.as_deref();
    let name = name.ok_or(VerifyError::Recipe("signature-header"))?;
    let template = recipe
        .signed
        .as_deref()
        .ok_or(VerifyError::Recipe("signed"))?;
    let algorithm = recipe.algorithm.ok_or(VerifyError::Recipe("algorithm"))?;
    let encoding = recipe.encoding.ok_or(VerifyError::Recipe("encoding"))?;
    let key = key.filter(|key| !key.expose().is_empty());
    let key = key.ok_or_else(|| VerifyError::NoKey(slot.to_owned()))?;

    let bad = || VerifyError::Encoding(name.to_owned());
    let text = required(name, headers)?;
    let text = match recipe.signature_prefix.as_deref() {
        Some(prefix) => text.strip_prefix(prefix).ok_or_else(bad)?,
        None => text,
    };
    let given = match encoding {
        Encoding::Base64 => STANDARD.decode(text).map_err(|_| bad())?,
        Encoding::Hex => hex::decode(text).map_err(|_| bad())?,
    };
    let key = key.expose().as_bytes();
    let parts = signed_parts(template, headers, body)?;
    let matches = match algorithm {
        Algorithm::Sha1 => {
            Hmac::<Sha1>::new_from_slice(key).is_ok_and(|m| holds(m, &parts, &given))
        }
        Algorithm::Sha256 => {
            Hmac::<Sha256>::new_from_slice(key).is_ok_and(|m| holds(m, &parts, &given))
        }
        Algorithm::Sha512 => {
            Hmac::<Sha512>::new_from_slice(key).is_ok_and(|m| holds(m, &parts, &given))
        }
    };
    if matches {
        Ok(())
    } else {
        Err(VerifyError::Mismatch)
    }
}

/// Whether the signature over the parts is the given one; takes the same time for any two.
fn holds<M: Mac>(mut mac: M, parts: &[&[u8]], given: &[u8]) -> bool {
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(given).is_ok()
}

/// A piece of the template of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Literal(&'a str),
    Body,
    Header(&'a str),
}

/// Whether a template reads, and covers the body.
pub(crate) fn template_signs_body(template: &str) -> bool {
    pieces(template).is_some_and(|pieces| pieces.contains(&Piece::Body))
}

fn pieces(template: &str) -> Option<Vec<Piece<'_>>> {
    let mut out = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if !before.is_empty() {
            out.push(Piece::Literal(before));
        }
        out.push(match name.strip_prefix("header:") {
            Some(header) if http::HeaderName::from_bytes(header.as_bytes()).is_ok() => {
                Piece::Header(header)
            }
            None if name == "body" => Piece::Body,
            _ => return None,
        });
        rest = after;
    }
    if !rest.is_empty() {
        out.push(Piece::Literal(rest));
    }
    Some(out)
}

fn signed_parts<'a>(
    template: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
) -> Result<Vec<&'a [u8]>, VerifyError> {
    let pieces = pieces(template).ok_or(VerifyError::Recipe("signed"))?;
    let bytes = |piece| match piece {
        Piece::Literal(text) => Ok(text.as_bytes()),
        Piece::Body => Ok(body),
        Piece::Header(name) => required(name, headers).map(str::as_bytes),
    };
    pieces.into_iter().map(bytes).collect()
}

fn topic(recipe: &Webhooks, headers: &HeaderMap, body: &[u8]) -> Result<String, VerifyError> {
    if let Some(name) = recipe.topic_header.as_deref() {
        return required(name, headers).map(str::to_owned);
    }
    let pointer = recipe.topic_pointer.as_deref();
    let pointer = pointer.ok_or(VerifyError::Recipe("topic-header"))?;
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let topic = value
        .as_ref()
        .and_then(|v| v.pointer(pointer))
        .and_then(Value::as_str);
    topic
        .map(str::to_owned)
        .ok_or_else(|| VerifyError::NoTopic(pointer.to_owned()))
}

fn required<'a>(name: &str, headers: &'a HeaderMap) -> Result<&'a str, VerifyError> {
    optional(Some(name), headers)?.ok_or_else(|| VerifyError::MissingHeader(name.to_owned()))
}

/// The one value of a header. Two values are refused: proxies and platforms differ in which counts.
fn optional<'a>(
    name: Option<&str>,
    headers: &'a HeaderMap,
) -> Result<Option<&'a str>, VerifyError> {
    let Some(name) = name else {
        return Ok(None);
    };
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(VerifyError::RepeatedHeader(name.to_owned())),
        (Some(value), None) => {
            let text = value.to_str();
            text.map(Some)
                .map_err(|_| VerifyError::MissingHeader(name.to_owned()))
        }
    }
}

/// The id of a delivery whose platform gives none: the same content is the same delivery.
fn content_id(topic: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(topic.as_bytes());
    hash.update([0]);
    hash.update(body);
    format!("sha256:{}", hex::encode(hash.finalize()))
}

#[cfg(test)]
mod tests;
