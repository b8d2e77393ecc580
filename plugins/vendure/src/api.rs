//! Vendure's Admin API: one endpoint, and refusals that come as HTTP 200.

use ordercase_sdk::graphql::{Answer, Endpoint, Responses};
use ordercase_sdk::{Host, PluginError};
use serde::{Deserialize, Serialize};

use crate::limits::ID_BYTES_MAX;

/// Path of the endpoint; the manifest allows no other.
const PATH: &str = "/admin-api";

/// Roles under which answers are kept.
pub(crate) mod role {
    pub(crate) const ORDERS: &str = "orders";
    pub(crate) const ORDER: &str = "order";
    pub(crate) const CUSTOMERS: &str = "customers";
    pub(crate) const CUSTOMER: &str = "customer";
    pub(crate) const PEOPLE: &str = "people";
    pub(crate) const SHOP: &str = "shop";
}

/// Asks once. A refusal of a part (an order's `customer`) counts like one of the whole query: it
/// leaves null behind, and a missing permission must not look like a customer who is not there.
pub(crate) fn ask<'a, T: Deserialize<'a>>(
    host: &'a dyn Host,
    responses: &'a Responses,
    role: &str,
    query: &str,
    variables: &impl Serialize,
) -> Result<Answer<'a, T>, PluginError> {
    let endpoint = Endpoint {
        host,
        path: PATH,
        origin: None,
        headers: &[],
        responses,
    };
    let answer = endpoint.ask::<T>(role, query, variables)?;
    let refused = answer
        .errors
        .iter()
        .find(|error| matches!(error.code(), "FORBIDDEN" | "UNAUTHORIZED"));
    match refused {
        Some(error) => Err(PluginError::AuthExpired(error.message.clone())),
        None => Ok(answer),
    }
}

/// An id that Vendure can have handed out: numbers, or UUIDs under another strategy.
pub(crate) fn id(source_id: &str) -> Result<&str, PluginError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let fits = !source_id.is_empty() && source_id.len() <= ID_BYTES_MAX;
    if fits && source_id.bytes().all(plain) {
        Ok(source_id)
    } else {
        Err(PluginError::NotFound(
            "no id that Vendure hands out".to_owned(),
        ))
    }
}
