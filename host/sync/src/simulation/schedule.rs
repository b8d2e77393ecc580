//! One interleaving: a time of trouble in which a seeded choice decides every step, then a quiet time without
//! faults until nothing waits any more.

use std::sync::Arc;

use ordercase_model::Instant;
use ordercase_store::{
    HolderId, Lane, NewReceipt, Owner, ReceiptKind, Store, StoreError, simulation::Mutation,
    ticket_entity,
};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    START_SECONDS,
    invariant::{Sent, Witness},
    quiet::Quiet,
    random::Random,
    setting,
    shop::{Delivery, Shop},
    side::{Desk, Side},
    world::{At, Faults, Request, State, World},
};
use crate::{Engine, EngineOptions, limits::LEASE_SECONDS};

/// Steps of the quiet time; whoever does not come to rest by then never does.
const QUIET_STEPS_MAX: u32 = 6_000;
/// Time between two polls, seconds: short, so that runs are.
pub(super) const POLL_INTERVAL_SECONDS: i64 = 60;
/// How far a poll reaches back, seconds.
pub(super) const POLL_OVERLAP_SECONDS: i64 = 30;

/// What a seed decides about a run before it begins.
#[derive(Clone, Copy, Debug)]
struct Plan {
    replicas: usize,
    steps: u64,
    changes: u64,
    events: u64,
    kills: u64,
    /// Webhooks that never come, in a hundred.
    dropped: u64,
    /// How often time is let pass, against all else.
    haste: u64,
    /// How quick requests are, against all else.
    speed: u64,
    /// The same of effects; at 0 they arrive when they must, or in the quiet time.
    effect_speed: u64,
    faults: Faults,
}

impl Plan {
    fn draw(random: &mut Random) -> Self {
        let faulty = random.percent(70);
        let chance = |random: &mut Random, most: u64| match faulty {
            true => random.below(most + 1),
            false => 0,
        };
        Self {
            replicas: if random.percent(75) { 2 } else { 3 },
            steps: random.from_to(40, 160),
            changes: random.from_to(1, 6),
            events: random.from_to(1, 3),
            kills: if random.percent(60) {
                random.from_to(1, 2)
            } else {
                0
            },
            dropped: random.one_of(&[0, 0, 30, 100], 0),
            haste: random.one_of(&[1, 2, 6], 2),
            speed: random.one_of(&[1, 6, 6], 6),
            effect_speed: random.one_of(&[0, 1, 6, 6], 6),
            faults: Faults {
                lost: chance(random, 10),
                unanswered: chance(random, 15),
                refused: chance(random, 6),
                busy: chance(random, 3),
                unsaid: chance(random, 2),
            },
        }
    }
}

/// A life of a replica.
struct Life {
    task: JoinHandle<()>,
    /// How eagerly its tasks are chosen.
    weight: u64,
    jobs_per_lane: [usize; 5],
    effect_jobs: usize,
    lives: u32,
}

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Open(u64),
    Arrive(u64),
    Change,
    Deliver(usize),
    Event,
    Wait,
    Kill(usize),
}

/// What is as usual in every interleaving.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// Time between two polls, seconds.
    pub(super) poll_interval_seconds: i64,
    /// Whether the help desk never answers.
    pub(super) dead_desk: bool,
    /// At most so many replicas.
    pub(super) replicas_max: usize,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            poll_interval_seconds: POLL_INTERVAL_SECONDS,
            dead_desk: false,
            replicas_max: 3,
        }
    }
}

/// One run in progress.
pub(super) struct Run<'r> {
    quiet: &'r Quiet,
    world: Arc<World>,
    witness: Witness,
    lives: Vec<Life>,
    plan: Plan,
    sent: Vec<Sent>,
    events: u64,
    habits: Habits,
}

impl<'r> Run<'r> {
    /// Empties the database, settles a tenant, starts the replicas.
    pub(super) async fn begin(
        store: &Store,
        quiet: &'r Quiet,
        seed: u64,
        traced: bool,
    ) -> Result<Self, StoreError> {
        Self::begin_with(store, quiet, seed, traced, Habits::default()).await
    }

    /// The same, with other habits.
    pub(super) async fn begin_with(
        store: &Store,
        quiet: &'r Quiet,
        seed: u64,
        traced: bool,
        habits: Habits,
    ) -> Result<Self, StoreError> {
        let now = Instant::from_micros(START_SECONDS * 1_000_000).unwrap_or_else(start_of_time);
        let mut random = Random::new(seed);
        let plan = Plan::draw(&mut random);
        let shop = Shop::draw(&mut random, now);
        let settled = setting::settle(store, &shop, now).await?;
        let mut state = State::new(now, random, shop, traced);
        state.faults = plan.faults;
        state.desk.dead = habits.dead_desk;
        state.note((0, 0), |state| {
            let (how, bodies) = (state.shop.comparability, state.shop.full_bodies);
            format!("{plan:?}, versions compare as {how:?}, full bodies: {bodies}")
        });
        let mut run = Self {
            quiet,
            world: Arc::new(World::new(state)),
            witness: Witness::new(store.clone(), settled.connection, settled.desk),
            lives: Vec::new(),
            plan,
            sent: Vec::new(),
            events: 0,
            habits,
        };
        for replica in 0..plan.replicas.min(habits.replicas_max) {
            run.start(replica);
        }
        Ok(run)
    }

    /// The whole run, to its end or to the first thing that goes wrong.
    pub(super) async fn to_the_end(&mut self) -> Result<(), StoreError> {
        for _ in 0..self.plan.steps {
            self.quiet.reached().await;
            if self.is_wrong() {
                return Ok(());
            }
            let step = self.choose();
            self.take(step).await?;
        }
        self.come_to_rest().await?;
        if !self.is_wrong() {
            self.witness.end(&self.world, &self.sent).await?;
        }
        Ok(())
    }

    /// Ends the replicas.
    pub(super) async fn end(self) -> Arc<World> {
        for life in self.lives {
            life.task.abort();
            let _ended = life.task.await;
        }
        self.quiet.reached().await;
        self.world
    }

    fn is_wrong(&self) -> bool {
        self.world.with(|state| state.violation.is_some())
    }

    fn start(&mut self, replica: usize) {
        let (weight, lanes, effect_jobs) = self.world.with(|state| {
            let random = &mut state.random;
            let weight = random.one_of(&[1, 3, 10], 1);
            // The first does everything; what the others leave out makes runs shorter.
            let mut places = |most: usize| match replica > 0 && random.percent(35) {
                true => 0,
                false => most,
            };
            // Nobody waits at the agents' lane here; what reconciles is not simulated.
            (weight, [0, places(2), places(1), places(1), 0], places(2))
        });
        let before = self.lives.get(replica);
        let life = Life {
            weight,
            jobs_per_lane: before.map_or(lanes, |life| life.jobs_per_lane),
            effect_jobs: before.map_or(effect_jobs, |life| life.effect_jobs),
            lives: before.map_or(1, |life| life.lives + 1),
            task: tokio::spawn(std::future::ready(())),
        };
        let task = tokio::spawn(self.engine(replica, &life));
        let life = Life { task, ..life };
        match self.lives.get_mut(replica) {
            Some(place) => *place = life,
            None => self.lives.push(life),
        }
    }

    fn engine(&self, replica: usize, life: &Life) -> impl Future<Output = ()> + use<> {
        let side = Side {
            world: Arc::clone(&self.world),
            replica,
        };
        let store = self.witness.store.behind(Arc::new(side.clone()));
        let desk = Desk {
            side: side.clone(),
            store: store.clone(),
            connection: self.witness.connection.clone(),
        };
        let name = format!("replica-{replica}-{}", life.lives);
        let holder = HolderId::new(name).unwrap_or_else(|_| setting::nobody());
        let options = EngineOptions {
            poll_interval_seconds: self.habits.poll_interval_seconds,
            poll_overlap_seconds: POLL_OVERLAP_SECONDS,
            jobs_per_lane: life.jobs_per_lane,
            effect_jobs: life.effect_jobs,
            ..EngineOptions::new(holder)
        };
        let engine = Engine::new(
            store,
            Arc::new(side.clone()),
            Arc::new(side.clone()),
            Arc::new(desk),
            Arc::new(side),
            options,
        );
        async move { engine.run(CancellationToken::new()).await }
    }

    /// Draws one of all that may happen now.
    fn choose(&self) -> Step {
        let (plan, events, lives) = (self.plan, self.events, &self.lives);
        self.world.with(|state| {
            let mut all: Vec<(u64, Step)> = Vec::new();
            for (gate, standing) in state.open_gates() {
                let weight = lives.get(standing.replica).map_or(1, |life| life.weight);
                all.push((4 * weight, Step::Open(gate)));
            }
            all.extend(state.flying().map(|(id, message)| {
                let speed = match message.request {
                    Request::Execute(_) => plan.effect_speed,
                    _ => plan.speed,
                };
                (speed, Step::Arrive(id))
            }));
            if state.shop.changes < plan.changes {
                all.push((3, Step::Change));
            }
            let deliveries = 0..state.shop.deliveries.len();
            all.extend(deliveries.map(|at| (4, Step::Deliver(at))));
            if events < plan.events {
                all.push((3, Step::Event));
            }
            if state.kills < plan.kills {
                all.extend((0..plan.replicas).map(|replica| (1, Step::Kill(replica))));
            }
            all.push((2 * plan.haste, Step::Wait));
            let sum = all.iter().map(|(weight, _)| weight).sum();
            let mut drawn = state.random.below(sum);
            for (weight, step) in all {
                match drawn.checked_sub(weight) {
                    Some(rest) => drawn = rest,
                    None => return step,
                }
            }
            Step::Wait
        })
    }

    async fn take(&mut self, step: Step) -> Result<(), StoreError> {
        match step {
            Step::Open(gate) => self.open(gate).await,
            Step::Arrive(id) => {
                self.world.with(|state| state.arrive(id));
                Ok(())
            }
            Step::Change => {
                self.change();
                Ok(())
            }
            Step::Deliver(at) => self.deliver(at).await,
            Step::Event => self.event().await,
            Step::Wait => {
                let until = self.world.with(waiting_until);
                self.wait(until).await
            }
            Step::Kill(replica) => {
                self.kill(replica).await;
                Ok(())
            }
        }
    }

    /// Opens a gate, sometimes two of the store at once, so that they meet in one group commit; then looks at
    /// what that may have broken.
    async fn open(&mut self, gate: u64) -> Result<(), StoreError> {
        let opened = self.world.with(|state| {
            let mut opened: Vec<(usize, At)> = state.open(gate).into_iter().collect();
            let stored = |at: &At| matches!(at, At::Store(operation) if operation.writes);
            if opened.iter().all(|(_, at)| stored(at)) && state.random.percent(10) {
                let other = state
                    .open_gates()
                    .find(|(_, s)| stored(&s.at))
                    .map(|(id, _)| id);
                opened.extend(other.and_then(|id| state.open(id)));
            }
            opened
        });
        self.quiet.reached().await;
        let wrote: Vec<usize> = opened.iter().map(|(replica, _)| *replica).collect();
        for (_, at) in opened {
            let At::Store(operation) = at else { continue };
            let name = operation.name;
            let hands_out = matches!(name, "claim_receipts" | "claim_effects");
            let settles = ["apply_receipt", "settle_", "commit_ticket"]
                .iter()
                .any(|begin| name.starts_with(begin));
            if hands_out || settles {
                self.witness.leases(&self.world, &wrote).await?;
            }
            if name.starts_with("apply_") || name == "settle_receipt" {
                self.witness.records(&self.world).await?;
            }
            if operation.writes && self.world.with(|state| state.random.percent(6)) {
                self.witness.accounts(&self.world).await?;
            }
        }
        Ok(())
    }

    fn change(&self) {
        let dropped = self.plan.dropped;
        self.world.with(|state| {
            let newest = u64::try_from(state.shop.orders.len()).unwrap_or(1);
            // Often one that a ticket shows; sometimes a new one.
            let id = match state.random.below(10) {
                0..=1 => newest + 1,
                2..=5 => state.random.from_to(1, 2),
                _ => state.random.from_to(1, newest),
            };
            let copies = match state.random.percent(dropped) {
                true => 0,
                false => state.random.one_of(&[1, 1, 2, 3], 1),
            };
            let id = u32::try_from(id).unwrap_or(1);
            let lag_seconds = state.random.one_of(&[0, 0, 4, 20], 0);
            let now = state.now;
            state.shop.change(id, now, copies, lag_seconds);
            state.note((3, u64::from(id)), |_| {
                format!("the shop changes order {id}, {copies} webhooks will come")
            });
        });
    }

    async fn deliver(&mut self, at: usize) -> Result<(), StoreError> {
        let (delivery, now) = self.world.with(|state| {
            let delivery = state.shop.deliveries.remove(at);
            state.note((4, at as u64), |_| {
                format!(
                    "{} arrives: order {}, version {}",
                    delivery.id, delivery.order, delivery.version
                )
            });
            (delivery, state.now)
        });
        let Delivery {
            id,
            order,
            version,
            occurred_at,
        } = delivery;
        let body = json!({
            "delivery": id, "order": order, "version": version, "at": occurred_at.micros(),
        });
        let receipt = NewReceipt {
            tenant: self.witness.connection.tenant.clone(),
            owner: Owner::Connection(self.witness.connection.connection.clone()),
            stream: "webhooks".to_owned(),
            kind: ReceiptKind::Webhook,
            topic: "orders/updated".to_owned(),
            dedupe_key: id.clone(),
            // As the server does it: two webhooks about one order may be worked off side by side.
            entity_key: format!("delivery:{id}"),
            lane: Lane::Live,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
            occurred_at: Some(occurred_at),
            received_at: now,
            dead: None,
        };
        self.witness.store.put_receipt(receipt).await?;
        self.sent.push(Sent { id, ticket: None });
        Ok(())
    }

    /// A ticket is filed or changed.
    async fn event(&mut self) -> Result<(), StoreError> {
        let ticket = self.world.with(|state| {
            let orders = u64::try_from(state.shop.orders.len()).unwrap_or(1);
            // Few tickets, so that they meet; one may be about an order that is yet to come.
            match state.random.percent(25) {
                true => orders + 1,
                false => state.random.from_to(1, 2),
            }
        });
        self.file(ticket).await
    }

    /// An event of that ticket arrives.
    pub(super) async fn file(&mut self, ticket: u64) -> Result<(), StoreError> {
        self.events += 1;
        let id = format!("event-{}", self.events);
        let now = self.world.with(|state| {
            state.note((5, ticket), |_| format!("{id} of ticket {ticket} arrives"));
            state.now
        });
        let receipt = NewReceipt {
            tenant: self.witness.desk.tenant.clone(),
            owner: Owner::Desk(self.witness.desk.desk.clone()),
            stream: "tickets".to_owned(),
            kind: ReceiptKind::DeskEvent,
            topic: "ticket.updated".to_owned(),
            dedupe_key: id.clone(),
            entity_key: ticket_entity(ticket),
            lane: Lane::Live,
            headers: Vec::new(),
            body: json!({ "delivery": id, "ticket": ticket })
                .to_string()
                .into_bytes(),
            occurred_at: None,
            received_at: now,
            dead: None,
        };
        self.witness.store.put_receipt(receipt).await?;
        self.sent.push(Sent {
            id,
            ticket: Some(ticket),
        });
        Ok(())
    }

    /// Ends a replica as `kill -9` ends it, wherever its tasks stand, and starts it anew.
    async fn kill(&mut self, replica: usize) {
        if let Some(life) = self.lives.get_mut(replica) {
            life.task.abort();
            let _ended = (&mut life.task).await;
        }
        self.quiet.reached().await;
        self.world.with(|state| {
            state.kills += 1;
            state.note((6, replica as u64), |_| {
                format!("replica {replica} is killed")
            });
        });
        self.start(replica);
    }

    /// Lets time pass, but not over what must have happened by then: requests of the dead arrive, and who waits
    /// for an answer of the help desk asks for more time.
    async fn wait(&mut self, until: Instant) -> Result<(), StoreError> {
        let urgent = self.world.with(|state| {
            let until = held_back(state, until);
            if let Some(urgent) = urgent(state, until) {
                return Some(urgent);
            }
            state.now = state.now.max(until);
            state.note((7, 0), |_| "time passes".to_owned());
            None
        });
        if urgent.is_none() {
            self.witness.forget_leases();
        }
        match urgent {
            Some(Step::Open(gate)) => self.open(gate).await,
            Some(Step::Arrive(id)) => {
                self.world.with(|state| state.arrive(id));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// No more faults, no more kills: everything is delivered, and all that waits is worked off.
    async fn come_to_rest(&mut self) -> Result<(), StoreError> {
        let since = self.world.with(|state| {
            state.faults = Faults::default();
            state.note((8, 0), |_| "quiet time begins".to_owned());
            state.steps
        });
        for _ in 0..QUIET_STEPS_MAX {
            self.quiet.reached().await;
            if self.is_wrong() {
                return Ok(());
            }
            let step = self.world.with(|state| {
                let gates = state.open_gates().map(|(id, _)| Step::Open(id));
                let mut all: Vec<Step> = gates.collect();
                all.extend(state.flying().map(|(id, _)| Step::Arrive(id)));
                all.extend((0..state.shop.deliveries.len()).map(Step::Deliver));
                state.random.one_of(&all, Step::Wait)
            });
            if !matches!(step, Step::Wait) {
                self.take(step).await?;
            } else if self.witness.at_rest(&self.world, since).await? {
                return Ok(());
            } else {
                let due = self.next_due().await?;
                let until = self.world.with(|state| {
                    let waking = state.next_waking().unwrap_or(state.now.plus_seconds(1));
                    due.map_or(waking, |due| due.max(waking))
                });
                self.wait(until).await?;
            }
        }
        self.world
            .with(|state| state.wrong("it does not come to rest"));
        Ok(())
    }

    /// Works off whatever is due until that moment, without faults; whether it took no more than so many steps.
    pub(super) async fn rest_until(
        &mut self,
        end: Instant,
        steps_max: u64,
    ) -> Result<bool, StoreError> {
        self.world.with(|state| state.faults = Faults::default());
        for _ in 0..steps_max {
            self.quiet.reached().await;
            let step = self.world.with(|state| {
                let gate = state.open_gates().map(|(id, _)| Step::Open(id)).next();
                gate.or_else(|| state.flying().map(|(id, _)| Step::Arrive(id)).next())
            });
            match step {
                Some(step) => self.take(step).await?,
                None if self.now() >= end => return Ok(true),
                None => {
                    let due = self.next_due().await?;
                    let waking = self.world.with(|state| state.next_waking());
                    let next = due.max(waking).unwrap_or(end);
                    self.wait(next.min(end)).await?;
                }
            }
        }
        Ok(false)
    }

    /// The shop changes an order; the next poll will tell.
    pub(super) fn change_order(&self, id: u64) {
        self.world.with(|state| {
            let now = state.now;
            state.shop.change(u32::try_from(id).unwrap_or(1), now, 0, 0);
        });
    }

    /// The virtual moment.
    pub(super) fn now(&self) -> Instant {
        self.world.with(|state| state.now)
    }

    /// Requests so far, and how many of them tried an effect.
    pub(super) fn asked(&self) -> (u64, u64) {
        self.world.with(|state| (state.requests, state.attempts))
    }

    /// What went wrong so far.
    pub(super) fn wrong(&self) -> Option<String> {
        self.world.with(|state| state.violation.clone())
    }

    async fn next_due(&self) -> Result<Option<Instant>, StoreError> {
        let store = &self.witness.store;
        let due = [
            store.next_receipt_due(Lane::Live).await?,
            store.next_receipt_due(Lane::Poll).await?,
            store.next_stream_due(Lane::Poll).await?,
            store.next_stream_due(Lane::Backfill).await?,
            store.next_effect_due().await?,
        ];
        Ok(due.into_iter().flatten().min())
    }
}

fn start_of_time() -> Instant {
    Instant::from_micros(0).unwrap_or_else(start_of_time)
}

/// How far time leaps: mostly to the next waking, sometimes past a lease or a poll.
fn waiting_until(state: &mut State) -> Instant {
    let now = state.now;
    let next = state.next_waking().unwrap_or(now.plus_seconds(1));
    match state.random.below(10) {
        0..=5 => next,
        6 | 7 => now.plus_seconds(i64::try_from(state.random.from_to(1, 5)).unwrap_or(1)),
        8 => now.plus_seconds(LEASE_SECONDS + 1),
        _ => now.plus_seconds(POLL_INTERVAL_SECONDS),
    }
}

/// Time goes in small steps while an effect is on its way, so that its holder wakes in time.
fn held_back(state: &State, until: Instant) -> Instant {
    let mut until = until;
    for (_, message) in state.flying() {
        if let Some(deadline) = message.deadline {
            until = until.min(deadline.max(state.now));
        } else if matches!(message.request, Request::Execute(_)) {
            until = until.min(state.now.plus_seconds(4));
        }
    }
    until
}

/// What must happen before it is `until`.
fn urgent(state: &State, until: Instant) -> Option<Step> {
    let mut sending = Vec::new();
    for (id, message) in state.flying() {
        if message.deadline.is_some_and(|deadline| deadline <= until) {
            return Some(Step::Arrive(id));
        }
        if message.listening && matches!(message.request, Request::Execute(_)) {
            sending.push(message.replica);
        }
    }
    let keeps = |at: &At| match at {
        At::Sleep(_) => true,
        At::Store(operation) => operation.name == "renew",
        At::Answer(_) => false,
    };
    state
        .open_gates()
        .find(|(_, standing)| sending.contains(&standing.replica) && keeps(&standing.at))
        .map(|(gate, _)| Step::Open(gate))
}

/// Whether a guard is off in this run.
pub(super) fn turn_off(guard: Option<Mutation>) {
    ordercase_store::simulation::turn_off(guard);
}
