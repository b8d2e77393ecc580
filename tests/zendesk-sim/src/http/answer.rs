//! Error answers in Zendesk's envelopes, and a result that turns into a response.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

/// What every handler gives back.
pub(crate) type Answer = Result<Response, ApiError>;

/// An error as Zendesk answers it.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    body: Body,
    retry_after: Option<i64>,
}

#[derive(Clone, Debug)]
enum Body {
    Json(Value),
    Text(String),
    Html(String),
}

impl ApiError {
    fn json(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body: Body::Json(body),
            retry_after: None,
        }
    }

    /// A plain text, as rate limits answer.
    pub(crate) fn text(status: StatusCode, text: &str) -> Self {
        Self {
            status,
            body: Body::Text(text.to_owned()),
            retry_after: None,
        }
    }

    /// An HTML page, as maintenance answers.
    pub(crate) fn html(status: StatusCode, text: &str) -> Self {
        Self {
            status,
            body: Body::Html(format!("<html><body><h1>{text}</h1></body></html>")),
            retry_after: None,
        }
    }

    pub(crate) fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) fn described(status: StatusCode, error: &str, description: &str) -> Self {
        Self::json(
            status,
            json!({ "error": error, "description": description }),
        )
    }

    pub(crate) fn not_found() -> Self {
        Self::described(StatusCode::NOT_FOUND, "RecordNotFound", "Not found")
    }

    pub(crate) fn no_endpoint() -> Self {
        Self::described(StatusCode::NOT_FOUND, "InvalidEndpoint", "Not found")
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::json(
            StatusCode::UNAUTHORIZED,
            json!({ "error": "Couldn't authenticate you" }),
        )
    }

    pub(crate) fn invalid_token() -> Self {
        Self::json(
            StatusCode::UNAUTHORIZED,
            json!({
                "error": "invalid_token",
                "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
            }),
        )
    }

    pub(crate) fn forbidden(message: &str) -> Self {
        Self::json(
            StatusCode::FORBIDDEN,
            json!({ "error": { "title": "Forbidden", "message": message } }),
        )
    }

    pub(crate) fn conflict() -> Self {
        Self::described(
            StatusCode::CONFLICT,
            "UpdateConflict",
            "Safe Update prevented the update due to outdated ticket data.",
        )
    }

    pub(crate) fn record_invalid(field: &str, description: &str, error: Option<&str>) -> Self {
        let mut detail = json!({ "description": description });
        if let (Some(error), Value::Object(map)) = (error, &mut detail) {
            map.insert("error".to_owned(), json!(error));
        }
        let details = json!({ field: [detail] });
        Self::json(
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({
                "error": "RecordInvalid",
                "description": "Record validation errors",
                "details": details,
            }),
        )
    }

    /// A 400 in the array envelope, as paging and the ZIS registry answer.
    pub(crate) fn listed(status: StatusCode, code: &str, detail: &str) -> Self {
        Self::json(
            status,
            json!({ "errors": [{ "code": code, "title": code, "detail": detail }] }),
        )
    }

    pub(crate) fn oauth(error: &str, description: &str) -> Self {
        Self::json(
            StatusCode::BAD_REQUEST,
            json!({ "error": error, "error_description": description }),
        )
    }

    pub(crate) fn unreadable() -> Self {
        Self::described(
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            "The request body is not valid JSON of the documented shape",
        )
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        tracing::error!(%error, "the simulator itself failed");
        Self::described(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "zendesk-sim failed",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Body::Json(body) => Json(body).into_response(),
            Body::Text(text) => text.into_response(),
            Body::Html(text) => axum::response::Html(text).into_response(),
        };
        *response.status_mut() = self.status;
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A JSON answer.
pub(crate) fn json_answer(status: StatusCode, body: Value) -> Response {
    let mut response = Json(body).into_response();
    *response.status_mut() = status;
    response
}

/// 200 with JSON.
#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
pub(crate) fn ok(body: Value) -> Answer {
    Ok(json_answer(StatusCode::OK, body))
}

/// 201 with JSON and where the new thing is.
#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
pub(crate) fn created(body: Value, location: &str) -> Answer {
    let mut response = json_answer(StatusCode::CREATED, body);
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

/// Adds a header whose value may be anything.
pub(crate) fn put_header(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// A JSON object of a request body.
pub(crate) fn object(body: &[u8]) -> Result<serde_json::Map<String, Value>, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(ApiError::unreadable()),
    }
}

/// The object wrapped in its singular name.
pub(crate) fn wrapped(body: &[u8], name: &str) -> Result<serde_json::Map<String, Value>, ApiError> {
    match object(body)?.remove(name) {
        Some(Value::Object(map)) => Ok(map),
        _ => Err(ApiError::described(
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            &format!("Parameter {name} is required"),
        )),
    }
}

/// A numeric id of a path; anything else is not found.
pub(crate) fn id(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}
