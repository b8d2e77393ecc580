//! Asking the shops themselves when the store knows nothing.

use ordercase_identity::RecordLink;
use ordercase_store::TenantId;
use serde::{Deserialize, Serialize};

/// What a ticket asks about. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The requester's address, when nobody is known by it.
    pub email: Option<String>,
    /// Order numbers that the text names and the store does not know.
    pub order_numbers: Vec<String>,
    /// Parcels that the text names and the store does not know.
    pub tracking_numbers: Vec<String>,
}

impl Question {
    /// Whether there is nothing to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Searches the tenant's shops and applies what it finds to the store. The server implements it over
/// the runtime; the desk looks into the store again afterwards.
#[async_trait::async_trait]
pub trait Finder: Send + Sync {
    /// Searches; answers how many records were stored. The desk waits at most
    /// [`crate::limits::FIND_WITHIN`] and then drops the search, so what was found must be applied as
    /// it comes in.
    ///
    /// # Errors
    /// What went wrong, without personal data; the ticket is answered without the search.
    async fn find(&self, tenant: &TenantId, question: &Question) -> Result<usize, String>;

    /// Reads one record anew and applies it to the store; `false` when this finder does not read. The desk waits
    /// at most [`crate::limits::REREAD_WITHIN`] and then shows what is stored, with its age.
    ///
    /// # Errors
    /// What went wrong, without personal data.
    async fn reread(&self, tenant: &TenantId, record: &RecordLink) -> Result<bool, String> {
        let _ = (tenant, record);
        Ok(false)
    }
}
