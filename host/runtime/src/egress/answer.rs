//! Reading what an answer says about itself: media type, budget, `Retry-After`.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use ordercase_model::Instant;

use super::{OutboundAnswer, pointer, throttle::Report};
use crate::package::RateLimit;

/// How long to wait after a 429 that does not say.
pub(super) const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(2);

/// The media type of an answer, as sent.
pub(super) fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    value.and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// Whether a media type, without its parameters, is one of the accepted.
pub(super) fn is_accepted(content_type: &str, accepted: &[String]) -> bool {
    let bare = content_type.split(';').next().unwrap_or_default().trim();
    accepted.iter().any(|a| a.eq_ignore_ascii_case(bare))
}

/// What an answer says about the budget.
pub(super) fn report(answer: &OutboundAnswer, limit: Option<&RateLimit>, now: Instant) -> Report {
    let mut report = Report {
        retry_after: retry_after(answer.status, &answer.headers, now),
        ..Report::default()
    };
    if let Some(RateLimit::Cost {
        requested,
        available,
        maximum,
        restore_rate,
        ..
    }) = limit
    {
        let pointers = [requested, available, maximum, restore_rate].map(String::as_str);
        let found = pointer::numbers(&answer.body, pointers);
        [
            report.requested,
            report.available,
            report.maximum,
            report.restore_rate,
        ] = found;
    }
    report
}

fn retry_after(status: StatusCode, headers: &HeaderMap, now: Instant) -> Option<Duration> {
    let asks = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    if !asks {
        return None;
    }
    let text = headers
        .get(header::RETRY_AFTER)
        .and_then(|v| v.to_str().ok())
        .map(str::trim);
    let said = text.and_then(|text| {
        let seconds = text
            .parse::<f64>()
            .ok()
            .filter(|s| s.is_finite() && *s >= 0.0);
        seconds
            .and_then(|s| Duration::try_from_secs_f64(s).ok())
            .or_else(|| until_date(text, now))
    });
    // A 503 without a word is an outage, which the caller's own schedule handles.
    said.or_else(|| (status == StatusCode::TOO_MANY_REQUESTS).then_some(RETRY_AFTER_DEFAULT))
}

fn until_date(text: &str, now: Instant) -> Option<Duration> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    let seconds = Instant::from(at).seconds_since(now).max(0);
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(status: u16, value: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
        }
        let now = "2026-01-31T09:00:00Z".parse().unwrap();
        retry_after(StatusCode::from_u16(status).unwrap(), &headers, now)
    }

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let secs = |n| Some(Duration::from_secs(n));
        assert_eq!(wait(429, Some("7")), secs(7));
        assert_eq!(wait(429, Some("2.0")), secs(2));
        assert_eq!(wait(503, Some("Sat, 31 Jan 2026 09:00:30 GMT")), secs(30));
        assert_eq!(wait(429, Some("Sat, 31 Jan 2026 08:00:00 GMT")), secs(0));
        assert_eq!(wait(200, Some("7")), None);
        assert_eq!(wait(503, None), None);
    }

    #[test]
    fn a_429_without_retry_after_waits_the_default() {
        assert_eq!(wait(429, None), Some(RETRY_AFTER_DEFAULT));
        assert_eq!(wait(429, Some("soon")), Some(RETRY_AFTER_DEFAULT));
        assert_eq!(wait(429, Some("-5")), Some(RETRY_AFTER_DEFAULT));
    }

    #[test]
    fn media_types_compare_without_parameters() {
        let accepted = ["application/json".to_owned()];
        assert!(is_accepted("application/json; charset=utf-8", &accepted));
        assert!(is_accepted("Application/JSON", &accepted));
        assert!(!is_accepted("text/html", &accepted));
        assert!(!is_accepted("", &accepted));
    }
}
