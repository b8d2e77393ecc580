//! The engine under a virtual clock and a seeded scheduler. Compiled with the feature `simulation` only.
//!
//! Two or three replicas of the product's own [`crate::Engine`] share one database. All run on one thread, and
//! every operation of the store, every request and answer, every sleep stops at a gate. When everybody stands
//! still, a choice that the seed determines opens one gate, lets a request arrive, changes an order, delivers a
//! webhook, lets time pass, or kills a replica. So a run is one order of atomic steps that real replicas could
//! have taken, and its seed takes it again. After the trouble comes a quiet time; then what must hold is checked
//! (`invariant.rs`).
//!
//! ```text
//!   Engine::run x 2..3 --- gate --- store (one SQLite file)
//!        |    |    |
//!      clock  |   side.rs --- gate --- wire --- shop, help desk
//!        \____|____________________________________/
//!                    world.rs, opened by schedule.rs
//! ```
//!
//! Bounds: a run has a few hundred steps and a handful of orders and tickets. What is not simulated: PostgreSQL
//! itself, two databases that disagree, clocks that differ, a replica that cannot reach its database for longer
//! than a lease.

mod arrivals;
mod help_desk;
mod invariant;
mod plan;
mod quiet;
mod random;
mod schedule;
mod setting;
mod shop;
mod side;
mod time;
mod world;
mod year;

use std::time::{Duration, Instant as Moment};

pub use ordercase_store::simulation::Mutation;
use ordercase_store::{Store, StoreError, StoreOptions};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

pub use self::year::Year;
use self::{quiet::Quiet, schedule::Run};

/// The virtual moment at which every run begins, seconds since 1970.
const START_SECONDS: i64 = 1_000_000;
/// Digest of the plugin that is not there.
const PLUGIN: &str = "d1";

/// Why runs cannot be made at all.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// No folder, no thread.
    #[error("the simulation cannot begin: {0}")]
    Io(#[from] std::io::Error),
    /// The database under the simulation failed by itself, not because it was told to.
    #[error("the database under the simulation failed: {0}")]
    Store(#[from] StoreError),
}

/// What one interleaving led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// Steps that were taken.
    pub steps: u64,
    /// Stands for the way: the same seed has the same.
    pub digest: u64,
    /// What went wrong, if anything did.
    pub violation: Option<String>,
    /// Every step in words, where that was asked for.
    pub trace: Vec<String>,
}

/// A database and a thread's runtime, for one run after another.
pub struct Simulator {
    runtime: Runtime,
    quiet: Quiet,
    store: Store,
    _folder: tempfile::TempDir,
}

impl Simulator {
    /// Makes a database, in memory where the system has a folder there, else in its folder for passing files; and keeps
    /// the calling thread on one processor.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new() -> Result<Self, SimulationError> {
        stay_on_one_processor();
        let quiet = Quiet::default();
        let parked = quiet.clone();
        let runtime = Builder::new_current_thread()
            .enable_time()
            .on_thread_park(move || parked.on_thread_park())
            .build()?;
        let memory = std::path::Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory)?,
            false => tempfile::tempdir()?,
        };
        let place = folder.path().join("simulated.db");
        let store = runtime.block_on(Store::open(place, StoreOptions::default()))?;
        Ok(Self {
            runtime,
            quiet,
            store,
            _folder: folder,
        })
    }

    /// One interleaving; with `off`, one guard does not do its work.
    ///
    /// # Errors
    /// When the database fails by itself.
    pub fn run(
        &self,
        seed: u64,
        off: Option<Mutation>,
        traced: bool,
    ) -> Result<Outcome, SimulationError> {
        schedule::turn_off(off);
        let world = self.runtime.block_on(async {
            let mut run = Run::begin(&self.store, &self.quiet, seed, traced).await?;
            let ended = run.to_the_end().await;
            let world = run.end().await;
            ended.map(|()| world)
        });
        schedule::turn_off(None);
        let outcome = world?.with(|state| Outcome {
            seed,
            steps: state.steps,
            digest: state.digest,
            violation: state.violation.clone(),
            trace: state.trace.take().unwrap_or_default(),
        });
        Ok(outcome)
    }

    /// A year in which the help desk never answers.
    ///
    /// # Errors
    /// When the database fails by itself.
    pub fn a_year(&self, seed: u64) -> Result<Year, SimulationError> {
        let year = year::pass(&self.store, &self.quiet, seed);
        Ok(self.runtime.block_on(year)?)
    }

    /// The first seed from `from` on that notices that a guard is off, within `most` runs.
    ///
    /// # Errors
    /// When the database fails by itself.
    pub fn find(
        &self,
        off: Mutation,
        from: u64,
        most: u64,
    ) -> Result<Option<Outcome>, SimulationError> {
        for seed in from..from + most {
            let outcome = self.run(seed, Some(off), false)?;
            if outcome.violation.is_some() {
                return Ok(Some(outcome));
            }
        }
        Ok(None)
    }
}

/// The figures of many interleavings.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// First seed.
    pub seed: u64,
    /// Interleavings that ran.
    pub interleavings: u64,
    /// Steps of all of them.
    pub steps: u64,
    /// How long it took, seconds.
    pub seconds: f64,
    /// Interleavings in a minute.
    pub per_minute: f64,
    /// Those in which something went wrong, with their traces.
    pub violations: Vec<Outcome>,
}

/// Runs `count` interleavings from `seed` on, over the given number of threads. A violation is run again, to
/// prove that it replays, with its trace. `progress` hears of figures now and then; the run ends early at
/// `violations_max` violations.
///
/// # Errors
/// When the database fails by itself, or a thread breaks off.
pub fn campaign(
    seed: u64,
    count: u64,
    threads: u64,
    violations_max: usize,
    progress: &(dyn Fn(&Figures) + Sync),
) -> Result<Figures, SimulationError> {
    let begun = Moment::now();
    let figures = std::sync::Mutex::new(Figures {
        seed,
        ..Figures::default()
    });
    let next = std::sync::atomic::AtomicU64::new(0);
    let told = std::sync::Mutex::new(begun);
    let work = || -> Result<(), SimulationError> {
        let simulator = Simulator::new()?;
        loop {
            let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            let mut outcome = simulator.run(seed + number, None, false)?;
            if outcome.violation.is_some() {
                let again = simulator.run(outcome.seed, None, true)?;
                if (again.digest, &again.violation) != (outcome.digest, &outcome.violation) {
                    let first = outcome.violation.take().unwrap_or_default();
                    outcome.violation = Some(format!("{first}; it does not replay"));
                }
                outcome.trace = again.trace;
            }
            let mut sum = lock(&figures);
            sum.interleavings += 1;
            sum.steps += outcome.steps;
            if outcome.violation.is_some() {
                sum.violations.push(outcome);
            }
            let seconds = begun.elapsed().as_secs_f64();
            sum.seconds = seconds;
            sum.per_minute = per_minute(sum.interleavings, seconds);
            if sum.violations.len() >= violations_max {
                next.store(count, std::sync::atomic::Ordering::Relaxed);
            }
            let mut last = lock(&told);
            if last.elapsed() >= Duration::from_secs(10) {
                *last = Moment::now();
                progress(&sum);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let broken = || std::io::Error::other("a thread of the simulation broke off");
            thread.join().map_err(|_| broken())??;
        }
        Ok::<(), SimulationError>(())
    })?;
    let figures = lock(&figures).clone();
    Ok(figures)
}

/// A run is one thing after another, handed to and fro between this thread and those of the database, which begin
/// where this one is: on one processor that takes half the time. Where the system does not let us, it only takes
/// longer.
fn stay_on_one_processor() {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let many = std::thread::available_parallelism().map_or(1, usize::from);
    let mut one = rustix::thread::CpuSet::new();
    one.set(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % many);
    let _slower = rustix::thread::sched_setaffinity(None, &one);
}

fn per_minute(count: u64, seconds: f64) -> f64 {
    let count = u32::try_from(count).map_or(f64::MAX, f64::from);
    count * 60.0 / seconds.max(0.001)
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
