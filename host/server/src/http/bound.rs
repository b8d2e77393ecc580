//! The body extractor: a limit first, then JSON, and a problem that says where the shape is wrong.
//!
//! `axum::Json` answers in plain text and without a path; that is why routes take [`Bounded`]. The
//! limit is the route's `DefaultBodyLimit` layer.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request, rejection::BytesRejection},
};
use http::{StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;

use super::problem::{Kind, Problem};

/// A JSON body within the route's limit.
#[derive(Debug)]
pub struct Bounded<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Bounded<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::new(
                Kind::MediaType,
                "send `Content-Type: application/json`",
            ));
        }
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// What a query asks for: like [`Bounded`], a problem document says where the shape is wrong.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(asked) = Query::try_from_uri(&parts.uri).map_err(|_| {
            let detail = "the query has an unknown, repeated or ill-formed part; see /openapi.json";
            Problem::new(Kind::Malformed, detail).at("?")
        })?;
        Ok(Self(asked))
    }
}

/// A body within the route's limit, as it came.
#[derive(Debug)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state)
            .await
            .map(Self)
            .map_err(|rejection| refused(&rejection))
    }
}

fn refused(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Kind::TooLarge, "the body is larger than this address takes")
    } else {
        Problem::new(Kind::Malformed, "the body broke off before its end")
    }
}

fn is_json(request: &Request) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Reads JSON; on failure says where. The text of the value is not repeated: it may be a secret.
///
/// # Errors
/// [`Kind::Malformed`] with the path.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        Problem::new(Kind::Malformed, describe(error.inner())).at(path)
    })?;
    reader
        .end()
        .map_err(|error| Problem::new(Kind::Malformed, describe(&error)).at("."))?;
    Ok(value)
}

fn describe(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Eof => "the JSON ends too early".to_owned(),
        Category::Syntax | Category::Io => {
            format!("this is not JSON: line {line}, column {column}")
        }
        Category::Data => {
            let text = error.to_string();
            let named = ["missing field", "unknown field", "duplicate field"]
                .iter()
                .any(|start| text.starts_with(start));
            if named {
                // Names only fields of ours and, for an unknown one, the caller's key.
                let end = text.find(" at line").unwrap_or(text.len());
                text.get(..end).unwrap_or("a field is wrong").to_owned()
            } else {
                format!("a value has the wrong type or form: line {line}, column {column}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its shape is tested")]
        inner: Inner,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only its shape is tested")]
        number: u32,
    }

    fn refusal(text: &str) -> (Option<String>, String) {
        let document = parse::<Body>(text.as_bytes()).unwrap_err().document(None);
        (document.path, document.detail)
    }

    #[test]
    fn the_path_leads_to_the_fault_and_the_value_stays_out() {
        let (path, detail) = refusal(r#"{"inner": {"number": "canary"}}"#);
        assert_eq!(path.as_deref(), Some("inner.number"));
        assert!(!detail.contains("canary"));
        let (path, detail) = refusal(r#"{"inner": {}}"#);
        assert_eq!(path.as_deref(), Some("inner"));
        assert!(detail.contains("number"));
    }

    #[test]
    fn broken_json_and_trailing_text_are_refused() {
        assert!(refusal("{").1.contains("too early"));
        assert!(
            refusal(r#"{"inner": {"number": 1}} x"#)
                .1
                .contains("not JSON")
        );
        assert!(
            refusal(&"[".repeat(100_000)).1.contains("wrong type") || !refusal("[").1.is_empty()
        );
    }
}
