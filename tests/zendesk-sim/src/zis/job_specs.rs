//! Job specs: installing one makes its events start its flow.
//!
//! One that was installed before the last upload stays listed as installed and never fires again:
//! the trap that an installer must know.

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::IntoResponse as _;
use http::StatusCode;
use ordercase_zis::Bundle;
use serde_json::{Value, json};

use super::{admit_registry, refuse, unknown_integration};
use crate::api::Account;
use crate::http::answer::{Answer, ApiError, ok};
use crate::http::caller::Caller;
use crate::http::page::Query;
use crate::world::zis::{Installed, Integration};

/// `GET /registry/{integration}/job_specs`: those of the bundle, and stale ones.
pub(crate) async fn list(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Answer {
    admit_registry(&shared, &caller, &name)?;
    let integration = shared
        .read(|world| world.integrations.get(&name).cloned())
        .ok_or_else(unknown_integration)?;
    let mut rows: Vec<Value> = Vec::new();
    let mut known: Vec<String> = Vec::new();
    if let Some(bundle) = parsed(&integration) {
        for spec in bundle.job_specs() {
            known.push(spec.name.clone());
            let installed = integration.installed.contains_key(&spec.name);
            rows.push(row(
                &spec.name,
                installed,
                &spec.event_source,
                &spec.event_type,
                &spec.flow_name,
            ));
        }
    }
    for (spec, stale) in &integration.installed {
        if !known.contains(spec) {
            rows.push(row(
                spec,
                true,
                &stale.event_source,
                &stale.event_type,
                &stale.flow_name,
            ));
        }
    }
    ok(json!({ "job_specs": rows, "meta": { "has_more": false, "after": "", "before": "" } }))
}

fn row(name: &str, installed: bool, source: &str, event: &str, flow: &str) -> Value {
    json!({
        "name": name, "installed": installed,
        "event_source": source, "event_type": event, "flow_name": flow,
    })
}

/// The integration's bundle, where it has one.
pub(crate) fn parsed(integration: &Integration) -> Option<Bundle> {
    let bundle = integration.bundle.as_ref()?;
    Bundle::from_value(bundle.document.clone()).ok()
}

/// `POST /registry/job_specs/install?job_spec_name=zis:{integration}:job_spec:{name}`
pub(crate) async fn install(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let (name, spec) = addressed(raw.as_deref())?;
    admit_registry(&shared, &caller, &name)?;
    shared.write(|world| {
        let integration = world
            .integrations
            .get_mut(&name)
            .ok_or_else(unknown_integration)?;
        let upload = integration
            .bundle
            .as_ref()
            .map_or(0, |bundle| bundle.upload);
        let bundle = parsed(integration).ok_or_else(invalid)?;
        let found = bundle.job_spec(&spec).ok_or_else(invalid)?;
        let installed = Installed {
            upload,
            event_source: found.event_source.clone(),
            event_type: found.event_type.clone(),
            flow_name: found.flow_name.clone(),
        };
        integration.installed.insert(spec, installed);
        Ok(StatusCode::OK.into_response())
    })
}

/// `DELETE` of the same: the events start nothing any more.
pub(crate) async fn uninstall(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let (name, spec) = addressed(raw.as_deref())?;
    admit_registry(&shared, &caller, &name)?;
    shared.write(|world| {
        let integration = world
            .integrations
            .get_mut(&name)
            .ok_or_else(unknown_integration)?;
        integration.installed.remove(&spec).ok_or_else(invalid)?;
        Ok(StatusCode::OK.into_response())
    })
}

fn invalid() -> ApiError {
    refuse(
        StatusCode::BAD_REQUEST,
        "one or more requested job specs is invalid",
    )
}

/// Integration and name out of the query's address.
fn addressed(raw: Option<&str>) -> Result<(String, String), ApiError> {
    let query = Query::read(raw);
    let address = query.get("job_spec_name").unwrap_or_default();
    let rest = address
        .strip_prefix("zis:")
        .and_then(|rest| rest.split_once(":job_spec:"));
    rest.map(|(integration, spec)| (integration.to_owned(), spec.to_owned()))
        .ok_or_else(invalid)
}
