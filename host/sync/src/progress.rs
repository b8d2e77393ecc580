//! How far a backfill is, in words for a progress bar. Pure.

use ordercase_model::Instant;
use ordercase_store::{StreamTrack, Track, TrackState};
use serde::Serialize;

/// One stream's backfill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamProgress {
    /// Stream.
    pub stream: String,
    /// Where it stands.
    pub state: TrackState,
    /// Records read so far.
    pub records: u64,
    /// How many there are in all, says the source.
    pub total: Option<u64>,
    /// Pages read so far.
    pub pages: u64,
    /// Records per second since the first page.
    pub rate: f64,
    /// When the first page was stored.
    pub started_at: Option<Instant>,
    /// When the last page was stored.
    pub finished_at: Option<Instant>,
    /// What went wrong last; gone with the next page.
    pub last_error: Option<String>,
}

/// A line per stream of a connection.
pub(crate) fn backfill(tracks: &[StreamTrack], now: Instant) -> Vec<StreamProgress> {
    tracks
        .iter()
        .filter(|track| track.track == Track::Backfill)
        .map(|track| line(track, now))
        .collect()
}

fn line(track: &StreamTrack, now: Instant) -> StreamProgress {
    StreamProgress {
        stream: track.stream.clone(),
        state: track.state,
        records: track.records,
        total: track.total,
        pages: track.pages,
        rate: rate(track, now),
        started_at: track.started_at,
        finished_at: track.finished_at,
        last_error: track.last_error.clone(),
    }
}

fn rate(track: &StreamTrack, now: Instant) -> f64 {
    let Some(started) = track.started_at else {
        return 0.0;
    };
    let micros = track.finished_at.unwrap_or(now).micros() - started.micros();
    let records = u32::try_from(track.records).map_or(f64::MAX, f64::from);
    let seconds = std::time::Duration::from_micros(micros.max(1).unsigned_abs()).as_secs_f64();
    // The first page is stored at the very start.
    if micros < 1_000 {
        0.0
    } else {
        records / seconds
    }
}
