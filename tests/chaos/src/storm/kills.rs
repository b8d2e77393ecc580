//! Killing hosts and starting them again: mostly at work, sometimes while they start.

use std::{
    future::Future,
    pin::pin,
    time::{Duration, Instant},
};

use futures::{
    StreamExt as _,
    future::{BoxFuture, FutureExt as _},
    stream::FuturesUnordered,
};
use ordercase_world::Hosts;

use super::{Storm, actor};
use crate::limits::{KILL_PAUSE_MS, STARTS_WITHIN, STILLBORN_MS, STILLBORN_PERCENT};

/// Hosts that are on their way back.
type Starts<'a> = FuturesUnordered<BoxFuture<'a, anyhow::Result<()>>>;

/// Kills until it was often enough, then waits until every host is back.
pub(super) async fn kill(storm: &Storm<'_>) -> anyhow::Result<()> {
    let hosts = &storm.setting.world.hosts;
    let mut dice = storm.setting.dice(actor::KILLS);
    let mut starts = Starts::new();
    while storm.kills() < storm.wanted_kills {
        let pause = tokio::time::sleep(dice.pause(KILL_PAUSE_MS));
        while_starting(&mut starts, pause).await?;
        let number = dice.below(hosts.count());
        if while_starting(&mut starts, hosts.kill(number)).await?? {
            storm.note(|ledger| ledger.kills += 1);
        }
        if dice.percent(STILLBORN_PERCENT) && storm.kills() < storm.wanted_kills {
            let born = hosts.start_and_kill(number, dice.pause(STILLBORN_MS));
            while_starting(&mut starts, born).await??;
            storm.note(|ledger| ledger.kills += 1);
        }
        starts.push(start_again(hosts, number).boxed());
    }
    while let Some(started) = starts.next().await {
        started?;
    }
    Ok(())
}

/// Awaits something while hosts go on starting.
async fn while_starting<T>(
    starts: &mut Starts<'_>,
    work: impl Future<Output = T>,
) -> anyhow::Result<T> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            Some(started) = starts.next(), if !starts.is_empty() => started?,
        }
    }
}

/// Starts a host; again where it ends at once, because the database was away.
async fn start_again(hosts: &Hosts, number: usize) -> anyhow::Result<()> {
    let end = Instant::now() + STARTS_WITHIN;
    loop {
        match hosts.start(number).await {
            Err(error) if Instant::now() >= end => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(300)).await,
            Ok(()) => return Ok(()),
        }
    }
}
