//! Rate-limit headers, read tolerantly: two families exist, each may be missing or odd.

use std::time::Duration;

use http::HeaderMap;

use crate::limits::{RETRY_AFTER_DEFAULT, RETRY_AFTER_MAX};

/// What an answer says about the account's limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateHeaders {
    /// Requests per minute.
    pub limit: Option<u32>,
    /// Requests left in this minute.
    pub remaining: Option<u32>,
    /// Until the minute ends.
    pub reset: Option<Duration>,
    /// How long to wait, where the answer says so.
    pub retry_after: Option<Duration>,
}

impl RateHeaders {
    /// Reads the headers that are there and make sense.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        Self {
            limit: number(headers, &["ratelimit-limit", "x-rate-limit"]).filter(|limit| *limit > 0),
            remaining: number(headers, &["ratelimit-remaining", "x-rate-limit-remaining"]),
            reset: number(headers, &["ratelimit-reset"]).map(seconds),
            retry_after: number(headers, &["retry-after"]).map(seconds),
        }
    }

    /// How long to wait after a refusal: as stated, between one second and the most that is
    /// believed; the default where nothing usable was stated.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.retry_after.map_or(RETRY_AFTER_DEFAULT, |stated| {
            stated.clamp(Duration::from_secs(1), RETRY_AFTER_MAX)
        })
    }
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}

fn number(headers: &HeaderMap, names: &[&str]) -> Option<u32> {
    names.iter().find_map(|name| {
        let text = headers.get(*name)?.to_str().ok()?;
        // Some gateways send a list or a fraction; the leading number is the one that counts.
        let digits: String = text
            .trim()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> RateHeaders {
        let map: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        RateHeaders::read(&map)
    }

    #[test]
    fn both_families_are_read() {
        let new = headers(&[
            ("ratelimit-limit", "700"),
            ("ratelimit-remaining", "699"),
            ("ratelimit-reset", "12"),
        ]);
        assert_eq!((new.limit, new.remaining), (Some(700), Some(699)));
        assert_eq!(new.reset, Some(Duration::from_secs(12)));
        let old = headers(&[("X-Rate-Limit", "400"), ("X-Rate-Limit-Remaining", "0")]);
        assert_eq!((old.limit, old.remaining), (Some(400), Some(0)));
    }

    #[test]
    fn odd_values_never_stop_the_client() {
        assert_eq!(headers(&[("ratelimit-limit", "zero")]).limit, None);
        assert_eq!(headers(&[("ratelimit-limit", "0")]).limit, None);
        assert_eq!(
            headers(&[("retry-after", "soon")]).wait(),
            RETRY_AFTER_DEFAULT
        );
        assert_eq!(
            headers(&[("retry-after", "0")]).wait(),
            Duration::from_secs(1)
        );
        assert_eq!(
            headers(&[("retry-after", "999999")]).wait(),
            RETRY_AFTER_MAX
        );
        assert_eq!(
            headers(&[("retry-after", "7.5")]).wait(),
            Duration::from_secs(7)
        );
        assert_eq!(headers(&[]).wait(), RETRY_AFTER_DEFAULT);
    }
}
