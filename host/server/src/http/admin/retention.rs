//! How long a merchant's finished things are kept.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_store::{NewAudit, Retention};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{ACTOR, Operator, desks::known_tenant};
use crate::{
    app::App,
    http::{
        bound::Bounded,
        problem::{Document, Kind, Problem},
    },
};

/// Days after which finished things go. What is absent is as usual.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Retention)]
pub(super) struct Days {
    /// Deliveries that were worked off; that long the same one is known again.
    #[schema(minimum = 7, maximum = 3_660, default = 30)]
    receipts_days: u32,
    /// Answers of the shop, from which records can be derived again.
    #[schema(minimum = 1, maximum = 3_660, default = 90)]
    raw_days: u32,
    /// What was written to Zendesk, and how it was tried.
    #[schema(minimum = 7, maximum = 3_660, default = 90)]
    effects_days: u32,
    /// Backfills, polls and reconciliations, and the holes they found.
    #[schema(minimum = 31, maximum = 3_660, default = 90)]
    runs_days: u32,
    /// What operators did.
    #[schema(minimum = 31, maximum = 3_660, default = 400)]
    audit_days: u32,
}

impl Default for Days {
    fn default() -> Self {
        Retention::default().into()
    }
}

impl From<Retention> for Days {
    fn from(policy: Retention) -> Self {
        Self {
            receipts_days: policy.receipts_days,
            raw_days: policy.raw_days,
            effects_days: policy.effects_days,
            runs_days: policy.runs_days,
            audit_days: policy.audit_days,
        }
    }
}

impl From<Days> for Retention {
    fn from(days: Days) -> Self {
        Self {
            receipts_days: days.receipts_days,
            raw_days: days.raw_days,
            effects_days: days.effects_days,
            runs_days: days.runs_days,
            audit_days: days.audit_days,
        }
    }
}

/// Shows how long a merchant's finished things are kept.
#[utoipa::path(
    get, path = "/admin/v1/tenants/{tenant}/retention", tag = "admin", security(("admin" = [])),
    params(("tenant" = String, Path, description = "Tenant id")),
    responses(
        (status = 200, body = Days),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
) -> Result<Json<Days>, Problem> {
    let tenant = known_tenant(&app, &tenant).await?;
    let settings = app.store.tenant(&tenant).await?.map(|found| found.settings);
    Ok(Json(Retention::of(&settings.unwrap_or(Value::Null)).into()))
}

/// Sets how long a merchant's finished things are kept; what is older goes within the hour, and does not come back.
#[utoipa::path(
    put, path = "/admin/v1/tenants/{tenant}/retention", tag = "admin", security(("admin" = [])),
    params(("tenant" = String, Path, description = "Tenant id")),
    request_body = Days,
    responses(
        (status = 200, body = Days),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    Bounded(days): Bounded<Days>,
) -> Result<Json<Days>, Problem> {
    let tenant = known_tenant(&app, &tenant).await?;
    let policy = Retention::from(days);
    policy
        .check()
        .map_err(|error| Problem::new(Kind::Malformed, error.to_string()).at(error.field))?;
    let audit = NewAudit {
        actor: ACTOR.to_owned(),
        action: "tenant.retention_set".to_owned(),
        subject: tenant.to_string(),
        detail: json!(days),
    };
    app.store
        .set_retention(&tenant, policy, audit, app.clock.now())
        .await?;
    Ok(Json(days))
}
