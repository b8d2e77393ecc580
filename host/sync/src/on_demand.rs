//! Reading because somebody asks: an agent opened a ticket, a search found nothing in the store. Counted in the
//! account of its own stream, ordered by the same guard as everything else.

use ordercase_model::RecordRef;
use ordercase_store::{Applied, ConnectionKey, Lane, ReadPath, StoreError};

use crate::{Engine, Search, SourceFailure, inbox::read_back};

/// Stream in which such readings are counted.
const STREAM: &str = "on_demand";

/// Why a reading on demand brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum OnDemandError {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceFailure),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Reads one record now and stores it.
    ///
    /// # Errors
    /// When source or store fail; nothing is stored then.
    pub async fn fetch_now(
        &self,
        connection: &ConnectionKey,
        target: &RecordRef,
    ) -> Result<Vec<Applied>, OnDemandError> {
        let shared = &self.shared;
        let batch = read_back(shared, connection, target, ReadPath::OnDemand, Lane::Agent).await?;
        Ok(shared
            .store
            .apply_batch(batch, STREAM, shared.clock.now())
            .await?)
    }

    /// Searches the source now and stores what it finds.
    ///
    /// # Errors
    /// When source or store fail; nothing is stored then.
    pub async fn search_now(
        &self,
        connection: &ConnectionKey,
        search: &Search,
    ) -> Result<Vec<Applied>, OnDemandError> {
        let shared = &self.shared;
        let reading = shared.source.search(connection, search).await?;
        let batch = reading.into_batch(connection, ReadPath::OnDemand, None);
        Ok(shared
            .store
            .apply_batch(batch, STREAM, shared.clock.now())
            .await?)
    }
}
