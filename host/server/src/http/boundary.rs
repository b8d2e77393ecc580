//! The outermost layers: a request id, one log line, a bound on work at once, time limits, and a
//! net for panics. Each refusal is a problem document.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, header};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::problem::{Kind, Problem};
use crate::{ids, limits};

/// Header that carries the id of a request, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the request, logs it once, and completes a problem with its id.
pub async fn name_and_log(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| well_formed(id))
        .map_or_else(|| ids::id("req"), str::to_owned);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!(
        "request",
        request.id = id,
        http.method = %request.method(),
        http.route = route,
    );
    answer(request, next, &id).instrument(span).await
}

async fn answer(request: Request, next: Next, id: &str) -> Response {
    let started = tokio::time::Instant::now();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem.log();
        response = problem.respond(Some(id));
    }
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    tracing::info!(
        http.status = status,
        duration_ms,
        "answered {status} in {duration_ms} ms"
    );
    response
}

/// A caller's id is kept where it cannot do harm in a log or a header.
fn well_formed(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 64
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// At most [`limits::REQUESTS_IN_FLIGHT_MAX`] requests at once; the rest is told to come again.
pub async fn bound_in_flight(
    State(places): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => Problem::new(Kind::Busy, "too many requests are under way; ask again")
            .retry_after(1)
            .into_response(),
    }
}

/// Places for [`bound_in_flight`].
#[must_use]
pub fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(limits::REQUESTS_IN_FLIGHT_MAX))
}

/// Refuses a body that says to be longer than the route takes, before any of it is read.
pub async fn bound_length(State(limit): State<usize>, request: Request, next: Next) -> Response {
    let said = request.headers().get(header::CONTENT_LENGTH);
    let said = said
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    // One of unknown length is counted while it is read.
    let fits =
        said.is_none_or(|length| usize::try_from(length).is_ok_and(|length| length <= limit));
    if fits {
        return next.run(request).await;
    }
    let detail = format!("a body has at most {limit} bytes here");
    Problem::new(Kind::TooLarge, detail).into_response()
}

/// Ends a request that takes longer than the route allows.
pub async fn bound_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            Kind::TimedOut,
            format!("no answer within {} ms; ask again", limit.as_millis()),
        )
        .retry_after(5)
        .into_response(),
    }
}

/// Answers for a handler that panicked.
#[must_use]
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that the panic layer calls"
)]
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Problem::new(Kind::Internal, "it is logged; nothing was changed half-way")
        .because(text)
        .into_response()
}

/// Turns every failure of the host into "could not be stored": desk events are promised that 500 never
/// happens, so that their flow knows to ask again.
pub async fn never_500(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status() != http::StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let problem = response
        .extensions_mut()
        .remove::<Problem>()
        .unwrap_or_else(|| Problem::new(Kind::Internal, ""));
    problem
        .recast(Kind::CannotStore)
        .retry_after(5)
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_id_is_kept_only_when_harmless() {
        assert!(well_formed("abc-123_X"));
        assert!(!well_formed(""));
        assert!(!well_formed("a b"));
        assert!(!well_formed(&"a".repeat(65)));
    }
}
