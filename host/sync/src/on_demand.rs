//! Reading because somebody asks: a ticket shows an order, a search found nothing in the store. Counted in the
//! account of its own stream, ordered by the same guard as everything else.

use std::sync::Arc;

use ordercase_model::RecordRef;
use ordercase_store::{Applied, ConnectionKey, Lane, ReadPath, Store, StoreError};

use crate::{Clock, Search, Source, SourceFailure, inbox::read_back};

/// Stream in which such readings are counted.
const STREAM: &str = "on_demand";

/// Reads at the shops for somebody who waits, in the agents' lane. Clones share everything.
#[derive(Clone)]
pub struct OnDemand {
    store: Store,
    source: Arc<dyn Source>,
    clock: Arc<dyn Clock>,
}

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

impl OnDemand {
    /// Over these.
    #[must_use]
    pub fn new(store: Store, source: Arc<dyn Source>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            source,
            clock,
        }
    }

    /// Reads one record now and stores it; that the source does not have it any more is stored too.
    ///
    /// # Errors
    /// When source or store fail; nothing is stored then.
    pub async fn fetch(
        &self,
        connection: &ConnectionKey,
        target: &RecordRef,
    ) -> Result<Vec<Applied>, OnDemandError> {
        let (path, lane) = (ReadPath::OnDemand, Lane::Agent);
        let (source, clock) = (&*self.source, &*self.clock);
        let batch = read_back(source, clock, connection, target, path, lane).await?;
        let now = self.clock.now();
        Ok(self.store.apply_batch(batch, STREAM, now).await?)
    }

    /// Searches the source now and stores what it finds.
    ///
    /// # Errors
    /// When source or store fail; nothing is stored then.
    pub async fn search(
        &self,
        connection: &ConnectionKey,
        search: &Search,
    ) -> Result<Vec<Applied>, OnDemandError> {
        let reading = self.source.search(connection, search).await?;
        if reading.records.is_empty() {
            return Ok(Vec::new());
        }
        let batch = reading.into_batch(connection, ReadPath::OnDemand, None);
        let now = self.clock.now();
        Ok(self.store.apply_batch(batch, STREAM, now).await?)
    }
}
