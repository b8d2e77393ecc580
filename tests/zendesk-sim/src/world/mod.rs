//! The account: users, tickets, fields, OAuth and ZIS objects, and how each is written and shown.

pub(crate) mod create;
pub(crate) mod field;
pub(crate) mod html;
pub(crate) mod ids;
pub(crate) mod oauth;
pub(crate) mod property;
pub(crate) mod render;
pub(crate) mod ticket;
pub(crate) mod update;
pub(crate) mod user;
pub(crate) mod zis;

use std::path::Path;

use jiff::SignedDuration;
use serde_json::Value;

use crate::table::{Log, Row, Table};
use field::Field;
use ids::{Ids, Kind};
use oauth::{Client, Token};
use ticket::Ticket;
use user::User;
use zis::Integration;

/// Everything that the account knows.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) subdomain: String,
    pub(crate) ids: Ids,
    pub(crate) users: Table<u64, User>,
    pub(crate) tickets: Table<u64, Ticket>,
    pub(crate) fields: Table<u64, Field>,
    pub(crate) clients: Table<u64, Client>,
    pub(crate) tokens: Table<u64, Token>,
    pub(crate) integrations: Table<String, Integration>,
    /// Single values: the id counter and how far the clock is ahead.
    pub(crate) meta: Table<String, Value>,
    log: Log,
}

const COUNTER: &str = "counter";
const CLOCK_AHEAD: &str = "clock_ahead_ms";
/// A lead that changed by less is not worth a line of the log.
const CLOCK_SLACK_MS: i64 = 500;

impl World {
    /// The account as the data directory has it; empty where there is none.
    pub(crate) fn open(subdomain: &str, seed: u64, data: Option<&Path>) -> anyhow::Result<Self> {
        let mut world = Self {
            subdomain: subdomain.to_owned(),
            ids: Ids::new(seed),
            users: Table::new("user"),
            tickets: Table::new("ticket"),
            fields: Table::new("field"),
            clients: Table::new("client"),
            tokens: Table::new("token"),
            integrations: Table::new("integration"),
            meta: Table::new("meta"),
            log: Log::default(),
        };
        if let Some(directory) = data {
            for row in Log::read(directory)?.iter().flatten() {
                world.load(row)?;
            }
            if let Some(counter) = world.meta.get(&COUNTER.to_owned()).and_then(Value::as_u64) {
                world.ids.resume(counter);
            }
            world.mark_all();
            let rows = world.drain()?;
            world.log = Log::begin(directory, &rows)?;
        }
        Ok(world)
    }

    fn load(&mut self, row: &Row) -> anyhow::Result<()> {
        let known = self.users.load(row)?
            || self.tickets.load(row)?
            || self.fields.load(row)?
            || self.clients.load(row)?
            || self.tokens.load(row)?
            || self.integrations.load(row)?
            || self.meta.load(row)?;
        anyhow::ensure!(
            known,
            "the log names a table `{}` that does not exist",
            row.0
        );
        Ok(())
    }

    fn mark_all(&mut self) {
        self.users.mark_all();
        self.tickets.mark_all();
        self.fields.mark_all();
        self.clients.mark_all();
        self.tokens.mark_all();
        self.integrations.mark_all();
        self.meta.mark_all();
    }

    fn drain(&mut self) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        self.users.drain(&mut rows)?;
        self.tickets.drain(&mut rows)?;
        self.fields.drain(&mut rows)?;
        self.clients.drain(&mut rows)?;
        self.tokens.drain(&mut rows)?;
        self.integrations.drain(&mut rows)?;
        if !rows.is_empty() {
            let counter = Value::from(self.ids.counter());
            self.meta.insert(COUNTER.to_owned(), counter);
        }
        self.meta.drain(&mut rows)?;
        Ok(rows)
    }

    /// Writes what changed to the log.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        let rows = self.drain()?;
        self.log.append(&rows)
    }

    /// Keeps how far the clock is ahead of the real one, for a restart.
    pub(crate) fn remember_clock(&mut self, ahead: SignedDuration) {
        let now = i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX);
        if (now - self.kept_lead()).abs() >= CLOCK_SLACK_MS {
            self.meta.insert(CLOCK_AHEAD.to_owned(), Value::from(now));
        }
    }

    fn kept_lead(&self) -> i64 {
        let kept = self.meta.get(&CLOCK_AHEAD.to_owned());
        kept.and_then(Value::as_i64).unwrap_or_default()
    }

    /// The lead to start with: a little more than was kept, so that time never runs back.
    pub(crate) fn clock_lead(&self) -> SignedDuration {
        match self.kept_lead() {
            0 => SignedDuration::ZERO,
            kept => SignedDuration::from_millis(kept.saturating_add(2 * CLOCK_SLACK_MS)),
        }
    }

    /// A new id.
    pub(crate) fn next_id(&mut self, kind: Kind) -> u64 {
        self.ids.next(kind)
    }

    /// The address of an API object.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}.zendesk.com/api/v2/{path}.json", self.subdomain)
    }
}
