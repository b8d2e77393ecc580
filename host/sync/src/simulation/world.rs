//! Everything around the replicas: the virtual clock, the gates at which they stand, the wire to shop and help
//! desk, and what was seen to go wrong. One lock holds it all; everything runs on one thread.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use ordercase_model::{Instant, RecordRef};
use ordercase_store::{
    Effect, Lane,
    simulation::{Operation, Pass},
};
use serde_json::Value;

use super::{help_desk::HelpDesk, random::Random, shop::Shop};
use crate::{EffectFailure, Page, Pull, Reading, SourceFailure};

/// How long a request of a replica that was killed may still be on its way, seconds: less than what is left of a
/// lease that is renewed in time. That is what [`crate::limits::LEASE_SECONDS`] promises.
pub(super) const ORPHAN_SECONDS: i64 = 10;

/// Where a task stands.
#[derive(Clone, Debug)]
pub(super) enum At {
    /// Before an operation of the store.
    Store(Operation),
    /// Asleep until then.
    Sleep(Instant),
    /// Waiting for the answer to that request.
    Answer(u64),
}

/// A task at a gate.
pub(super) struct Standing {
    pub(super) replica: usize,
    pub(super) at: At,
    opened: Option<Pass>,
    waker: Option<Waker>,
}

/// What is asked of shop or help desk.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Pull(Pull),
    Fetch(RecordRef),
    Execute(Box<Effect>),
    Happened(Box<Effect>),
}

impl Request {
    fn label(&self) -> String {
        match self {
            Self::Pull(pull) => format!("pull {} {:?}", pull.lane.as_str(), pull.cursor),
            Self::Fetch(target) => format!("fetch {}", target.source_id),
            Self::Execute(effect) => format!("execute {} {}", effect.key, effect.payload),
            Self::Happened(effect) => format!("ask whether {} happened", effect.key),
        }
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Page(Result<Page, SourceFailure>),
    Reading(Result<Reading, SourceFailure>),
    Done(Result<Value, EffectFailure>),
    Happened(Result<Option<Value>, EffectFailure>),
}

/// A request on its way, or its answer.
pub(super) struct Message {
    pub(super) replica: usize,
    pub(super) sent_at: Instant,
    pub(super) request: Request,
    /// Absent while it has not arrived.
    pub(super) reply: Option<Reply>,
    /// Whether anybody waits for the answer.
    pub(super) listening: bool,
    /// Of a request that nobody waits for: when it arrives at the latest.
    pub(super) deadline: Option<Instant>,
}

/// What may go wrong by itself, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// A request never arrives.
    pub(super) lost: u64,
    /// A request arrives, its answer does not.
    pub(super) unanswered: u64,
    /// A request is refused for now.
    pub(super) refused: u64,
    /// The store is busy.
    pub(super) busy: u64,
    /// The store commits and cannot say so.
    pub(super) unsaid: u64,
}

/// The state of the world.
pub(super) struct State {
    pub(super) now: Instant,
    pub(super) random: Random,
    pub(super) gates: BTreeMap<u64, Standing>,
    pub(super) wire: BTreeMap<u64, Message>,
    pub(super) shop: Shop,
    pub(super) desk: HelpDesk,
    pub(super) faults: Faults,
    /// When, and at which step, the first page of a lane's window was asked for last while lists were true.
    pub(super) begun: BTreeMap<Lane, (u64, Instant)>,
    pub(super) requests: u64,
    /// Requests that tried an effect.
    pub(super) attempts: u64,
    pub(super) kills: u64,
    next: u64,
    pub(super) steps: u64,
    /// Stands for all steps so far: two runs with the same digest took the same way.
    pub(super) digest: u64,
    pub(super) trace: Option<Vec<String>>,
    pub(super) violation: Option<String>,
}

impl State {
    pub(super) fn new(now: Instant, random: Random, shop: Shop, traced: bool) -> Self {
        Self {
            now,
            random,
            gates: BTreeMap::new(),
            wire: BTreeMap::new(),
            shop,
            desk: HelpDesk::default(),
            faults: Faults::default(),
            begun: BTreeMap::new(),
            requests: 0,
            attempts: 0,
            kills: 0,
            next: 0,
            steps: 0,
            digest: 0xcbf2_9ce4_8422_2325,
            trace: traced.then(Vec::new),
            violation: None,
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Notes a step. The words are only made when somebody reads them.
    pub(super) fn note(&mut self, mark: (u64, u64), words: impl FnOnce(&Self) -> String) {
        self.steps += 1;
        for part in [mark.0, mark.1, self.now.micros().unsigned_abs()] {
            self.digest = (self.digest ^ part).wrapping_mul(0x0100_0000_01b3);
        }
        if self.trace.is_some() {
            let line = format!(
                "{:>5} {:>8.3}s  {}",
                self.steps,
                seconds(self.now),
                words(self)
            );
            if let Some(trace) = &mut self.trace {
                trace.push(line);
            }
        }
    }

    /// The first thing that goes wrong is what counts; the rest follows from it.
    pub(super) fn wrong(&mut self, what: impl Into<String>) {
        let what = what.into();
        if let Some(trace) = &mut self.trace {
            trace.push(format!("      VIOLATED  {what}"));
        }
        self.violation.get_or_insert(what);
    }

    /// Gates that may be opened now, replica after replica: in what order a signal wakes two of them is up to the
    /// runtime, and no run may depend on it.
    pub(super) fn open_gates(&self) -> impl Iterator<Item = (u64, &Standing)> {
        let free = |standing: &Standing| match &standing.at {
            At::Store(_) => true,
            At::Sleep(until) => *until <= self.now,
            At::Answer(message) => self
                .wire
                .get(message)
                .is_none_or(|message| message.reply.is_some()),
        };
        let mut open: Vec<(u64, &Standing)> = self
            .gates
            .iter()
            .filter(|(_, standing)| standing.opened.is_none() && free(standing))
            .map(|(id, standing)| (*id, standing))
            .collect();
        open.sort_by_key(|(id, standing)| (standing.replica, *id));
        open.into_iter()
    }

    /// Requests that have not arrived.
    pub(super) fn flying(&self) -> impl Iterator<Item = (u64, &Message)> {
        let flying = self.wire.iter().filter(|(_, m)| m.reply.is_none());
        flying.map(|(id, message)| (*id, message))
    }

    /// The next moment at which somebody wakes.
    pub(super) fn next_waking(&self) -> Option<Instant> {
        let sleeps = self
            .gates
            .values()
            .filter_map(|standing| match standing.at {
                At::Sleep(until) => Some(until),
                _ => None,
            });
        sleeps.filter(|until| *until > self.now).min()
    }

    /// Lets a task pass.
    pub(super) fn open(&mut self, gate: u64) -> Option<(usize, At)> {
        let pass = self.pass(gate);
        let standing = self.gates.get_mut(&gate)?;
        standing.opened = Some(pass);
        if let Some(waker) = standing.waker.take() {
            waker.wake();
        }
        let (at, replica) = (standing.at.clone(), standing.replica);
        let shown = at.clone();
        self.note((1, standing_mark(replica, &at)), |state| {
            let what = match &shown {
                At::Store(operation) => operation.name.to_owned(),
                At::Sleep(_) => "wakes".to_owned(),
                At::Answer(id) => match state.wire.get(id) {
                    Some(message) => format!("has the answer to: {}", message.request.label()),
                    None => "goes on".to_owned(),
                },
            };
            let how = match pass {
                Pass::Done => "",
                Pass::Failed => "  (fails)",
                Pass::AnswerLost => "  (committed, not said)",
            };
            format!("replica {replica}: {what}{how}")
        });
        Some((replica, at))
    }

    fn pass(&mut self, gate: u64) -> Pass {
        let Some(At::Store(operation)) = self.gates.get(&gate).map(|s| s.at.clone()) else {
            return Pass::Done;
        };
        // A replica that cannot reach its database for a whole lease is another failure than those simulated.
        if operation.name == "renew" {
            return Pass::Done;
        }
        if self.random.percent(self.faults.busy) {
            return Pass::Failed;
        }
        if operation.writes && self.random.percent(self.faults.unsaid) {
            return Pass::AnswerLost;
        }
        Pass::Done
    }

    /// A request leaves.
    pub(super) fn send(&mut self, replica: usize, request: Request) -> u64 {
        self.requests += 1;
        if let Request::Execute(effect) = &request {
            self.attempts += 1;
            let other = self
                .flying()
                .find_map(|(_, message)| match &message.request {
                    Request::Execute(other) if other.target == effect.target => {
                        Some(other.key.clone())
                    }
                    _ => None,
                });
            if let Some(other) = other {
                self.wrong(format!(
                    "two effects of {} are on their way: {other} and {}",
                    effect.target, effect.key
                ));
            }
        }
        if let Request::Pull(pull) = &request
            && pull.cursor.is_none()
            && self.shop.lists_are_true(self.now)
        {
            self.begun.insert(pull.lane, (self.steps, self.now));
        }
        let id = self.number();
        if self.trace.is_some() {
            let label = request.label();
            if let Some(trace) = &mut self.trace {
                trace.push(format!("                 replica {replica} sends: {label}"));
            }
        }
        let message = Message {
            replica,
            sent_at: self.now,
            request,
            reply: None,
            listening: true,
            deadline: None,
        };
        self.wire.insert(id, message);
        id
    }

    /// A request arrives: what it asks for happens now.
    pub(super) fn arrive(&mut self, id: u64) {
        let Some(message) = self.wire.remove(&id) else {
            return;
        };
        let label = message.request.label();
        let fate = self.fate(&message);
        self.note((2, id), |_| format!("arrives{}: {label}", fate.words()));
        let reply = self.reply(&message, fate);
        if message.listening {
            let reply = Some(reply);
            self.wire.insert(id, Message { reply, ..message });
        }
    }

    fn fate(&mut self, message: &Message) -> Fate {
        let for_desk = matches!(message.request, Request::Execute(_) | Request::Happened(_));
        if self.desk.dead && for_desk {
            return Fate::Lost;
        }
        if !message.listening {
            return Fate::Good;
        }
        let Faults {
            lost,
            unanswered,
            refused,
            ..
        } = self.faults;
        let drawn = self.random.below(100);
        if drawn < lost {
            Fate::Lost
        } else if drawn < lost + unanswered {
            Fate::Unanswered
        } else if drawn < lost + unanswered + refused {
            Fate::Refused
        } else {
            Fate::Good
        }
    }

    fn reply(&mut self, message: &Message, fate: Fate) -> Reply {
        match &message.request {
            Request::Pull(pull) => Reply::Page(match fate {
                Fate::Good => Ok(self.shop.page(pull, message.sent_at, self.now)),
                Fate::Refused if pull.cursor.is_some() => {
                    Err(SourceFailure::InvalidCursor("void".to_owned()))
                }
                other => Err(other.of_source()),
            }),
            Request::Fetch(target) => Reply::Reading(match fate {
                Fate::Good => self.shop.fetch(target, message.sent_at),
                other => Err(other.of_source()),
            }),
            Request::Execute(effect) => {
                if matches!(fate, Fate::Good | Fate::Unanswered) {
                    if let Err(wrong) = self.desk.apply(effect) {
                        self.wrong(wrong);
                    }
                }
                Reply::Done(match fate {
                    Fate::Good => Ok(serde_json::json!({ "ok": true })),
                    other => Err(other.of_desk()),
                })
            }
            Request::Happened(effect) => Reply::Happened(match fate {
                Fate::Good => Ok(self.desk.happened(effect)),
                other => Err(other.of_desk()),
            }),
        }
    }

    /// Nobody waits for the answer any more.
    fn hang_up(&mut self, id: u64) {
        let Some(message) = self.wire.get_mut(&id) else {
            return;
        };
        if message.reply.is_some() {
            self.wire.remove(&id);
        } else {
            message.listening = false;
            message.deadline = Some(self.now.plus_seconds(ORPHAN_SECONDS));
        }
    }
}

/// Stands for a gate in a run's digest.
fn standing_mark(replica: usize, at: &At) -> u64 {
    let what = match at {
        At::Store(operation) => operation.name,
        At::Sleep(_) => "sleep",
        At::Answer(_) => "answer",
    };
    what.bytes().fold(replica as u64 + 1, |mark, byte| {
        mark.wrapping_mul(257) ^ u64::from(byte)
    })
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Good,
    Lost,
    Unanswered,
    Refused,
}

impl Fate {
    const fn words(self) -> &'static str {
        match self {
            Self::Good => "",
            Self::Lost => " nowhere",
            Self::Unanswered => " (its answer is lost)",
            Self::Refused => " (is refused)",
        }
    }

    fn of_source(self) -> SourceFailure {
        match self {
            Self::Refused => SourceFailure::RateLimited {
                after_ms: Some(2_000),
            },
            _ => SourceFailure::Unavailable("simulated".to_owned()),
        }
    }

    fn of_desk(self) -> EffectFailure {
        match self {
            Self::Refused => EffectFailure::RateLimited {
                after_ms: Some(2_000),
            },
            _ => EffectFailure::Unavailable("simulated".to_owned()),
        }
    }
}

/// The world, shared by everybody in it.
pub(super) struct World(Mutex<State>);

impl World {
    pub(super) fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    /// Looks at it or changes it.
    pub(super) fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stands at a gate until it is opened.
    pub(super) fn stand(&self, replica: usize, at: At) -> Stand<'_> {
        Stand {
            world: self,
            replica,
            at: Some(at),
            id: None,
        }
    }

    /// Sends a request and waits for its answer; whoever stops waiting leaves the request on its way.
    pub(super) async fn call(&self, replica: usize, request: Request) -> Option<Reply> {
        let id = self.with(|state| state.send(replica, request));
        let line = OnTheLine { world: self, id };
        self.stand(replica, At::Answer(id)).await;
        let reply = self.with(|state| state.wire.get_mut(&id).and_then(|m| m.reply.clone()));
        drop(line);
        reply
    }
}

struct OnTheLine<'w> {
    world: &'w World,
    id: u64,
}

impl Drop for OnTheLine<'_> {
    fn drop(&mut self) {
        self.world.with(|state| state.hang_up(self.id));
    }
}

/// See [`World::stand`].
pub(super) struct Stand<'w> {
    world: &'w World,
    replica: usize,
    at: Option<At>,
    id: Option<u64>,
}

impl Future for Stand<'_> {
    type Output = Pass;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Pass> {
        let (world, replica, at) = (self.world, self.replica, self.at.take());
        let known = self.id;
        let (id, pass) = world.with(|state| {
            if let Some(at) = at {
                let id = state.number();
                let standing = Standing {
                    replica,
                    at,
                    opened: None,
                    waker: Some(cx.waker().clone()),
                };
                state.gates.insert(id, standing);
                return (Some(id), None);
            }
            let Some(id) = known else {
                return (None, None);
            };
            let pass = state.gates.get_mut(&id).and_then(|standing| {
                standing.waker = Some(cx.waker().clone());
                standing.opened
            });
            if pass.is_some() {
                state.gates.remove(&id);
            }
            (Some(id), pass)
        });
        self.id = id;
        pass.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Stand<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.world.with(|state| state.gates.remove(&id));
        }
    }
}

/// Seconds since the beginning of a run, for people.
fn seconds(at: Instant) -> f64 {
    let micros = at.micros() - super::START_SECONDS * 1_000_000;
    std::time::Duration::from_micros(micros.unsigned_abs()).as_secs_f64()
}
