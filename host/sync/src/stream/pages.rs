//! Reading a window page after page, each stored with its cursor.

use ordercase_store::{
    Next, PageCommit, Phase, ReadPath, StoreError, StreamTrack, Track, TrackSettlement,
};
use tokio_util::sync::CancellationToken;

use super::{again, compare, failed, not_stored, settle};
use crate::{Page, SourceFailure, engine::Shared, limits::PAGES_PER_TURN, source::Pull};

/// Reads pages for a turn.
pub(super) async fn read(
    shared: &Shared,
    mut track: StreamTrack,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    for turn in 1..=PAGES_PER_TURN {
        if stop.is_cancelled() {
            return settle(shared, &track, TrackSettlement::Released).await;
        }
        let pulled = shared
            .within(shared.source.pull(&track.connection, Pull::of(&track)))
            .await
            .unwrap_or_else(|| Err(SourceFailure::Unavailable("it took too long".to_owned())));
        let page = match pulled.and_then(|page| advancing(&track, page)) {
            Ok(page) => page,
            Err(failure) => return failed(shared, &track, &failure).await,
        };
        let next = next(shared, &track, page.next.clone(), turn == PAGES_PER_TURN).await?;
        let last = !matches!(next, Next::Keep { .. });
        let commit = PageCommit {
            batch: page
                .reading
                .into_batch(&track.connection, path(track.track), None),
            track: track.clone(),
            total: page.total,
            next,
            now: shared.clock.now(),
        };
        let stored = match shared.store.apply_page(commit).await {
            Ok(stored) => stored,
            Err(error) => return not_stored(shared, &track, error).await,
        };
        track = stored.track;
        if !stored.disputed.is_empty() {
            let cursor = track.cursor.clone();
            match compare::each(shared, track, stored.disputed, |_| cursor.clone()).await? {
                Some(kept) => track = kept,
                None => return Ok(()),
            }
        }
        if last {
            return after(shared, &track).await;
        }
    }
    // A verifying track keeps its holder until here, for the sake of what its pages dispute.
    settle(shared, &track, TrackSettlement::Released).await
}

/// What is left to do when the last page of a turn is stored.
async fn after(shared: &Shared, track: &StreamTrack) -> Result<(), StoreError> {
    if track.holder.is_some() {
        return settle(shared, track, TrackSettlement::Released).await;
    }
    Ok(())
}

const fn path(track: Track) -> ReadPath {
    match track {
        Track::Backfill => ReadPath::Backfill,
        Track::Poll => ReadPath::Poll,
        Track::Reconcile | Track::Sweep | Track::Reread => ReadPath::Reconcile,
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

async fn next(
    shared: &Shared,
    track: &StreamTrack,
    cursor: Option<String>,
    turn_over: bool,
) -> Result<Next, StoreError> {
    let lease_until = shared.lease_from(shared.clock.now());
    Ok(match cursor {
        Some(cursor) if turn_over && !track.track.verifies() => Next::Yield { cursor },
        Some(cursor) => Next::Keep {
            cursor,
            lease_until,
        },
        None => match track.track {
            Track::Poll => Next::Again {
                at: again(shared, track).await?,
            },
            Track::Backfill => Next::Turn {
                phase: Phase::Proving,
                lease_until,
            },
            Track::Reconcile | Track::Sweep | Track::Reread => Next::Turn {
                phase: Phase::Comparing,
                lease_until,
            },
        },
    })
}
