//! When a window begins, and where. Pure.

use jiff::{ToSpan as _, civil::Time, tz::TimeZone};
use ordercase_model::Instant;
use ordercase_store::{Coverage, StreamTrack, Track};

use crate::{
    EngineOptions,
    limits::{NIGHT_HOUR, NIGHT_SPREAD_SECONDS, RECONCILE_REACH_SECONDS_MAX},
    mutation::mutated,
    retry::random,
};

/// What to do about a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// It begins there; open when absent.
    From(Option<Instant>),
    /// There is nothing to read yet.
    Later(Instant),
}

/// Time between two windows of a track, seconds.
fn every(track: &StreamTrack, options: &EngineOptions) -> i64 {
    let own = match track.track {
        Track::Backfill | Track::Poll => options.poll_interval_seconds,
        Track::Reconcile => options.reconcile_interval_seconds,
        Track::Sweep => options.sweep_interval_seconds,
        Track::Reread => options.reread_interval_seconds,
    };
    track.every.map_or(own, i64::from)
}

/// Where a window begins that looks at nothing but its own track. A poll reaches back behind the newest change it
/// has seen, by the source's own clock; before it has seen any, behind the moment at which the track was opened.
pub(super) fn plain(track: &StreamTrack, options: &EngineOptions) -> Option<Instant> {
    let overlap = match mutated!(PollOverlap) {
        true => 0,
        false => options.poll_overlap_seconds,
    };
    match track.track {
        Track::Poll => Some(match track.watermark {
            Some(seen) => seen.plus_seconds(-overlap),
            None => track
                .since
                .unwrap_or_else(|| track.due_at.plus_seconds(-every(track, options) - overlap)),
        }),
        _ => track.since,
    }
}

/// Where a window begins that verifies: as far back as its track says, and a reconciliation at least to the end of
/// what is proven, so that an absence leaves no gap.
pub(super) fn verified(
    track: Track,
    proven: &Coverage,
    options: &EngineOptions,
    now: Instant,
) -> Instant {
    if track == Track::Sweep {
        return now.plus_seconds(-options.sweep_window_seconds);
    }
    let usual = now.plus_seconds(-options.reconcile_window_seconds);
    let end = proven.gap.map_or(proven.through, |gap| gap.from);
    usual
        .min(end.plus_seconds(-options.poll_overlap_seconds))
        .max(now.plus_seconds(-RECONCILE_REACH_SECONDS_MAX))
}

/// When the next window of a track begins. A daily sweep runs at night where the shop is, each connection at a
/// moment of its own; `zone` is an IANA name, UTC where it is unknown.
pub(super) fn next(
    track: &StreamTrack,
    options: &EngineOptions,
    now: Instant,
    zone: Option<&str>,
) -> Instant {
    let every = every(track, options);
    if track.track == Track::Sweep && every == crate::limits::SWEEP_INTERVAL_SECONDS {
        return night(now, zone, track.connection.connection.as_str())
            .unwrap_or(now.plus_seconds(every));
    }
    now.plus_seconds(every)
}

fn night(now: Instant, zone: Option<&str>, seed: &str) -> Option<Instant> {
    let zone = zone
        .and_then(|name| TimeZone::get(name).ok())
        .unwrap_or(TimeZone::UTC);
    let here = jiff::Timestamp::from_microsecond(now.micros())
        .ok()?
        .to_zoned_datetime(zone);
    let tonight = here
        .with()
        .time(Time::new(NIGHT_HOUR, 0, 0, 0).ok()?)
        .build()
        .ok()?;
    let spread = i64::try_from(random(0, seed) % NIGHT_SPREAD_SECONDS).ok()?;
    let at = |night: &jiff::ZonedDateTime| {
        Instant::from_micros(night.timestamp().as_microsecond()).map(|at| at.plus_seconds(spread))
    };
    let first = at(&tonight)?;
    if first > now {
        return Some(first);
    }
    at(&tonight.checked_add(1.day()).ok()?)
}

#[cfg(test)]
mod tests {
    use ordercase_model::Kind;
    use ordercase_store::*;
    use proptest::prelude::*;

    use super::*;
    use crate::tests::track::stream_track;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn track(track: Track, every: Option<u32>) -> StreamTrack {
        StreamTrack {
            every,
            ..stream_track(track)
        }
    }

    fn options() -> EngineOptions {
        EngineOptions::new(HolderId::new("h").unwrap())
    }

    fn proven(through: Instant, gap: Option<Gap>) -> Coverage {
        Coverage {
            stream: "orders".to_owned(),
            kind: Kind::Order,
            since: None,
            through,
            gap,
            run: RunId::of(&["r"]),
            track: Track::Backfill,
            proved_at: through,
        }
    }

    #[test]
    fn a_sweep_runs_in_the_night_of_the_shop() {
        let sweep = track(Track::Sweep, None);
        let noon = at("2026-11-28T12:00:00Z");
        for (zone, from) in [
            (None, "2026-11-29T03:00:00Z"),
            (Some("Europe/Berlin"), "2026-11-29T02:00:00Z"),
            (Some("Asia/Tokyo"), "2026-11-28T18:00:00Z"),
            (Some("America/Los_Angeles"), "2026-11-29T11:00:00Z"),
            (Some("Nowhere/Land"), "2026-11-29T03:00:00Z"),
        ] {
            let next = next(&sweep, &options(), noon, zone);
            let late = next.seconds_since(at(from));
            assert!((0..3_600).contains(&late), "{zone:?}: {next}");
        }
        let own = next(&track(Track::Sweep, Some(3_600)), &options(), noon, None);
        assert_eq!(own, at("2026-11-28T13:00:00Z"));
    }

    #[test]
    fn every_interval_from_seconds_to_months_is_honoured() {
        let now = at("2026-11-28T12:00:00Z");
        for every in [1, 30, 300, 3_600, 86_399, 30 * 86_400, 366 * 86_400] {
            for kind in Track::ALL {
                let next = next(&track(kind, Some(every)), &options(), now, None);
                assert_eq!(next.seconds_since(now), i64::from(every), "{kind:?}");
            }
        }
    }

    #[test]
    fn a_reconciliation_reaches_back_to_what_is_proven() {
        let now = at("2026-11-28T12:00:00Z");
        let begin = |proven| verified(Track::Reconcile, &proven, &options(), now);
        assert_eq!(begin(proven(now, None)), at("2026-11-26T12:00:00Z"));
        let away = begin(proven(at("2026-11-20T00:00:00Z"), None));
        assert_eq!(away, at("2026-11-19T23:50:00Z"));
        let gap = Gap {
            from: at("2026-11-18T00:00:00Z"),
            until: at("2026-11-19T00:00:00Z"),
        };
        assert_eq!(begin(proven(now, Some(gap))), at("2026-11-17T23:50:00Z"));
        let long_ago = begin(proven(at("2020-01-01T00:00:00Z"), None));
        assert_eq!(now.seconds_since(long_ago), RECONCILE_REACH_SECONDS_MAX);
    }

    proptest! {
        /// Any night is after now, and at most a day and a spread away (a day may have 25 hours).
        #[test]
        fn the_next_night_is_ahead_and_near(
            micros in 1_600_000_000_000_000_i64..1_900_000_000_000_000,
            seed in "[a-z]{1,8}",
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
        ) {
            let now = Instant::from_micros(micros).unwrap();
            let night = night(now, Some(zone), &seed).unwrap();
            let wait = night.seconds_since(now);
            prop_assert!((0..=25 * 3_600 + 3_600).contains(&wait), "{now} {night}");
        }
    }
}
