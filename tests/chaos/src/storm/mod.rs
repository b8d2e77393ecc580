//! The storm: actors that go on at the same time until the last kill is done. Each draws from a stream of its own, so
//! a seed tells what happens; how it interleaves, the machine decides.

mod agents;
mod kills;
mod shop;
mod troubles;

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    dice::Dice,
    ledger::Ledger,
    limits::{STORM_MAX, STORM_MIN},
    setting::Setting,
};

/// Streams of draws, one per actor.
mod actor {
    pub(super) const KILLS: u64 = 1;
    pub(super) const SHOP: u64 = 2;
    pub(super) const AGENTS: u64 = 3;
    pub(super) const WEATHER: u64 = 4;
    pub(super) const DATABASE: u64 = 5;
}

/// What actors share.
struct Storm<'a> {
    setting: &'a Setting<'a>,
    wanted_kills: u32,
    begun: Instant,
    ledger: Mutex<Ledger>,
}

impl Storm<'_> {
    fn note<T>(&self, work: impl FnOnce(&mut Ledger) -> T) -> T {
        work(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn kills(&self) -> u32 {
        self.note(|ledger| ledger.kills)
    }

    /// Whether it rages still.
    fn rages(&self) -> bool {
        self.kills() < self.wanted_kills || self.begun.elapsed() < STORM_MIN
    }

    /// Pauses, but not beyond the end; whether it rages still.
    async fn pause(&self, dice: &mut Dice, range: std::ops::Range<u64>) -> bool {
        let end = Instant::now() + dice.pause(range);
        while self.rages() && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            tokio::time::sleep(left.min(Duration::from_millis(250))).await;
        }
        self.rages()
    }

    fn line(&self) -> String {
        self.note(|ledger| {
            format!(
                "{:>4.0} s: {} of {} kills, {} changes at the shop, {} tickets, {} comments, {} revocations, {} \
                 restarts of the database",
                self.begun.elapsed().as_secs_f64(),
                ledger.kills,
                self.wanted_kills,
                ledger.changes,
                ledger.tickets.len(),
                ledger.said.len(),
                ledger.revocations,
                ledger.database_restarts,
            )
        })
    }
}

/// Lets everything go wrong until a host was killed that often; gives what was done.
///
/// # Errors
/// When something failed that a storm does not explain, such as a host that ended by itself.
pub(crate) async fn rage(setting: &Setting<'_>, kills: u32) -> anyhow::Result<Ledger> {
    let storm = Storm {
        setting,
        wanted_kills: kills,
        begun: Instant::now(),
        ledger: Mutex::default(),
    };
    let actors = async {
        tokio::try_join!(
            kills::kill(&storm),
            shop::trade(&storm),
            agents::write(&storm),
            troubles::blow(&storm),
            troubles::restart_database(&storm),
            tell(&storm),
        )
    };
    tokio::time::timeout(STORM_MAX, actors)
        .await
        .map_err(|_| anyhow::anyhow!("the storm does not end: {}", storm.line()))??;
    println!("{}", storm.line());
    Ok(storm
        .ledger
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner))
}

/// Says now and then how far it is.
async fn tell(storm: &Storm<'_>) -> anyhow::Result<()> {
    let mut shown = Instant::now();
    while storm.rages() {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if shown.elapsed() > Duration::from_secs(10) {
            println!("{}", storm.line());
            shown = Instant::now();
        }
    }
    Ok(())
}
