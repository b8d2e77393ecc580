//! Plugin versions that a tenant may pin. The component's bytes lie in files named by digest; here is
//! what was admitted, for whom.

use ordercase_model::Instant;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Store, StoreError, TenantId,
    db::{Row, args, statements},
};

/// An admitted plugin version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginRow {
    /// Tenant.
    pub tenant: TenantId,
    /// SHA-256 of the component, hex.
    pub digest: String,
    /// Id in its manifest.
    pub plugin_id: String,
    /// Version in its manifest.
    pub version: String,
    /// The manifest.
    pub manifest: Value,
    /// Since when.
    pub admitted_at: Instant,
}

statements! {
    PUT = "INSERT INTO plugins (tenant_id, digest, plugin_id, version, manifest, admitted_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, digest) DO NOTHING";
    GET = "SELECT tenant_id, digest, plugin_id, version, manifest, admitted_at FROM plugins
           WHERE tenant_id = $1 AND digest = $2";
    LIST = "SELECT tenant_id, digest, plugin_id, version, manifest, admitted_at FROM plugins
            WHERE CAST($1 AS TEXT) IS NULL OR tenant_id = $1 ORDER BY tenant_id, plugin_id, admitted_at, digest";
}

impl Store {
    /// Notes an admitted plugin version; the same digest again changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_plugin(&self, plugin: &PluginRow) -> Result<(), StoreError> {
        let args = args![
            &plugin.tenant,
            &plugin.digest,
            &plugin.plugin_id,
            &plugin.version,
            plugin.manifest.to_string(),
            plugin.admitted_at
        ];
        self.write(&plugin.tenant, move |tx| {
            Box::pin(async move {
                tx.conn.run(PUT, args).await?;
                Ok(())
            })
        })
        .await
    }

    /// One plugin version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plugin(
        &self,
        tenant: &TenantId,
        digest: &str,
    ) -> Result<Option<PluginRow>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        conn.first(GET, args![tenant, digest])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Plugin versions of a tenant, or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plugins(&self, tenant: Option<&TenantId>) -> Result<Vec<PluginRow>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        conn.all(LIST, args![tenant])
            .await?
            .iter()
            .map(read)
            .collect()
    }
}

fn read(row: &Row) -> Result<PluginRow, StoreError> {
    Ok(PluginRow {
        tenant: row.parse("tenant_id")?,
        digest: row.text("digest")?,
        plugin_id: row.text("plugin_id")?,
        version: row.text("version")?,
        manifest: row.json("manifest")?,
        admitted_at: row.instant("admitted_at")?,
    })
}
