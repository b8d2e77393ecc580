//! Live events at a fixed rate, and how long each takes until what it told can be seen in the store.
//!
//! The rate does not wait for answers, and an event's time begins when it was *due*, not when it was sent: a host that
//! stalls makes every event behind it late, and that counts. It ends when a look from outside finds the receipt settled,
//! which the host commits together with the record that it read back. The moment that the host writes into the receipt
//! would be the better clock if it were the commit's; but it is taken before the transaction, so it leaves out the wait
//! for the only writer, which is just what a history that is being read could delay. So the store is looked into again and
//! again while an event is under way; how far apart the looks were is told with the result.

mod store;

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, Semaphore},
    task::JoinSet,
};

use self::store::Store;
use crate::{hooks, percentile::Sorted};

/// From one look into the store to the next.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Events under way that one look asks for, oldest first. The host works off far fewer at the same time.
const LOOKED_AT_ONCE: usize = 200;
/// Deliveries that may be unanswered at the same time; more wait here, and their time runs.
const UNANSWERED_MAX: usize = 500;

/// Sends signed webhooks at a rate and tells how long each took until it could be seen in the store.
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    #[command(flatten)]
    deliveries: hooks::Deliveries,
    /// How long after the last one to wait for those that are still under way, seconds
    #[arg(long, default_value_t = 60)]
    within: u64,
    /// Whose shop they come from
    #[arg(long)]
    tenant: String,
    /// The shop's connection
    #[arg(long)]
    connection: String,
    /// The host's database: a file, or the address of a PostgreSQL
    #[arg(long)]
    store: String,
}

/// An event whose effect cannot be seen yet.
struct UnderWay {
    /// What its receipt is found by.
    key: String,
    due: Instant,
}

/// What is told at the end.
#[derive(Default)]
struct Told {
    /// From due to the answer, milliseconds.
    answered: Vec<f64>,
    /// From due to seen in the store, milliseconds.
    seen: Vec<f64>,
    /// Between two looks in a row, milliseconds.
    between_looks: Vec<f64>,
    /// How their receipts ended, and how many answers were not 200.
    ends: BTreeMap<String, u64>,
    refused: u64,
}

type Shared = Rc<Mutex<(VecDeque<UnderWay>, Told)>>;

/// Sends them.
///
/// # Errors
/// When the files cannot be read, or the store cannot be looked into.
pub(crate) async fn run(events: &Events) -> anyhow::Result<()> {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let hooks = events.deliveries.read()?;
    let store = Store::open(events).await?;
    let shared = Shared::default();
    let over = Rc::new(tokio::sync::Notify::new());
    tokio::task::LocalSet::new()
        .run_until(async {
            let watching = watch(store, &shared, &over, Duration::from_secs(events.within));
            let sending = async {
                let sent = send(&events.deliveries, &hooks, &shared).await;
                over.notify_one();
                sent
            };
            tokio::try_join!(sending, watching).map(|_| ())
        })
        .await?;
    let (left, told) = &mut *shared.lock().await;
    println!("{}", tell(events, left, std::mem::take(told)));
    Ok(())
}

/// Sends an event whenever one is due.
async fn send(
    deliveries: &hooks::Deliveries,
    hooks: &[hooks::Hook],
    shared: &Shared,
) -> anyhow::Result<()> {
    let client = hooks::client()?;
    let places = Arc::new(Semaphore::new(UNANSWERED_MAX));
    let (start, mut sent) = (Instant::now(), JoinSet::new());
    for (number, hook) in (0..deliveries.count()).zip(hooks.iter().cycle()) {
        let due = start + deliveries.due(number);
        tokio::time::sleep_until(due.into()).await;
        let place = Arc::clone(&places).acquire_owned().await?;
        let id = deliveries.id(number);
        let key = hooks::Hook::key(&id);
        let request = hook.request(&client, deliveries.url(), &id);
        shared.lock().await.0.push_back(UnderWay {
            key: key.clone(),
            due,
        });
        let shared = Rc::clone(shared);
        sent.spawn_local(async move {
            let taken = request
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200);
            drop(place);
            let (under_way, told) = &mut *shared.lock().await;
            if taken {
                told.answered.push(milliseconds(due.elapsed()));
            } else {
                // Nothing was promised, so there is nothing to wait for.
                told.refused += 1;
                under_way.retain(|event| event.key != key);
            }
        });
    }
    while sent.join_next().await.is_some() {}
    Ok(())
}

/// Looks into the store until all that was sent can be seen there, or the time is up.
async fn watch(
    mut store: Store,
    shared: &Shared,
    over: &tokio::sync::Notify,
    within: Duration,
) -> anyhow::Result<()> {
    let mut until: Option<Instant> = None;
    let mut last: Option<Instant> = None;
    loop {
        let asked: Vec<String> = {
            let under_way = &shared.lock().await.0;
            let oldest = under_way.iter().take(LOOKED_AT_ONCE);
            oldest.map(|event| event.key.clone()).collect()
        };
        if asked.is_empty() {
            last = None;
        } else {
            let settled = store.settled(&asked).await?;
            let seen = Instant::now();
            let (under_way, told) = &mut *shared.lock().await;
            if let Some(last) = last.replace(seen) {
                told.between_looks.push(milliseconds(seen - last));
            }
            under_way.retain(|event| {
                let Some(state) = settled.get(&event.key) else {
                    return true;
                };
                told.seen.push(milliseconds(seen - event.due));
                *told.ends.entry(state.clone()).or_default() += 1;
                false
            });
        }
        match until {
            Some(until) if asked.is_empty() || Instant::now() >= until => return Ok(()),
            Some(_) => tokio::time::sleep(LOOK_EVERY).await,
            None => tokio::select! {
                () = over.notified() => until = Some(Instant::now() + within),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            },
        }
    }
}

/// Events that never came count too: with the time for which they have been waited.
fn tell(events: &Events, left: &VecDeque<UnderWay>, mut told: Told) -> Value {
    let waited = left.iter().map(|event| milliseconds(event.due.elapsed()));
    told.seen.extend(waited);
    json!({
        "sent": events.deliveries.count(), "refused": told.refused, "not_seen": left.len(), "ends": told.ends,
        "answered_ms": Sorted::of(told.answered).summary(), "seen_ms": Sorted::of(told.seen).summary(),
        "between_looks_ms": Sorted::of(told.between_looks).summary()
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
