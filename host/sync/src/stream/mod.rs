//! Reading streams. A turn is a few pages, or a few records read by themselves; then the track goes back to the
//! queue, so that a million orders of one shop never keep another waiting.
//!
//! | File | Holds |
//! |---|---|
//! | `schedule` | when a window begins, and where (pure) |
//! | `pages` | reading a window page after page |
//! | `compare` | reading records one by one: disputed ones, those a window did not show, orders that are not final |

mod compare;
mod pages;
mod schedule;

use ordercase_store::{Activity, Next, Phase, StoreError, StreamTrack, Track, TrackSettlement};
use tokio_util::sync::CancellationToken;

use crate::{
    SourceFailure,
    certificate::shortfall,
    engine::Shared,
    failure::{Decision, Tried, classify},
    limits::{RESTARTS_MAX, STORE_DOWN_SECONDS, SWEEP_REST_SECONDS},
    retry::Backoff,
};
use schedule::Start;

/// Reads a claimed track for a turn.
pub(crate) async fn work(
    shared: &Shared,
    mut track: StreamTrack,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    if track.cursor.is_none() && track.phase == Phase::Reading {
        match begin(shared, &track).await? {
            Start::From(since) => {
                let now = shared.clock.now();
                track = shared.store.begin_window(&track, since, now).await?;
            }
            Start::Later(at) => {
                return settle(shared, &track, TrackSettlement::Postponed { at }).await;
            }
        }
    }
    match (track.phase, track.track) {
        (Phase::Reading, Track::Reread) => compare::open_orders(shared, track, stop).await,
        (Phase::Reading, _) => pages::read(shared, track, stop).await,
        (Phase::Comparing, _) => compare::unseen(shared, track, stop).await,
        (Phase::Proving | Phase::Done | Phase::Stopped, _) => prove(shared, track).await,
    }
}

/// Where the next window of a track begins, or when to look again.
async fn begin(shared: &Shared, track: &StreamTrack) -> Result<Start, StoreError> {
    let now = shared.clock.now();
    let options = &shared.options;
    if !matches!(track.track, Track::Reconcile | Track::Sweep) {
        return Ok(Start::From(schedule::plain(track, options)));
    }
    // A pace of its own is a person's wish.
    if track.track == Track::Sweep && track.every.is_none() && just_read(shared, track).await? {
        return Ok(Start::Later(again(shared, track).await?));
    }
    let coverage = shared.store.coverage(&track.connection).await?;
    let proven = coverage.iter().find(|one| one.stream == track.stream);
    Ok(match proven {
        Some(proven) => Start::From(Some(schedule::verified(track.track, proven, options, now))),
        // History is not read yet: there is nothing to verify.
        None => Start::Later(again(shared, track).await?),
    })
}

/// Whether the backfill has just read what a sweep would read.
async fn just_read(shared: &Shared, track: &StreamTrack) -> Result<bool, StoreError> {
    let since = shared.clock.now().plus_seconds(-SWEEP_REST_SECONDS);
    let tracks = shared.store.streams(&track.connection).await?;
    Ok(tracks.iter().any(|one| {
        one.track == Track::Backfill
            && one.stream == track.stream
            && one.finished_at.is_some_and(|finished| finished > since)
    }))
}

/// When the window after this one begins.
async fn again(
    shared: &Shared,
    track: &StreamTrack,
) -> Result<ordercase_model::Instant, StoreError> {
    let zone = match track.track {
        Track::Sweep => shared.store.connection(&track.connection).await?,
        _ => None,
    };
    let zone = zone.and_then(|found| Some(found.shop.get("zone")?.as_str()?.to_owned()));
    let now = shared.clock.now();
    Ok(schedule::next(track, &shared.options, now, zone.as_deref()))
}

/// Sums up what the window holds and ends it. A history that ends long before the source said begins again: it was
/// cut, whatever the last page said.
async fn prove(shared: &Shared, track: StreamTrack) -> Result<(), StoreError> {
    if track.track == Track::Backfill
        && track.restarts < RESTARTS_MAX
        && let Some(error) = cut_short(shared, &track).await?
    {
        let tried = track.restarts + 1;
        let at = Backoff::default().next(shared.clock.now(), tried, &track.stream, None);
        return settle(shared, &track, TrackSettlement::Restart { at, error }).await;
    }
    let proof = shared
        .store
        .prove(&track.connection, track.kind, track.since)
        .await?;
    let next = match track.track {
        Track::Backfill => Next::Done,
        _ => Next::Again {
            at: again(shared, &track).await?,
        },
    };
    tracing::info!(
        tenant.id = %track.connection.tenant, connection.id = %track.connection.connection,
        stream = track.stream, track = track.track.as_str(), records = proof.records, "a window is read and proven"
    );
    let now = shared.clock.now();
    shared
        .store
        .finish_window(&track, Some(proof), &next, now)
        .await?;
    Ok(())
}

/// In words, that the window ended long before the source said it would.
async fn cut_short(shared: &Shared, track: &StreamTrack) -> Result<Option<String>, StoreError> {
    let run = match &track.run {
        Some(run) => shared.store.run(&track.connection, run).await?,
        None => None,
    };
    Ok(run.as_ref().and_then(shortfall))
}

async fn settle(
    shared: &Shared,
    track: &StreamTrack,
    end: TrackSettlement,
) -> Result<(), StoreError> {
    shared
        .store
        .settle_stream(track, end, shared.clock.now())
        .await
}

async fn failed(
    shared: &Shared,
    track: &StreamTrack,
    failure: &SourceFailure,
) -> Result<(), StoreError> {
    tracing::info!(
        tenant.id = %track.connection.tenant, connection.id = %track.connection.connection,
        stream = track.stream, track = track.track.as_str(), %failure, "a page could not be read"
    );
    let now = shared.clock.now();
    let seed = format!(
        "{}/{}/{}",
        track.connection.connection,
        track.stream,
        track.track.as_str()
    );
    let tried = Tried {
        attempt: track.attempts + 1,
        since: now,
        now,
        seed: &seed,
        ends: false,
    };
    let error = failure.to_string();
    let end = match classify(failure, &tried) {
        Decision::Retry { at } => TrackSettlement::Retry { at, error },
        Decision::Restart { at } if track.restarts < RESTARTS_MAX => {
            TrackSettlement::Restart { at, error }
        }
        Decision::Restart { .. } | Decision::GiveUp | Decision::Gone => {
            TrackSettlement::Parked { error }
        }
        Decision::Pause => {
            let paused = Activity::Paused(error);
            shared
                .store
                .set_connection_activity(&track.connection, &paused, now)
                .await?;
            TrackSettlement::Released
        }
    };
    settle(shared, track, end).await
}

async fn not_stored(
    shared: &Shared,
    track: &StreamTrack,
    error: StoreError,
) -> Result<(), StoreError> {
    let text = error.to_string();
    let end = match error {
        StoreError::LeaseLost { .. } => return Err(error),
        StoreError::Refused { .. } => TrackSettlement::Parked { error: text },
        _ => TrackSettlement::Retry {
            at: shared.clock.now().plus_seconds(STORE_DOWN_SECONDS),
            error: text,
        },
    };
    settle(shared, track, end).await
}
