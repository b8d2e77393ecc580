//! `http`: a request through the door, within what the call has left.

use crate::{
    Exchange, PluginError,
    abi::bindings::ordercase::source::{
        errors::HttpError,
        http::{self, Method as RawMethod, Request, Response},
        types::Header,
    },
    call::CallState,
    egress::{Asked, Leave, Refusal, TransportError},
    limits,
    package::Method,
};

impl http::Host for CallState {
    async fn send(&mut self, request: Request) -> Result<Response, HttpError> {
        let Some(access) = &self.http else {
            return Err(HttpError::Denied(
                "this export is pure: it may not use http".to_owned(),
            ));
        };
        if self.requests >= access.requests_max {
            return Err(HttpError::BudgetSpent);
        }
        self.requests += 1;
        let index = u32::try_from(self.exchanges.len()).unwrap_or(u32::MAX);
        let leave = Leave {
            manifest: &access.manifest,
            scope: &access.scope,
            deadline: access.deadline,
            index,
            response_bytes_left: limits::RESPONSE_BYTES_PER_CALL_MAX
                .saturating_sub(self.response_bytes),
        };
        match access.door.send(asked(request), &leave).await {
            Ok(exchange) => {
                self.response_bytes += exchange.body.len();
                let response = response(&exchange);
                self.exchanges.push(exchange);
                Ok(response)
            }
            Err(refusal) => {
                if let Some(verdict) = verdict(&refusal) {
                    self.verdict = Some(verdict);
                }
                Err(told(refusal))
            }
        }
    }
}

fn asked(request: Request) -> Asked {
    Asked {
        origin: request.origin,
        method: match request.method {
            RawMethod::Get => Method::Get,
            RawMethod::Head => Method::Head,
            RawMethod::Post => Method::Post,
            RawMethod::Put => Method::Put,
            RawMethod::Patch => Method::Patch,
            RawMethod::Delete => Method::Delete,
        },
        path: request.path,
        query: request.query,
        headers: request
            .headers
            .into_iter()
            .map(|h| (h.name, h.value))
            .collect(),
        body: request.body,
        role: request.role,
    }
}

fn response(exchange: &Exchange) -> Response {
    let header = |(name, value): &(String, String)| Header {
        name: name.clone(),
        value: value.clone(),
    };
    Response {
        status: exchange.status,
        headers: exchange.headers.iter().map(header).collect(),
        body: exchange.body.to_vec(),
        exchange: exchange.index,
    }
}

/// What a refusal means for the connection, where the host knows better than the plugin can.
fn verdict(refusal: &Refusal) -> Option<PluginError> {
    match refusal {
        Refusal::Credential(error) => Some(PluginError::AuthExpired(error.to_string())),
        Refusal::Setting(problem) => Some(PluginError::InvalidConfig {
            field: problem.field.clone(),
            message: problem.message.clone(),
        }),
        _ => None,
    }
}

/// What the plugin is told.
fn told(refusal: Refusal) -> HttpError {
    match refusal {
        Refusal::Denied(reason) => HttpError::Denied(reason),
        Refusal::RateLimited(wait) => {
            HttpError::RateLimited(wait.map(|w| u64::try_from(w.as_millis()).unwrap_or(u64::MAX)))
        }
        Refusal::Credential(error) => HttpError::Denied(error.to_string()),
        Refusal::Setting(problem) => HttpError::Denied(problem.to_string()),
        Refusal::MediaType { .. } | Refusal::Resting { .. } => {
            HttpError::Connection(refusal.to_string())
        }
        Refusal::Transport(error) => match error {
            TransportError::Denied(reason) => HttpError::Denied(reason),
            TransportError::Dns(reason) => HttpError::Dns(reason),
            TransportError::Tls(reason) => HttpError::Tls(reason),
            TransportError::Connection(reason) => HttpError::Connection(reason),
            TransportError::Timeout => HttpError::Timeout,
            TransportError::TooLarge { .. } => HttpError::TooLarge,
        },
    }
}
