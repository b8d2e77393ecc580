//! Asking the shops when the store knows nobody: [`Finder`] over the plugins' `search`.
//!
//! Every active shop of the tenant is asked at once. What one finds is stored as it comes in, because the
//! desk stops waiting after a while and looks into the store again.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt as _, stream::FuturesUnordered};
use ordercase_desk::{Finder, Question};
use ordercase_model::Instant;
use ordercase_runtime::{Called, Export, Lane, Plugin, Pulled, Runtime, SearchQuery};
use ordercase_store::{
    Activity, Batch, Connection, RawBody, ReadPath, Snapshot, Store, TenantId,
};

use super::{plugins::Plugins, scope::scope};
use crate::{clock::Clock, limits};

/// Stream under which found records are counted.
const STREAM: &str = "search";

/// Searches the tenant's shops.
pub struct ShopFinder {
    store: Store,
    runtime: Runtime,
    plugins: Arc<Plugins>,
    clock: Arc<dyn Clock>,
}

impl ShopFinder {
    /// Over these.
    #[must_use]
    pub fn new(
        store: Store,
        runtime: Runtime,
        plugins: Arc<Plugins>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            runtime,
            plugins,
            clock,
        }
    }

    async fn ask(&self, connection: Connection, query: SearchQuery) -> Result<usize, String> {
        let plugin = self
            .plugins
            .get(&connection.plugin_digest)
            .await
            .map_err(|error| error.to_string())?;
        if !plugin.manifest.exports(Export::Search) {
            return Ok(0);
        }
        let scope = scope(&self.store, &connection, Lane::Agent);
        let called = self
            .runtime
            .search(&plugin, &scope, &query, limits::SEARCH_RECORDS_MAX)
            .await
            .map_err(|error| error.to_string())?;
        let found = called.value.len();
        if found > 0 {
            let batch = batch(&connection, &plugin, called, self.clock.now());
            let stored = self.store.apply_batch(batch, STREAM, self.clock.now()).await;
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
        let queries = queries(question);
        let mut asked: FuturesUnordered<_> = connections
            .iter()
            .filter(|connection| connection.activity == Activity::Active)
            .flat_map(|connection| queries.iter().map(move |query| (connection, query)))
            .map(|(connection, query)| self.ask(connection.clone(), query.clone()))
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

fn queries(question: &Question) -> Vec<SearchQuery> {
    let query = |by: &str, value: &String| SearchQuery {
        by: by.to_owned(),
        value: value.clone(),
    };
    let email = question.email.iter().map(|value| query("email", value));
    let orders = question.order_numbers.iter().map(|value| query("order_number", value));
    let parcels = question.tracking_numbers.iter().map(|value| query("tracking_number", value));
    email
        .chain(orders)
        .chain(parcels)
        .take(limits::SEARCH_QUERIES_MAX)
        .collect()
}

/// What a call read, for the store: each answer once, each record with the answers it was made of.
fn batch(
    connection: &Connection,
    plugin: &Plugin,
    called: Called<Vec<Pulled>>,
    now: Instant,
) -> Batch {
    let Called {
        value, exchanges, ..
    } = called;
    let snapshots = value.into_iter().map(|pulled| {
        let behind: Vec<usize> = (0..exchanges.len())
            .filter(|at| exchanges.get(*at).is_some_and(|e| pulled.exchanges.contains(&e.index)))
            .collect();
        let sent = behind.iter().filter_map(|at| exchanges.get(*at)).map(|e| e.sent_at);
        let kind = pulled.record.kind;
        let stream = plugin.manifest.streams.values().find(|stream| stream.kind == kind);
        Snapshot {
            comparability: stream.map(|stream| stream.version).unwrap_or_default(),
            path: ReadPath::OnDemand,
            observed_at: sent.min().unwrap_or(now),
            event_at: None,
            raw: behind,
            record: pulled.record,
        }
    });
    Batch {
        connection: connection.key.clone(),
        plugin_digest: plugin.digest.clone(),
        snapshots: snapshots.collect(),
        raw: exchanges
            .into_iter()
            .map(|exchange| RawBody {
                role: exchange.role,
                content_type: exchange.content_type,
                bytes: exchange.body.to_vec(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_becomes_bounded_queries_the_address_first() {
        let question = Question {
            email: Some("a@example.com".to_owned()),
            order_numbers: (0..20).map(|n| n.to_string()).collect(),
            tracking_numbers: vec!["t".to_owned()],
        };
        let queries = queries(&question);
        assert_eq!(queries.len(), limits::SEARCH_QUERIES_MAX);
        assert_eq!(queries[0].by, "email");
        assert!(queries[1..].iter().all(|query| query.by == "order_number"));
    }
}
