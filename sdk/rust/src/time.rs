//! Times as platforms write them (commerce-apis §0.3): RFC 3339, epoch numbers, shop-local
//! stamps without a zone. `null`, an empty text, epoch 0 and `0000-00-00` all mean "not set".

use ordercase_model::{Instant, SourceTime, TimeZoneSource};

/// A text that carries its own zone.
#[must_use]
pub fn zoned(raw: Option<&str>) -> Option<SourceTime> {
    set(raw).map(SourceTime::zoned)
}

/// A stamp that the platform documents as UTC but writes without a zone, such as
/// `2026-01-31 09:05:00`.
#[must_use]
pub fn utc(raw: Option<&str>) -> Option<SourceTime> {
    let raw = set(raw)?;
    Some(SourceTime {
        at: civil(raw)
            .and_then(|at| jiff::tz::TimeZone::UTC.to_timestamp(at).ok())
            .map(Instant::from),
        raw: raw.to_owned(),
        zone: TimeZoneSource::Source,
    })
}

/// A stamp without a zone from a shop whose offset is not known: read as UTC, which the record
/// should warn of (`assumed_zone`).
#[must_use]
pub fn assumed_utc(raw: Option<&str>) -> Option<SourceTime> {
    utc(raw).map(|time| SourceTime {
        zone: TimeZoneSource::AssumedUtc,
        ..time
    })
}

/// Seconds since 1970.
#[must_use]
pub fn epoch_seconds(seconds: Option<i64>) -> Option<SourceTime> {
    let seconds = seconds.filter(|&seconds| seconds != 0)?;
    Some(SourceTime {
        at: seconds
            .checked_mul(1_000_000)
            .and_then(Instant::from_micros),
        raw: seconds.to_string(),
        zone: TimeZoneSource::Source,
    })
}

/// Milliseconds since 1970.
#[must_use]
pub fn epoch_millis(millis: Option<i64>) -> Option<SourceTime> {
    let millis = millis.filter(|&millis| millis != 0)?;
    Some(SourceTime {
        at: millis.checked_mul(1_000).and_then(Instant::from_micros),
        raw: millis.to_string(),
        zone: TimeZoneSource::Source,
    })
}

fn set(raw: Option<&str>) -> Option<&str> {
    let raw = raw?.trim();
    (!raw.is_empty() && !raw.starts_with("0000-00-00")).then_some(raw)
}

fn civil(raw: &str) -> Option<jiff::civil::DateTime> {
    raw.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: Option<SourceTime>) -> Option<String> {
        time?.at.map(|at| at.to_string())
    }

    #[test]
    fn zones_turn_into_utc_and_the_text_stays() {
        let time = zoned(Some("2021-11-19T18:46:03+09:00")).unwrap();
        assert_eq!(time.at.unwrap().to_string(), "2021-11-19T09:46:03Z");
        assert_eq!(time.raw, "2021-11-19T18:46:03+09:00");
    }

    #[test]
    fn stamps_without_a_zone_say_how_they_were_read() {
        assert_eq!(
            at(utc(Some("2026-01-31 09:05:00"))).as_deref(),
            Some("2026-01-31T09:05:00Z")
        );
        assert_eq!(
            assumed_utc(Some("2026-01-31 09:05:00")).unwrap().zone,
            TimeZoneSource::AssumedUtc
        );
        assert_eq!(zoned(Some("2026-01-31 09:05:00")).unwrap().at, None);
    }

    #[test]
    fn numbers_since_1970() {
        assert_eq!(
            at(epoch_seconds(Some(1_700_000_000))).as_deref(),
            Some("2023-11-14T22:13:20Z")
        );
        assert_eq!(
            at(epoch_millis(Some(1_700_000_000_500))).as_deref(),
            Some("2023-11-14T22:13:20.5Z")
        );
        assert_eq!(at(epoch_seconds(Some(i64::MAX))), None);
    }

    #[test]
    fn not_set_is_none() {
        assert_eq!(zoned(None), None);
        assert_eq!(zoned(Some("")), None);
        assert_eq!(utc(Some("0000-00-00 00:00:00")), None);
        assert_eq!(epoch_seconds(Some(0)), None);
    }
}
