//! Asking the shops when the store knows nobody, or knows something too old: [`Finder`] over the plugins.
//!
//! Every active shop of the tenant is asked at once. What one finds is stored as it comes in, because the
//! desk stops waiting after a while and looks into the store again.

use async_trait::async_trait;
use futures::{StreamExt as _, stream::FuturesUnordered};
use ordercase_desk::{Finder, Question};
use ordercase_identity::RecordLink;
use ordercase_model::RecordRef;
use ordercase_store::{Activity, ConnectionId, ConnectionKey, Store, TenantId};
use ordercase_sync::{OnDemand, OnDemandError, Search, SourceFailure};

use crate::limits;

/// Searches the tenant's shops, and reads records of theirs anew.
pub struct ShopFinder {
    store: Store,
    on_demand: OnDemand,
}

impl ShopFinder {
    /// Over these.
    #[must_use]
    pub fn new(store: Store, on_demand: OnDemand) -> Self {
        Self { store, on_demand }
    }

    async fn ask(&self, key: &ConnectionKey, search: &Search) -> Result<usize, String> {
        match self.on_demand.search(key, search).await {
            Ok(found) => Ok(found.len()),
            // A plugin that cannot search, or a shop that does not know: an answer, not a failure.
            Err(OnDemandError::Source(
                SourceFailure::Unsupported(_) | SourceFailure::NotFound(_),
            )) => Ok(0),
            Err(failure) => Err(failure.to_string()),
        }
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

    async fn reread(&self, tenant: &TenantId, record: &RecordLink) -> Result<bool, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let key = ConnectionKey {
            tenant: tenant.clone(),
            connection: ConnectionId::new(record.connection.as_str()).map_err(|e| text(&e))?,
        };
        let connection = self.store.connection(&key).await.map_err(|e| text(&e))?;
        // A shop that is paused or gone is not asked; its record stays, with its age.
        if connection.is_none_or(|one| one.activity != Activity::Active) {
            return Ok(false);
        }
        let target = RecordRef {
            kind: record.kind,
            source_id: record.source_id.clone(),
        };
        match self.on_demand.fetch(&key, &target).await {
            Ok(_) => Ok(true),
            Err(OnDemandError::Source(SourceFailure::Unsupported(_))) => Ok(false),
            Err(failure) => Err(failure.to_string()),
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
