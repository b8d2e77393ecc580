//! The real host, behind the traits that a plugin sees.

use std::sync::Once;

use ordercase_model::Instant;

use super::bindings::base::ordercase::source::{http, log, time, types};
use crate::{Ambient, Host, HttpError, Level, Method, Request, Response};

/// The host of this call.
pub(super) struct Door;

impl Ambient for Door {
    fn log(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let level = match level {
            Level::Error => log::Level::Error,
            Level::Warn => log::Level::Warn,
            Level::Info => log::Level::Info,
            Level::Debug => log::Level::Debug,
        };
        log::emit(level, message, &fields);
    }

    fn now(&self) -> Instant {
        // A host that breaks the contract here must not take the call down with it.
        let epoch = Instant::from(jiff::Timestamp::UNIX_EPOCH);
        time::now().parse().unwrap_or(epoch)
    }
}

impl Host for Door {
    fn send(&self, request: Request) -> Result<Response, HttpError> {
        let response = http::send(&http::Request {
            origin: request.origin,
            method: method(request.method),
            path: request.path,
            query: request.query,
            headers: request
                .headers
                .into_iter()
                .map(|(name, value)| types::Header { name, value })
                .collect(),
            body: request.body,
            role: request.role,
        })?;
        Ok(Response {
            status: response.status,
            headers: response
                .headers
                .into_iter()
                .map(|header| (header.name, header.value))
                .collect(),
            body: response.body,
            exchange: response.exchange,
        })
    }
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::Get,
        Method::Head => http::Method::Head,
        Method::Post => http::Method::Post,
        Method::Put => http::Method::Put,
        Method::Patch => http::Method::Patch,
        Method::Delete => http::Method::Delete,
    }
}

/// Sends a panic's message to the operator before the trap; once per instance.
pub(super) fn watch_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            log::emit(log::Level::Error, &format!("panic: {info}"), &[]);
        }));
    });
}
