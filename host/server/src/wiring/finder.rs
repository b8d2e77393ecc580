//! Asking the shops when the store knows nobody: [`Finder`] over the plugins' `search`.
//!
//! Every active shop of the tenant is asked at once. What one finds is stored as it comes in, because the
//! desk stops waiting after a while and looks into the store again.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt as _, stream::FuturesUnordered};
use ordercase_desk::{Finder, Question};
use ordercase_store::{Activity, ConnectionKey, ReadPath, Store, TenantId};
use ordercase_sync::{Search, Source as _, SourceFailure};

use super::source::ShopSource;
use crate::{clock::Clock, limits};

/// Stream under which found records are counted.
const STREAM: &str = "on_demand";

/// Searches the tenant's shops.
pub struct ShopFinder {
    store: Store,
    source: Arc<ShopSource>,
    clock: Arc<dyn Clock>,
}

impl ShopFinder {
    /// Over these.
    #[must_use]
    pub fn new(store: Store, source: Arc<ShopSource>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            source,
            clock,
        }
    }

    async fn ask(&self, key: &ConnectionKey, search: &Search) -> Result<usize, String> {
        let reading = match self.source.search(key, search).await {
            Ok(reading) => reading,
            // A plugin that cannot search, or a shop that does not know: an answer, not a failure.
            Err(SourceFailure::Unsupported(_) | SourceFailure::NotFound(_)) => return Ok(0),
            Err(failure) => return Err(failure.to_string()),
        };
        let found = reading.records.len();
        if found > 0 {
            let batch = reading.into_batch(key, ReadPath::OnDemand, None);
            let stored = self
                .store
                .apply_batch(batch, STREAM, self.clock.now())
                .await;
            stored.map_err(|error| error.to_string())?;
        }
        Ok(found)
    }
}

#[async_trait]
impl Finder for ShopFinder {
    async fn find(&self, tenant: &TenantId, question: &Question) -> Result<usize, String> {
        let connections = self.store.connections(Some(tenant)).await;
        let connections = connections.map_err(|error| error.to_string())?;
        let searches = searches(question);
        let mut asked: FuturesUnordered<_> = connections
            .iter()
            .filter(|connection| connection.activity == Activity::Active)
            .flat_map(|connection| searches.iter().map(move |search| (&connection.key, search)))
            .map(|(key, search)| self.ask(key, search))
            .collect();
        let (mut found, mut failed) = (0, None);
        while let Some(answer) = asked.next().await {
            match answer {
                Ok(records) => found += records,
                Err(problem) => failed = Some(problem),
            }
        }
        match failed {
            Some(problem) if found == 0 => Err(problem),
            _ => Ok(found),
        }
    }
}

fn searches(question: &Question) -> Vec<Search> {
    let email = question.email.iter().cloned().map(Search::Email);
    let orders = question
        .order_numbers
        .iter()
        .cloned()
        .map(Search::OrderNumber);
    let parcels = question
        .tracking_numbers
        .iter()
        .cloned()
        .map(Search::Tracking);
    email
        .chain(orders)
        .chain(parcels)
        .take(limits::SEARCHES_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_becomes_bounded_searches_the_address_first() {
        let question = Question {
            email: Some("a@example.com".to_owned()),
            order_numbers: (0..20).map(|n| n.to_string()).collect(),
            tracking_numbers: vec!["t".to_owned()],
        };
        let searches = searches(&question);
        assert_eq!(searches.len(), limits::SEARCHES_MAX);
        assert!(matches!(searches[0], Search::Email(_)));
        assert!(
            searches[1..]
                .iter()
                .all(|search| matches!(search, Search::OrderNumber(_)))
        );
    }
}
