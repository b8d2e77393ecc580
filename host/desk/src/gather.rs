//! Everything in the store that a ticket may be about: bounded, within one tenant.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_context::{ProvenSpan, Provenance, Quote, QuoteKind, Sourced, StoreState, names};
use ordercase_identity::{Face, QuotedOrder, RecordLink};
use ordercase_model::{
    Comparability, Completeness, Customer, Group, Kind, Missing, Order, RecordRef, Refund, Return,
    Shipment,
};
use ordercase_store::{
    Activity, ChangedRecord, ConnectionId, KeyKind, LookupKey, RecordKey, StoreError, StoredRecord,
    StreamTrack, Track, TrackState, View, limits::LOOKUP_ROWS_MAX,
};
use serde::de::DeserializeOwned;

use crate::{
    limits::{ADDRESSES_MAX, EXPANSIONS_MAX, JOINED_ORDERS_MAX, NUMBER_LOOKUPS_MAX},
    mirror::Asked,
};

/// What was found. **Personal.**
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) customers: Vec<Sourced<Customer>>,
    pub(crate) orders: Vec<Sourced<Order>>,
    pub(crate) faces: Vec<Face>,
    pub(crate) quoted: Vec<QuotedOrder>,
    pub(crate) stores: Vec<StoreState>,
    /// Quotes for which the tenant has no order.
    pub(crate) unknown_quotes: Vec<Quote>,
    /// Whether the store may have more than was looked at.
    pub(crate) cut: bool,
    /// Whether the requester's address is known.
    pub(crate) address_known: bool,
    /// Every record that was read, with its revision then.
    pub(crate) looked_at: Vec<(ChangedRecord, u64)>,
    /// Connections whose orders do not say when they changed.
    pub(crate) blind: BTreeSet<String>,
}

impl Gathered {
    /// The records that a ticket follows from now on.
    pub(crate) fn links(&self) -> impl Iterator<Item = &RecordLink> {
        self.faces.iter().map(Face::record)
    }
}

/// Looks everything up.
pub(crate) async fn gather(view: &mut View, asked: &Asked) -> Result<Gathered, StoreError> {
    let mut search = Search {
        view,
        found: BTreeMap::new(),
        cut: false,
        addresses: asked.email.iter().cloned().collect(),
    };
    if let Some(email) = &asked.email {
        let records = search.view.by_email(email).await?;
        search.add(records);
    }
    let address_known = !search.found.is_empty();
    if let Some(phone) = &asked.phone {
        let records = search.view.by_phone(phone).await?;
        search.add(records);
    }
    search.expand().await?;
    let mut by_quote = Vec::new();
    for quote in asked
        .quotes
        .iter()
        .filter(|quote| quote.explicit)
        .take(NUMBER_LOOKUPS_MAX)
    {
        by_quote.push((quote.clone(), search.quoted(quote).await?));
    }
    let (stores, blind) = stores(search.view).await?;
    let mut gathered = search.into_gathered(&stores).await?;
    gathered.unknown_quotes = by_quote
        .into_iter()
        .filter_map(|(quote, found)| (!found).then_some(quote))
        .collect();
    gathered.quoted = quoted_orders(&gathered.orders, &asked.quotes);
    gathered.address_known = address_known;
    gathered.blind = blind;
    gathered.stores = stores.into_values().collect();
    Ok(gathered)
}

/// The keys that a ticket waits for.
pub(crate) fn watched(asked: &Asked) -> Vec<LookupKey> {
    let mut keys: Vec<LookupKey> = Vec::new();
    let mut wait = |kind, value: &str| keys.extend(LookupKey::new(kind, value));
    if let Some(email) = &asked.email {
        wait(KeyKind::Email, email);
    }
    if let Some(phone) = &asked.phone {
        wait(KeyKind::PhoneDigits, phone);
    }
    for quote in asked
        .quotes
        .iter()
        .filter(|quote| quote.explicit)
        .take(NUMBER_LOOKUPS_MAX)
    {
        match quote.kind {
            QuoteKind::Tracking => wait(KeyKind::Tracking, &quote.search),
            QuoteKind::Order => {
                wait(KeyKind::NumberSearch, &quote.search);
                if quote.search == quote.digits {
                    wait(KeyKind::NumberDigits, &quote.digits);
                }
            }
        }
    }
    keys
}

/// The records of a context as the store names them.
pub(crate) fn changed_record(link: &RecordLink) -> Option<ChangedRecord> {
    Some(ChangedRecord {
        connection: ConnectionId::new(link.connection.as_str()).ok()?,
        kind: link.kind,
        source_id: link.source_id.clone(),
    })
}

fn looked_at(record: &StoredRecord) -> (ChangedRecord, u64) {
    let changed = ChangedRecord {
        connection: record.key.connection.clone(),
        kind: record.key.kind,
        source_id: record.key.source_id.clone(),
    };
    (changed, record.revision)
}

fn quoted_orders(orders: &[Sourced<Order>], quotes: &[Quote]) -> Vec<QuotedOrder> {
    let mut quoted: BTreeMap<RecordLink, bool> = BTreeMap::new();
    for order in orders {
        for quote in quotes.iter().filter(|quote| names(&order.body, quote)) {
            *quoted.entry(order.provenance.record.clone()).or_default() |= quote.explicit;
        }
    }
    quoted
        .into_iter()
        .map(|(order, explicit)| QuotedOrder { order, explicit })
        .collect()
}

/// What a stored record says. **Personal.**
enum Body {
    Customer(Box<Customer>),
    Order(Box<Order>),
    /// Nothing that a ticket may be about, or not readable.
    Other,
}

impl Body {
    fn of(record: &StoredRecord) -> Self {
        let read = match record.key.kind {
            Kind::Customer => body(record).map(|mut customer: Box<Customer>| {
                if customer.source_id.is_empty() {
                    customer.source_id.clone_from(&record.key.source_id);
                }
                if customer.merged_into.is_none() {
                    customer.merged_into.clone_from(&record.merged_into);
                }
                Self::Customer(customer)
            }),
            Kind::Order => body(record).map(|mut order: Box<Order>| {
                if record.is_deleted() {
                    order.flags.deleted = Some(true);
                }
                Self::Order(order)
            }),
            _ => None,
        };
        read.unwrap_or(Self::Other)
    }
}

struct Search<'a> {
    view: &'a mut View,
    found: BTreeMap<RecordKey, (StoredRecord, Body)>,
    /// Whether a lookup came back full.
    cut: bool,
    /// What was looked up already.
    addresses: BTreeSet<String>,
}

impl Search<'_> {
    fn add(&mut self, records: Vec<StoredRecord>) {
        self.cut |= i64::try_from(records.len()).is_ok_and(|rows| rows >= LOOKUP_ROWS_MAX);
        for record in records {
            let place = self.found.entry(record.key.clone());
            place.or_insert_with(|| {
                let body = Body::of(&record);
                (record, body)
            });
        }
    }

    /// From the records found to the others of the same accounts, and of their other addresses.
    async fn expand(&mut self) -> Result<(), StoreError> {
        let mut accounts = BTreeSet::new();
        let mut addresses = BTreeSet::new();
        for (key, (_, body)) in &self.found {
            if key.kind == Kind::Customer {
                accounts.insert((key.connection.clone(), key.source_id.clone()));
            }
            match body {
                Body::Customer(customer) => {
                    let emails = customer.emails.iter();
                    addresses.extend(emails.map(|email| email.normalised.clone()));
                }
                Body::Order(order) => {
                    let buyer = order.buyer.customer_source_id.clone();
                    accounts.extend(buyer.map(|id| (key.connection.clone(), id)));
                }
                Body::Other => {}
            }
        }
        for (connection, id) in accounts.into_iter().take(EXPANSIONS_MAX) {
            let records = self.view.by_customer(&connection, &id).await?;
            self.add(records);
            let target = RecordRef {
                kind: Kind::Customer,
                source_id: id,
            };
            let is_known = self.found.keys().any(|key| {
                key.connection == connection
                    && key.kind == target.kind
                    && key.source_id == target.source_id
            });
            if !is_known {
                let record = self.view.record(&connection, &target).await?;
                self.add(record.into_iter().collect());
            }
        }
        let others = addresses.difference(&self.addresses).take(ADDRESSES_MAX);
        let others: Vec<String> = others.cloned().collect();
        for address in others {
            let records = self.view.by_email(&address).await?;
            self.add(records);
        }
        Ok(())
    }

    /// Orders that a quote names, in the whole tenant; whether there are any.
    async fn quoted(&mut self, quote: &Quote) -> Result<bool, StoreError> {
        let mut records = match quote.kind {
            QuoteKind::Tracking => self.view.by_tracking(&quote.search).await?,
            QuoteKind::Order => self.view.by_order_number(&quote.typed).await?,
        };
        if quote.kind == QuoteKind::Order {
            if quote.search == quote.digits {
                records.extend(self.view.by_order_digits(&quote.digits).await?);
            }
            if records.is_empty() && quote.search.len() >= 4 {
                records.extend(self.view.by_ref(&quote.search).await?);
            }
        }
        let mut found = false;
        for record in records {
            let parent = record
                .record
                .parent
                .clone()
                .filter(|parent| parent.kind == Kind::Order);
            let order = match (record.key.kind, parent) {
                (Kind::Order, _) => Some(record),
                (_, Some(parent)) => self.view.record(&record.key.connection, &parent).await?,
                _ => None,
            };
            found |= order.is_some();
            self.add(order.into_iter().collect());
        }
        Ok(found)
    }

    async fn into_gathered(
        mut self,
        stores: &BTreeMap<ConnectionId, StoreState>,
    ) -> Result<Gathered, StoreError> {
        let mut gathered = Gathered {
            cut: self.cut,
            looked_at: self
                .found
                .values()
                .map(|(record, _)| looked_at(record))
                .collect(),
            ..Gathered::default()
        };
        let name_of = |id: &ConnectionId| {
            stores
                .get(id)
                .map_or_else(|| id.to_string(), |store| store.name.clone())
        };
        let mut children = self.children().await?;
        for (record, body) in self.found.into_values() {
            let connection = record.key.connection.as_str();
            let name = name_of(&record.key.connection);
            match body {
                Body::Customer(customer) => {
                    let face = Face::of_customer(connection, &customer);
                    gathered.faces.push(face);
                    gathered.customers.push(sourced(&record, *customer, name));
                }
                Body::Order(mut order) => {
                    for child in children.remove(&record.key).unwrap_or_default() {
                        join(&child, &mut order);
                    }
                    let face = Face::of_order(connection, &record.key.source_id, &order);
                    gathered.faces.push(face);
                    gathered.orders.push(sourced(&record, *order, name));
                }
                Body::Other => {}
            }
        }
        Ok(gathered)
    }

    /// What lies in the orders found but is a record of its own at its source, by order.
    async fn children(&mut self) -> Result<BTreeMap<RecordKey, Vec<StoredRecord>>, StoreError> {
        let found = self.found.keys();
        let orders = found.filter(|key| key.kind == Kind::Order);
        let orders = orders.map(|key| (&key.connection, key.source_id.as_str()));
        let mut children: BTreeMap<RecordKey, Vec<StoredRecord>> = BTreeMap::new();
        for child in self.view.children(orders.take(JOINED_ORDERS_MAX)).await? {
            if let Some(parent) = &child.record.parent {
                let order = RecordKey {
                    kind: parent.kind,
                    source_id: parent.source_id.clone(),
                    ..child.key.clone()
                };
                children.entry(order).or_default().push(child);
            }
        }
        Ok(children)
    }
}

/// Adds a record of its own to the order that it lies in.
fn join(child: &StoredRecord, order: &mut Order) {
    match child.key.kind {
        Kind::Shipment => put(&mut order.shipments, body::<Shipment>(child), |s| {
            &s.source_id
        }),
        Kind::Refund => put(&mut order.refunds, body::<Refund>(child), |r| &r.source_id),
        Kind::Return => put(&mut order.returns, body::<Return>(child), |r| &r.source_id),
        _ => {}
    }
}

/// Replaces the item with the same id, else adds it.
fn put<T>(items: &mut Vec<T>, item: Option<T>, id: impl Fn(&T) -> &String) {
    let Some(item) = item else { return };
    match items.iter_mut().find(|known| id(known) == id(&item)) {
        Some(known) => *known = item,
        None => items.push(item),
    }
}

/// The body of a record; one that cannot be read is left out, with a line in the log.
fn body<T: DeserializeOwned>(record: &StoredRecord) -> Option<T> {
    serde_json::from_str(record.record.body.get())
        .inspect_err(|error| {
            tracing::warn!(
                tenant.id = %record.key.tenant,
                connection.id = %record.key.connection,
                record.kind = %record.key.kind,
                "a stored record cannot be read and is left out: {error}"
            );
        })
        .ok()
}

fn sourced<T>(record: &StoredRecord, body: T, connection_name: String) -> Sourced<T> {
    let mut missing = record.record.missing.clone();
    if let Completeness::Partial(groups) = &record.record.completeness {
        for (group, path) in [
            (Group::Lines, "lines"),
            (Group::Addresses, "shipping_address"),
            (Group::Payments, "payments"),
            (Group::Shipments, "shipments"),
            (Group::Refunds, "refunds"),
            (Group::Returns, "returns"),
        ] {
            if !groups.contains(&group) {
                missing
                    .entry(path.to_owned())
                    .or_insert(Missing::NotFetched);
            }
        }
    }
    Sourced {
        body,
        provenance: Provenance {
            record: RecordLink::new(
                record.key.kind,
                record.key.connection.as_str(),
                &record.key.source_id,
            ),
            connection_name,
            observed_at: record.observed_at,
            path: record.path.as_str().to_owned(),
            source_updated_at: record.record.source_updated_at,
        },
        missing,
        warnings: record.record.warnings.clone(),
    }
}

/// The tenant's shops and how far they are read; and those whose orders do not say when they changed.
async fn stores(
    view: &mut View,
) -> Result<(BTreeMap<ConnectionId, StoreState>, BTreeSet<String>), StoreError> {
    let mut states = BTreeMap::new();
    let mut blind = BTreeSet::new();
    for connection in view.connections().await? {
        let shop = &connection.key.connection;
        let tracks = view.streams(shop).await?;
        let coverage = view.coverage(shop).await?;
        let lies = |track: &StreamTrack| {
            track.kind == Kind::Order && track.comparability == Comparability::Equality
        };
        if tracks.iter().any(lies) {
            blind.insert(connection.key.connection.to_string());
        }
        let unstored = unstored(view, shop, &tracks).await?;
        let mut backfills = tracks
            .iter()
            .filter(|t| t.track == Track::Backfill)
            .peekable();
        let read =
            backfills.peek().is_some() && backfills.all(|track| track.state == TrackState::Done);
        let last_read_at = tracks
            .iter()
            .filter_map(|t| t.finished_at.or(t.started_at))
            .max();
        let proven = coverage
            .iter()
            .find(|one| one.kind == Kind::Order && unstored == 0);
        let proven = proven.map(|one| ProvenSpan {
            // Behind a gap only what comes after it is proven without a break.
            since: one.gap.map_or(one.since, |gap| Some(gap.until)),
            through: one.through,
        });
        let (state, reason) = match &connection.activity {
            Activity::Active => ("active", None),
            Activity::Paused(reason) => ("paused", Some(reason.clone())),
            Activity::Leaving | Activity::Left => ("disconnected", None),
        };
        states.insert(
            connection.key.connection.clone(),
            StoreState {
                connection: connection.key.connection.to_string(),
                name: connection.name,
                state: state.to_owned(),
                reason,
                complete: read && unstored == 0,
                unstored,
                proven,
                last_read_at,
            },
        );
    }
    Ok((states, blind))
}

/// Records that were read and could not be stored: of pages, and those of webhooks that wait for a mapping. Any other
/// webhook only tells of what a page brings too.
async fn unstored(
    view: &mut View,
    shop: &ConnectionId,
    tracks: &[StreamTrack],
) -> Result<u64, StoreError> {
    let in_pages = |stream: &str| tracks.iter().any(|track| track.stream == stream);
    let of_pages = view.unstored_by_stream(shop).await?;
    let of_pages = of_pages.iter().filter(|(stream, _)| in_pages(stream));
    let waiting = view.waiting_by_stream(shop).await?;
    let waiting = waiting.iter().filter(|(stream, _)| !in_pages(stream));
    Ok(of_pages.chain(waiting).map(|(_, count)| count).sum())
}
