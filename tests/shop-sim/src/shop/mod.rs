//! The shop itself: the population, what was changed since, and what clients may ask about it.

pub(crate) mod amount;
pub(crate) mod change;
mod customer;
mod facts;
pub(crate) mod json;
mod listing;
mod search;
mod snapshot;
mod subscription;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

pub(crate) use listing::{ListArgs, Listed, cut_nested, nested_cursor};
pub(crate) use snapshot::{Snapshot, SnapshotStore};
pub(crate) use subscription::{Subscription, constant};

use crate::population::{Buyer, CUSTOMER_ID_BASE, NewOrder, Origin, Presentment, Story, order_gid};
use crate::population::{customers_of, story, write_order};
use crate::{Options, Plan, SimError};

/// A list computed before: its arguments, the revision it was true at, its rows.
type KeptList = (String, u64, Arc<Vec<(i64, u32)>>);

/// Everything that the shop knows. Behind one lock; nothing in here waits.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) origin: Origin,
    pub(crate) plan: Plan,
    pub(crate) domain: String,
    pub(crate) access_token: String,
    pub(crate) webhook_secret: String,
    pub(crate) webhook_address: Option<String>,
    /// Made through the API, oldest first.
    pub(crate) subscriptions: Vec<Subscription>,
    subscriptions_made: u64,
    /// Topics that the app may not subscribe to, as if it lacked the scope.
    pub(crate) refused_topics: Vec<String>,
    /// One per order, oldest first; position = sequence number.
    stories: Vec<Story>,
    by_customer: HashMap<u32, Vec<u32>>,
    /// Orders that are no longer, or never were, what the seed says.
    changed: BTreeMap<u32, Value>,
    /// Orders that are no more. Their numbers are not used again.
    deleted: BTreeSet<u32>,
    customer_patches: BTreeMap<u32, Value>,
    /// Old cursors stop working when it moves.
    pub(crate) cursor_epoch: u32,
    /// Moves with every change; lists computed before are stale.
    revision: u64,
    lists: Vec<KeptList>,
    store: SnapshotStore,
}

impl Shop {
    /// The shop of the data folder, or a new one.
    pub(crate) fn open(options: &Options) -> Result<(Self, Snapshot), SimError> {
        let store = SnapshotStore::at(options.data.clone());
        let snapshot = match store.read()? {
            Some(snapshot) => {
                if snapshot.origin.seed != options.seed || snapshot.shop != options.shop {
                    return Err(SimError::Data(format!(
                        "holds shop '{}' of seed {}, not '{}' of seed {}: use another folder or the same seed",
                        snapshot.shop, snapshot.origin.seed, options.shop, options.seed
                    )));
                }
                snapshot
            }
            None => Snapshot::fresh(options),
        };
        let origin = snapshot.origin;
        let mut stories: Vec<Story> = (0..origin.orders).map(|at| story(origin, at)).collect();
        for (sequence, order) in &snapshot.changed {
            adopt(&mut stories, origin, *sequence, order);
        }
        let mut shop = Self {
            origin,
            plan: options.plan,
            domain: format!("{}.myshopify.com", options.shop),
            access_token: facts::access_token(options.seed),
            webhook_secret: facts::webhook_secret(options.seed),
            webhook_address: options
                .webhook_address
                .clone()
                .or_else(|| snapshot.webhook_address.clone()),
            subscriptions_made: snapshot.subscriptions_made,
            subscriptions: snapshot.subscriptions.clone(),
            refused_topics: Vec::new(),
            stories,
            by_customer: HashMap::new(),
            changed: snapshot.changed.clone(),
            deleted: snapshot.deleted.clone(),
            customer_patches: snapshot.customer_patches.clone(),
            cursor_epoch: snapshot.cursor_epoch,
            revision: 0,
            lists: Vec::new(),
            store,
        };
        for at in 0..shop.stories.len() {
            shop.file_under_customer(at);
        }
        Ok((shop, snapshot))
    }

    fn file_under_customer(&mut self, at: usize) {
        if let Some(Story {
            buyer: Buyer::Customer(index),
            sequence,
            ..
        }) = self.stories.get(at)
            && !self.deleted.contains(sequence)
        {
            self.by_customer.entry(*index).or_default().push(*sequence);
        }
    }

    /// Orders that ever were: their sequence numbers are the numbers below it.
    pub(crate) fn order_count(&self) -> u32 {
        u32::try_from(self.stories.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn customer_count(&self) -> u32 {
        customers_of(self.origin.orders)
    }

    /// The order of that sequence number in the API's shape.
    pub(crate) fn order(&self, sequence: u32) -> Option<Value> {
        if self.deleted.contains(&sequence) {
            return None;
        }
        if let Some(order) = self.changed.get(&sequence) {
            return Some(order.clone());
        }
        let story = self.stories.get(usize::try_from(sequence).ok()?)?;
        Some(write_order(self.origin, story, &NewOrder::default()))
    }

    /// Any object by its global id.
    pub(crate) fn node(&self, gid: &str) -> Option<Value> {
        let rest = gid.strip_prefix("gid://shopify/")?;
        let (kind, _) = rest.split_once('/')?;
        let number = json::id_number(gid)?;
        match kind {
            "Order" => self.order(Self::sequence_of(gid)?),
            "Customer" => self.customer(u32::try_from(number.checked_sub(CUSTOMER_ID_BASE)?).ok()?),
            "Shop" => Some(self.facts()),
            "Fulfillment" => self.child("fulfillments", gid, number, 4_900_000_000_000),
            "Refund" => self.child("refunds", gid, number, 900_000_000_000),
            "Return" => self.child("returns", gid, number, 3_300_000_000),
            "OrderTransaction" => self.child("transactions", gid, number, 6_800_000_000_000),
            "LineItem" => self.child("lineItems", gid, number, 14_000_000_000_000),
            _ => None,
        }
    }

    fn child(&self, key: &str, gid: &str, number: u64, base: u64) -> Option<Value> {
        let sequence = u32::try_from(number.checked_sub(base)? / 1_000).ok()?;
        let order = self.order(sequence)?;
        json::list(&order, key)
            .iter()
            .find(|one| json::text(one, "id") == gid)
            .cloned()
    }

    /// The sequence number in an order's id, whether global or bare.
    pub(crate) fn sequence_of(id: &str) -> Option<u32> {
        let base = json::id_number(&order_gid(0))?;
        u32::try_from(json::id_number(id)?.checked_sub(base)?).ok()
    }

    /// Changes an order and writes the snapshot. The change says whether anything happened.
    pub(crate) fn change_order(
        &mut self,
        sequence: u32,
        at: i64,
        change: impl FnOnce(&mut Value) -> bool,
    ) -> Option<(Value, bool)> {
        let mut order = self.order(sequence)?;
        if !change(&mut order) {
            return Some((order, false));
        }
        // Two changes within one second still differ, so that a client can order them.
        let last = self
            .stories
            .get(usize::try_from(sequence).ok()?)
            .map_or(0, |story| story.updated);
        change::touch(&mut order, at.max(last + 1));
        self.keep(sequence, order.clone());
        Some((order, true))
    }

    /// Deletes an order; as it was last.
    pub(crate) fn delete_order(&mut self, sequence: u32) -> Option<Value> {
        let order = self.order(sequence)?;
        self.deleted.insert(sequence);
        self.changed.remove(&sequence);
        for orders in self.by_customer.values_mut() {
            orders.retain(|one| *one != sequence);
        }
        self.revision += 1;
        Some(order)
    }

    /// Places an order now.
    pub(crate) fn place_order(&mut self, at: i64, wish: &NewOrder) -> Value {
        let sequence = self.order_count();
        let mut told = story(self.origin, sequence);
        told.created = at.max(self.stories.last().map_or(0, |story| story.created + 1));
        told.updated = told.created;
        told.fate = crate::population::Fate::Unfulfilled;
        told.shipped = None;
        told.delivered = None;
        told.turned = None;
        if let Some(currency) = wish.currency.as_deref().and_then(Presentment::of_code) {
            told.presentment = currency;
        }
        let customer = wish
            .customer_id
            .and_then(|id| id.checked_sub(CUSTOMER_ID_BASE));
        if let Some(index) = customer.and_then(|index| u32::try_from(index).ok()) {
            told.buyer = Buyer::Customer(index);
        } else if wish.email.is_some() {
            told.buyer = match told.buyer {
                Buyer::Customer(index) | Buyer::Stranger(index) | Buyer::PhoneOnly(index) => {
                    Buyer::Stranger(index)
                }
            };
        }
        let order = write_order(self.origin, &told, wish);
        self.stories.push(told);
        self.file_under_customer(self.stories.len().saturating_sub(1));
        self.keep(sequence, order.clone());
        order
    }

    /// Merges a patch into a customer.
    pub(crate) fn patch_customer(&mut self, index: u32, at: i64, patch: &Value) -> Option<Value> {
        self.customer(index)?;
        let kept = self
            .customer_patches
            .entry(index)
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
        json::merge(kept, patch);
        json::set(kept, "updatedAt", crate::clock::utc(at));
        self.revision += 1;
        self.customer(index)
    }

    fn keep(&mut self, sequence: u32, order: Value) {
        adopt(&mut self.stories, self.origin, sequence, &order);
        self.changed.insert(sequence, order);
        self.revision += 1;
    }

    /// Whether there is a folder to write the snapshot to.
    pub(crate) const fn is_kept(&self) -> bool {
        self.store.is_kept()
    }

    /// Writes the snapshot with what the caller holds besides the shop.
    pub(crate) fn save(&self, deliveries: Value, journal: u64) -> Result<(), SimError> {
        self.store.write(&Snapshot {
            origin: self.origin,
            shop: self.domain.split('.').next().unwrap_or("").to_owned(),
            cursor_epoch: self.cursor_epoch,
            webhook_address: self.webhook_address.clone(),
            subscriptions: self.subscriptions.clone(),
            subscriptions_made: self.subscriptions_made,
            changed: self.changed.clone(),
            deleted: self.deleted.clone(),
            customer_patches: self.customer_patches.clone(),
            deliveries,
            deliveries_made: journal,
        })
    }
}

/// Makes the stories agree with a changed or added order.
fn adopt(stories: &mut Vec<Story>, origin: Origin, sequence: u32, order: &Value) {
    let time = |key: &str| crate::clock::parse(json::text(order, key));
    let at = usize::try_from(sequence).unwrap_or(usize::MAX);
    if at == stories.len() {
        let mut told = story(origin, sequence);
        told.buyer = match order.pointer("/customer/$ref").and_then(Value::as_str) {
            Some(gid) => {
                let number = json::id_number(gid)
                    .unwrap_or(0)
                    .saturating_sub(CUSTOMER_ID_BASE);
                Buyer::Customer(u32::try_from(number).unwrap_or(0))
            }
            None => Buyer::Stranger(0),
        };
        stories.push(told);
    }
    if let Some(told) = stories.get_mut(at) {
        told.created = time("createdAt").unwrap_or(told.created);
        told.updated = time("updatedAt").unwrap_or(told.updated);
    }
}

pub(crate) fn data_file(folder: &std::path::Path) -> PathBuf {
    folder.join("shop.json")
}
