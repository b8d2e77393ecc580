//! A year in which the help desk never answers (SB-109, SB-110): orders change again and again, tickets show them, and
//! every effect is tried and given up. What is asked, tried again and stored must stay within bounds that do not
//! depend on how long the help desk has been away.

use ordercase_store::{Retention, Store, StoreError, simulation::RowCounts};
use serde::Serialize;

use super::{plan::Habits, quiet::Quiet, schedule::Run};
use crate::limits::ATTEMPTS_MAX;

/// Days of a year.
const DAYS: i64 = 365;
/// Time between two polls, two reconciliations, two looks for what is read again, seconds.
const POLL_SECONDS: i64 = 12 * 3_600;
/// An order changes every so many days.
const DAYS_PER_CHANGE: i64 = 3;
/// Tickets that show an order each.
const TICKETS: u64 = 2;
/// Receipts that are left at the end of a day: those of a month, one a changed order and ticket.
const RECEIPTS_MAX: u64 = 2 * TICKETS * 31 / DAYS_PER_CHANGE.unsigned_abs() + 10;
/// Orders that a shop has at most when a run begins; a year adds none.
const ORDERS_MAX: u64 = 5;
/// Steps of one day; a loop that never rests would have more.
const STEPS_PER_DAY_MAX: u64 = 40_000;

/// What a year came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Year {
    /// Days that passed.
    pub days: u64,
    /// Changes of orders.
    pub changes: u64,
    /// Requests to shop and help desk.
    pub requests: u64,
    /// Of these, attempts at effects.
    pub attempts: u64,
    /// Most attempts at effects on one day.
    pub attempts_on_a_day: u64,
    /// Most effects that waited at the end of a day.
    pub waiting: u64,
    /// Effects that were ever written.
    pub effects: u64,
    /// Most lines of the journal at the end of a day.
    pub journal: u64,
    /// Most receipts at the end of a day.
    pub receipts: u64,
    /// Most records, runs, holes and deeds at the end of a day.
    pub most: RowCounts,
    /// What was broken, if anything.
    pub violation: Option<String>,
}

impl Year {
    /// Checks the bounds: the engine's own limits, and what its retention leaves.
    fn judge(&mut self) {
        // Two waiting updates of a ticket merge, so that one is tried and one waits; beside them its note.
        let waiting_max = TICKETS * 3;
        let attempts_max = self.effects * u64::from(ATTEMPTS_MAX);
        // Of effects that are given up, three attempts each, and what retention has not taken yet.
        let young = i64::from(Retention::default().effects_days) / DAYS_PER_CHANGE + 2;
        let journal_max =
            3 * self.effects + young.unsigned_abs() * TICKETS * u64::from(ATTEMPTS_MAX);
        let polls = DAYS * 24 * 3_600 / POLL_SECONDS;
        let asked_max = 2 * attempts_max + 4 * polls.unsigned_abs() + 4 * self.changes + 100;
        // Each track that looks at the shop leaves a run, the sweep one a night, until retention takes it.
        let runs_a_day = 3 * 24 * 3_600 / POLL_SECONDS + 1;
        let runs_max = u64::from(Retention::default().runs_days + 2) * runs_a_day.unsigned_abs();
        let broken = [
            (
                self.waiting > waiting_max,
                "effects wait",
                self.waiting,
                waiting_max,
            ),
            (
                self.attempts > attempts_max,
                "attempts",
                self.attempts,
                attempts_max,
            ),
            (
                self.requests > asked_max,
                "requests",
                self.requests,
                asked_max,
            ),
            (
                self.journal > journal_max,
                "lines of the journal",
                self.journal,
                journal_max,
            ),
            (
                self.receipts > RECEIPTS_MAX,
                "receipts",
                self.receipts,
                RECEIPTS_MAX,
            ),
            (self.most.runs > runs_max, "runs", self.most.runs, runs_max),
            (
                self.most.holes > 0,
                "holes that nothing told of",
                self.most.holes,
                0,
            ),
            (
                self.most.audit > self.changes,
                "deeds",
                self.most.audit,
                self.changes,
            ),
            (
                self.most.records > ORDERS_MAX,
                "records",
                self.most.records,
                ORDERS_MAX,
            ),
        ];
        for (over, what, is, most) in broken {
            if over {
                self.violation
                    .get_or_insert(format!("{is} {what}, {most} are the bound"));
            }
        }
    }
}

/// Lets a year pass.
pub(super) async fn pass(store: &Store, quiet: &Quiet, seed: u64) -> Result<Year, StoreError> {
    let habits = Habits {
        poll_interval_seconds: POLL_SECONDS,
        reconcile_interval_seconds: POLL_SECONDS,
        reread_interval_seconds: POLL_SECONDS,
        dead_desk: true,
        replicas_max: 1,
    };
    let mut run = Run::begin_with(store, quiet, seed, false, habits).await?;
    let mut year = Year::default();
    for ticket in 1..=TICKETS {
        run.file(ticket).await?;
    }
    let mut attempts_before = 0;
    for day in 0..DAYS {
        if day % DAYS_PER_CHANGE == 0 {
            run.change_order(1 + (year.changes % TICKETS));
            year.changes += 1;
        }
        let evening = run.now().plus_seconds(24 * 3_600);
        if !run.rest_until(evening, STEPS_PER_DAY_MAX).await? {
            year.violation = Some(format!("day {day} never ends"));
        }
        let counts = store.row_counts().await?;
        look(&mut year, counts);
        let (requests, attempts) = run.asked();
        (year.requests, year.attempts) = (requests, attempts);
        year.attempts_on_a_day = year.attempts_on_a_day.max(attempts - attempts_before);
        attempts_before = attempts;
        year.days += 1;
        if let Some(wrong) = run.wrong().or(year.violation.clone()) {
            year.violation = Some(wrong);
            break;
        }
    }
    run.end().await;
    year.judge();
    Ok(year)
}

/// Looks at what is stored at the end of a day, after the engine's retention.
fn look(year: &mut Year, counts: RowCounts) {
    year.waiting = year.waiting.max(counts.waiting);
    year.effects = counts.outbox;
    year.journal = year.journal.max(counts.journal);
    year.receipts = year.receipts.max(counts.receipts);
    let most = &mut year.most;
    for (most, is) in [
        (&mut most.records, counts.records),
        (&mut most.runs, counts.runs),
        (&mut most.holes, counts.holes),
        (&mut most.audit, counts.audit),
    ] {
        *most = is.max(*most);
    }
}
