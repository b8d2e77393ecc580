//! The engine: what it is made of, how it starts and stops.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ordercase_model::Instant;
use ordercase_store::{
    ClaimRequest, ConnectionKey, HolderId, Lane, Lease, Queue, Receipt, Store, StoreError,
    StreamSpec, StreamTrack,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    Clock, DeskHandler, EffectExecutor, Source, StreamProgress,
    dispatch::{self, Work},
    inbox,
    limits::{
        EFFECT_JOBS, JOBS_PER_LANE, LEASE_SECONDS, POLL_INTERVAL_SECONDS, POLL_OVERLAP_SECONDS,
        RECONCILE_INTERVAL_SECONDS, RECONCILE_WINDOW_SECONDS, RENEWALS_PER_LEASE,
        REREAD_INTERVAL_SECONDS, SWEEP_INTERVAL_SECONDS, SWEEP_WINDOW_SECONDS,
    },
    mutation::mutated,
    outbox::Effects,
    progress, retention, stream,
};

/// What can be set.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Who holds the leases: one id per process, new at every start.
    pub holder: HolderId,
    /// How long work is ours unless we ask for more, seconds.
    pub lease_seconds: i64,
    /// Time between two polls of a stream, seconds.
    pub poll_interval_seconds: i64,
    /// How far a poll reaches back behind what it saw last, seconds.
    pub poll_overlap_seconds: i64,
    /// Time between two reconciliations of a stream, seconds.
    pub reconcile_interval_seconds: i64,
    /// How far a reconciliation reaches back, seconds.
    pub reconcile_window_seconds: i64,
    /// Time between two sweeps of a stream, seconds.
    pub sweep_interval_seconds: i64,
    /// How far a sweep reaches back, seconds.
    pub sweep_window_seconds: i64,
    /// Time between two looks for orders that are to be read again, seconds.
    pub reread_interval_seconds: i64,
    /// Jobs that run at the same time, in the order of [`Lane::ALL`].
    pub jobs_per_lane: [usize; 5],
    /// Effects that run at the same time.
    pub effect_jobs: usize,
}

impl EngineOptions {
    /// The usual ones.
    #[must_use]
    pub fn new(holder: HolderId) -> Self {
        Self {
            holder,
            lease_seconds: LEASE_SECONDS,
            poll_interval_seconds: POLL_INTERVAL_SECONDS,
            poll_overlap_seconds: POLL_OVERLAP_SECONDS,
            reconcile_interval_seconds: RECONCILE_INTERVAL_SECONDS,
            reconcile_window_seconds: RECONCILE_WINDOW_SECONDS,
            sweep_interval_seconds: SWEEP_INTERVAL_SECONDS,
            sweep_window_seconds: SWEEP_WINDOW_SECONDS,
            reread_interval_seconds: REREAD_INTERVAL_SECONDS,
            jobs_per_lane: JOBS_PER_LANE,
            effect_jobs: EFFECT_JOBS,
        }
    }
}

/// The engine. Clones share everything.
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
}

/// What every job works with.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) executor: Arc<dyn EffectExecutor>,
    pub(crate) desk: Arc<dyn DeskHandler>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: EngineOptions,
    claims: AtomicU64,
}

impl Shared {
    pub(crate) fn ask(&self, lane: Lane, limit: u32) -> ClaimRequest {
        let now = self.clock.now();
        ClaimRequest {
            lane,
            limit,
            holder: self.holder(),
            now,
            lease_until: self.lease_from(now),
        }
    }

    pub(crate) fn lease_from(&self, now: Instant) -> Instant {
        now.plus_seconds(self.options.lease_seconds)
    }

    /// A holder per claim: where our own lease ran out and we took the work again, the first job is refused
    /// like a stranger's.
    pub(crate) fn holder(&self) -> HolderId {
        let number = self.claims.fetch_add(1, Ordering::Relaxed);
        HolderId::new(format!("{}.{number}", self.options.holder))
            .unwrap_or_else(|_| self.options.holder.clone())
    }

    /// Time between two renewals of a lease, seconds.
    pub(crate) fn renewal_seconds(&self) -> i64 {
        (self.options.lease_seconds / RENEWALS_PER_LEASE).max(1)
    }

    /// Asks for more time until the lease is lost. When the database does not answer, it asks again.
    pub(crate) async fn keep(&self, lease: Lease) {
        if mutated!(LeaseKept) {
            return std::future::pending().await;
        }
        loop {
            let next = self.clock.now().plus_seconds(self.renewal_seconds());
            self.clock.sleep_until(next).await;
            let now = self.clock.now();
            match self.store.renew(&lease, now, self.lease_from(now)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
            }
        }
    }

    /// The outcome of a call, or `None` when it takes longer than a job may.
    pub(crate) async fn within<T>(&self, call: impl Future<Output = T> + Send) -> Option<T> {
        let end = self
            .clock
            .now()
            .plus_seconds(crate::limits::JOB_SECONDS_MAX);
        tokio::select! {
            biased;
            outcome = call => Some(outcome),
            () = self.clock.sleep_until(end) => None,
        }
    }
}

impl Engine {
    /// Puts an engine together. Nothing runs yet.
    #[must_use]
    pub fn new(
        store: Store,
        source: Arc<dyn Source>,
        executor: Arc<dyn EffectExecutor>,
        desk: Arc<dyn DeskHandler>,
        clock: Arc<dyn Clock>,
        options: EngineOptions,
    ) -> Self {
        let shared = Shared {
            store,
            source,
            executor,
            desk,
            clock,
            options,
            claims: AtomicU64::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Works until told to stop, then lets running jobs end.
    pub async fn run(&self, stop: CancellationToken) {
        let mut dispatchers = JoinSet::new();
        for (lane, places) in Lane::ALL.into_iter().zip(self.shared.options.jobs_per_lane) {
            let work = LaneWork { lane, places };
            dispatchers.spawn(dispatch::serve(
                work,
                Arc::clone(&self.shared),
                stop.clone(),
            ));
        }
        let effects = Effects {
            places: self.shared.options.effect_jobs,
        };
        dispatchers.spawn(dispatch::serve(
            effects,
            Arc::clone(&self.shared),
            stop.clone(),
        ));
        dispatchers.spawn(retention::keep(Arc::clone(&self.shared), stop));
        while let Some(ended) = dispatchers.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a dispatcher broke off");
            }
        }
    }

    /// Opens the streams of a connection: their backfill begins, and their first poll is due one interval
    /// from now. Doing it again changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_streams(
        &self,
        connection: &ConnectionKey,
        specs: &[StreamSpec],
    ) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        let first_poll = now.plus_seconds(self.shared.options.poll_interval_seconds);
        self.shared
            .store
            .open_streams(connection, specs, now, first_poll)
            .await
    }

    /// How far the backfill of a connection is, a line per stream.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backfill_progress(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Vec<StreamProgress>, StoreError> {
        let now = self.shared.clock.now();
        Ok(progress::backfill(
            &self.shared.store.streams(connection).await?,
            now,
        ))
    }
}

/// The work of a lane: receipts first, then streams.
struct LaneWork {
    lane: Lane,
    places: usize,
}

/// A claimed piece of it.
enum LaneJob {
    Receipt(Box<Receipt>),
    Stream(Box<StreamTrack>),
}

impl LaneWork {
    /// Nobody waits for a stream.
    fn reads_streams(&self) -> bool {
        matches!(self.lane, Lane::Poll | Lane::Backfill | Lane::Reconcile)
    }
}

impl Work for LaneWork {
    type Job = LaneJob;

    fn queue(&self) -> Queue {
        Queue::Lane(self.lane)
    }

    fn places(&self) -> usize {
        self.places
    }

    async fn claim(&self, shared: &Shared, limit: u32) -> Result<Vec<LaneJob>, StoreError> {
        let receipts = shared
            .store
            .claim_receipts(shared.ask(self.lane, limit))
            .await?;
        let mut jobs: Vec<LaneJob> = receipts
            .into_iter()
            .map(|receipt| LaneJob::Receipt(Box::new(receipt)))
            .collect();
        let left = limit.saturating_sub(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
        if left > 0 && self.reads_streams() {
            let tracks = shared
                .store
                .claim_streams(shared.ask(self.lane, left))
                .await?;
            jobs.extend(
                tracks
                    .into_iter()
                    .map(|track| LaneJob::Stream(Box::new(track))),
            );
        }
        Ok(jobs)
    }

    async fn next_due(&self, shared: &Shared) -> Result<Option<Instant>, StoreError> {
        let receipt = shared.store.next_receipt_due(self.lane).await?;
        if !self.reads_streams() {
            return Ok(receipt);
        }
        let stream = shared.store.next_stream_due(self.lane).await?;
        Ok(receipt.into_iter().chain(stream).min())
    }

    fn lease(&self, job: &LaneJob) -> Lease {
        match job {
            LaneJob::Receipt(receipt) => Lease::from(&**receipt),
            LaneJob::Stream(track) => Lease::from(&**track),
        }
    }

    async fn run(
        &self,
        shared: &Shared,
        job: LaneJob,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        match job {
            LaneJob::Receipt(receipt) => inbox::work(shared, &receipt).await,
            LaneJob::Stream(track) => stream::work(shared, *track, stop).await,
        }
    }
}
