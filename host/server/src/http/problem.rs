//! Every error that leaves over HTTP: one kind, one status, one stable `type` (RFC 9457).
//!
//! Handlers return a [`Problem`]; errors of other crates become one in [`super::mapping`] and nowhere
//! else. The `type` is a promise to callers: a kind may be added, never renamed.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// Media type of problem documents.
pub const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! kinds {
    ($($(#[$meta:meta])* $variant:ident = $slug:literal, $status:ident, $title:literal;)*) => {
        /// What went wrong, by what the caller does next.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$meta])* $variant,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Last part of the `type` URI.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            /// The status that goes with it.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// One short sentence, the same for each occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

kinds! {
    /// No token, or one that nobody has.
    UnknownToken = "unknown-token", UNAUTHORIZED, "The bearer token is missing or unknown";
    /// The signature of a webhook does not fit.
    BadSignature = "bad-signature", UNAUTHORIZED, "The webhook's signature does not fit its body";
    /// A desk's token with another account's event.
    OtherAccount = "other-account", FORBIDDEN, "The event belongs to another account";
    /// Known token, but not for this.
    NotAllowed = "not-allowed", FORBIDDEN, "The token may not do this";
    /// No such route.
    NoRoute = "no-such-route", NOT_FOUND, "There is nothing at this address";
    /// No such thing, or it is another tenant's.
    NotFound = "not-found", NOT_FOUND, "There is no such thing";
    /// The route has other methods.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The address does not take this method";
    /// The thing exists, or changed meanwhile.
    Conflict = "conflict", CONFLICT, "It conflicts with what is there";
    /// More than the route takes.
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// Not the media type that the route takes.
    MediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body has another media type";
    /// The body or a parameter has the wrong shape; `path` says where.
    Malformed = "malformed", UNPROCESSABLE_ENTITY, "The request has the wrong shape";
    /// A plugin was not admitted.
    PluginRefused = "plugin-refused", UNPROCESSABLE_ENTITY, "The plugin was not admitted";
    /// Settings or secrets that cannot work.
    BadSettings = "bad-settings", UNPROCESSABLE_ENTITY, "The settings cannot work";
    /// The shop or the help desk refused our credentials.
    CredentialsRefused = "credentials-refused", UNPROCESSABLE_ENTITY, "The credentials were refused";
    /// The other side failed.
    Upstream = "upstream", BAD_GATEWAY, "The other side did not answer as it should";
    /// Too much at once.
    Busy = "busy", SERVICE_UNAVAILABLE, "The host is busy";
    /// The store did not take it.
    CannotStore = "cannot-store", SERVICE_UNAVAILABLE, "It could not be stored";
    /// It took too long.
    TimedOut = "timed-out", SERVICE_UNAVAILABLE, "It took too long";
    /// Ours.
    Internal = "internal", INTERNAL_SERVER_ERROR, "The host made a mistake";
}

impl Kind {
    /// The `type` URI.
    #[must_use]
    pub fn uri(self) -> String {
        format!("urn:ordercase:problem:{}", self.slug())
    }
}

/// One occurrence.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    path: Option<String>,
    retry_after_seconds: Option<u64>,
    cause: Option<String>,
}

impl Problem {
    /// A problem whose detail is written for the caller: what failed and what to do.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            path: None,
            retry_after_seconds: None,
            cause: None,
        }
    }

    /// Where in the body it lies, such as `secrets.email`.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// When to ask again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// What is logged beside it and not told: a server's error text.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The same occurrence under another kind: for routes that promise fewer statuses.
    #[must_use]
    pub fn recast(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Logs it once, at the boundary: the caller's mistakes quietly, ours loudly.
    pub fn log(&self) {
        let (kind, status) = (self.kind.slug(), self.kind.status().as_u16());
        let cause = self.cause.as_deref().unwrap_or("");
        if self.kind.status().is_server_error() {
            tracing::error!(problem = kind, status, cause, "{}", self.kind.title());
        } else {
            tracing::debug!(problem = kind, status, cause, "{}", self.kind.title());
        }
    }

    /// The document, with the id of the request that it answers.
    #[must_use]
    pub fn document(&self, request_id: Option<&str>) -> Document {
        Document {
            kind: self.kind.uri(),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            path: self.path.clone(),
            request_id: request_id.map(str::to_owned),
        }
    }

    /// The answer, with the id of the request that it answers.
    #[must_use]
    pub fn respond(self, request_id: Option<&str>) -> Response {
        let mut response = (self.kind.status(), Json(self.document(request_id))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        // The outermost layer logs it and adds the request's id.
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.respond(None)
    }
}

/// A problem on the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// Stable URI of the kind.
    #[serde(rename = "type")]
    #[schema(example = "urn:ordercase:problem:malformed")]
    pub kind: String,
    /// The kind in words.
    pub title: &'static str,
    /// HTTP status, again.
    pub status: u16,
    /// What happened this time, and what to do.
    pub detail: String,
    /// Where in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Id to quote to the operator; the log has it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_problems_is_a_promise() {
        let table: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| format!("{} {} {}", kind.status().as_u16(), kind.uri(), kind.title()))
            .collect();
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn no_two_kinds_share_a_type() {
        let mut slugs: Vec<&str> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Kind::ALL.len());
    }

    #[tokio::test]
    async fn the_document_tells_the_path_and_hides_the_cause() {
        let response = Problem::new(Kind::Malformed, "`ticket_id` is missing")
            .at("ticket_id")
            .because("canary")
            .respond(Some("req_1"));
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        let body = axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap();
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["path"], "ticket_id");
        assert_eq!(document["request_id"], "req_1");
        assert!(!document.to_string().contains("canary"));
    }
}
