//! Merchants.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use ordercase_model::Instant;
use ordercase_store::{Owner, TenantId, TokenPurpose};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{Operator, name};
use crate::{
    app::App,
    http::{
        auth,
        bound::Bounded,
        problem::{Document, Problem},
    },
    ids,
};

/// A merchant to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    /// What people call it.
    name: String,
}

/// A merchant that was added.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedTenant {
    /// Its id.
    tenant_id: String,
    /// Its name.
    name: String,
    /// Reads the context of its tickets. Shown this once.
    context_token: String,
}

/// Adds a merchant.
#[utoipa::path(
    post, path = "/admin/v1/tenants", tag = "admin", request_body = NewTenant, security(("admin" = [])),
    responses(
        (status = 201, body = AddedTenant),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn add(
    _: Operator,
    State(app): State<Arc<App>>,
    Bounded(new): Bounded<NewTenant>,
) -> Result<(StatusCode, Json<AddedTenant>), Problem> {
    let name = name(&new.name, "name")?;
    let now = app.clock.now();
    let tenant = TenantId::mint(rand::random());
    let token = ids::token(auth::TENANT);
    app.store
        .add_tenant(&tenant, &name, &json!({}), now)
        .await?;
    let owner = Owner::Tenant(tenant.clone());
    app.store
        .put_token(
            &tenant,
            TokenPurpose::TenantApi,
            &owner,
            token.expose(),
            now,
            None,
        )
        .await?;
    let added = AddedTenant {
        tenant_id: tenant.to_string(),
        name,
        context_token: token.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(added)))
}

/// A merchant.
#[derive(Serialize, ToSchema)]
pub(super) struct TenantView {
    tenant_id: String,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
}

/// All merchants.
#[derive(Serialize, ToSchema)]
pub(super) struct Tenants {
    tenants: Vec<TenantView>,
}

/// Lists merchants.
#[utoipa::path(
    get, path = "/admin/v1/tenants", tag = "admin", security(("admin" = [])),
    responses(
        (status = 200, body = Tenants),
        (status = 401, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<Arc<App>>,
) -> Result<Json<Tenants>, Problem> {
    let tenants = app.store.tenants().await?.into_iter();
    Ok(Json(Tenants {
        tenants: tenants
            .map(|tenant| TenantView {
                tenant_id: tenant.id.to_string(),
                name: tenant.name,
                created_at: tenant.created_at,
            })
            .collect(),
    }))
}
