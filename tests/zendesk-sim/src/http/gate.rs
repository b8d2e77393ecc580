//! The gate in front of every API request, in Zendesk's order: faults, credential, scope, limits;
//! then the handler; then headers, the journal, and perhaps the scissors.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, Method, StatusCode, header};

use super::answer::{ApiError, put_header};
use super::caller::{Caller, check_scope, identify};
use super::fault::{self, FaultKind};
use super::meter::Reading;
use super::wire::Scissors;
use crate::clock::iso;
use crate::limits::TIMEOUT_MILLIS;
use crate::shared::{Shared, Write};

/// Lets a request through, or not.
pub(crate) async fn gate(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    mut request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let fault = shared.faults().for_request(&method, &path);
    if let Some(response) = before(&shared, fault.as_ref(), &scissors, &path).await {
        return note(&shared, None, &method, &path, response, false);
    }
    let (caller, reading) = match admit(&shared, &request, &method, &path) {
        Ok(admitted) => admitted,
        Err(refused) => {
            let (error, caller, reading) = *refused;
            let mut response = error.into_response();
            if let Some(reading) = reading {
                reading.write(&mut response);
            }
            return note(&shared, caller.as_ref(), &method, &path, response, false);
        }
    };
    if let Some(caller) = &caller {
        request.extensions_mut().insert(caller.clone());
    }
    let mut response = next.run(request).await;
    reading.write(&mut response);
    let lost = fault == Some(FaultKind::LostAnswer);
    if lost {
        scissors.cut();
    }
    note(&shared, caller.as_ref(), &method, &path, response, lost)
}

/// What a fault does before anything is applied; an answer where it is the whole story.
async fn before(
    shared: &Shared,
    fault: Option<&FaultKind>,
    scissors: &Scissors,
    path: &str,
) -> Option<Response> {
    match fault? {
        FaultKind::Status {
            status,
            retry_after,
            body,
        } => Some(fault::answer(*status, *retry_after, *body).into_response()),
        FaultKind::Slow { millis } => {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
            None
        }
        FaultKind::Timeout => {
            tokio::time::sleep(Duration::from_millis(TIMEOUT_MILLIS)).await;
            scissors.cut();
            Some(StatusCode::GATEWAY_TIMEOUT.into_response())
        }
        FaultKind::Refuse => {
            scissors.cut();
            Some(StatusCode::BAD_GATEWAY.into_response())
        }
        FaultKind::Overtaken => {
            crate::admin::overtake(shared, path);
            None
        }
        _ => None,
    }
}

type Admitted = (Option<Caller>, Reading);
type Refused = Box<(ApiError, Option<Caller>, Option<Reading>)>;

fn admit(
    shared: &Shared,
    request: &Request,
    method: &Method,
    path: &str,
) -> Result<Admitted, Refused> {
    let plain = |error| Refused::from((error, None, None));
    check_host(shared, request).map_err(plain)?;
    let open = path.starts_with("/oauth/") || path == "/api/v2/users/me";
    let caller = identify(shared, request.headers()).map_err(plain)?;
    if caller.is_none() && !open {
        return Err(plain(ApiError::unauthenticated()));
    }
    if let Some(caller) = &caller {
        check_scope(caller, method, path)
            .map_err(|error| Refused::from((error, Some(caller.clone()), None)))?;
    }
    let user = caller.as_ref().map_or(0, |caller| caller.user_id);
    let counted = shared.meters().count(
        shared.config.plan,
        method,
        path,
        user,
        shared.clock.seconds(),
    );
    match counted {
        Ok(reading) => Ok((caller, reading)),
        Err((error, reading)) => Err(Box::new((error, caller, Some(reading)))),
    }
}

/// Zendesk answers for its own name only. Loopback names serve clients that cannot set a host.
fn check_host(shared: &Shared, request: &Request) -> Result<(), ApiError> {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name.eq_ignore_ascii_case(&shared.host()) || name == "127.0.0.1" || name == "localhost" {
        return Ok(());
    }
    Err(ApiError::text(
        StatusCode::NOT_FOUND,
        "No help desk at this address",
    ))
}

/// Adds what every answer carries and remembers writes.
fn note(
    shared: &Shared,
    caller: Option<&Caller>,
    method: &Method,
    path: &str,
    mut response: Response,
    answer_lost: bool,
) -> Response {
    let mut records = shared.records();
    records.requests += 1;
    let request_id = format!("sim-{:012}", records.requests);
    if method != Method::GET {
        records.note_write(Write {
            at: iso(shared.clock.seconds()),
            credential: caller.map_or_else(|| "none".to_owned(), Caller::name),
            method: method.to_string(),
            path: path.to_owned(),
            status: response.status().as_u16(),
            answer_lost,
        });
    }
    drop(records);
    put_header(
        &mut response,
        HeaderName::from_static("x-zendesk-request-id"),
        &request_id,
    );
    response
}
