//! The completeness certificate of a connection: what is proven complete, since when and by which run, what holes were
//! found and mended, and, in words, why a stream is not complete when it is not. Pure but for [`Certificate::of`],
//! which reads the store.

use ordercase_model::{Instant, Kind};
use ordercase_store::{
    Activity, ConnectionKey, Coverage, HoleCause, HoleKind, Proof, Run, Store, StoreError,
    StreamTrack, Track, TrackState,
};
use serde::Serialize;

use crate::limits::{CERTIFICATE_AGE_SECONDS_MAX, CERTIFICATE_HOLES_SECONDS, MISSING_MAX};

/// What is proven of a connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Certificate {
    /// Tenant and connection.
    #[serde(flatten)]
    pub connection: ConnectionKey,
    /// When it was written.
    pub issued_at: Instant,
    /// Whether every stream is complete.
    pub complete: bool,
    /// One per stream.
    pub streams: Vec<StreamCertificate>,
}

/// What is proven of a stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamCertificate {
    /// Stream.
    pub stream: String,
    /// Kind of its records.
    pub kind: Kind,
    /// Whether it is complete, now.
    pub complete: bool,
    /// Why not, in words; empty when it is.
    pub reasons: Vec<String>,
    /// What is proven, where anything is.
    pub proven: Option<Coverage>,
    /// Counts and digests of the run that read all of history or the last year, whichever was last.
    pub counts: Option<Counts>,
    /// When each other path brought something last.
    pub paths: Vec<PathState>,
    /// Holes that were found in the last 31 days, by kind and cause.
    pub holes: Vec<HoleCount>,
}

/// What a run counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The run's track.
    pub track: Track,
    /// When it ended.
    pub at: Instant,
    /// How many records the source said that its window holds, where it said so.
    pub source: Option<u64>,
    /// How many it read there.
    pub read: u64,
    /// What the store holds of the window.
    #[serde(flatten)]
    pub proof: Proof,
}

/// A path by which records come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathState {
    /// Track.
    pub track: Track,
    /// Where it stands.
    pub state: TrackState,
    /// When its last window was read to the end.
    pub finished_at: Option<Instant>,
    /// When its next one begins.
    pub due_at: Instant,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// Holes of one kind and cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoleCount {
    /// How the records differed.
    pub what: HoleKind,
    /// Why nothing had told of it.
    pub cause: HoleCause,
    /// How many.
    pub count: u64,
}

/// What the certificate is written from.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Whether the connection works, and else why not.
    pub activity: Activity,
    /// Its tracks.
    pub tracks: Vec<StreamTrack>,
    /// What is proven.
    pub coverage: Vec<Coverage>,
    /// Runs that ended, newest first; at least the last proven one of each stream's backfill and sweep.
    pub runs: Vec<Run>,
    /// Holes by stream, kind and cause.
    pub holes: Vec<(String, HoleKind, HoleCause, u64)>,
    /// Records that were read and wait for a mapping, by stream.
    pub waiting: Vec<(String, u64)>,
    /// Records that were read and are not stored, whatever the reason, by stream.
    pub unstored: Vec<(String, u64)>,
}

impl Certificate {
    /// Writes the certificate of a connection from the store.
    ///
    /// # Errors
    /// When the database fails, or there is no such connection.
    pub async fn of(
        store: &Store,
        connection: &ConnectionKey,
        now: Instant,
    ) -> Result<Self, StoreError> {
        let shop = &connection.connection;
        let mut view = store.view(&connection.tenant).await?;
        let found = view.connection(shop).await?;
        let found = found.ok_or_else(|| StoreError::NotFound {
            what: "connection",
            id: connection.connection.to_string(),
        })?;
        let since = now.plus_seconds(-CERTIFICATE_HOLES_SECONDS);
        let evidence = Evidence {
            activity: found.activity,
            tracks: view.streams(shop).await?,
            coverage: view.coverage(shop).await?,
            runs: view.proven_runs(shop).await?,
            holes: view.hole_counts(shop, since).await?,
            waiting: view.waiting_by_stream(shop).await?,
            unstored: view.unstored_by_stream(shop).await?,
        };
        Ok(Self::write(connection.clone(), &evidence, now))
    }

    /// Writes it from evidence.
    #[must_use]
    pub fn write(connection: ConnectionKey, evidence: &Evidence, now: Instant) -> Self {
        let streams: Vec<StreamCertificate> = evidence
            .tracks
            .iter()
            .filter(|track| track.track == Track::Backfill)
            .map(|backfill| stream(backfill, evidence, now))
            .collect();
        Self {
            connection,
            issued_at: now,
            complete: !streams.is_empty() && streams.iter().all(|one| one.complete),
            streams,
        }
    }
}

fn stream(backfill: &StreamTrack, evidence: &Evidence, now: Instant) -> StreamCertificate {
    let name = &backfill.stream;
    let tracks = || evidence.tracks.iter().filter(|one| one.stream == *name);
    let proven = evidence.coverage.iter().find(|one| one.stream == *name);
    let mut reasons = reasons(backfill, proven, tracks(), &evidence.activity, now);
    let history = evidence
        .runs
        .iter()
        .find(|run| run.stream == *name && run.track == Track::Backfill);
    reasons.extend(history.and_then(shortfall));
    reasons.extend(unstored(name, evidence));
    StreamCertificate {
        stream: name.clone(),
        kind: backfill.kind,
        complete: reasons.is_empty(),
        reasons,
        proven: proven.cloned(),
        counts: evidence
            .runs
            .iter()
            .filter(|run| run.stream == *name)
            .filter(|run| matches!(run.track, Track::Backfill | Track::Sweep))
            .find_map(counts),
        paths: tracks().map(path).collect(),
        holes: evidence
            .holes
            .iter()
            .filter(|(stream, ..)| stream == name)
            .map(|(_, what, cause, count)| HoleCount {
                what: *what,
                cause: *cause,
                count: *count,
            })
            .collect(),
    }
}

fn reasons<'a>(
    backfill: &StreamTrack,
    proven: Option<&Coverage>,
    tracks: impl Iterator<Item = &'a StreamTrack>,
    activity: &Activity,
    now: Instant,
) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Activity::Paused(why) = activity {
        reasons.push(format!("the connection is paused: {why}"));
    }
    match proven {
        None => reasons.push(match backfill.total {
            Some(total) => format!(
                "history is still being read: {} of {total} records",
                backfill.records
            ),
            None => format!(
                "history is still being read: {} records so far",
                backfill.records
            ),
        }),
        Some(proven) => {
            if let Some(gap) = proven.gap {
                reasons.push(format!(
                    "nothing is proven from {} to {}",
                    gap.from, gap.until
                ));
            }
            let age = now.seconds_since(proven.through);
            if age > CERTIFICATE_AGE_SECONDS_MAX {
                reasons.push(format!(
                    "the last proof is {} hours old, {} are allowed",
                    age / 3_600,
                    CERTIFICATE_AGE_SECONDS_MAX / 3_600
                ));
            }
        }
    }
    for track in tracks {
        let word = track.track.as_str();
        match track.state {
            TrackState::Parked => reasons.push(format!(
                "`{word}` has stopped: {}",
                track.last_error.as_deref().unwrap_or("a person must look")
            )),
            TrackState::Off if track.track == Track::Reconcile => {
                reasons
                    .push("`reconcile` is switched off, so nothing is proven any more".to_owned());
            }
            _ => {}
        }
    }
    reasons
}

/// In words, that records were read and are not stored.
fn unstored(stream: &str, evidence: &Evidence) -> Vec<String> {
    let of = |counts: &[(String, u64)]| {
        let found = counts.iter().find(|(name, _)| name == stream);
        found.map_or(0, |(_, count)| *count)
    };
    let waiting = of(&evidence.waiting);
    let others = of(&evidence.unstored).saturating_sub(waiting);
    let mut reasons = Vec::new();
    if waiting > 0 {
        reasons.push(format!(
            "{waiting} records wait for a mapping: `ordercase connection mappings` shows which"
        ));
    }
    if others > 0 {
        reasons.push(format!(
            "{others} records were read and are not stored: `ordercase dead-letters list` shows why"
        ));
    }
    reasons
}

/// In words, that a run read far fewer records than the source said there are: so many that it is no matter of some
/// that went meanwhile.
pub(crate) fn shortfall(run: &Run) -> Option<String> {
    let (total, read) = (run.total?, run.records);
    let missing = total.saturating_sub(read);
    (missing > MISSING_MAX && missing.saturating_mul(100) > total).then(|| {
        format!("the source said that its history holds {total} records, {read} were read")
    })
}

fn counts(run: &Run) -> Option<Counts> {
    Some(Counts {
        track: run.track,
        at: run.ended_at?,
        source: run.total,
        read: run.records,
        proof: run.proof.clone()?,
    })
}

fn path(track: &StreamTrack) -> PathState {
    PathState {
        track: track.track,
        state: track.state,
        finished_at: track.finished_at,
        due_at: track.due_at,
        last_error: track.last_error.clone(),
    }
}

#[cfg(test)]
mod tests {
    use ordercase_store::{Gap, Phase, RunId};

    use super::*;
    use crate::tests::track::{key, stream_track};

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn track(track: Track, state: TrackState) -> StreamTrack {
        StreamTrack {
            state,
            records: 100,
            total: Some(300),
            ..stream_track(track)
        }
    }

    fn run(records: u64, total: u64) -> Run {
        let then = at("2026-11-28T10:00:00Z");
        Run {
            connection: key(),
            id: RunId::of(&["r"]),
            stream: "orders".to_owned(),
            track: Track::Backfill,
            kind: Kind::Order,
            phase: Phase::Done,
            since: None,
            until: None,
            started_at: then,
            updated_at: then,
            ended_at: Some(then),
            pages: 2,
            records,
            total: Some(total),
            changed: records,
            holes: 0,
            gone: 0,
            warnings: Vec::new(),
            last_error: None,
            proof: Some(Proof::default()),
        }
    }

    fn evidence(records: u64, total: u64) -> Evidence {
        Evidence {
            activity: Activity::Active,
            tracks: vec![
                track(Track::Backfill, TrackState::Done),
                track(Track::Reconcile, TrackState::Pending),
            ],
            coverage: vec![Coverage {
                stream: "orders".to_owned(),
                kind: Kind::Order,
                since: None,
                through: at("2026-11-28T11:00:00Z"),
                gap: None,
                run: RunId::of(&["r"]),
                track: Track::Reconcile,
                proved_at: at("2026-11-28T11:00:10Z"),
            }],
            runs: vec![run(records, total)],
            holes: Vec::new(),
            waiting: vec![("webhooks".to_owned(), 3)],
            unstored: vec![("webhooks".to_owned(), 5)],
        }
    }

    fn reasons(evidence: &Evidence) -> Vec<String> {
        let mut written = Certificate::write(key(), evidence, at("2026-11-28T12:00:00Z"));
        let stream = written.streams.remove(0);
        assert_eq!(stream.complete, stream.reasons.is_empty());
        assert_eq!(written.complete, stream.complete);
        stream.reasons
    }

    #[test]
    fn a_stream_is_complete_when_nothing_speaks_against_it() {
        assert_eq!(reasons(&evidence(300, 300)), Vec::<String>::new());
        assert_eq!(
            reasons(&evidence(295, 300)),
            Vec::<String>::new(),
            "some went meanwhile"
        );
        let nothing = Evidence {
            tracks: Vec::new(),
            ..evidence(0, 0)
        };
        let empty = Certificate::write(key(), &nothing, at("2026-11-28T12:00:00Z"));
        assert!(!empty.complete, "nothing is no proof");
    }

    #[test]
    fn each_reason_against_it_is_told() {
        let mut unread = evidence(300, 300);
        unread.coverage.clear();
        let mut gap = evidence(300, 300);
        gap.coverage[0].gap = Some(Gap {
            from: at("2026-11-20T00:00:00Z"),
            until: at("2026-11-21T00:00:00Z"),
        });
        let mut old = evidence(300, 300);
        old.coverage[0].through = at("2026-11-28T08:00:00Z");
        let mut parked = evidence(300, 300);
        parked.tracks[1].state = TrackState::Parked;
        let mut off = evidence(300, 300);
        off.tracks[1].state = TrackState::Off;
        let mut paused = evidence(300, 300);
        paused.activity = Activity::Paused("401".to_owned());
        let mut waiting = evidence(300, 300);
        waiting.waiting.push(("orders".to_owned(), 2));
        waiting.unstored.push(("orders".to_owned(), 2));
        let mut refused = evidence(300, 300);
        refused.unstored.push(("orders".to_owned(), 4));
        let cases = [
            (waiting, "2 records wait for a mapping"),
            (refused, "4 records were read and are not stored"),
            (unread, "still being read: 100 of 300"),
            (gap, "nothing is proven from 2026-11-20"),
            (old, "4 hours old"),
            (parked, "`reconcile` has stopped"),
            (off, "switched off"),
            (paused, "paused: 401"),
            (evidence(100, 300), "holds 300 records, 100 were read"),
        ];
        for (evidence, told) in cases {
            let reasons = reasons(&evidence);
            assert_eq!(reasons.len(), 1, "{reasons:?}");
            assert!(reasons[0].contains(told), "{reasons:?}");
        }
    }
}
