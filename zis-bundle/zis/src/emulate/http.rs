//! From an action's definition to a request, and from an answer to a state's output.

use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use super::Account;
use super::connection::{Connection, Secret, allows};
use super::error::FlowError;
use super::switches::{NonJsonAnswer, Switches};
use crate::limits::RESPONSE_BYTES_MAX;
use crate::model::{Body, HttpAction, Method, Target, Text};
use crate::template::{Resolver, TemplateError};

/// The host of every Zendesk account.
const ZENDESK_HOST: &str = "zendesk.com";

/// A request that a flow makes. Redirects are not followed.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The verb.
    pub method: Method,
    /// The absolute address.
    pub url: Url,
    /// Headers of the definition, in order.
    pub headers: Vec<(String, String)>,
    /// Header and value that the connection adds; checked against its allowed domain.
    pub authorization: Option<(String, Secret)>,
    /// Name of that connection.
    pub connection: Option<String>,
    /// The JSON body.
    pub body: Option<Value>,
    /// How long to wait for the whole answer.
    pub timeout: Duration,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// Its status.
    pub status: u16,
    /// The header `Retry-After`, where it is a number of seconds.
    pub retry_after: Option<Duration>,
    /// Its body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// An answer with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            retry_after: None,
            body: body.to_string().into_bytes(),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// None came in time.
    #[error("timed out")]
    TimedOut,
    /// The host cannot be reached; the text says why.
    #[error("{0}")]
    Unreachable(String),
}

/// Fills an action's definition. `$` inside it is the calling state's parameters.
pub(super) fn request(
    action: &HttpAction,
    parameters: &Value,
    account: &Account,
    connection: Option<&Connection>,
    switches: &Switches,
) -> Result<HttpRequest, FlowError> {
    let root = root(parameters, account, switches);
    let resolver = Resolver::new(&root, switches);
    let unresolved =
        |error: TemplateError| FlowError::new(format!("Error Resolving JSON Params: {error}"));
    let address = text(&resolver, action.target.text()).map_err(unresolved)?;
    let mut url = address_of(&action.target, &address, account)?;
    for parameter in &action.query {
        let value = text(&resolver, &parameter.value).map_err(unresolved)?;
        url.query_pairs_mut().append_pair(&parameter.key, &value);
    }
    let headers = action.headers.iter().map(|header| {
        let value = text(&resolver, &header.value).map_err(unresolved)?;
        Ok((header.key.clone(), value))
    });
    let headers = headers.collect::<Result<_, FlowError>>()?;
    let body = match &action.body {
        None => None,
        Some(Body::Template(template)) => Some(resolver.definition(template).map_err(unresolved)?),
        Some(Body::Dynamic(path)) => Some(
            resolver
                .dynamic("requestBody.$", path)
                .map_err(unresolved)?,
        ),
    };
    if let Some(connection) = connection
        && !allows(&connection.allowed_domain, &url)
    {
        return Err(FlowError::new(format!(
            "the connection \"{}\" is only allowed for https://{}, not for {}://{}",
            connection.name,
            connection.allowed_domain,
            url.scheme(),
            url.host_str().unwrap_or_default(),
        )));
    }
    Ok(HttpRequest {
        method: action.method,
        url,
        headers,
        authorization: connection.map(Connection::header),
        connection: connection.map(|connection| connection.name.clone()),
        body,
        timeout: switches.http_timeout,
    })
}

fn root(parameters: &Value, account: &Account, switches: &Switches) -> Value {
    let mut root = parameters.as_object().cloned().unwrap_or_else(Map::new);
    if switches.injected_variables {
        let injected = [
            ("subdomain", account.subdomain.as_str()),
            ("zendeskHost", ZENDESK_HOST),
        ];
        for (key, value) in injected {
            root.entry(key).or_insert_with(|| Value::from(value));
        }
    }
    Value::Object(root)
}

fn text(resolver: &Resolver<'_>, text: &Text) -> Result<String, TemplateError> {
    if !text.dynamic {
        return resolver.text(&text.text);
    }
    Ok(match resolver.dynamic(&text.text, &text.text)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

fn address_of(target: &Target, address: &str, account: &Account) -> Result<Url, FlowError> {
    let absolute = match target {
        Target::Url(_) => address.to_owned(),
        Target::Path(_) if address.starts_with('/') => {
            format!("https://{}.{ZENDESK_HOST}{address}", account.subdomain)
        }
        Target::Path(_) => {
            return Err(FlowError::new(format!(
                "the path \"{address}\" does not begin with /"
            )));
        }
    };
    let url = Url::parse(&absolute);
    let url =
        url.map_err(|error| FlowError::new(format!("\"{address}\" is no address: {error}")))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(FlowError::new(format!(
            "\"{address}\" is neither http nor https"
        )))
    }
}

/// A state's output from an answer, or the error that Zendesk reports.
pub(super) fn output(
    answer: Result<HttpResponse, HttpFailure>,
    switches: &Switches,
) -> Result<Value, FlowError> {
    let answer =
        answer.map_err(|failure| FlowError::new(format!("external action failed: {failure}")))?;
    let HttpResponse {
        status,
        retry_after,
        body,
    } = answer;
    if !(200..300).contains(&status) {
        return Err(FlowError {
            cause: format!("external action failed due to status code: {status}"),
            status: Some(status),
            retry_after,
        });
    }
    if body.len() > RESPONSE_BYTES_MAX {
        return Err(FlowError::new(format!(
            "the answer has {} bytes, more than {RESPONSE_BYTES_MAX}",
            body.len()
        )));
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    match (serde_json::from_slice(&body), switches.non_json_answer) {
        (Ok(value), _) => Ok(value),
        (Err(_), NonJsonAnswer::Text) => {
            let text = String::from_utf8(body);
            text.map(Value::from)
                .map_err(|_| FlowError::new("the answer is neither JSON nor text"))
        }
        (Err(error), NonJsonAnswer::Error) => {
            Err(FlowError::new(format!("the answer is not JSON: {error}")))
        }
    }
}
