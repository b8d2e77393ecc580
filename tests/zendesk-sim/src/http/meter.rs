//! Rate limits, counted in fixed windows of the account's clock.

use std::collections::HashMap;

use axum::response::Response;
use http::{HeaderName, Method, StatusCode};

use super::answer::{ApiError, put_header};
use crate::limits::COUNTERS_MAX;
use crate::plan::{EndpointLimit, Plan, endpoint_limits};

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// When the window ends.
    until: i64,
    used: u32,
}

/// All counters of the account.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    counts: HashMap<String, Count>,
    /// The plan's limit, unless an admin set another.
    pub(crate) account_limit: Option<u32>,
}

/// What the headers of an answer say.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    limit: u32,
    remaining: u32,
    resets: i64,
    endpoints: Vec<(&'static str, u32, u32, i64)>,
}

impl Meters {
    /// Counts a request against the account and its endpoint, or refuses it and counts nothing.
    pub(crate) fn count(
        &mut self,
        plan: Plan,
        method: &Method,
        path: &str,
        user: u64,
        now: i64,
    ) -> Result<Reading, (ApiError, Reading)> {
        let account = EndpointLimit {
            name: "account",
            key: String::new(),
            limit: self
                .account_limit
                .unwrap_or_else(|| plan.requests_per_minute()),
            seconds: 60,
        };
        let endpoints = endpoint_limits(method, path, user);
        let mut refused = None;
        for limit in endpoints.iter().chain([&account]) {
            if self.used(limit, now) >= limit.limit {
                refused = Some(limit.clone());
            }
        }
        if refused.is_none() {
            for limit in endpoints.iter().chain([&account]) {
                self.add(limit, now);
            }
        }
        let reading = self.read(&account, &endpoints, now);
        match refused {
            None => Ok(reading),
            Some(limit) => Err((refusal(&limit, now), reading)),
        }
    }

    fn slot(&mut self, limit: &EndpointLimit, now: i64) -> &mut Count {
        if self.counts.len() > COUNTERS_MAX {
            self.counts.retain(|_, count| count.until > now);
        }
        let key = format!("{}/{}", limit.name, limit.key);
        let count = self.counts.entry(key).or_default();
        let until = now + resets(limit, now);
        if count.until != until {
            *count = Count { until, used: 0 };
        }
        count
    }

    fn used(&mut self, limit: &EndpointLimit, now: i64) -> u32 {
        self.slot(limit, now).used
    }

    fn add(&mut self, limit: &EndpointLimit, now: i64) {
        self.slot(limit, now).used += 1;
    }

    fn read(&mut self, account: &EndpointLimit, endpoints: &[EndpointLimit], now: i64) -> Reading {
        let mut row = |limit: &EndpointLimit| {
            let left = limit.limit.saturating_sub(self.used(limit, now));
            (limit.name, limit.limit, left, resets(limit, now))
        };
        let (_, limit, remaining, resets) = row(account);
        Reading {
            limit,
            remaining,
            resets,
            endpoints: endpoints
                .iter()
                .filter(|limit| limit.key.is_empty())
                .map(&mut row)
                .collect(),
        }
    }
}

impl Reading {
    /// Writes the documented headers, both families.
    pub(crate) fn write(&self, response: &mut Response) {
        let numbers = [
            ("x-rate-limit", i64::from(self.limit)),
            ("x-rate-limit-remaining", i64::from(self.remaining)),
            ("ratelimit-limit", i64::from(self.limit)),
            ("ratelimit-remaining", i64::from(self.remaining)),
            ("ratelimit-reset", self.resets),
        ];
        for (name, number) in numbers {
            put_header(response, HeaderName::from_static(name), &number.to_string());
        }
        for (name, total, remaining, resets) in &self.endpoints {
            if let Ok(header) = HeaderName::try_from(format!("zendesk-ratelimit-{name}")) {
                let text = format!("total={total}; remaining={remaining}; resets={resets}");
                put_header(response, header, &text);
            }
        }
    }
}

fn resets(limit: &EndpointLimit, now: i64) -> i64 {
    limit.seconds - now.rem_euclid(limit.seconds)
}

fn refusal(limit: &EndpointLimit, now: i64) -> ApiError {
    let words = match limit.name {
        "account" => "Number of allowed API requests per minute exceeded",
        "incremental-exports" => {
            "Number of allowed incremental ticket export API requests per minute exceeded"
        }
        "ticket-update" => "Number of allowed updates of this ticket exceeded",
        _ => "Number of allowed requests of this endpoint per minute exceeded",
    };
    ApiError::text(StatusCode::TOO_MANY_REQUESTS, words).retry_after(resets(limit, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend(meters: &mut Meters, method: &Method, path: &str, now: i64) -> u32 {
        let mut spent = 0;
        while meters.count(Plan::Team, method, path, 7, now).is_ok() {
            spent += 1;
        }
        spent
    }

    #[test]
    fn the_plan_limits_the_account_per_minute() {
        let mut meters = Meters::default();
        assert_eq!(spend(&mut meters, &Method::GET, "/api/v2/tickets", 0), 200);
        assert_eq!(spend(&mut meters, &Method::GET, "/api/v2/users/1", 59), 0);
        assert_eq!(spend(&mut meters, &Method::GET, "/api/v2/users/1", 60), 200);
    }

    #[test]
    fn one_ticket_takes_thirty_updates_in_ten_minutes_tags_included() {
        let mut meters = Meters::default();
        assert_eq!(spend(&mut meters, &Method::PUT, "/api/v2/tickets/5", 0), 30);
        assert_eq!(
            spend(&mut meters, &Method::DELETE, "/api/v2/tickets/5/tags", 540),
            0
        );
        assert_eq!(spend(&mut meters, &Method::PUT, "/api/v2/tickets/6", 0), 30);
        assert_eq!(
            spend(&mut meters, &Method::PUT, "/api/v2/tickets/5", 600),
            30
        );
    }

    #[test]
    fn exports_are_ten_a_minute() {
        let mut meters = Meters::default();
        let path = "/api/v2/incremental/tickets/cursor";
        assert_eq!(spend(&mut meters, &Method::GET, path, 0), 10);
    }
}
