//! The shop: orders that change, pages of them, webhooks about them.
//!
//! How its versions compare is drawn per run: whole numbers; times so coarse that two changes share one; hashes,
//! which say no more than equal or not. Its change times are honest. Lists lag: for some seconds they show an order
//! as it was before, as a platform's search does. A window with a start is read by time of change, oldest first,
//! as the contract of plugins has it.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::{
    Comparability, Completeness, Instant, Kind, OrderState, Record, RecordRef, SCHEMA,
};
use ordercase_store::{RawBody, StoredRecord};
use serde_json::{Value, json, value::RawValue};

use super::random::Random;
use crate::{Page, Pull, ReadRecord, Reading, SourceFailure};

/// Orders of a page.
pub(super) const PAGE: u32 = 2;
/// Granularity of coarse times, seconds.
const COARSE_SECONDS: i64 = 10;

/// Where an order stands in its versions, reinstated in the fourth; after the fifth it begins again.
const LIFE: [&str; 5] = ["pending", "open", "completed", "open", "cancelled"];

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) version: u64,
    pub(super) changed_at: Instant,
}

/// What lists show of an order until then: the order as it was before, or nothing.
type Lagging = (Instant, Option<Order>);

/// A webhook that the shop has yet to send, or sends again.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) order: u32,
    pub(super) version: u64,
    pub(super) occurred_at: Instant,
}

/// The shop.
pub(super) struct Shop {
    pub(super) orders: BTreeMap<u32, Order>,
    /// Orders there were before anybody read.
    pub(super) history: u32,
    pub(super) comparability: Comparability,
    /// Whether webhooks hold the order, or only its id.
    pub(super) full_bodies: bool,
    lagging: BTreeMap<u32, Lagging>,
    pub(super) deliveries: Vec<Delivery>,
    /// Changes so far.
    pub(super) changes: u64,
    /// Deletions asked for so far.
    pub(super) deletes: u64,
    /// When the last one was.
    pub(super) deleted_at: Option<Instant>,
    deleted: BTreeSet<u32>,
}

impl Shop {
    pub(super) fn draw(random: &mut Random, now: Instant) -> Self {
        let kinds = [
            Comparability::Integer,
            Comparability::Instant,
            Comparability::Equality,
        ];
        let history = u32::try_from(random.from_to(2, 5)).unwrap_or(2);
        let age = random.one_of(&[1_000, 10], 10);
        let order = |id: u32| Order {
            version: 1,
            changed_at: now.plus_seconds(i64::from(id) - age),
        };
        Self {
            orders: (1..=history).map(|id| (id, order(id))).collect(),
            history,
            comparability: random.one_of(&kinds, Comparability::Integer),
            full_bodies: random.percent(50),
            lagging: BTreeMap::new(),
            deliveries: Vec::new(),
            changes: 0,
            deletes: 0,
            deleted_at: None,
            deleted: BTreeSet::new(),
        }
    }

    /// An order changes, or a new one comes in. The webhook about it is sent `copies` times; lists show it after
    /// `lag_seconds`.
    pub(super) fn change(&mut self, id: u32, now: Instant, copies: u64, lag_seconds: i64) {
        let before = self.listed(id, now);
        self.lagging
            .insert(id, (now.plus_seconds(lag_seconds), before));
        let order = self.orders.entry(id).or_insert(Order {
            version: 0,
            changed_at: now,
        });
        order.version += 1;
        order.changed_at = now;
        let (version, occurred_at) = (order.version, now);
        self.changes += 1;
        for _ in 0..copies {
            self.deliveries.push(Delivery {
                id: format!("hook-{}", self.changes),
                order: id,
                version,
                occurred_at,
            });
        }
    }

    /// An order goes, where there is one; no version and no webhook tells of it.
    pub(super) fn delete(&mut self, id: u32, now: Instant) {
        self.deletes += 1;
        self.deleted_at = Some(now);
        if self.orders.remove(&id).is_some() {
            self.deleted.insert(id);
            self.lagging.remove(&id);
        }
    }

    /// Whether there was such an order.
    pub(super) fn is_deleted(&self, id: u32) -> bool {
        self.deleted.contains(&id)
    }

    /// The highest id ever given, 1 at least.
    pub(super) fn newest(&self) -> u64 {
        let there = self.orders.keys().chain(&self.deleted).max();
        there.map_or(1, |id| u64::from(*id))
    }

    /// An order, as lists show it.
    fn listed(&self, id: u32, now: Instant) -> Option<Order> {
        match self.lagging.get(&id) {
            Some((until, before)) if now < *until => *before,
            _ => self.orders.get(&id).copied(),
        }
    }

    /// When something changed or went last.
    pub(super) fn changed_at(&self) -> Option<Instant> {
        let changed = self.orders.values().map(|order| order.changed_at).max();
        changed.max(self.deleted_at)
    }

    /// Whether lists show every order as it is.
    pub(super) fn lists_are_true(&self, now: Instant) -> bool {
        self.lagging.values().all(|(until, _)| *until <= now)
    }

    /// A page of a stream, as it is now.
    pub(super) fn page(&self, ask: &Pull, sent_at: Instant, now: Instant) -> Page {
        let mut all: Vec<(u32, Order)> = self
            .orders
            .keys()
            .filter_map(|id| Some((*id, self.listed(*id, now)?)))
            .filter(|(_, order)| ask.since.is_none_or(|since| order.changed_at >= since))
            .collect();
        let by_time = ask.since.is_some();
        let place = |id: u32, order: &Order| match by_time {
            true => (order.changed_at.micros(), i64::from(id)),
            false => (0, -i64::from(id)),
        };
        all.sort_by_key(|(id, order)| place(*id, order));
        if let Some((time, id)) = ask.cursor.as_deref().and_then(read_cursor) {
            all.retain(|(this, order)| place(*this, order) > (time, id));
        }
        let limit = usize::try_from(ask.limit).unwrap_or(1);
        let more = all.len() > limit;
        all.truncate(limit);
        let next = all.last().filter(|_| more).map(|(id, order)| {
            let (time, id) = place(*id, order);
            format!("{time}:{id}")
        });
        let records = all.iter().map(|(id, order)| self.read(*id, order, sent_at));
        Page {
            reading: reading(records.collect()),
            next,
            total: None,
        }
    }

    /// One order, as it is now.
    pub(super) fn fetch(
        &self,
        target: &RecordRef,
        sent_at: Instant,
    ) -> Result<Reading, SourceFailure> {
        let id = target.source_id.parse().unwrap_or_default();
        match self.orders.get(&id) {
            Some(order) => Ok(reading(vec![self.read(id, order, sent_at)])),
            None => Err(SourceFailure::NotFound(target.source_id.clone())),
        }
    }

    /// The order as it was when a webhook was written.
    pub(super) fn body(&self, delivery: &Value, received_at: Instant) -> Option<Reading> {
        let id = u32::try_from(delivery.get("order")?.as_u64()?).ok()?;
        let order = Order {
            version: delivery.get("version")?.as_u64()?,
            changed_at: Instant::from_micros(delivery.get("at")?.as_i64()?)?,
        };
        Some(reading(vec![self.read(id, &order, received_at)]))
    }

    fn version(&self, order: &Order) -> String {
        match self.comparability {
            Comparability::Instant => {
                let seconds = order.changed_at.micros() / 1_000_000;
                let coarse = seconds - seconds % COARSE_SECONDS;
                Instant::from_micros(coarse * 1_000_000)
                    .unwrap_or(order.changed_at)
                    .to_string()
            }
            Comparability::Equality => format!("hash of {}", order.version),
            _ => order.version.to_string(),
        }
    }

    fn read(&self, id: u32, order: &Order, observed_at: Instant) -> ReadRecord {
        let step = usize::try_from(order.version.saturating_sub(1)).unwrap_or(0) % LIFE.len();
        let body = json!({
            "number": format!("#{id}"),
            "tags": [order.version.to_string()],
            "order_state": { "canonical": LIFE[step], "raw": LIFE[step], "source_field": "state" },
        });
        let body = RawValue::from_string(body.to_string());
        ReadRecord {
            record: Record {
                schema: SCHEMA.to_owned(),
                kind: Kind::Order,
                source_id: id.to_string(),
                parent: None,
                source_version: Some(self.version(order)),
                source_updated_at: Some(order.changed_at),
                api_version: None,
                completeness: Completeness::Full,
                missing: BTreeMap::new(),
                warnings: Vec::new(),
                body: body.unwrap_or_else(|_| RawValue::NULL.to_owned()),
            },
            comparability: self.comparability,
            observed_at,
            raw: vec![0],
        }
    }
}

fn read_cursor(cursor: &str) -> Option<(i64, i64)> {
    let (time, id) = cursor.split_once(':')?;
    Some((time.parse().ok()?, id.parse().ok()?))
}

fn reading(records: Vec<ReadRecord>) -> Reading {
    Reading {
        mappings: 0,
        plugin_digest: super::PLUGIN.to_owned(),
        raw: vec![RawBody {
            role: "orders".to_owned(),
            content_type: "text/plain".to_owned(),
            bytes: b"an answer".to_vec(),
        }],
        records,
    }
}

/// Where an order stands, as a record tells it.
pub(super) fn state_of(stored: &StoredRecord) -> OrderState {
    let body: Value = stored.record.read().unwrap_or_default();
    let state = body.pointer("/order_state/canonical");
    OrderState::from_text(state.and_then(Value::as_str).unwrap_or_default())
}

/// The shop's own count of an order's versions, as a record tells it.
pub(super) fn version_of(stored: &StoredRecord) -> Option<u64> {
    let body: Value = stored.record.read().ok()?;
    body.get("tags")?.get(0)?.as_str()?.parse().ok()
}
