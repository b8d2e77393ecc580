//! What all requests share: the account, its clock, counters, faults and records of what happened.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::SimConfig;
use crate::clock::SimClock;
use crate::http::answer::ApiError;
use crate::http::fault::Faults;
use crate::http::meter::Meters;
use crate::limits::{EVENTS_MAX, JOURNAL_MAX, RUNS_MAX};
use crate::world::World;

/// One write, as the journal keeps it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Write {
    pub(crate) at: String,
    pub(crate) credential: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    /// Whether the answer was cut off after it was applied.
    pub(crate) answer_lost: bool,
}

/// A code that the authorize page handed out.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) client_id: u64,
    pub(crate) user_id: u64,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) expires_at: i64,
}

/// The first answer to an idempotency key.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    pub(crate) body: Vec<u8>,
    pub(crate) answer: Value,
    pub(crate) at: i64,
}

/// Records of what happened; not kept over a restart.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) journal: VecDeque<Write>,
    pub(crate) events: VecDeque<Value>,
    pub(crate) runs: VecDeque<Value>,
    pub(crate) codes: Vec<Code>,
    pub(crate) idempotency: BTreeMap<String, Remembered>,
    pub(crate) requests: u64,
    pub(crate) runs_started: u64,
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) config: SimConfig,
    pub(crate) address: SocketAddr,
    pub(crate) clock: SimClock,
    pub(crate) http: reqwest::Client,
    /// Flows that are running.
    pub(crate) flows: TaskTracker,
    world: Mutex<World>,
    meters: Mutex<Meters>,
    faults: Mutex<Faults>,
    records: Mutex<Records>,
    dials: Mutex<Vec<(String, SocketAddr)>>,
}

impl Shared {
    pub(crate) fn new(
        config: SimConfig,
        address: SocketAddr,
        clock: SimClock,
        world: World,
        http: reqwest::Client,
    ) -> Self {
        let dials = Mutex::new(config.dev_connect.clone());
        Self {
            config,
            address,
            clock,
            http,
            flows: TaskTracker::new(),
            world: Mutex::new(world),
            meters: Mutex::default(),
            faults: Mutex::default(),
            records: Mutex::default(),
            dials,
        }
    }

    /// Where a host of a flow is dialled; the account's own host is this simulator.
    pub(crate) fn dial(&self, host: &str) -> Option<SocketAddr> {
        if host.eq_ignore_ascii_case(&self.host()) {
            return Some(self.address);
        }
        let dials = lock(&self.dials);
        let found = dials
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(host));
        found.map(|(_, target)| *target)
    }

    /// Maps a host, or maps it anew.
    pub(crate) fn set_dial(&self, host: &str, target: SocketAddr) {
        let mut dials = lock(&self.dials);
        dials.retain(|(name, _)| !name.eq_ignore_ascii_case(host));
        dials.push((host.to_owned(), target));
    }

    /// Looks at the account.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&lock(&self.world))
    }

    /// Changes the account; what changed is on disk before this returns.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&mut World) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut world = lock(&self.world);
        let done = change(&mut world);
        world.remember_clock(self.clock.ahead());
        world.flush()?;
        done
    }

    pub(crate) fn meters(&self) -> MutexGuard<'_, Meters> {
        lock(&self.meters)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn records(&self) -> MutexGuard<'_, Records> {
        lock(&self.records)
    }

    /// The host that the product sees.
    pub(crate) fn host(&self) -> String {
        format!("{}.zendesk.com", self.config.subdomain)
    }

    /// The admin whose e-mail goes with the legacy token.
    pub(crate) fn admin_id(&self) -> Option<u64> {
        self.read(|world| {
            world
                .user_by_email(&self.config.legacy_email)
                .map(|user| user.id)
        })
    }
}

impl Records {
    pub(crate) fn note_write(&mut self, write: Write) {
        push(&mut self.journal, write, JOURNAL_MAX);
    }

    pub(crate) fn note_event(&mut self, event: Value) {
        push(&mut self.events, event, EVENTS_MAX);
    }

    /// Opens the record of a run and gives its number.
    pub(crate) fn begin_run(&mut self, mut run: Value) -> u64 {
        self.runs_started += 1;
        if let Value::Object(map) = &mut run {
            map.insert("run".to_owned(), json!(self.runs_started));
            map.insert("state".to_owned(), json!("running"));
        }
        push(&mut self.runs, run, RUNS_MAX);
        self.runs_started
    }

    /// Closes the record of a run.
    pub(crate) fn end_run(&mut self, number: u64, state: &str, trace: Value) {
        let run = self
            .runs
            .iter_mut()
            .rev()
            .find(|run| run.get("run").and_then(Value::as_u64) == Some(number));
        if let Some(Value::Object(map)) = run {
            map.insert("state".to_owned(), json!(state));
            map.insert("trace".to_owned(), trace);
        }
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T, max: usize) {
    if queue.len() >= max {
        queue.pop_front();
    }
    queue.push_back(item);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
