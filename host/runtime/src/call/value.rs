//! What goes into a call and comes out of it.

use std::time::Duration;

use bytes::Bytes;
use ordercase_model::{Instant, Record, RecordRef};

use crate::package::Method;

/// What a call returned, with everything that it did.
#[derive(Clone, Debug)]
pub struct Called<T> {
    /// What the plugin returned, validated.
    pub value: T,
    /// The requests that it made, in order.
    pub exchanges: Vec<Exchange>,
    /// What it said to the operator.
    pub log: Vec<LogLine>,
    /// What it cost.
    pub stats: CallStats,
}

impl<T> Called<T> {
    /// The same call with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Called<U> {
        Called {
            value: f(self.value),
            exchanges: self.exchanges,
            log: self.log,
            stats: self.stats,
        }
    }
}

/// One request and its answer. Credentials are in neither.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Number within the call, from 0.
    pub index: u32,
    /// The role that the plugin gave the request.
    pub role: String,
    /// Status of the answer.
    pub status: u16,
    /// Media type of the answer, with its parameters; empty when it names none.
    pub content_type: String,
    /// Headers of the answer that the plugin saw.
    pub headers: Vec<(String, String)>,
    /// The answer.
    pub body: Bytes,
    /// When the request was sent.
    pub sent_at: Instant,
    /// What was asked, before the host signed it.
    pub request: SentRequest,
}

/// A request as the plugin wrote it and the host let it through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentRequest {
    /// Alias of the origin.
    pub origin: String,
    /// Method.
    pub method: Method,
    /// Path below the origin.
    pub path: String,
    /// Query.
    pub query: Vec<(String, String)>,
    /// Headers that were let through.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<Bytes>,
}

/// What a call cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallStats {
    /// Waiting for a place.
    pub queued: Duration,
    /// From the start to the end, waiting for the source included.
    pub wall: Duration,
    /// Ticks of computing.
    pub ticks: u32,
    /// Fuel used, where the runtime counts fuel.
    pub fuel: Option<u64>,
    /// Largest linear memory.
    pub memory_bytes_peak: usize,
    /// Requests.
    pub requests: u32,
    /// Bytes of answers.
    pub response_bytes: usize,
    /// Log lines, dropped ones included.
    pub log_lines: usize,
}

/// A line that a plugin wrote for the operator, bounded and redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How bad it is.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

/// How bad a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// The call goes wrong.
    Error,
    /// Something is odd.
    Warn,
    /// Good to know.
    Info,
    /// For the author.
    Debug,
}

/// Which page of which stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// Stream of the manifest.
    pub stream: String,
    /// Changed or placed at or after.
    pub since: Option<Instant>,
    /// Changed or placed before.
    pub until: Option<Instant>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Most records; held to the manifest's page limit.
    pub limit: u32,
}

/// Records and where to go on.
#[derive(Clone, Debug)]
pub struct Page {
    /// Records.
    pub records: Vec<Pulled>,
    /// Cursor of the next page; absent on the last.
    pub next: Option<String>,
    /// How many records the window holds in all, where the source tells.
    pub total: Option<u64>,
}

/// A record, and which exchanges of the call it was read from.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The record.
    pub record: Record,
    /// Numbers of exchanges; at least one.
    pub exchanges: Vec<u32>,
}

/// What to search by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    /// `email`, `phone`, `order_number`, `tracking_number`.
    pub by: String,
    /// The value. **Personal.**
    pub value: String,
}

/// One body of a raw set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapInput {
    /// The request's role, `webhook:<topic>`, or empty when only the shape can tell.
    pub role: String,
    /// Media type.
    pub content_type: String,
    /// The bytes as they came.
    pub bytes: Bytes,
}

/// A webhook that was verified and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// Topic.
    pub topic: String,
    /// Headers; the signature's is left out.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Bytes,
    /// When it came.
    pub received_at: Instant,
}

/// "This record changed": read it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Which.
    pub target: RecordRef,
    /// When the source says it changed.
    pub occurred_at: Option<Instant>,
}

/// What follows from a webhook.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Records to read back.
    pub hints: Vec<Hint>,
    /// Records that came whole; only for topics that the manifest declares `full`.
    pub snapshots: Vec<Record>,
    /// Why nothing follows, when nothing does.
    pub ignored: Option<String>,
}

/// "Deliveries of this topic go to that address", at the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The platform's id.
    pub id: String,
    /// Topic, as the manifest names it.
    pub topic: String,
    /// Where deliveries go.
    pub address: String,
}
