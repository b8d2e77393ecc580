//! Shopify's Admin GraphQL: one endpoint, and queries that shrink until the shop takes them.
//!
//! What one query may cost is the shop's business and depends on its plan; asking for less is the only
//! remedy, so every reading of orders goes through [`Sizes`].

use ordercase_sdk::graphql::{Answer, AskError, Endpoint, Responses};
use ordercase_sdk::{Host, PluginError};
use serde::{Deserialize, Serialize};

use crate::limits::SHRUNK_MIN;

/// Path of the endpoint; the manifest allows no other.
pub(crate) const PATH: &str = "/admin/api/2026-10/graphql.json";

/// Roles under which answers are kept.
pub(crate) mod role {
    pub(crate) const ORDERS: &str = "orders";
    pub(crate) const ORDER: &str = "order";
    pub(crate) const ORDER_LINES: &str = "order_lines";
    pub(crate) const ORDER_BACKS: &str = "order_backs";
    pub(crate) const CUSTOMERS: &str = "customers";
    pub(crate) const CUSTOMER: &str = "customer";
    pub(crate) const COUNT: &str = "count";
    pub(crate) const SHOP: &str = "shop";
    pub(crate) const SUBSCRIPTIONS: &str = "subscriptions";
    pub(crate) const SUBSCRIBE: &str = "subscribe";
    pub(crate) const UNSUBSCRIBE: &str = "unsubscribe";
}

/// The shop's API.
#[derive(Clone, Copy)]
pub(crate) struct Api<'a>(Endpoint<'a>);

impl<'a> Api<'a> {
    pub(crate) fn new(host: &'a dyn Host, responses: &'a Responses) -> Self {
        Self(Endpoint {
            host,
            path: PATH,
            origin: None,
            headers: &[],
            responses,
        })
    }

    pub(crate) fn host(&self) -> &'a dyn Host {
        self.0.host
    }

    /// Asks once.
    pub(crate) fn ask<T: Deserialize<'a>>(
        &self,
        role: &str,
        query: &str,
        variables: &impl Serialize,
    ) -> Result<Answer<'a, T>, AskError> {
        self.0.ask(role, query, variables)
    }

    /// Asks, for less and less while the shop finds the query too costly.
    pub(crate) fn ask_sized<T: Deserialize<'a>, V: Serialize>(
        &self,
        role: &str,
        query: &str,
        sizes: &mut Sizes,
        variables: impl Fn(Sizes) -> V,
    ) -> Result<Answer<'a, T>, AskError> {
        loop {
            match self.ask(role, query, &variables(*sizes)) {
                Err(AskError::TooCostly(why)) => {
                    *sizes = sizes.smaller().ok_or(AskError::TooCostly(why))?;
                }
                answer => return answer,
            }
        }
    }
}

/// How much a query asks for at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) first: u32,
    pub(crate) lines: u32,
    pub(crate) children: u32,
}

impl Sizes {
    /// Half as many records, then half as much of each; `None` when nothing is left to halve.
    pub(crate) fn smaller(self) -> Option<Self> {
        let half = |size: u32| (size / 2).max(SHRUNK_MIN);
        if self.first > 1 {
            return Some(Self {
                first: self.first / 2,
                ..self
            });
        }
        let smaller = Self {
            lines: half(self.lines),
            children: half(self.children),
            ..self
        };
        (smaller != self).then_some(smaller)
    }
}

/// The API version that the shop says it served.
pub(crate) fn served<T>(answer: &Answer<'_, T>) -> Option<String> {
    let version = answer.response.header("x-shopify-api-version")?;
    Some(version.to_owned())
}

/// The global id of a record; `NotFound` when the id cannot be Shopify's.
pub(crate) fn gid(kind: &str, source_id: &str) -> Result<String, PluginError> {
    let numeric = !source_id.is_empty()
        && source_id.len() <= 20
        && source_id.bytes().all(|b| b.is_ascii_digit());
    if !numeric {
        return Err(PluginError::NotFound(format!(
            "Shopify's ids are numbers, this {kind} id is not"
        )));
    }
    Ok(format!("gid://shopify/{kind}/{source_id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_shrink_before_their_parts_and_both_end() {
        let mut sizes = Sizes {
            first: 4,
            lines: 10,
            children: 5,
        };
        let mut seen = vec![sizes];
        while let Some(smaller) = sizes.smaller() {
            sizes = smaller;
            seen.push(sizes);
        }
        let first: Vec<u32> = seen.iter().map(|s| s.first).collect();
        let lines: Vec<u32> = seen.iter().map(|s| s.lines).collect();
        assert_eq!(first, [4, 2, 1, 1, 1]);
        assert_eq!(lines, [10, 10, 10, 5, 2]);
    }

    #[test]
    fn an_id_that_is_no_number_is_not_found() {
        assert_eq!(gid("Order", "42").as_deref(), Ok("gid://shopify/Order/42"));
        assert!(matches!(
            gid("Order", "4\"2"),
            Err(PluginError::NotFound(_))
        ));
        assert!(matches!(gid("Order", ""), Err(PluginError::NotFound(_))));
    }
}
