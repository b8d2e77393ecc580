//! Shops for the engine: [`Source`] and [`Mapper`] over the plugin runtime. Every error of a call becomes exactly one of
//! the engine's classes; what a call read becomes records with the answers behind them.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use ordercase_model::{Comparability, Instant, Kind, Record, RecordRef};
use ordercase_runtime::{
    CallError, Called, Exchange, Lane as CallLane, Manifest, MapInput, Plugin, PluginError,
    PullRequest, Pulled, Runtime, SearchQuery, TimeLimit, WebhookDelivery,
};
use ordercase_store::{
    Connection, ConnectionKey, Lane, MappingName, MissingMapping, RawBody, Receipt, Store,
};
use ordercase_sync::{
    Hint, Mapper, Page, Pull, ReadRecord, Reading, Search, Source, SourceFailure, WebhookReading,
};

use super::{plugins::Plugins, scope::scope};
use crate::limits;

/// Shops through their plugins.
pub struct ShopSource {
    store: Store,
    runtime: Runtime,
    plugins: Arc<Plugins>,
}

impl ShopSource {
    /// Over these.
    #[must_use]
    pub fn new(store: Store, runtime: Runtime, plugins: Arc<Plugins>) -> Self {
        Self {
            store,
            runtime,
            plugins,
        }
    }

    /// The connection as it is now, with its pinned plugin.
    async fn ready(&self, key: &ConnectionKey) -> Result<(Connection, Arc<Plugin>), SourceFailure> {
        let connection = self.connection(key).await?;
        let plugin = self.plugin(&connection.plugin_digest).await?;
        Ok((connection, plugin))
    }

    async fn connection(&self, key: &ConnectionKey) -> Result<Connection, SourceFailure> {
        let connection = self.store.connection(key).await;
        connection
            .map_err(|error| SourceFailure::Unavailable(error.to_string()))?
            .ok_or_else(|| {
                SourceFailure::Config(format!("there is no connection `{}`", key.connection))
            })
    }

    /// A plugin that is not there is a person's matter; the connection waits and loses nothing.
    async fn plugin(&self, digest: &str) -> Result<Arc<Plugin>, SourceFailure> {
        let plugin = self.plugins.get(digest).await;
        plugin.map_err(|error| SourceFailure::Config(error.to_string()))
    }
}

#[async_trait]
impl Source for ShopSource {
    async fn pull(&self, key: &ConnectionKey, ask: Pull) -> Result<Page, SourceFailure> {
        let (connection, plugin) = self.ready(key).await?;
        let scope = scope(&self.store, &connection, lane(ask.lane));
        let request = PullRequest {
            stream: ask.stream,
            since: ask.since,
            until: ask.until,
            cursor: ask.cursor,
            limit: ask.limit,
        };
        let called = self
            .runtime
            .pull(&plugin, &scope, &request)
            .await
            .map_err(|error| told(&connection, classify_answer(error)))?;
        let (next, total) = (called.value.next.clone(), called.value.total);
        Ok(Page {
            reading: reading(&connection, &plugin, called.map(|page| page.records)),
            next,
            total,
        })
    }

    async fn fetch(
        &self,
        key: &ConnectionKey,
        target: &RecordRef,
        asked_in: Lane,
    ) -> Result<Reading, SourceFailure> {
        let (connection, plugin) = self.ready(key).await?;
        let scope = scope(&self.store, &connection, lane(asked_in));
        let called = self
            .runtime
            .fetch(&plugin, &scope, target)
            .await
            .map_err(|error| told(&connection, classify_answer(error)))?;
        Ok(reading(&connection, &plugin, called))
    }

    async fn search(&self, key: &ConnectionKey, search: &Search) -> Result<Reading, SourceFailure> {
        let (connection, plugin) = self.ready(key).await?;
        let scope = scope(&self.store, &connection, CallLane::Agent);
        let (query, most) = (query(search), limits::SEARCH_RECORDS_MAX);
        let called = self
            .runtime
            .search(&plugin, &scope, &query, most)
            .await
            .map_err(|error| told(&connection, classify_answer(error)))?;
        Ok(reading(&connection, &plugin, called))
    }

    async fn receive(
        &self,
        key: &ConnectionKey,
        webhook: &Receipt,
    ) -> Result<WebhookReading, SourceFailure> {
        let (connection, plugin) = self.ready(key).await?;
        let scope = scope(&self.store, &connection, CallLane::Live);
        let delivery = WebhookDelivery {
            topic: webhook.topic.clone(),
            headers: webhook.headers.clone(),
            body: Bytes::from(webhook.body.clone()),
            received_at: webhook.received_at,
        };
        let called = self
            .runtime
            .receive(&plugin, &scope, &delivery)
            .await
            .map_err(|error| told(&connection, classify(error)))?;
        let read = called.value;
        Ok(WebhookReading {
            hints: read
                .hints
                .into_iter()
                .map(|hint| Hint {
                    target: hint.target,
                    occurred_at: hint.occurred_at,
                })
                .collect(),
            bodies: bodies(&connection, &plugin, read.snapshots, webhook),
            ignored: read.ignored,
        })
    }
}

const fn lane(lane: Lane) -> CallLane {
    match lane {
        Lane::Agent => CallLane::Agent,
        Lane::Live => CallLane::Live,
        Lane::Poll => CallLane::Poll,
        Lane::Backfill => CallLane::Backfill,
        Lane::Reconcile => CallLane::Reconcile,
    }
}

/// For replays: stored answers told again, by the pinned plugin or another.
#[async_trait]
impl Mapper for ShopSource {
    async fn map(
        &self,
        key: &ConnectionKey,
        plugin_digest: &str,
        kind: Kind,
        inputs: &[RawBody],
    ) -> Result<Vec<Record>, SourceFailure> {
        let connection = self.connection(key).await?;
        let plugin = self.plugin(plugin_digest).await?;
        let streams = &plugin.manifest.streams;
        let stream = streams.iter().find(|(_, stream)| stream.kind == kind);
        let (stream, _) = stream
            .ok_or_else(|| SourceFailure::Unsupported(format!("it has no stream of {kind}s")))?;
        let scope = scope(&self.store, &connection, CallLane::Backfill);
        let inputs: Vec<MapInput> = inputs.iter().map(input).collect();
        let called = self.runtime.map(&plugin, &scope, stream, &inputs).await;
        Ok(called.map_err(classify)?.value)
    }
}

fn input(raw: &RawBody) -> MapInput {
    MapInput {
        role: raw.role.clone(),
        content_type: raw.content_type.clone(),
        bytes: Bytes::from(raw.bytes.clone()),
    }
}

fn query(search: &Search) -> SearchQuery {
    let (by, value) = match search {
        Search::Email(value) => ("email", value),
        Search::Phone(value) => ("phone", value),
        Search::OrderNumber(value) => ("order_number", value),
        Search::Tracking(value) => ("tracking_number", value),
    };
    SearchQuery {
        by: by.to_owned(),
        value: value.clone(),
    }
}

fn comparability(manifest: &Manifest, kind: Kind) -> Comparability {
    let stream = manifest.streams.values().find(|stream| stream.kind == kind);
    stream.map_or(Comparability::Equality, |stream| stream.version)
}

/// What a call read: each answer once, each record with the answers that it was made of.
fn reading(connection: &Connection, plugin: &Plugin, called: Called<Vec<Pulled>>) -> Reading {
    let Called {
        value, exchanges, ..
    } = called;
    let records = value.into_iter().map(|pulled| {
        let raw: Vec<usize> = exchanges
            .iter()
            .enumerate()
            .filter(|(_, exchange)| pulled.exchanges.contains(&exchange.index))
            .map(|(at, _)| at)
            .collect();
        ReadRecord {
            comparability: comparability(&plugin.manifest, pulled.record.kind),
            observed_at: first_sent(&exchanges, &raw),
            record: pulled.record,
            raw,
        }
    });
    let records = records.collect();
    Reading {
        plugin_digest: plugin.digest.clone(),
        mappings: connection.mappings_revision,
        raw: exchanges.into_iter().map(raw_body).collect(),
        records,
    }
}

/// When the first request behind a record was sent. The runtime validates that a record names one; without
/// any it would be taken for older than everything that is known.
fn first_sent(exchanges: &[Exchange], raw: &[usize]) -> Instant {
    let sent = |at: &usize| exchanges.get(*at).map(|exchange| exchange.sent_at);
    raw.iter()
        .filter_map(sent)
        .min()
        .unwrap_or_else(|| Instant::from(jiff::Timestamp::UNIX_EPOCH))
}

fn raw_body(exchange: Exchange) -> RawBody {
    RawBody {
        role: exchange.role,
        content_type: exchange.content_type,
        bytes: exchange.body.to_vec(),
    }
}

/// Records that came whole in a webhook's body, observed when it arrived.
fn bodies(
    connection: &Connection,
    plugin: &Plugin,
    snapshots: Vec<Record>,
    webhook: &Receipt,
) -> Reading {
    if snapshots.is_empty() {
        return Reading::default();
    }
    let content_type = webhook
        .headers
        .iter()
        .find(|(name, _)| name == "content-type");
    Reading {
        plugin_digest: plugin.digest.clone(),
        mappings: connection.mappings_revision,
        raw: vec![RawBody {
            role: format!("webhook:{}", webhook.topic),
            content_type: content_type
                .map(|(_, value)| value.clone())
                .unwrap_or_default(),
            bytes: webhook.body.clone(),
        }],
        records: snapshots
            .into_iter()
            .map(|record| ReadRecord {
                comparability: comparability(&plugin.manifest, record.kind),
                observed_at: webhook.received_at,
                raw: vec![0],
                record,
            })
            .collect(),
    }
}

/// The failure, with the mappings that the plugin was told.
fn told(connection: &Connection, failure: SourceFailure) -> SourceFailure {
    match failure {
        SourceFailure::Mapping(missing) => SourceFailure::Mapping(MissingMapping {
            revision: connection.mappings_revision,
            ..missing
        }),
        failure => failure,
    }
}

/// The mapping that a plugin lacks, where that is what it says of its settings: `overrides.FIELD.WORD`, the field's own
/// dots written `~1` and its tildes `~0`.
fn lacked(field: &str) -> Option<MissingMapping> {
    let (field, word) = field.strip_prefix("overrides.")?.split_once('.')?;
    let field = field.replace("~1", ".").replace("~0", "~");
    Some(MissingMapping {
        name: MappingName::new(&field, word)?,
        revision: 0,
    })
}

/// The engine's class of a failed call: a total function.
#[expect(clippy::needless_pass_by_value, reason = "used as a mapping function")]
pub(super) fn classify(error: CallError) -> SourceFailure {
    let text = error.to_string();
    match &error {
        CallError::Plugin { error, .. } => by_plugin(error, text),
        CallError::Trap { .. }
        | CallError::MemoryLimit { .. }
        | CallError::OutputInvalid { .. }
        | CallError::TimedOut {
            limit: TimeLimit::Computing(_),
            ..
        } => SourceFailure::Plugin(text),
        CallError::TimedOut { .. } | CallError::Host { .. } => SourceFailure::Unavailable(text),
        CallError::InputInvalid { .. } => SourceFailure::Malformed(text),
        CallError::NotExported { .. } => SourceFailure::Unsupported(text),
        CallError::Busy { waited, .. } => SourceFailure::RateLimited {
            after_ms: u64::try_from(waited.as_millis()).ok(),
        },
    }
}

/// The same where the plugin read the shop's own answers: what is malformed there may be whole the next time.
fn classify_answer(error: CallError) -> SourceFailure {
    let read_by_plugin = matches!(error, CallError::Plugin { .. });
    match classify(error) {
        SourceFailure::Malformed(text) if read_by_plugin => SourceFailure::Unreadable(text),
        failure => failure,
    }
}

fn by_plugin(error: &PluginError, text: String) -> SourceFailure {
    match error {
        PluginError::AuthExpired(_) => SourceFailure::Credentials(text),
        PluginError::RateLimited { retry_after_ms } => SourceFailure::RateLimited {
            after_ms: *retry_after_ms,
        },
        PluginError::NotFound(_) => SourceFailure::NotFound(text),
        PluginError::InvalidConfig { field, .. } => {
            lacked(field).map_or(SourceFailure::Config(text), SourceFailure::Mapping)
        }
        PluginError::Malformed(_) => SourceFailure::Malformed(text),
        PluginError::Upstream {
            status: 401 | 403, ..
        } => SourceFailure::Credentials(text),
        PluginError::Upstream { status: 429, .. } => SourceFailure::RateLimited { after_ms: None },
        PluginError::Upstream { .. } => SourceFailure::Unavailable(text),
        PluginError::InvalidCursor(_) => SourceFailure::InvalidCursor(text),
        PluginError::Unsupported(_) => SourceFailure::Unsupported(text),
        PluginError::Internal(_) => SourceFailure::Plugin(text),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ordercase_runtime::Export;

    use super::*;

    fn plugin(error: PluginError) -> CallError {
        CallError::Plugin {
            plugin: "p".to_owned(),
            export: Export::Pull,
            error,
        }
    }

    fn class(error: CallError) -> String {
        let text = format!("{:?}", classify(error));
        text.split(['(', ' ', '{'])
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    #[test]
    fn half_an_answer_is_asked_for_again_and_half_a_webhook_is_not() {
        let half = || plugin(PluginError::Malformed("EOF".to_owned()));
        assert!(matches!(
            classify_answer(half()),
            SourceFailure::Unreadable(_)
        ));
        assert!(matches!(classify(half()), SourceFailure::Malformed(_)));
        let away = plugin(PluginError::InvalidCursor("x".to_owned()));
        assert!(matches!(
            classify_answer(away),
            SourceFailure::InvalidCursor(_)
        ));
    }

    #[test]
    fn only_a_mapping_that_is_named_is_waited_for() {
        let said = |field: &str| {
            classify(plugin(PluginError::InvalidConfig {
                field: field.to_owned(),
                message: String::new(),
            }))
        };
        for (field, name) in [
            ("overrides.state.OnHold", "state=OnHold"),
            ("overrides.state.v1.2", "state=v1.2"),
            ("overrides.Return~1status.a~1b", "Return.status=a~1b"),
        ] {
            let SourceFailure::Mapping(missing) = said(field) else {
                panic!("{field}: {:?}", said(field));
            };
            assert_eq!(missing.name.as_str(), name);
        }
        for field in [
            "shop_domain",
            "overrides",
            "overrides.state",
            "overrides.state.",
            "overrides..x",
        ] {
            assert!(matches!(said(field), SourceFailure::Config(_)), "{field}");
        }
    }

    #[test]
    fn every_error_of_a_plugin_has_its_class() {
        let text = String::new;
        for (error, expected) in [
            (PluginError::AuthExpired(text()), "Credentials"),
            (
                PluginError::RateLimited {
                    retry_after_ms: Some(5),
                },
                "RateLimited",
            ),
            (PluginError::NotFound(text()), "NotFound"),
            (
                PluginError::InvalidConfig {
                    field: text(),
                    message: text(),
                },
                "Config",
            ),
            (PluginError::Malformed(text()), "Malformed"),
            (
                PluginError::Upstream {
                    status: 401,
                    message: text(),
                },
                "Credentials",
            ),
            (
                PluginError::Upstream {
                    status: 429,
                    message: text(),
                },
                "RateLimited",
            ),
            (
                PluginError::Upstream {
                    status: 500,
                    message: text(),
                },
                "Unavailable",
            ),
            (
                PluginError::Upstream {
                    status: 0,
                    message: text(),
                },
                "Unavailable",
            ),
            (PluginError::InvalidCursor(text()), "InvalidCursor"),
            (PluginError::Unsupported(text()), "Unsupported"),
            (PluginError::Internal(text()), "Plugin"),
        ] {
            assert_eq!(class(plugin(error.clone())), expected, "{error:?}");
        }
    }

    #[test]
    fn waiting_too_long_may_pass_but_computing_too_long_is_the_plugins_fault() {
        let timed_out = |limit| CallError::TimedOut {
            plugin: "p".to_owned(),
            export: Export::Pull,
            limit,
        };
        let second = Duration::from_secs(1);
        assert_eq!(class(timed_out(TimeLimit::Wall(second))), "Unavailable");
        assert_eq!(class(timed_out(TimeLimit::Computing(second))), "Plugin");
    }
}
