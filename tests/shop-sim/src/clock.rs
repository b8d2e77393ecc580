//! The one place that reads the wall clock: changes and webhooks carry real times.

use jiff::Timestamp;

/// Whole seconds of Unix time.
#[expect(
    clippy::disallowed_methods,
    reason = "a simulated shop stamps changes with the time its clients live in"
)]
pub(crate) fn wall_seconds() -> i64 {
    Timestamp::now().as_second()
}

/// `2026-11-25T06:00:00Z`.
pub(crate) fn utc(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |at| at.to_string())
}

/// Seconds of an RFC 3339 text, of a date, or of a bare year.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_second());
    }
    let date = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    format!("{date}T00:00:00Z")
        .parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_second)
}

/// The same moment in the shop's zone, as flat webhook bodies carry it. The shop keeps winter
/// time all year, which is one of the things that a client must not care about.
pub(crate) fn shop_time(utc: &str) -> String {
    parse(utc)
        .and_then(|seconds| Timestamp::from_second(seconds + 3_600).ok())
        .map_or_else(
            || utc.to_owned(),
            |at| at.to_string().replace('Z', "+01:00"),
        )
}
