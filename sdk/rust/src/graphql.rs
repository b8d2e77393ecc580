//! GraphQL over the host's door: one POST, and the errors that hide behind a 200.
//!
//! What a status or an error code means is settled here once: 401 and 403 (and `UNAUTHENTICATED`,
//! `FORBIDDEN`) need a person, 429 and `THROTTLED` a pause, 404 is gone, the rest is the source's
//! failure. An error beside data (a field that the token may not read) is no failure: it comes back
//! in [`Answer::errors`], so that the plugin can say `not_permitted`. An error of what was asked for
//! itself (`orders: null`) is one: taken for an empty list it would end a history, taken for an absent
//! record it would bury it.
//!
//! Data is read typed and borrowed: its texts lie in the [`Responses`] of the call.

use elsa::FrozenVec;
use serde::{Deserialize, Serialize};

use crate::{Host, PluginError, Request, Response, limits};

/// Where a GraphQL API lives.
#[derive(Clone, Copy)]
pub struct Endpoint<'a> {
    /// The way out.
    pub host: &'a dyn Host,
    /// Path of the endpoint.
    pub path: &'a str,
    /// Origin alias; without one, the manifest's first.
    pub origin: Option<&'a str>,
    /// Headers that every request carries.
    pub headers: &'a [(&'a str, &'a str)],
    /// Where what came back stays, for the answers to borrow from.
    pub responses: &'a Responses,
}

/// The responses of one call of the plugin, kept until this is dropped, since answers borrow from them. How
/// many bytes a call may receive is bounded by the host.
#[derive(Default)]
pub struct Responses(FrozenVec<Box<Response>>);

/// What a query brought.
#[derive(Clone, Debug)]
pub struct Answer<'a, T> {
    /// The data.
    pub data: T,
    /// Errors of single fields, whose data is null.
    pub errors: Vec<GraphQlError>,
    /// Number of the exchange.
    pub exchange: u32,
    /// The response as sent; headers tell the API version.
    pub response: &'a Response,
}

/// Why a query brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It costs more than the source allows for one query: ask for less at once.
    #[error("the query costs more than the source allows: {0}")]
    TooCostly(String),
    /// The host sends no more requests in this call: work with what came so far.
    #[error("the call has used its number of requests")]
    BudgetSpent,
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] PluginError),
}

impl From<AskError> for PluginError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::TooCostly(_) => Self::Internal(error.to_string()),
            AskError::BudgetSpent => crate::HttpError::BudgetSpent.into(),
            AskError::Failed(error) => error,
        }
    }
}

/// One entry of `errors`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GraphQlError {
    /// What the source says.
    pub message: String,
    /// Where; names and list positions.
    pub path: Option<Vec<serde_json::Value>>,
    /// Code and more.
    pub extensions: Option<Extensions>,
}

/// Of an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Extensions {
    /// The error's code.
    pub code: Option<String>,
}

impl GraphQlError {
    /// The error's code; empty without one.
    #[must_use]
    pub fn code(&self) -> &str {
        self.extensions
            .as_ref()
            .and_then(|extensions| extensions.code.as_deref())
            .unwrap_or("")
    }

    /// Whether nothing came of what was asked for: the query was held back, or its own field failed.
    fn is_of_the_query(&self) -> bool {
        self.code() == "THROTTLED" || self.path.as_ref().is_some_and(|path| path.len() == 1)
    }

    /// Whether it says that the cursor is not one of the source's (any more).
    fn is_of_the_cursor(&self) -> bool {
        let message = self.message.to_lowercase();
        message.contains("invalid") && message.contains("cursor")
    }

    /// Whether the path names that field.
    #[must_use]
    pub fn is_at(&self, field: &str) -> bool {
        let path = self.path.iter().flatten();
        path.filter_map(serde_json::Value::as_str)
            .any(|part| part == field)
    }
}

#[derive(Serialize)]
struct Body<'a, V> {
    query: &'a str,
    variables: &'a V,
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Envelope<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Errors,
}

/// `errors` is a list, but a gateway in front may answer `{"errors": "text"}`.
#[derive(Default)]
struct Errors(Vec<GraphQlError>);

impl<'de> Deserialize<'de> for Errors {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(d)?;
        Ok(match value {
            serde_json::Value::Null => Self::default(),
            list @ serde_json::Value::Array(_) => {
                Self(serde_json::from_value(list).map_err(serde::de::Error::custom)?)
            }
            other => Self(vec![GraphQlError {
                message: other
                    .as_str()
                    .map_or_else(|| other.to_string(), str::to_owned),
                ..GraphQlError::default()
            }]),
        })
    }
}

impl<'a> Endpoint<'a> {
    /// Sends a query; its answer is kept under `role`.
    ///
    /// # Errors
    /// As the module says; [`PluginError::Malformed`] when the answer does not have the shape `T`;
    /// [`AskError::TooCostly`] and [`AskError::BudgetSpent`] apart, because asking for less helps.
    pub fn ask<T: Deserialize<'a>>(
        &self,
        role: &str,
        query: &str,
        variables: &impl Serialize,
    ) -> Result<Answer<'a, T>, AskError> {
        let body = serde_json::to_vec(&Body { query, variables })
            .map_err(|error| PluginError::Internal(format!("variables as JSON: {error}")))?;
        let mut request = Request::post_json(self.path, role, body);
        request.origin = self.origin.map(str::to_owned);
        for (name, value) in self.headers {
            request = request.with_header(name, value);
        }
        let response = self.host.send(request).map_err(|error| match error {
            crate::HttpError::BudgetSpent => AskError::BudgetSpent,
            error => AskError::Failed(error.into()),
        })?;
        let response = self.responses.0.push_get(Box::new(response));
        check_status(response)?;
        let (data, errors) = read(role, &response.body)?;
        Ok(Answer {
            data,
            errors,
            exchange: response.exchange,
            response,
        })
    }
}

/// Reads an answer: its data, and the errors of single fields.
///
/// # Errors
/// When there is no data, what the errors mean; [`PluginError::Malformed`] when it is no answer.
pub fn read<'a, T: Deserialize<'a>>(
    role: &str,
    body: &'a [u8],
) -> Result<(T, Vec<GraphQlError>), AskError> {
    // Text is checked once as a whole, not string by string; what is no text fails with its place.
    let read = match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    };
    let envelope: Envelope<T> = read.map_err(|error| {
        // A failed query may carry data of another shape, such as `{}`: its errors tell more.
        refused(body)
            .unwrap_or_else(|| PluginError::malformed(&format!("answer to `{role}`"), error).into())
    })?;
    let Errors(errors) = envelope.errors;
    match envelope.data {
        Some(data) if !errors.iter().any(GraphQlError::is_of_the_query) => Ok((data, errors)),
        _ if errors.is_empty() => Err(AskError::Failed(PluginError::Malformed(format!(
            "answer to `{role}` has neither data nor errors"
        )))),
        _ => Err(meaning(&errors, body)),
    }
}

fn refused(body: &[u8]) -> Option<AskError> {
    #[derive(Deserialize)]
    struct OnlyErrors {
        #[serde(default)]
        errors: Errors,
    }
    let Errors(errors) = serde_json::from_slice::<OnlyErrors>(body).ok()?.errors;
    (!errors.is_empty()).then(|| meaning(&errors, body))
}

fn meaning(errors: &[GraphQlError], body: &[u8]) -> AskError {
    let message = errors.first().map_or("", |error| error.message.as_str());
    let message: String = message.chars().take(limits::QUOTE_BYTES_MAX).collect();
    let has = |codes: &[&str]| errors.iter().any(|error| codes.contains(&error.code()));
    if has(&["MAX_COST_EXCEEDED"]) {
        return AskError::TooCostly(message);
    }
    AskError::Failed(if has(&["THROTTLED"]) {
        PluginError::RateLimited(wait_ms(body))
    } else if errors.iter().any(GraphQlError::is_of_the_cursor) {
        PluginError::InvalidCursor(message)
    } else if has(&[
        "UNAUTHENTICATED",
        "UNAUTHORIZED",
        "FORBIDDEN",
        "ACCESS_DENIED",
    ]) {
        PluginError::AuthExpired(message)
    } else if has(&["SHOP_INACTIVE"]) {
        PluginError::Upstream {
            status: 402,
            message,
        }
    } else {
        PluginError::Upstream {
            status: 200,
            message,
        }
    })
}

/// Milliseconds until a cost-based throttle can serve the query (commerce-apis §1).
fn wait_ms(body: &[u8]) -> Option<u64> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let number = |pointer: &str| answer.pointer(pointer).and_then(serde_json::Value::as_f64);
    let asked = number("/extensions/cost/requestedQueryCost")?;
    let available = number("/extensions/cost/throttleStatus/currentlyAvailable")?;
    let restore =
        number("/extensions/cost/throttleStatus/restoreRate").filter(|rate| *rate > 0.0)?;
    let seconds = ((asked - available).max(0.0) / restore).min(3600.0);
    // Bounded above and below, so the conversion keeps the value.
    Some((seconds * 1000.0).ceil() as u64)
}

/// What an HTTP status means; `Ok` for 2xx.
///
/// # Errors
/// As the module says.
pub fn check_status(response: &Response) -> Result<(), PluginError> {
    let status = response.status;
    let quote = || {
        let end = response.body.len().min(limits::QUOTE_BYTES_MAX);
        let start = response.body.get(..end).unwrap_or_default();
        String::from_utf8_lossy(start).into_owned()
    };
    match status {
        200..=299 => Ok(()),
        401 | 403 => Err(PluginError::AuthExpired(format!("HTTP {status}"))),
        404 | 410 => Err(PluginError::NotFound(format!("HTTP {status}"))),
        429 => Err(PluginError::RateLimited(retry_after_ms(response))),
        _ => Err(PluginError::Upstream {
            status,
            message: quote(),
        }),
    }
}

/// `Retry-After` in seconds, with or without decimals; dates are left to the host.
fn retry_after_ms(response: &Response) -> Option<u64> {
    let seconds: f64 = response.header("retry-after")?.trim().parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| (seconds.min(86_400.0) * 1000.0).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::FakeHost;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Shop {
        name: Option<String>,
    }

    fn ask(
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(Shop, Vec<GraphQlError>), PluginError> {
        try_ask(status, headers, body).map_err(PluginError::from)
    }

    fn try_ask(
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(Shop, Vec<GraphQlError>), AskError> {
        let host = FakeHost::new();
        host.answer_with(status, headers, body);
        let endpoint = Endpoint {
            host: &host,
            path: "/graphql",
            origin: None,
            headers: &[],
            responses: &Responses::default(),
        };
        let answer = endpoint.ask("shop", "{ name }", &())?;
        Ok((answer.data, answer.errors))
    }

    #[test]
    fn statuses_have_one_meaning_each() {
        let of = |status, headers: &[(&str, &str)]| ask(status, headers, "x").unwrap_err();
        assert!(matches!(of(401, &[]), PluginError::AuthExpired(_)));
        assert!(matches!(of(403, &[]), PluginError::AuthExpired(_)));
        assert!(matches!(of(404, &[]), PluginError::NotFound(_)));
        assert_eq!(of(429, &[]), PluginError::RateLimited(None));
        assert_eq!(
            of(429, &[("Retry-After", "2.0")]),
            PluginError::RateLimited(Some(2000))
        );
        assert!(matches!(
            of(503, &[]),
            PluginError::Upstream { status: 503, .. }
        ));
        assert!(matches!(
            of(302, &[]),
            PluginError::Upstream { status: 302, .. }
        ));
    }

    #[test]
    fn a_throttled_query_says_how_long_to_wait() {
        let body = r#"{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
            "extensions": {"cost": {"requestedQueryCost": 500, "throttleStatus": {"currentlyAvailable": 100, "restoreRate": 100.0}}}}"#;
        assert_eq!(
            ask(200, &[], body).unwrap_err(),
            PluginError::RateLimited(Some(4000))
        );
    }

    #[test]
    fn an_error_beside_data_is_no_failure() {
        let body = r#"{"data": {"name": null}, "errors": [{"message": "no", "path": ["shop", "name"], "extensions": {"code": "ACCESS_DENIED"}}]}"#;
        let (data, errors) = ask(200, &[], body).unwrap();
        assert_eq!(data, Shop { name: None });
        assert!(errors.iter().any(|error| error.is_at("name")));
    }

    #[test]
    fn an_error_of_what_was_asked_for_is_neither_an_empty_list_nor_an_absent_record() {
        let of = |message: &str, code: &str| {
            let error = serde_json::json!({"message": message, "path": ["name"], "extensions": {"code": code}});
            let body = serde_json::json!({"data": {"name": null}, "errors": [error]});
            ask(200, &[], &body.to_string()).unwrap_err()
        };
        let void = "Invalid cursor for current pagination sort.";
        assert_eq!(of(void, ""), PluginError::InvalidCursor(void.to_owned()));
        assert!(matches!(
            of("Internal error", "INTERNAL_SERVER_ERROR"),
            PluginError::Upstream { status: 200, .. }
        ));
        for code in ["ACCESS_DENIED", "FORBIDDEN", "UNAUTHORIZED"] {
            assert_eq!(of("no", code), PluginError::AuthExpired("no".to_owned()));
        }
    }

    #[test]
    fn without_data_the_code_decides() {
        let of = |code: &str| {
            let body = format!(
                r#"{{"data": null, "errors": [{{"message": "m", "extensions": {{"code": "{code}"}}}}]}}"#
            );
            ask(200, &[], &body).unwrap_err()
        };
        assert_eq!(
            of("ACCESS_DENIED"),
            PluginError::AuthExpired("m".to_owned())
        );
        assert_eq!(of("FORBIDDEN"), PluginError::AuthExpired("m".to_owned()));
        let costly =
            r#"{"errors": [{"message": "m", "extensions": {"code": "MAX_COST_EXCEEDED"}}]}"#;
        assert!(matches!(
            try_ask(200, &[], costly),
            Err(AskError::TooCostly(_))
        ));
        assert!(matches!(of(""), PluginError::Upstream { status: 200, .. }));
    }

    #[test]
    fn what_is_no_answer_is_malformed_or_the_gateways_text() {
        assert!(matches!(
            ask(200, &[], "<html>").unwrap_err(),
            PluginError::Malformed(_)
        ));
        assert!(matches!(
            ask(200, &[], "{}").unwrap_err(),
            PluginError::Malformed(_)
        ));
        assert!(matches!(
            ask(200, &[], r#"{"errors": "Not Found"}"#).unwrap_err(),
            PluginError::Upstream { .. }
        ));
    }
}
