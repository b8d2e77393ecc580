//! A shop, scripted: its orders, its pages, and what goes wrong when it is asked.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use ordercase_model::{Comparability, Completeness, Kind, Record, RecordRef, SCHEMA};
use ordercase_store::*;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::world::{START, TestClock, at};
use crate::*;

/// A shop whose orders have whole-number versions; its clock is the test's.
#[derive(Default)]
pub(crate) struct Shop {
    /// Order id to version and time of change.
    pub(crate) orders: Mutex<BTreeMap<u32, (u32, i64)>>,
    /// How often an order changed without its version.
    silent: Mutex<BTreeMap<u32, u32>>,
    /// The clock that reads are stamped by.
    pub(crate) clock: OnceLock<Arc<TestClock>>,
    /// Failures to come, one per call, by call.
    pub(crate) failures: Mutex<BTreeMap<&'static str, VecDeque<SourceFailure>>>,
    /// Calls made, by call.
    pub(crate) calls: Mutex<BTreeMap<&'static str, usize>>,
    /// Pages to come that claim to be the last.
    pub(crate) cuts: AtomicUsize,
    /// The source's own words for the state of an order.
    pub(crate) words: Mutex<BTreeMap<u32, &'static str>>,
    /// Whether versions are hashes, which say no more than equal or not.
    pub(crate) hashes: AtomicBool,
    /// Where orders stand, in the model's words; those were placed when the test began.
    pub(crate) states: Mutex<BTreeMap<u32, &'static str>>,
    /// Where the operator's mappings are.
    pub(crate) store: OnceLock<Store>,
    /// What it was told of them last.
    told: Mutex<(u64, Value)>,
    /// While it is closed, pages wait.
    pub(crate) gate: Mutex<Option<watch::Receiver<bool>>>,
}

pub(crate) const PAGE: usize = 5;

impl Shop {
    pub(crate) fn change(&self, id: u32, now: i64) {
        let mut orders = self.orders.lock().unwrap();
        let entry = orders.entry(id).or_insert((0, now));
        *entry = (entry.0 + 1, now);
    }

    /// Another state under the same version and change time.
    pub(crate) fn change_silently(&self, id: u32) {
        *self.silent.lock().unwrap().entry(id).or_default() += 1;
    }

    pub(crate) fn delete(&self, id: u32) {
        self.orders.lock().unwrap().remove(&id);
    }

    pub(crate) fn fail(&self, call: &'static str, failure: SourceFailure, times: usize) {
        let mut failures = self.failures.lock().unwrap();
        failures
            .entry(call)
            .or_default()
            .extend(std::iter::repeat_n(failure, times));
    }

    pub(crate) fn calls(&self, call: &'static str) -> usize {
        self.calls
            .lock()
            .unwrap()
            .get(call)
            .copied()
            .unwrap_or_default()
    }

    /// Is told the mappings, as every call of a plugin is.
    async fn listen(&self, key: &ConnectionKey) {
        let Some(store) = self.store.get() else {
            return;
        };
        let connection = store.connection(key).await.unwrap().unwrap();
        *self.told.lock().unwrap() = (connection.mappings_revision, connection.overrides);
    }

    fn body(&self, id: u32, version: u32) -> Value {
        let mut body = json!({"number": format!("#{id}"), "tags": [self.tag(id, version)]});
        if let Some(&word) = self.words.lock().unwrap().get(&id) {
            let told = self.told.lock().unwrap();
            let canonical = told.1["state"][word]["order"].as_str().unwrap_or("unknown");
            body["order_state"] =
                json!({"canonical": canonical, "raw": word, "source_field": "state"});
        }
        if let Some(state) = self.states.lock().unwrap().get(&id) {
            body["order_state"] = status(state);
            body["placed_at"] = json!({"raw": "then", "at": at(START), "zone": "source"});
        }
        body
    }

    fn enter(&self, call: &'static str) -> Result<(), SourceFailure> {
        *self.calls.lock().unwrap().entry(call).or_default() += 1;
        match self
            .failures
            .lock()
            .unwrap()
            .get_mut(call)
            .and_then(VecDeque::pop_front)
        {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// How its versions compare.
    pub(crate) fn comparability(&self) -> Comparability {
        match self.hashes.load(Ordering::SeqCst) {
            true => Comparability::Equality,
            false => Comparability::Integer,
        }
    }

    fn read(&self, id: u32, (version, changed): (u32, i64)) -> ReadRecord {
        let source_version = match self.comparability() {
            Comparability::Equality => format!("hash of {}", self.tag(id, version)),
            _ => version.to_string(),
        };
        ReadRecord {
            record: Record {
                schema: SCHEMA.to_owned(),
                kind: Kind::Order,
                source_id: id.to_string(),
                parent: None,
                source_version: Some(source_version),
                source_updated_at: Some(at(changed)),
                api_version: None,
                completeness: Completeness::Full,
                missing: BTreeMap::new(),
                warnings: Vec::new(),
                body: serde_json::value::to_raw_value(&self.body(id, version)).unwrap(),
            },
            comparability: self.comparability(),
            observed_at: self.clock.get().map_or(at(changed), |clock| clock.now()),
            raw: vec![0],
        }
    }

    pub(crate) fn tag(&self, id: u32, version: u32) -> String {
        match self.silent.lock().unwrap().get(&id) {
            None => format!("version {version}"),
            Some(silent) => format!("version {version}, {silent}"),
        }
    }

    fn reading(&self, records: Vec<ReadRecord>) -> Reading {
        Reading {
            plugin_digest: "d1".to_owned(),
            mappings: self.told.lock().unwrap().0,
            raw: vec![RawBody {
                role: "orders".to_owned(),
                content_type: "application/json".to_owned(),
                bytes: format!("{} orders", records.len()).into_bytes(),
            }],
            records,
        }
    }
}

fn status(canonical: &str) -> Value {
    json!({"canonical": canonical, "raw": canonical, "source_field": "state"})
}

#[async_trait]
impl Source for Shop {
    async fn pull(&self, key: &ConnectionKey, ask: Pull) -> Result<Page, SourceFailure> {
        self.listen(key).await;
        let gate = self.gate.lock().unwrap().clone();
        if let Some(mut gate) = gate {
            gate.wait_for(|open| *open).await.unwrap();
        }
        self.enter(match ask.lane {
            Lane::Backfill => "backfill",
            Lane::Reconcile => "reconcile",
            _ => "poll",
        })?;
        let orders = self.orders.lock().unwrap().clone();
        // Newest first, as a cursor walks down.
        let below: u32 = ask
            .cursor
            .as_deref()
            .map_or(u32::MAX, |cursor| cursor.parse().unwrap());
        let window: Vec<_> = orders
            .iter()
            .rev()
            .filter(|(_, (_, changed))| ask.since.is_none_or(|since| at(*changed) >= since))
            .collect();
        let page: Vec<_> = window
            .iter()
            .filter(|(id, _)| **id < below)
            .take(PAGE)
            .collect();
        let more = window.iter().filter(|(id, _)| **id < below).count() > PAGE;
        let cut = self
            .cuts
            .try_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_ok();
        let next = page.last().filter(|_| more && !cut);
        let next = next.map(|(id, _)| id.to_string());
        let records = page
            .iter()
            .map(|(id, state)| self.read(**id, **state))
            .collect();
        Ok(Page {
            reading: self.reading(records),
            next,
            total: Some(window.len() as u64),
        })
    }

    async fn fetch(
        &self,
        key: &ConnectionKey,
        target: &RecordRef,
        _: Lane,
    ) -> Result<Reading, SourceFailure> {
        self.listen(key).await;
        self.enter("fetch")?;
        let id: u32 = target.source_id.parse().unwrap();
        let state = self.orders.lock().unwrap().get(&id).copied();
        let state = state.ok_or_else(|| SourceFailure::NotFound(format!("order {id}")))?;
        Ok(self.reading(vec![self.read(id, state)]))
    }

    async fn search(&self, _: &ConnectionKey, search: &Search) -> Result<Reading, SourceFailure> {
        let Search::OrderNumber(number) = search else {
            return Ok(Reading::default());
        };
        let id: u32 = number.trim_start_matches('#').parse().unwrap();
        let state = self.orders.lock().unwrap().get(&id).copied();
        Ok(self.reading(
            state
                .into_iter()
                .map(|state| self.read(id, state))
                .collect(),
        ))
    }

    async fn receive(
        &self,
        _: &ConnectionKey,
        webhook: &Receipt,
    ) -> Result<WebhookReading, SourceFailure> {
        self.enter("receive")?;
        let body: Value = serde_json::from_slice(&webhook.body)
            .map_err(|error| SourceFailure::Malformed(error.to_string()))?;
        let Some(id) = body["order"].as_u64() else {
            return Ok(WebhookReading {
                ignored: Some("not about an order".to_owned()),
                ..WebhookReading::default()
            });
        };
        let target = RecordRef {
            kind: Kind::Order,
            source_id: id.to_string(),
        };
        if let (Some(version), Some(state)) = (body["version"].as_u64(), body["state"].as_str()) {
            let version = u32::try_from(version).unwrap();
            let mut told = self.read(u32::try_from(id).unwrap(), (version, START));
            let mut order: Value = told.record.read().unwrap();
            order["order_state"] = status(state);
            told.record.body = serde_json::value::to_raw_value(&order).unwrap();
            return Ok(WebhookReading {
                bodies: self.reading(vec![told]),
                ..WebhookReading::default()
            });
        }
        let hint = Hint {
            target,
            occurred_at: webhook.occurred_at,
        };
        Ok(WebhookReading {
            hints: vec![hint.clone(), hint],
            ..WebhookReading::default()
        })
    }
}
