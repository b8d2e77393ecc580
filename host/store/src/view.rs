//! A view: several questions about one tenant, all answered as of one moment, over one connection.

use crate::{Store, StoreError, TenantId, db::Conn};

/// The rows of a tenant as they were when the first question was asked. Holds one of the few connections for reading:
/// ask, and let it go before anything is waited for.
pub struct View {
    pub(crate) conn: Conn,
    pub(crate) tenant: TenantId,
}

impl Store {
    /// Opens a view of one tenant's rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn view(&self, tenant: &TenantId) -> Result<View, StoreError> {
        Ok(View {
            conn: self.viewer(tenant).await?,
            tenant: tenant.clone(),
        })
    }
}
