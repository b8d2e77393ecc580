//! Reading records by themselves, and correcting what is stored by what the source says of each.

use ordercase_model::RecordRef;
use ordercase_store::{
    Batch, Comparison, Lane, MissingMapping, Next, Phase, ReadPath, StoreError, StreamTrack,
    TrackSettlement,
};
use tokio_util::sync::CancellationToken;

use super::{again, failed, not_stored, settle};
use crate::{
    SourceFailure,
    engine::Shared,
    inbox::read_back,
    limits::{RECORDS_PER_TURN, RUN_LOOKUPS_MAX},
};

/// Looks up what the window did not show, for a turn; then the window is proven.
pub(super) async fn unseen(
    shared: &Shared,
    track: StreamTrack,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let run = match &track.run {
        Some(run) => shared.store.run(&track.connection, run).await?,
        None => None,
    };
    // Without a run nobody knows when the window began: it begins again.
    let Some(run) = run else {
        let at = shared.clock.now();
        return settle(shared, &track, TrackSettlement::Postponed { at }).await;
    };
    let targets = shared
        .store
        .unseen(&track, run.started_at, RECORDS_PER_TURN)
        .await?;
    if targets.is_empty() || stop.is_cancelled() {
        let track = match targets.is_empty() {
            true => {
                let now = shared.clock.now();
                shared
                    .store
                    .turn_window(&track, Phase::Proving, now)
                    .await?
            }
            false => track,
        };
        return settle(shared, &track, TrackSettlement::Released).await;
    }
    match each(shared, track, targets, |target| {
        Some(target.source_id.clone())
    })
    .await?
    {
        Some(track) => settle(shared, &track, TrackSettlement::Released).await,
        None => Ok(()),
    }
}

/// Reads orders that are not final and were not read for a while, for a turn; then the window ends.
pub(super) async fn open_orders(
    shared: &Shared,
    track: StreamTrack,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let now = shared.clock.now();
    let targets = shared
        .store
        .open_orders(&track, now, RECORDS_PER_TURN)
        .await?;
    if targets.is_empty() {
        let next = Next::Again {
            at: again(shared, &track).await?,
        };
        shared.store.finish_window(&track, None, &next, now).await?;
        return Ok(());
    }
    if stop.is_cancelled() {
        return settle(shared, &track, TrackSettlement::Released).await;
    }
    match each(shared, track, targets, |target| {
        Some(target.source_id.clone())
    })
    .await?
    {
        Some(track) => settle(shared, &track, TrackSettlement::Released).await,
        None => Ok(()),
    }
}

/// Reads records one after the other and stores each; `cursor` says where the run stands once one is done. `None`
/// when the attempt ended and is settled.
pub(super) async fn each(
    shared: &Shared,
    mut track: StreamTrack,
    targets: Vec<RecordRef>,
    cursor: impl Fn(&RecordRef) -> Option<String>,
) -> Result<Option<StreamTrack>, StoreError> {
    for target in targets.iter().take(RUN_LOOKUPS_MAX) {
        let reading = read_back(
            &*shared.source,
            &*shared.clock,
            &track.connection,
            target,
            ReadPath::Reconcile,
            Lane::Reconcile,
        );
        let read = shared
            .within(reading)
            .await
            .unwrap_or_else(|| Err(SourceFailure::Unavailable("it took too long".to_owned())));
        let batch = match read {
            Ok(batch) => batch,
            Err(SourceFailure::Mapping(missing)) => {
                park(shared, &track, target, missing).await?;
                nothing(&track)
            }
            Err(failure) if of_the_record(&failure) => {
                tracing::warn!(
                    tenant.id = %track.connection.tenant, connection.id = %track.connection.connection,
                    stream = track.stream, %failure, "a record could not be verified and is left as it is"
                );
                nothing(&track)
            }
            Err(failure) => {
                failed(shared, &track, &failure).await?;
                return Ok(None);
            }
        };
        let now = shared.clock.now();
        let comparison = Comparison {
            cursor: cursor(target),
            lease_until: shared.lease_from(now),
            track: track.clone(),
            batch,
            now,
        };
        match shared.store.apply_comparison(comparison).await {
            Ok(stored) => track = stored,
            Err(error) => {
                not_stored(shared, &track, error).await?;
                return Ok(None);
            }
        }
    }
    Ok(Some(track))
}

/// A record that the plugin cannot tell of without a mapping waits for it; the run goes on.
async fn park(
    shared: &Shared,
    track: &StreamTrack,
    target: &RecordRef,
    missing: MissingMapping,
) -> Result<(), StoreError> {
    let (path, now) = (ReadPath::Reconcile, shared.clock.now());
    shared
        .store
        .park_record(&track.connection, &track.stream, target, path, missing, now)
        .await
}

/// Failures that another record need not share.
const fn of_the_record(failure: &SourceFailure) -> bool {
    matches!(
        failure,
        SourceFailure::Malformed(_) | SourceFailure::Unsupported(_) | SourceFailure::Plugin(_)
    )
}

fn nothing(track: &StreamTrack) -> Batch {
    Batch {
        connection: track.connection.clone(),
        plugin_digest: String::new(),
        mappings: 0,
        raw: Vec::new(),
        snapshots: Vec::new(),
    }
}
