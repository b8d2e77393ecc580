//! One record by its id.

use ordercase_sdk::graphql::Responses;
use ordercase_sdk::model::{Kind, RecordRef};
use ordercase_sdk::{Context, Host, PluginError, Pulled};
use serde_json::json;

use crate::api::{Api, gid, role, served};
use crate::complete::{alone, complete};
use crate::map::customer;
use crate::map::shape::{self, Data};
use crate::query;

pub(crate) fn fetch(
    host: &dyn Host,
    ctx: &Context,
    target: &RecordRef,
) -> Result<Vec<Pulled>, PluginError> {
    let responses = Responses::default();
    let api = Api::new(host, &responses);
    match target.kind {
        Kind::Order => order(api, ctx, &target.source_id),
        Kind::Customer => one_customer(api, ctx, &target.source_id),
        other => Err(PluginError::Unsupported(format!(
            "a {other} is read with its order: fetch the order"
        ))),
    }
}

fn order(api: Api<'_>, ctx: &Context, source_id: &str) -> Result<Vec<Pulled>, PluginError> {
    let mut readings = alone(api, &gid("Order", source_id)?)?;
    if readings.is_empty() {
        return Err(PluginError::NotFound(format!("order {source_id}")));
    }
    complete(api, &mut readings)?;
    readings
        .into_iter()
        .map(|reading| reading.pulled(ctx))
        .collect()
}

fn one_customer(api: Api<'_>, ctx: &Context, source_id: &str) -> Result<Vec<Pulled>, PluginError> {
    let variables = json!({ "id": gid("Customer", source_id)? });
    let answer = api.ask::<Data<'_>>(role::CUSTOMER, query::CUSTOMER, &variables)?;
    let (exchange, api_version) = (answer.exchange, served(&answer));
    let contents = shape::contents(answer.data, &answer.errors);
    let denied: Vec<String> = contents.denied.into_iter().collect();
    let found = contents
        .customers
        .first()
        .ok_or_else(|| PluginError::NotFound(format!("customer {source_id}")))?;
    Ok(vec![Pulled {
        record: customer::record(found, ctx, api_version.as_deref(), &denied)?,
        exchanges: vec![exchange],
    }])
}
