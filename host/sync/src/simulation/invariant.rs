//! What must hold, while it runs and when all is done. What the help desk and the wire notice by themselves stands
//! in `help_desk.rs` and `world.rs`: an effect done twice or out of order, two of one target on their way.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::{Comparability, Instant, Kind, OrderState};
use ordercase_store::{
    ConnectionKey, DeskKey, EffectState, Receipt, ReceiptState, Store, StoreError, StoredRecord,
    StreamTrack, TicketKey, Track, TrackState, simulation::Leased,
};
use serde_json::Value;

use super::{
    plan::Plan,
    shop::{state_of, version_of},
    side::order_of,
    world::{State, World},
};

/// A record as it was last seen in the store.
struct Seen {
    version: u64,
    source_version: Option<String>,
    tells_of: Instant,
    from_body: bool,
    state: OrderState,
}

/// The store behind the gates, looked at from outside, and what was seen there before.
pub(super) struct Witness {
    pub(super) store: Store,
    pub(super) connection: ConnectionKey,
    pub(super) desk: DeskKey,
    records: BTreeMap<String, Seen>,
    /// By id, who held a lease when it was looked at last, and when that was.
    leased: BTreeMap<String, Leased>,
}

impl Witness {
    pub(super) fn new(store: Store, connection: ConnectionKey, desk: DeskKey) -> Self {
        Self {
            store,
            connection,
            desk,
            records: BTreeMap::new(),
            leased: BTreeMap::new(),
        }
    }

    /// After these replicas wrote: one holder per entity and per target; and what another replica holds is as it
    /// was.
    pub(super) async fn leases(
        &mut self,
        world: &World,
        wrote: &[usize],
    ) -> Result<(), StoreError> {
        let now = world.with(|state| state.now);
        let leased = self.store.leased(now).await?;
        let mut held = BTreeSet::new();
        for lease in &leased {
            if !held.insert(lease.what.clone()) {
                let what = &lease.what;
                world.with(|state| state.wrong(format!("{what} has two holders at the same time")));
            }
        }
        let leased: BTreeMap<String, Leased> = leased
            .into_iter()
            .map(|lease| (lease.id.clone(), lease))
            .collect();
        let theirs = wrote.iter().map(|replica| format!("replica-{replica}-"));
        let theirs: Vec<String> = theirs.collect();
        for (id, before) in &self.leased {
            let own = theirs.iter().any(|name| before.holder.starts_with(name));
            let same = leased
                .get(id)
                .is_some_and(|now| now.holder == before.holder);
            if !own && !same {
                let (what, holder) = (&before.what, &before.holder);
                world.with(|state| {
                    state.wrong(format!("{what} was settled while {holder} held it"));
                });
            }
        }
        self.leased = leased;
        Ok(())
    }

    /// Time passes: leases may have run out.
    pub(super) fn forget_leases(&mut self) {
        self.leased.clear();
    }

    /// At any moment: received = applied + superseded + duplicate + ignored + dead + pending.
    pub(super) async fn accounts(&self, world: &World) -> Result<(), StoreError> {
        if self.store.accounts_add_up(None).await? {
            return Ok(());
        }
        let lines = self.store.accounts(None).await?;
        let bad = lines.into_iter().find(|line| !line.adds_up);
        world.with(|state| state.wrong(format!("the accounts do not add up: {bad:?}")));
        Ok(())
    }

    /// After something was stored: no record goes back, no cursor is ahead. `alone`: nothing else was stored since the
    /// last look, so that what moved a record is what its row names.
    pub(super) async fn records(&mut self, world: &World, alone: bool) -> Result<(), StoreError> {
        // Before the records: a write that a killed replica had begun may be committed between two readings.
        let tracks = self.store.streams(&self.connection).await?;
        let tenant = &self.connection.tenant;
        let applied = self.store.receipts(tenant, ReceiptState::Applied).await?;
        let mut stored = self.stored().await?;
        let how = world.with(|state| state.shop.comparability);
        // What the shop deleted is settled by the end, and compared then.
        stored.retain(|id, _| !world.with(|state| deleted(state, id)));
        for record in stored.values() {
            let now = Seen {
                version: version_of(record).unwrap_or_default(),
                source_version: record.record.source_version.clone(),
                tells_of: record.event_at.unwrap_or(record.observed_at),
                from_body: !record.path.is_read(),
                state: state_of(record),
            };
            let id = record.key.source_id.clone();
            if let Some(before) = self.records.get(&id)
                && now.version < before.version
                && !may_go_back(how, before, &now)
            {
                let (from, to) = (before.version, now.version);
                world.with(|state| {
                    state.wrong(format!("order {id} went back from version {from} to {to}"));
                });
            }
            if let Some(before) = self.records.get(&id)
                && alone
                && now.from_body
                && !now.state.may_follow(before.state)
            {
                let (from, to) = (before.state, now.state);
                world.with(|state| {
                    state.wrong(format!("a body took order {id} from {from} to {to}"));
                });
            }
            self.records.insert(id, now);
        }
        if how == Comparability::Integer {
            told(world, &applied, &stored);
        }
        cursor(world, &tracks, &stored);
        Ok(())
    }

    /// Whether nothing waits any more, and what is to find changes and deletions began after that step and is over.
    pub(super) async fn at_rest(
        &self,
        world: &World,
        plan: &Plan,
        since: u64,
    ) -> Result<bool, StoreError> {
        let tenant = &self.connection.tenant;
        if self.store.row_counts().await?.waiting > 0
            || !self
                .store
                .receipts(tenant, ReceiptState::Pending)
                .await?
                .is_empty()
        {
            return Ok(false);
        }
        let (begun, deleted_at, changed_at) = world.with(|state| {
            let shop = &state.shop;
            (state.begun.clone(), shop.deleted_at, shop.changed_at())
        });
        // Of two readings that were asked for in the moment of a change, nobody can tell which saw it.
        let later = |track: &StreamTrack| {
            let begun = begun.get(&track.track.lane());
            begun.map(|(_, begun)| *begun) > changed_at
        };
        let over = |track: &StreamTrack| {
            let begun = begun.get(&track.track.lane());
            begun.is_some_and(|(step, begun)| {
                *step >= since
                    && track.cursor.is_none()
                    && track.holder.is_none()
                    && track.finished_at.is_some_and(|at| at >= *begun)
            })
        };
        let tracks = self.store.streams(&self.connection).await?;
        Ok(tracks.iter().all(|track| match track.track {
            Track::Backfill => track.state == TrackState::Done,
            Track::Poll => plan.poll_off || (over(track) && later(track)),
            Track::Reconcile if !plan.poll_off && deleted_at.is_none() => true,
            Track::Reconcile => over(track) && later(track),
            Track::Sweep | Track::Reread => true,
        }))
    }

    /// When all is done.
    pub(super) async fn end(&mut self, world: &World, sent: &[Sent]) -> Result<(), StoreError> {
        self.records(world, true).await?;
        self.accounts(world).await?;
        self.equals_the_shop(world).await?;
        self.settled_once(world, sent).await?;
        self.effects_done(world).await?;
        self.tickets(world, sent).await
    }

    async fn equals_the_shop(&self, world: &World) -> Result<(), StoreError> {
        let stored = self.stored().await?;
        let there: BTreeMap<String, u64> = stored
            .iter()
            .filter(|(_, record)| !record.is_deleted())
            .map(|(id, record)| (id.clone(), version_of(record).unwrap_or_default()))
            .collect();
        world.with(|state| {
            let orders = state.shop.orders.iter();
            let newest: BTreeMap<String, u64> = orders
                .map(|(id, order)| (id.to_string(), order.version))
                .collect();
            if there != newest {
                state.wrong(format!("the store has {there:?}, the shop has {newest:?}"));
            }
        });
        Ok(())
    }

    async fn settled_once(&self, world: &World, sent: &[Sent]) -> Result<(), StoreError> {
        let mut rows: BTreeMap<String, u32> = BTreeMap::new();
        let settled = [
            ReceiptState::Applied,
            ReceiptState::Superseded,
            ReceiptState::Duplicate,
            ReceiptState::Ignored,
        ];
        for state in settled {
            for receipt in self.store.receipts(&self.connection.tenant, state).await? {
                if let Some(id) = delivery_of(&receipt) {
                    *rows.entry(id).or_default() += 1;
                }
            }
        }
        for delivery in sent {
            match rows.get(&delivery.id) {
                Some(1) => {}
                Some(times) => world.with(|state| {
                    state.wrong(format!(
                        "delivery {} was worked off {times} times",
                        delivery.id
                    ));
                }),
                None => world.with(|state| {
                    state.wrong(format!(
                        "delivery {} was acknowledged and lost",
                        delivery.id
                    ));
                }),
            }
        }
        Ok(())
    }

    async fn effects_done(&self, world: &World) -> Result<(), StoreError> {
        let dead = self
            .store
            .effects_in(&self.desk.tenant, EffectState::Dead)
            .await?;
        if let Some(effect) = dead.first() {
            world.with(|state| state.wrong(format!("{} was given up", effect.key)));
        }
        Ok(())
    }

    /// Every ticket that was filed shows its order as the shop has it now, with one note.
    async fn tickets(&self, world: &World, sent: &[Sent]) -> Result<(), StoreError> {
        let mut filed: Vec<u64> = sent.iter().filter_map(|sent| sent.ticket).collect();
        filed.sort_unstable();
        filed.dedup();
        for ticket in filed {
            let key = TicketKey {
                tenant: self.desk.tenant.clone(),
                desk: self.desk.desk.clone(),
                ticket_id: ticket,
            };
            let state = self.store.ticket(&key).await?;
            let seen = state.and_then(|state| state.mirror.body.get("seen")?.as_u64());
            world.with(|state| shows(state, ticket, seen));
        }
        Ok(())
    }

    async fn stored(&self) -> Result<BTreeMap<String, StoredRecord>, StoreError> {
        let mut view = self.store.view(&self.connection.tenant).await?;
        let page = view
            .after(&self.connection.connection, Kind::Order, "")
            .await?;
        let by_id = page
            .into_iter()
            .map(|record| (record.key.source_id.clone(), record));
        Ok(by_id.collect())
    }
}

/// A delivery that was acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) id: String,
    /// The ticket, of a help desk's event.
    pub(super) ticket: Option<u64>,
}

fn shows(state: &mut State, ticket: u64, seen: Option<u64>) {
    let newest = state
        .shop
        .orders
        .get(&order_of(ticket))
        .map(|order| order.version);
    if seen != newest {
        state.wrong(format!(
            "ticket {ticket} was looked at with version {seen:?} of its order, the shop has {newest:?}"
        ));
    }
    let shown = state.desk.tickets.get(&ticket).copied().unwrap_or_default();
    if shown.version != newest || shown.notes != u32::from(newest.is_some()) {
        state.wrong(format!(
            "ticket {ticket} shows {shown:?}, the shop has {newest:?}"
        ));
    }
}

fn deleted(state: &State, id: &str) -> bool {
    id.parse().is_ok_and(|id| state.shop.is_deleted(id))
}

fn delivery_of(receipt: &Receipt) -> Option<String> {
    let body: Value = serde_json::from_slice(&receipt.body).ok()?;
    Some(body.get("delivery")?.as_str()?.to_owned())
}

/// Versions that compare never go back. Where they say nothing, what tells of a later moment is taken for newer,
/// and a slow answer may have told more than a quick one that was asked for later; the next read mends it.
fn may_go_back(how: Comparability, before: &Seen, now: &Seen) -> bool {
    match how {
        Comparability::Integer => false,
        Comparability::Instant if before.source_version != now.source_version => false,
        _ => now.tells_of >= before.tells_of || (before.from_body && !now.from_body),
    }
}

/// No cursor is ahead of what is stored.
fn cursor(world: &World, tracks: &[StreamTrack], stored: &BTreeMap<String, StoredRecord>) {
    let Some(track) = tracks.iter().find(|track| track.track == Track::Backfill) else {
        return;
    };
    // Newest first: everything of history from the cursor's id upwards was read.
    let from = match (&track.cursor, track.state) {
        (_, TrackState::Done) => 0,
        (Some(cursor), _) => cursor
            .rsplit(':')
            .next()
            .and_then(|id| id.parse::<i64>().ok())
            .map_or(u32::MAX, |id| u32::try_from(id.abs()).unwrap_or(u32::MAX)),
        (None, _) => u32::MAX,
    };
    let history = world.with(|state| state.shop.history);
    for id in from.max(1)..=history {
        if !stored.contains_key(&id.to_string()) && !world.with(|state| state.shop.is_deleted(id)) {
            world.with(|state| {
                state.wrong(format!(
                    "the backfill is past order {id}, which is not stored"
                ));
            });
        }
    }
}

/// What a settled webhook told of is stored.
fn told(world: &World, applied: &[Receipt], stored: &BTreeMap<String, StoredRecord>) {
    for receipt in applied {
        let body: Value = serde_json::from_slice(&receipt.body).unwrap_or_default();
        let (Some(order), Some(version)) = (
            body.get("order").and_then(Value::as_u64),
            body.get("version").and_then(Value::as_u64),
        ) else {
            continue;
        };
        let id = order.to_string();
        if world.with(|state| deleted(state, &id)) {
            continue;
        }
        let there = stored.get(&id).and_then(version_of);
        if there.is_none_or(|there| there < version) {
            world.with(|state| {
                state.wrong(format!(
                    "a webhook of version {version} of order {order} is settled, {there:?} is stored"
                ));
            });
        }
    }
}
