//! A track, as tests of pure code begin with it.

use ordercase_model::{Comparability, Kind};
use ordercase_store::{
    ConnectionId, ConnectionKey, Phase, StreamTrack, TenantId, Track, TrackState,
};

/// A connection.
pub(crate) fn key() -> ConnectionKey {
    ConnectionKey {
        tenant: TenantId::new("t").unwrap(),
        connection: ConnectionId::new("c").unwrap(),
    }
}

/// A track of its orders that has read nothing and is due at noon.
pub(crate) fn stream_track(track: Track) -> StreamTrack {
    StreamTrack {
        connection: key(),
        stream: "orders".to_owned(),
        track,
        kind: Kind::Order,
        comparability: Comparability::Instant,
        page_limit: 50,
        lane: track.lane(),
        state: TrackState::Pending,
        since: None,
        until: None,
        cursor: None,
        watermark: None,
        watermark_text: None,
        pages: 0,
        records: 0,
        total: None,
        restarts: 0,
        due_at: "2026-11-28T12:00:00Z".parse().unwrap(),
        attempts: 0,
        holder: None,
        last_error: None,
        started_at: None,
        finished_at: None,
        every: None,
        phase: Phase::Reading,
        run: None,
    }
}
