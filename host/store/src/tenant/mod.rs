//! Who we work for: tenants, their plugins, connections, desks, tokens, and what was done to them.

mod audit;
mod connection;
mod desk;
mod plugin;
mod token;

pub(crate) use audit::audit_in;
pub use audit::{AuditRow, NewAudit};
pub use connection::{Connection, NewConnection};
pub use desk::{Desk, NewDesk};
pub use plugin::PluginRow;
pub use token::{TokenOwner, TokenPurpose};
#[cfg(test)]
pub(crate) use {
    audit::STATEMENTS as AUDIT_STATEMENTS, connection::STATEMENTS as CONNECTION_STATEMENTS,
    desk::STATEMENTS as DESK_STATEMENTS, plugin::STATEMENTS as PLUGIN_STATEMENTS,
    token::STATEMENTS as TOKEN_STATEMENTS,
};

use ordercase_model::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Retention, Store, StoreError, TenantId,
    db::{Row, Scope, args, statements},
};

/// Whether a connection or a desk is worked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
pub enum Activity {
    /// It is.
    Active,
    /// Its work waits, for this reason; nothing is lost meanwhile.
    Paused(String),
    /// A shop that is being disconnected: nothing is asked of it but to remove our webhooks.
    Leaving,
    /// A shop that was disconnected: its records stay until retention takes them.
    Left,
}

impl Activity {
    fn columns(&self) -> (&'static str, Option<String>) {
        match self {
            Self::Active => ("active", None),
            Self::Paused(reason) => ("paused", Some(crate::limits::cut(reason))),
            Self::Leaving => ("leaving", None),
            Self::Left => ("left", None),
        }
    }

    /// Whether its shop is disconnected, or on the way.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Leaving | Self::Left)
    }

    pub(crate) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(match row.text("state")?.as_str() {
            "active" => Self::Active,
            "leaving" => Self::Leaving,
            "left" => Self::Left,
            _ => Self::Paused(row.opt_text("paused_reason")?.unwrap_or_default()),
        })
    }
}

/// A merchant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tenant {
    /// Id.
    pub id: TenantId,
    /// Name.
    pub name: String,
    /// Settings.
    pub settings: Value,
    /// Since when.
    pub created_at: Instant,
}

statements! {
    ADD = "INSERT INTO tenants (tenant_id, name, settings, created_at) VALUES ($1, $2, $3, $4)";
    GET = "SELECT tenant_id, name, settings, created_at FROM tenants WHERE tenant_id = $1";
    SET = "UPDATE tenants SET settings = $2 WHERE tenant_id = $1";
    LIST = "SELECT tenant_id, name, settings, created_at FROM tenants ORDER BY created_at, tenant_id";
}

impl Store {
    /// Adds a tenant.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken.
    pub async fn add_tenant(
        &self,
        id: &TenantId,
        name: &str,
        settings: &Value,
        now: Instant,
    ) -> Result<(), StoreError> {
        let args = args![id, name, settings.to_string(), now];
        let id = id.clone();
        self.write(Scope::from(&id), move |tx| {
            Box::pin(async move {
                tx.conn
                    .run(ADD, args)
                    .await
                    .map_err(|e| e.or_exists("tenant", &id))?;
                Ok(())
            })
        })
        .await
    }

    /// Sets how long a tenant's finished things are kept, and notes who did.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such tenant.
    pub async fn set_retention(
        &self,
        id: &TenantId,
        policy: Retention,
        audit: NewAudit,
        now: Instant,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(Scope::from(&id), move |tx| {
            Box::pin(async move {
                let found = tx.conn.first(GET, args![&id]).await?;
                let row = found.ok_or_else(|| StoreError::missing("tenant", &id))?;
                let mut settings: Map<String, Value> = row.json("settings")?;
                settings.insert("retention".to_owned(), json!(policy));
                let settings = Value::Object(settings).to_string();
                tx.conn.run(SET, args![&id, settings]).await?;
                audit_in(&mut tx.conn, &id, &audit, now).await
            })
        })
        .await
    }

    /// One tenant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        let mut conn = self.reader(id).await?;
        conn.first(GET, args![id])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// All tenants, oldest first. For the operator only.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        conn.all(LIST, Vec::new()).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: row.parse("tenant_id")?,
        name: row.text("name")?,
        settings: row.json("settings")?,
        created_at: row.instant("created_at")?,
    })
}
