//! Records by what people quote. Vendure knows codes, e-mail addresses and telephone numbers; a
//! tracking number is found in the host's store.

use ordercase_sdk::graphql::Responses;
use ordercase_sdk::{Context, Host, PluginError, Pulled, Query};
use serde_json::{Value, json};

use crate::api::{ask, role};
use crate::limits::{PAGE_ORDERS_MAX, SEARCH_BYTES_MAX, SEARCH_CUSTOMERS_MAX};
use crate::map::{customer, order};
use crate::query;
use crate::wire::Data;

pub(crate) fn search(
    host: &dyn Host,
    ctx: &Context,
    query: &Query,
    limit: u32,
) -> Result<Vec<Pulled>, PluginError> {
    let limit = limit.clamp(1, PAGE_ORDERS_MAX);
    let value = query.value.trim();
    if value.is_empty() || value.len() > SEARCH_BYTES_MAX {
        return Ok(Vec::new());
    }
    match query.by.as_str() {
        "order_number" => by_code(host, ctx, value, limit),
        // Vendure keeps addresses in lower case.
        "email" => people(
            host,
            ctx,
            &json!({ "emailAddress": { "eq": value.to_lowercase() } }),
            limit,
        ),
        "phone" => people(host, ctx, &json!({ "phoneNumber": { "eq": value } }), limit),
        "tracking_number" => Err(PluginError::Unsupported(
            "Vendure does not search by tracking number; synced orders are found in the store"
                .to_owned(),
        )),
        other => Err(PluginError::Unsupported(format!("search by `{other}`"))),
    }
}

fn by_code(
    host: &dyn Host,
    ctx: &Context,
    value: &str,
    limit: u32,
) -> Result<Vec<Pulled>, PluginError> {
    let code: String = value
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    if code.is_empty() {
        return Ok(Vec::new());
    }
    let variables = json!({ "options": {
        "take": limit,
        "filter": { "code": { "in": [code, code.to_ascii_uppercase()] }, "active": { "eq": false } },
    }});
    let responses = Responses::default();
    let answer = ask::<Data<'_>>(host, &responses, role::ORDERS, query::ORDERS, &variables)?;
    let found = answer.data.orders.0.unwrap_or_default();
    let records = found
        .items
        .iter()
        .filter_map(|found| order::record(found, ctx).transpose());
    records
        .map(|record| {
            Ok(Pulled {
                record: record?,
                exchanges: vec![answer.exchange],
            })
        })
        .collect()
}

/// Customers and, first, their newest orders.
fn people(
    host: &dyn Host,
    ctx: &Context,
    filter: &Value,
    limit: u32,
) -> Result<Vec<Pulled>, PluginError> {
    let variables = json!({
        "options": { "take": SEARCH_CUSTOMERS_MAX.min(limit), "filter": filter },
        "orders": {
            "take": limit,
            "sort": { "orderPlacedAt": "DESC" },
            "filter": { "active": { "eq": false } },
        },
    });
    let responses = Responses::default();
    let answer = ask::<Data<'_>>(host, &responses, role::PEOPLE, query::PEOPLE, &variables)?;
    let found = answer.data.customers.0.unwrap_or_default();
    let exchanges = vec![answer.exchange];
    let mut records = Vec::new();
    for person in found.items.iter() {
        for one in person
            .orders
            .get()
            .iter()
            .flat_map(|list| list.items.iter())
        {
            records.extend(order::record(one, ctx)?);
        }
    }
    for person in found.items.iter() {
        records.push(customer::record(person, ctx)?);
    }
    records.truncate(limit as usize);
    let pulled = records.into_iter().map(|record| Pulled {
        record,
        exchanges: exchanges.clone(),
    });
    Ok(pulled.collect())
}
