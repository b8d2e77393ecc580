//! "There is work": one counter per queue that moves after a commit which fed it, so that workers
//! sleep instead of asking. Replicas on PostgreSQL tell each other; a message may be lost, so workers also wake
//! by time.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Who waits for the work, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// A person at a ticket.
    Agent,
    /// Something that just happened at a shop.
    Live,
    /// What changed since we last asked.
    Poll,
    /// History.
    Backfill,
    /// Proving that nothing was missed.
    Reconcile,
}

impl Lane {
    /// All lanes, most urgent first.
    pub const ALL: [Self; 5] = [
        Self::Agent,
        Self::Live,
        Self::Poll,
        Self::Backfill,
        Self::Reconcile,
    ];

    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Live => "live",
            Self::Poll => "poll",
            Self::Backfill => "backfill",
            Self::Reconcile => "reconcile",
        }
    }
}

impl std::str::FromStr for Lane {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no lane"))
    }
}

/// A queue that workers wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Receipts and streams of a lane.
    Lane(Lane),
    /// Effects.
    Outbox,
}

impl Queue {
    /// The name in messages between replicas.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Lane(lane) => lane.as_str(),
            Self::Outbox => "outbox",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Lane(Lane::Agent) => 1,
            Self::Lane(Lane::Live) => 2,
            Self::Lane(Lane::Poll) => 4,
            Self::Lane(Lane::Backfill) => 8,
            Self::Outbox => 16,
            Self::Lane(Lane::Reconcile) => 32,
        }
    }
}

/// Which queues a transaction fed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touched(u8);

impl Touched {
    pub(crate) fn add(&mut self, queue: Queue) {
        self.0 |= queue.bit();
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) fn all() -> Self {
        Self(QUEUES.iter().fold(0, |bits, queue| bits | queue.bit()))
    }

    /// The queue of a message; a name that a newer replica uses is none of ours.
    pub(crate) fn named(name: &str) -> Self {
        let known = QUEUES.iter().find(|queue| queue.as_str() == name);
        Self(known.map_or(0, |queue| queue.bit()))
    }

    pub(crate) fn queues(self) -> impl Iterator<Item = Queue> {
        QUEUES
            .into_iter()
            .filter(move |queue| self.0 & queue.bit() != 0)
    }
}

const QUEUES: [Queue; 6] = [
    Queue::Lane(Lane::Agent),
    Queue::Lane(Lane::Live),
    Queue::Lane(Lane::Poll),
    Queue::Lane(Lane::Backfill),
    Queue::Lane(Lane::Reconcile),
    Queue::Outbox,
];

/// The counters.
#[derive(Clone)]
pub(crate) struct Signals(Arc<[(Queue, watch::Sender<u64>)]>);

impl Signals {
    pub(crate) fn new() -> Self {
        Self(
            QUEUES
                .iter()
                .map(|queue| (*queue, watch::Sender::new(0)))
                .collect(),
        )
    }

    pub(crate) fn raise(&self, touched: Touched) {
        for (queue, counter) in self.0.iter() {
            if touched.0 & queue.bit() != 0 {
                counter.send_modify(|n| *n = n.wrapping_add(1));
            }
        }
    }

    pub(crate) fn subscribe(&self, queue: Queue) -> watch::Receiver<u64> {
        self.0
            .iter()
            .find(|(known, _)| *known == queue)
            .map_or_else(|| watch::channel(0).1, |(_, counter)| counter.subscribe())
    }
}
