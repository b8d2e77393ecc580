//! Bundles: an upload replaces the integration's bundle and orphans what was installed before.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::StatusCode;
use ordercase_zis::Bundle;
use serde_json::{Value, json};

use super::{admit, admit_registry, refuse, unknown_integration, uuid};
use crate::api::Account;
use crate::http::answer::{Answer, ApiError, json_answer, ok};
use crate::http::caller::{Caller, Credential};
use crate::shared::Shared;
use crate::world::zis::{Integration, StoredBundle};

/// `POST /registry/{integration}/bundles`: API token or admin session only.
pub(crate) async fn upload(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    admit(&shared, &caller)?;
    if caller.credential != Credential::ApiToken {
        return Err(refuse(
            StatusCode::UNAUTHORIZED,
            "Authorization failed due to OAuth being disabled for this API request",
        ));
    }
    let document: Value = serde_json::from_slice(&body)
        .map_err(|error| validation(&format!("invalid JSON: {error}")))?;
    Bundle::from_value(document.clone()).map_err(|error| validation(&error.to_string()))?;
    shared.write(|world| {
        let integration = world
            .integrations
            .get_mut(&name)
            .ok_or_else(unknown_integration)?;
        let former = integration.bundle.take();
        let bundle = StoredBundle {
            uuid: former
                .as_ref()
                .map_or_else(uuid, |bundle| bundle.uuid.clone()),
            document,
            upload: former.map_or(0, |bundle| bundle.upload) + 1,
        };
        integration.bundle = Some(bundle.clone());
        let integration = integration.clone();
        Ok(json_answer(
            StatusCode::CREATED,
            summary(&shared, &integration, &bundle),
        ))
    })
}

fn validation(detail: &str) -> ApiError {
    ApiError::listed(StatusCode::BAD_REQUEST, "BundleValidationError", detail)
}

fn summary(shared: &Shared, integration: &Integration, bundle: &StoredBundle) -> Value {
    let text = |key: &str| bundle.document.get(key).cloned().unwrap_or(Value::Null);
    json!({
        "uuid": bundle.uuid,
        "name": text("name"),
        "description": text("description"),
        "integration": integration.name,
        "zendesk_account_id": shared.config.account_id,
        "zis_template_version": text("zis_template_version"),
    })
}

/// `GET /registry/{integration}/bundles`: without resources.
pub(crate) async fn list(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Answer {
    admit_registry(&shared, &caller, &name)?;
    let integration = find(&shared, &name)?;
    let bundles: Vec<Value> = integration
        .bundle
        .iter()
        .map(|bundle| summary(&shared, &integration, bundle))
        .collect();
    ok(json!({ "bundles": bundles, "meta": { "has_more": false, "after": "", "before": "" } }))
}

fn find(shared: &Shared, name: &str) -> Result<Integration, ApiError> {
    shared
        .read(|world| world.integrations.get(&name.to_owned()).cloned())
        .ok_or_else(unknown_integration)
}

/// `GET /registry/{integration}/bundles/{uuid}`: with resources, unwrapped.
pub(crate) async fn show(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path((name, uuid)): Path<(String, String)>,
) -> Answer {
    admit_registry(&shared, &caller, &name)?;
    let integration = find(&shared, &name)?;
    let bundle = integration
        .bundle
        .as_ref()
        .filter(|bundle| bundle.uuid == uuid)
        .ok_or_else(|| refuse(StatusCode::NOT_FOUND, "bundle not found"))?;
    let mut shown = summary(&shared, &integration, bundle);
    if let Value::Object(map) = &mut shown {
        let resources = bundle.document.get("resources").cloned();
        map.insert("resources".to_owned(), resources.unwrap_or(Value::Null));
    }
    ok(shown)
}

/// `DELETE /registry/{integration}/bundles/{uuid}`
pub(crate) async fn delete(
    State(shared): Account,
    Extension(caller): Extension<Caller>,
    Path((name, uuid)): Path<(String, String)>,
) -> Answer {
    admit_registry(&shared, &caller, &name)?;
    shared.write(|world| {
        let integration = world
            .integrations
            .get_mut(&name)
            .ok_or_else(unknown_integration)?;
        if integration
            .bundle
            .as_ref()
            .is_none_or(|bundle| bundle.uuid != uuid)
        {
            return Err(refuse(StatusCode::NOT_FOUND, "bundle not found"));
        }
        integration.bundle = None;
        Ok(StatusCode::OK.into_response())
    })
}
