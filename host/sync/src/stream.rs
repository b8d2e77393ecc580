//! Reading streams: page after page, each stored with its cursor. A turn is a few pages; then the track goes
//! back to the queue, so that a million orders of one shop never keep another waiting.

use ordercase_model::Instant;
use ordercase_store::{
    Activity, Next, PageCommit, ReadPath, StoreError, StreamTrack, Track, TrackSettlement,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Page, SourceFailure,
    engine::Shared,
    failure::{Decision, Tried, classify},
    limits::{PAGES_PER_TURN, RESTARTS_MAX, STORE_DOWN_SECONDS},
    source::Pull,
};

/// Reads a claimed track for a turn.
pub(crate) async fn work(
    shared: &Shared,
    mut track: StreamTrack,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    if track.cursor.is_none() {
        track.since = begin(shared, &track);
        shared.store.begin_window(&track, track.since).await?;
    }
    for turn in 1..=PAGES_PER_TURN {
        if stop.is_cancelled() {
            return shared
                .store
                .settle_stream(&track, TrackSettlement::Released)
                .await;
        }
        let pulled = shared
            .within(shared.source.pull(&track.connection, Pull::of(&track)))
            .await
            .unwrap_or_else(|| Err(SourceFailure::Unavailable("it took too long".to_owned())));
        let page = match pulled.and_then(|page| advancing(&track, page)) {
            Ok(page) => page,
            Err(failure) => return failed(shared, &track, &failure).await,
        };
        let next = next(shared, &track, page.next.clone(), turn == PAGES_PER_TURN);
        let last = !matches!(next, Next::Keep { .. });
        let path = match track.track {
            Track::Backfill => ReadPath::Backfill,
            Track::Poll => ReadPath::Poll,
        };
        let commit = PageCommit {
            batch: page.reading.into_batch(&track.connection, path, None),
            track: track.clone(),
            total: page.total,
            next,
            now: shared.clock.now(),
        };
        match shared.store.apply_page(commit).await {
            Ok(stored) if last => return ended(&stored.track),
            Ok(stored) => track = stored.track,
            Err(error) => return not_stored(shared, &track, error).await,
        }
    }
    Ok(())
}

fn ended(track: &StreamTrack) -> Result<(), StoreError> {
    if track.track == Track::Backfill && track.finished_at.is_some() {
        tracing::info!(
            tenant.id = %track.connection.tenant, connection.id = %track.connection.connection,
            stream = track.stream, records = track.records, pages = track.pages,
            "history is read to its end"
        );
    }
    Ok(())
}

/// Where the next window of a track begins. A poll reaches back behind the newest change it has seen, by the
/// source's own clock; before it has seen any, behind the moment at which the track was opened.
fn begin(shared: &Shared, track: &StreamTrack) -> Option<Instant> {
    let overlap = shared.options.poll_overlap_seconds;
    match track.track {
        Track::Backfill => track.since,
        Track::Poll => Some(match track.watermark {
            Some(seen) => seen.plus_seconds(-overlap),
            None => track.since.unwrap_or_else(|| {
                track
                    .due_at
                    .plus_seconds(-shared.options.poll_interval_seconds - overlap)
            }),
        }),
    }
}

/// A cursor that leads to itself would be read for ever.
fn advancing(track: &StreamTrack, page: Page) -> Result<Page, SourceFailure> {
    if page.next.is_some() && page.next == track.cursor {
        return Err(SourceFailure::Malformed(
            "the next page has the cursor of this one".to_owned(),
        ));
    }
    Ok(page)
}

fn next(shared: &Shared, track: &StreamTrack, cursor: Option<String>, turn_over: bool) -> Next {
    let now = shared.clock.now();
    match (cursor, track.track) {
        (Some(cursor), _) if turn_over => Next::Yield { cursor },
        (Some(cursor), _) => Next::Keep {
            cursor,
            lease_until: now.plus_seconds(shared.options.lease_seconds),
        },
        (None, Track::Backfill) => Next::Done,
        (None, Track::Poll) => Next::Again {
            at: now.plus_seconds(shared.options.poll_interval_seconds),
        },
    }
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
    shared.store.settle_stream(track, end).await
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
    shared.store.settle_stream(track, end).await
}
