//! Records by what people quote.
//!
//! Shopify's search knows e-mail addresses and order names of orders, and telephone numbers of
//! customers only; tracking numbers it does not index, so those are found in the host's store.

use ordercase_sdk::graphql::Responses;
use ordercase_sdk::{Context, Host, PluginError, Pulled, Query};
use serde_json::json;

use crate::api::{Api, Sizes, role, served};
use crate::complete::{complete, readings};
use crate::limits::{
    PAGE_CHILDREN, PAGE_LINES, PAGE_ORDERS_MAX, SEARCH_BYTES_MAX, SEARCH_CUSTOMERS_MAX,
};
use crate::map::customer;
use crate::map::shape::{self, Data};
use crate::query;

pub(crate) fn search(
    host: &dyn Host,
    ctx: &Context,
    query: &Query,
    limit: u32,
) -> Result<Vec<Pulled>, PluginError> {
    let responses = Responses::default();
    let api = Api::new(host, &responses);
    let limit = limit.clamp(1, PAGE_ORDERS_MAX);
    let value = query.value.trim();
    if value.is_empty() || value.len() > SEARCH_BYTES_MAX {
        return Ok(Vec::new());
    }
    match query.by.as_str() {
        "order_number" => match order_name(value) {
            Some(name) => orders(api, ctx, &format!("name:{name}"), limit),
            None => Ok(Vec::new()),
        },
        "email" => {
            let filter = format!("email:{}", quoted(value));
            let mut found = orders(api, ctx, &filter, limit)?;
            found.extend(customers(api, ctx, &filter, limit)?);
            found.truncate(limit as usize);
            Ok(found)
        }
        "phone" => by_phone(api, ctx, value, limit),
        "tracking_number" => Err(PluginError::Unsupported(
            "Shopify does not search by tracking number; synced orders are found in the store"
                .to_owned(),
        )),
        other => Err(PluginError::Unsupported(format!("search by `{other}`"))),
    }
}

/// An order's name without the marks that Shopify's search leaves out; `None` when it has no digit.
fn order_name(value: &str) -> Option<String> {
    let name: String = value
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .collect();
    name.chars().any(|c| c.is_ascii_digit()).then_some(name)
}

/// A phrase of Shopify's search syntax.
fn quoted(value: &str) -> String {
    let escaped: String = value
        .chars()
        .filter(|c| !c.is_control())
        .flat_map(|c| {
            let escape = matches!(c, '"' | '\\').then_some('\\');
            escape.into_iter().chain(std::iter::once(c))
        })
        .collect();
    format!("\"{escaped}\"")
}

fn orders(
    api: Api<'_>,
    ctx: &Context,
    filter: &str,
    limit: u32,
) -> Result<Vec<Pulled>, PluginError> {
    let mut sizes = Sizes {
        first: limit,
        lines: PAGE_LINES,
        children: PAGE_CHILDREN,
    };
    let answer =
        api.ask_sized::<Data<'_>, _>(role::ORDERS, query::ORDERS, &mut sizes, |sizes| {
            json!({
                "first": sizes.first,
                "query": filter,
                "sortKey": "CREATED_AT",
                "reverse": true,
                "lines": sizes.lines,
                "children": sizes.children,
            })
        })?;
    let mut readings = readings(answer);
    complete(api, &mut readings)?;
    readings
        .into_iter()
        .map(|reading| reading.pulled(ctx))
        .collect()
}

fn customers(
    api: Api<'_>,
    ctx: &Context,
    filter: &str,
    limit: u32,
) -> Result<Vec<Pulled>, PluginError> {
    let variables = json!({
        "first": limit.min(u32::try_from(SEARCH_CUSTOMERS_MAX).unwrap_or(1)),
        "query": filter,
        "sortKey": "UPDATED_AT",
        "reverse": true,
    });
    let answer = api.ask::<Data<'_>>(role::CUSTOMERS, query::CUSTOMERS, &variables)?;
    let (exchange, api_version) = (answer.exchange, served(&answer));
    let contents = shape::contents(answer.data, &answer.errors);
    let denied: Vec<String> = contents.denied.into_iter().collect();
    contents
        .customers
        .iter()
        .map(|found| {
            Ok(Pulled {
                record: customer::record(found, ctx, api_version.as_deref(), &denied)?,
                exchanges: vec![exchange],
            })
        })
        .collect()
}

/// The customers with that number, each followed by their orders.
fn by_phone(
    api: Api<'_>,
    ctx: &Context,
    value: &str,
    limit: u32,
) -> Result<Vec<Pulled>, PluginError> {
    let mut found = customers(api, ctx, &format!("phone:{}", quoted(value)), limit)?;
    let ids: Vec<String> = found.iter().map(|p| p.record.source_id.clone()).collect();
    for id in ids {
        let room = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        if room == 0 {
            break;
        }
        found.extend(orders(api, ctx, &format!("customer_id:{id}"), room)?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_searched_text_cannot_add_terms() {
        assert_eq!(quoted(r#"a" OR email:"b"#), r#""a\" OR email:\"b""#);
        assert_eq!(order_name("#1001 OR *").as_deref(), Some("1001OR"));
        assert_eq!(order_name("hello"), None);
    }
}
