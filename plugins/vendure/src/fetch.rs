//! One record by its id.

use ordercase_sdk::graphql::Responses;
use ordercase_sdk::model::{Kind, RecordRef};
use ordercase_sdk::{Context, Host, PluginError, Pulled};
use serde_json::json;

use crate::api::{ask, id, role};
use crate::map::{customer, order};
use crate::query;
use crate::wire::Data;

pub(crate) fn fetch(
    host: &dyn Host,
    ctx: &Context,
    target: &RecordRef,
) -> Result<Vec<Pulled>, PluginError> {
    let variables = json!({ "id": id(&target.source_id)? });
    let gone = || PluginError::NotFound(format!("{} {}", target.kind, target.source_id));
    let responses = Responses::default();
    let (record, exchange) = match target.kind {
        Kind::Order => {
            let answer = ask::<Data<'_>>(host, &responses, role::ORDER, query::ORDER, &variables)?;
            let found = answer.data.order.get().ok_or_else(gone)?;
            // A cart is no order: it is as absent as a deleted one.
            let record = order::record(found, ctx)?.ok_or_else(gone)?;
            (record, answer.exchange)
        }
        Kind::Customer => {
            let answer = ask::<Data<'_>>(
                host,
                &responses,
                role::CUSTOMER,
                query::CUSTOMER,
                &variables,
            )?;
            let found = answer.data.customer.get().ok_or_else(gone)?;
            (customer::record(found, ctx)?, answer.exchange)
        }
        other => {
            return Err(PluginError::Unsupported(format!(
                "a {other} is read with its order: fetch the order"
            )));
        }
    };
    Ok(vec![Pulled {
        record,
        exchanges: vec![exchange],
    }])
}
