//! What was done, by whom: written in the transaction of the deed.

use ordercase_model::Instant;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Store, StoreError, TenantId,
    db::{Conn, Scope, args, statements},
    id::digest,
    limits::LIST_ROWS_MAX,
};

/// A deed to be noted.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAudit {
    /// Who: `admin`, `engine`, `desk`, or an agent's id.
    pub actor: String,
    /// What, such as `case.set`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How; no secrets, no personal data.
    pub detail: Value,
}

/// A deed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditRow {
    /// When.
    pub at: Instant,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How.
    pub detail: Value,
}

statements! {
    /// The number within the moment keeps two equal deeds apart.
    ADD = "INSERT INTO audit (tenant_id, at, audit_id, actor, action, subject, detail)
           SELECT $1, $2, $3 || '-' || (SELECT COUNT(*) FROM audit WHERE tenant_id = $1 AND at = $2), $4, $5, $6, $7";
    LIST = "SELECT at, actor, action, subject, detail FROM audit WHERE tenant_id = $1
            ORDER BY at DESC, audit_id DESC LIMIT $2";
}

impl Store {
    /// Notes a deed that has no other transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(
        &self,
        tenant: &TenantId,
        audit: NewAudit,
        now: Instant,
    ) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(Scope::from(&tenant), move |tx| {
            Box::pin(async move { audit_in(&mut tx.conn, &tenant, &audit, now).await })
        })
        .await
    }

    /// Deeds of a tenant, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audits(&self, tenant: &TenantId) -> Result<Vec<AuditRow>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        let rows = conn.all(LIST, args![tenant, LIST_ROWS_MAX]).await?;
        rows.iter()
            .map(|row| {
                Ok(AuditRow {
                    at: row.instant("at")?,
                    actor: row.text("actor")?,
                    action: row.text("action")?,
                    subject: row.text("subject")?,
                    detail: row.json("detail")?,
                })
            })
            .collect()
    }
}

pub(crate) async fn audit_in(
    conn: &mut Conn,
    tenant: &TenantId,
    audit: &NewAudit,
    now: Instant,
) -> Result<(), StoreError> {
    let detail = audit.detail.to_string();
    let id = digest(&[&audit.actor, &audit.action, &audit.subject, &detail]);
    let args = args![
        tenant,
        now,
        id.get(..16),
        &audit.actor,
        &audit.action,
        &audit.subject,
        detail
    ];
    conn.run(ADD, args).await?;
    Ok(())
}
