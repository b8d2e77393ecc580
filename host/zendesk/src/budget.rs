//! The budget governor: what one Zendesk account may be asked per minute, and who may use it.
//!
//! Zendesk counts requests per account and minute, updates per ticket and per account, and export
//! calls apart. The limit is shared by *all* integrations of the account, so this side keeps well
//! below it: background work may use a part, events and effects a larger part, and the rest is left
//! for people who wait in front of a screen. Windows slide over what was really sent, because
//! Zendesk's own minute may start at any time.
//!
//! The governor only counts and says how long to wait; it never sleeps, and takes the time as an
//! argument. Coalescing several writes into one belongs to the outbox.

mod headers;
mod window;

use std::collections::HashMap;
use std::time::Duration;

pub use headers::RateHeaders;
use ordercase_breaker::{Breaker, Resting};
use window::Window;

use crate::limits::{AUDIT_READS_MAX, BREAKER, TICKET_UPDATES_MAX, TICKETS_COUNTED_MAX};

const MINUTE: Duration = Duration::from_secs(60);
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// A Zendesk plan, for its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plan {
    /// 200 requests a minute. Assumed where nothing is known.
    #[default]
    Team,
    /// 400 requests a minute.
    Growth,
    /// 400 requests a minute.
    Professional,
    /// 700 requests a minute.
    Enterprise,
    /// 2,500 requests a minute, or the High Volume add-on.
    HighVolume,
}

impl Plan {
    /// Requests per minute.
    #[must_use]
    pub fn requests_per_minute(self) -> u32 {
        match self {
            Self::Team => 200,
            Self::Growth | Self::Professional => 400,
            Self::Enterprise => 700,
            Self::HighVolume => 2500,
        }
    }

    /// Ticket updates per minute, all tickets together.
    #[must_use]
    pub fn updates_per_minute(self) -> u32 {
        if self == Self::HighVolume { 300 } else { 100 }
    }

    /// Export calls per minute.
    #[must_use]
    pub fn exports_per_minute(self) -> u32 {
        if self == Self::HighVolume { 30 } else { 10 }
    }
}

impl std::str::FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "team" => Self::Team,
            "growth" => Self::Growth,
            "professional" => Self::Professional,
            "enterprise" => Self::Enterprise,
            "high-volume" => Self::HighVolume,
            other => return Err(format!("no plan is called `{other}`")),
        })
    }
}

/// Who is waiting for a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A person in front of a screen: may use the whole limit.
    People,
    /// Ticket events and effects: four fifths.
    #[default]
    Live,
    /// Export, installer, reconciliation: half.
    Background,
}

impl Lane {
    /// The part of a limit that this lane may use, in percent.
    fn share(self) -> u32 {
        match self {
            Self::People => 100,
            Self::Live => 80,
            Self::Background => 50,
        }
    }
}

/// What a call counts against, besides the account's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meter {
    /// Nothing more.
    Plain,
    /// An update of that ticket: 30 per 10 minutes per ticket, and the account's update limit.
    TicketUpdate(u64),
    /// An incremental export.
    Export,
    /// Audits of a ticket: 500 a minute.
    Audits,
}

/// Whether a call may go now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, and is counted.
    Go,
    /// Not before that long.
    Wait(Duration),
    /// Not now: the account fails again and again and is left alone.
    Rest(Resting),
}

/// The limits of one account, and what was sent against them.
#[derive(Debug)]
pub struct Governor {
    plan: Plan,
    /// The account's limit, as the last answer stated it.
    learned: Option<u32>,
    account: Window,
    updates: Window,
    exports: Window,
    audits: Window,
    tickets: HashMap<u64, Window>,
    /// Nothing goes before this: Zendesk said so.
    closed_until: Duration,
    /// The same, for one meter.
    meter_until: HashMap<Meter, Duration>,
    /// What Zendesk says is left for everybody, and until when that holds.
    remaining: Option<(u32, Duration)>,
    breaker: Option<Breaker<Duration>>,
}

impl Governor {
    /// A governor that has seen nothing.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            learned: None,
            account: Window::new(MINUTE),
            updates: Window::new(MINUTE),
            exports: Window::new(MINUTE),
            audits: Window::new(MINUTE),
            tickets: HashMap::new(),
            closed_until: Duration::ZERO,
            meter_until: HashMap::new(),
            remaining: None,
            breaker: None,
        }
    }

    /// Requests per minute, as far as known.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.learned
            .unwrap_or_else(|| self.plan.requests_per_minute())
    }

    /// Whether a call may go now; when it may, it is counted.
    pub fn admit(&mut self, now: Duration, lane: Lane, meter: Meter) -> Admission {
        let wait = self.wait(now, lane, meter);
        if wait > Duration::ZERO {
            return Admission::Wait(wait);
        }
        if let Some(Err(resting)) = self.breaker.as_mut().map(|breaker| breaker.enter(now)) {
            return Admission::Rest(resting);
        }
        self.count(now, meter);
        Admission::Go
    }

    fn wait(&mut self, now: Duration, lane: Lane, meter: Meter) -> Duration {
        let mut until = self
            .closed_until
            .max(self.meter_until.get(&meter).copied().unwrap_or_default())
            .max(self.spared_until(lane))
            .saturating_sub(now);
        let limit = part(self.limit(), lane.share());
        until = until.max(self.account.wait(now, limit));
        until.max(match meter {
            Meter::Plain => Duration::ZERO,
            Meter::Audits => self.audits.wait(now, part(AUDIT_READS_MAX, lane.share())),
            Meter::Export => self.exports.wait(now, self.plan.exports_per_minute()),
            Meter::TicketUpdate(ticket) => {
                let cap = part(self.plan.updates_per_minute(), lane.share().min(90));
                let account = self.updates.wait(now, cap);
                let one = self.tickets.get_mut(&ticket);
                account.max(one.map_or(Duration::ZERO, |window| {
                    window.wait(now, TICKET_UPDATES_MAX)
                }))
            }
        })
    }

    /// Until when this lane holds back because other integrations used the account up.
    fn spared_until(&self, lane: Lane) -> Duration {
        let kept = part(self.limit(), 100 - lane.share());
        match self.remaining {
            Some((remaining, until)) if lane != Lane::People && remaining < kept => until,
            _ => Duration::ZERO,
        }
    }

    fn count(&mut self, now: Duration, meter: Meter) {
        self.account.add(now);
        match meter {
            Meter::Plain => {}
            Meter::Audits => self.audits.add(now),
            Meter::Export => self.exports.add(now),
            Meter::TicketUpdate(ticket) => {
                self.updates.add(now);
                self.forget_idle_tickets(now);
                self.tickets
                    .entry(ticket)
                    .or_insert_with(|| Window::new(TEN_MINUTES))
                    .add(now);
            }
        }
    }

    fn forget_idle_tickets(&mut self, now: Duration) {
        if self.tickets.len() >= TICKETS_COUNTED_MAX {
            self.tickets.retain(|_, window| !window.is_idle(now));
        }
    }

    /// Learns from the headers of an answer.
    pub fn observe(&mut self, now: Duration, headers: &RateHeaders) {
        if let Some(limit) = headers.limit {
            self.learned = Some(limit);
        }
        if let Some(remaining) = headers.remaining {
            let reset = headers.reset.unwrap_or(MINUTE).min(MINUTE);
            self.remaining = Some((remaining, now + reset));
        }
    }

    /// Learns whether Zendesk answered: it did not when nothing came back or a 5xx that names no time to come again.
    pub fn answered(&mut self, now: Duration, well: bool) {
        if well {
            self.breaker = None;
        } else {
            let breaker = self
                .breaker
                .get_or_insert_with(|| Breaker::new(BREAKER, now));
            breaker.failed(now);
        }
    }

    /// Learns that Zendesk refused a call with 429 and asks to wait that long.
    ///
    /// While the account's own counter still has something left, only the call's meter is held.
    pub fn refused(&mut self, now: Duration, meter: Meter, wait: Duration, headers: &RateHeaders) {
        let until = now + wait;
        if headers.remaining.is_some_and(|left| left > 0) && meter != Meter::Plain {
            self.meter_until.retain(|_, held| *held > now);
            self.meter_until.insert(meter, until);
        } else {
            self.closed_until = self.closed_until.max(until);
        }
    }
}

/// That many percent, at least one.
fn part(whole: u32, percent: u32) -> u32 {
    (whole.saturating_mul(percent) / 100).max(1)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
