//! One interleaving: a time of trouble in which a seeded choice decides every step, then a quiet time without
//! faults until nothing waits any more.

use std::sync::Arc;

use ordercase_model::Instant;
use ordercase_store::{HolderId, Lane, Store, StoreError, simulation::Mutation};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    START_SECONDS,
    invariant::{Sent, Witness},
    plan::{Habits, POLL_OVERLAP_SECONDS, Plan, RECONCILE_WINDOW_SECONDS},
    quiet::Quiet,
    random::Random,
    setting,
    shop::Shop,
    side::{Desk, Side},
    time::{held_back, urgent, waiting_until},
    world::{At, Faults, Request, State, World},
};
use crate::{Engine, EngineOptions};

/// Steps of the quiet time; whoever does not come to rest by then never does.
const QUIET_STEPS_MAX: u32 = 6_000;

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
pub(super) enum Step {
    Open(u64),
    Arrive(u64),
    Change,
    Delete,
    Deliver(usize),
    Event,
    Wait,
    Kill(usize),
}

/// One run in progress.
pub(super) struct Run<'r> {
    quiet: &'r Quiet,
    pub(super) world: Arc<World>,
    pub(super) witness: Witness,
    lives: Vec<Life>,
    pub(super) plan: Plan,
    pub(super) sent: Vec<Sent>,
    pub(super) events: u64,
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
        let settled = setting::settle(store, &shop, plan.poll_off, now).await?;
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
            // Nobody waits at the agents' lane here.
            let lanes = [0, places(2), places(1), places(1), places(1)];
            (weight, lanes, places(2))
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
            reconcile_interval_seconds: self.habits.reconcile_interval_seconds,
            reconcile_window_seconds: RECONCILE_WINDOW_SECONDS,
            reread_interval_seconds: self.habits.reread_interval_seconds,
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
            if state.shop.deletes < plan.deletes && state.shop.changes > 0 {
                all.push((1, Step::Delete));
            }
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
            Step::Delete => {
                self.delete();
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
        let alone = opened.len() == 1;
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
                self.witness.records(&self.world, alone).await?;
            }
            if operation.writes && self.world.with(|state| state.random.percent(6)) {
                self.witness.accounts(&self.world).await?;
            }
        }
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
            } else if self.witness.at_rest(&self.world, &self.plan, since).await? {
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
            store.next_stream_due(Lane::Reconcile).await?,
            store.next_effect_due().await?,
        ];
        Ok(due.into_iter().flatten().min())
    }
}

fn start_of_time() -> Instant {
    Instant::from_micros(0).unwrap_or_else(start_of_time)
}

/// Whether a guard is off in this run.
pub(super) fn turn_off(guard: Option<Mutation>) {
    ordercase_store::simulation::turn_off(guard);
}
