//! One request through the door, step by step.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;
use url::Url;

use super::{
    OutboundRequest, Transport, TransportError, answer, auth, breaker::Breakers, header, path,
    redact::Needles, throttle::Throttles,
};
use crate::{
    CallScope, Clock, CredentialError, Exchange, SentRequest, limits,
    package::{Auth, Manifest, Method, Origin, SettingProblem},
};

/// The door: how requests leave, and how often.
pub(crate) struct Door {
    transport: Arc<dyn Transport>,
    throttles: Throttles,
    breakers: Breakers,
    clock: Clock,
}

/// What a plugin asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) origin: Option<String>,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) role: String,
}

/// For whom and until when a request may leave.
pub(crate) struct Leave<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) scope: &'a CallScope,
    pub(crate) deadline: Instant,
    /// Number that the exchange gets.
    pub(crate) index: u32,
    /// Bytes of answers that the call may still have.
    pub(crate) response_bytes_left: usize,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    Denied(String),
    #[error("the throttle of this shop cannot wait any longer")]
    RateLimited(Option<Duration>),
    #[error(
        "`{role}` failed {failures} times in a row and is asked again in {} s",
        wait.as_secs().max(1)
    )]
    Resting {
        role: String,
        failures: u32,
        wait: Duration,
    },
    #[error(transparent)]
    Credential(CredentialError),
    #[error(transparent)]
    Setting(#[from] SettingProblem),
    #[error("the answer is {got}, which the origin's content-types do not accept")]
    MediaType { got: String },
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl Refusal {
    pub(crate) fn denied(reason: impl Into<String>) -> Self {
        Self::Denied(reason.into())
    }
}

impl Door {
    pub(crate) fn new(transport: Arc<dyn Transport>, clock: Clock) -> Self {
        Self {
            transport,
            throttles: Throttles::default(),
            breakers: Breakers::default(),
            clock,
        }
    }

    /// Sends what a plugin asks for, if it may.
    pub(crate) async fn send(&self, asked: Asked, leave: &Leave<'_>) -> Result<Exchange, Refusal> {
        let alias = asked.origin.as_deref();
        let origin = leave.manifest.origin(alias).ok_or_else(|| {
            Refusal::denied(format!(
                "the manifest has no origin `{}`",
                printable(alias.unwrap_or(""))
            ))
        })?;
        let (mut url, mut headers) = address(origin, &asked, leave.scope)?;
        let body = asked.body.map(Bytes::from);
        let request = SentRequest {
            origin: origin.alias.clone(),
            method: asked.method,
            path: asked.path,
            query: asked.query,
            headers: header::hand_on(&headers, &Needles::default()),
            body: body.clone(),
        };

        let scope = leave.scope;
        let key = (
            scope.tenant_id.clone(),
            scope.connection_id.clone(),
            origin.alias.clone(),
        );
        let wait_until = leave
            .deadline
            .min(Instant::now() + limits::THROTTLE_WAIT_MAX);
        let limit = origin.rate_limit.as_ref();
        let endpoint = (key.clone(), asked.role.clone());
        self.breakers.enter(&endpoint, Instant::now())?;
        let ticket = self
            .throttles
            .enter(key, limit, &asked.role, scope.lane, wait_until)
            .await?;

        // From here on nothing of the plugin's is read any more.
        let signed = auth::sign(&origin.auth, &*scope.credentials, &mut url, &mut headers).await;
        let needles = match signed {
            Ok(needles) => needles,
            Err(refusal) => {
                ticket.give_back();
                return Err(refusal);
            }
        };
        let sent_at = (self.clock)();
        let outbound = OutboundRequest {
            tenant_id: scope.tenant_id.clone(),
            connection_id: scope.connection_id.clone(),
            method: method(asked.method),
            url,
            headers,
            body,
            response_bytes_max: limits::RESPONSE_BODY_BYTES_MAX.min(leave.response_bytes_left),
            timeout: leave.deadline.saturating_duration_since(Instant::now()),
        };
        let answer = self.transport.send(outbound).await;
        self.breakers.note(endpoint, &answer, Instant::now());
        let answer = answer?;
        ticket.settle(&answer::report(&answer, limit, (self.clock)()));

        let content_type = answer::content_type(&answer.headers).to_owned();
        let accepted = answer::is_accepted(&content_type, &origin.content_types);
        if !accepted && answer.status.is_success() && !answer.body.is_empty() {
            return Err(Refusal::MediaType {
                got: printable(&content_type),
            });
        }
        Ok(Exchange {
            index: leave.index,
            role: asked.role,
            status: answer.status.as_u16(),
            headers: header::hand_on(&answer.headers, &needles),
            // An error page in another media type is worth its status and no more.
            body: if accepted {
                needles.replace_in(answer.body)
            } else {
                Bytes::new()
            },
            content_type,
            sent_at,
            request,
        })
    }
}

/// Where a request goes and with which headers: everything that the plugin has a say in.
fn address(
    origin: &Origin,
    asked: &Asked,
    scope: &CallScope,
) -> Result<(Url, http::HeaderMap), Refusal> {
    if !origin.methods.contains(&asked.method) {
        return Err(Refusal::denied(format!(
            "the origin `{}` does not allow {}",
            origin.alias, asked.method
        )));
    }
    if asked.role.len() > limits::REQUEST_ROLE_BYTES_MAX {
        return Err(Refusal::denied("the role is too long"));
    }
    if asked
        .body
        .as_ref()
        .is_some_and(|b| b.len() > limits::REQUEST_BODY_BYTES_MAX)
    {
        return Err(Refusal::denied(format!(
            "the body is longer than {} bytes",
            limits::REQUEST_BODY_BYTES_MAX
        )));
    }
    let base = origin.url.expand(&scope.settings)?;
    let mut url = path::join(&base, &asked.path, &origin.path_prefixes)
        .map_err(|error| Refusal::denied(error.to_string()))?;
    query(origin, asked, &mut url)?;
    let signing = match &origin.auth {
        Auth::Header { header, .. } => Some(header.as_str()),
        _ => None,
    };
    Ok((url, header::let_through(&asked.headers, signing)?))
}

fn query(origin: &Origin, asked: &Asked, url: &mut Url) -> Result<(), Refusal> {
    if asked.query.is_empty() {
        return Ok(());
    }
    let bytes: usize = asked.query.iter().map(|(n, v)| n.len() + v.len()).sum();
    if bytes > limits::REQUEST_QUERY_BYTES_MAX {
        return Err(Refusal::denied("the query is too long"));
    }
    if let Auth::Query { param, .. } = &origin.auth
        && asked.query.iter().any(|(name, _)| name == param)
    {
        return Err(Refusal::denied(format!(
            "the query names `{param}`, which is the host's"
        )));
    }
    url.query_pairs_mut().extend_pairs(&asked.query);
    Ok(())
}

/// Bounded and without control characters, to be quoted in an error.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

const fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

#[cfg(test)]
mod tests;
