//! The switchboard of faults: what goes wrong with the next requests and events, and the weather: what goes
//! wrong with a share of all of them for as long as it lasts, drawn from a seed.

use http::{Method, StatusCode};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::{Deserialize, Serialize};

use super::answer::ApiError;

/// A rule: what goes wrong, how often, and with what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub(crate) kind: FaultKind,
    /// How many more times.
    #[serde(default = "once")]
    pub(crate) count: u32,
    /// Only requests with this method.
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// Only paths (without `.json`) or event types that contain this.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// Matching requests that pass unharmed first.
    #[serde(default)]
    pub(crate) skip: u32,
}

fn once() -> u32 {
    1
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// Answers with that status; nothing is applied.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, where one is sent.
        #[serde(default)]
        retry_after: Option<i64>,
        /// `json`, `text` or `html`.
        #[serde(default)]
        body: FaultBody,
    },
    /// Answers late.
    Slow {
        /// Real milliseconds.
        millis: u64,
    },
    /// Applies nothing and never answers.
    Timeout,
    /// Cuts the connection before anything is applied.
    Refuse,
    /// Applies the request, then cuts the connection without a byte of answer.
    LostAnswer,
    /// An agent changes the ticket's subject just before the update.
    Overtaken,
    /// The event is never delivered.
    EventDrop,
    /// The event is delivered twice.
    EventDuplicate,
    /// The event is delivered after the others of its save.
    EventDelay {
        /// Milliseconds of the account's clock.
        millis: u64,
    },
}

/// How a fault's answer looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultBody {
    /// An error envelope.
    #[default]
    Json,
    /// Plain text.
    Text,
    /// An HTML page.
    Html,
}

impl FaultKind {
    fn is_event(&self) -> bool {
        matches!(
            self,
            Self::EventDrop | Self::EventDuplicate | Self::EventDelay { .. }
        )
    }
}

/// What goes wrong with that share of all requests, or of all events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Gust {
    #[serde(flatten)]
    kind: FaultKind,
    per_mille: u32,
}

/// What may happen to any request or event.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Weather {
    seed: u64,
    gusts: Vec<Gust>,
}

/// All rules in force, in the order in which they were made, and the weather.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) rules: Vec<Fault>,
    weather: Weather,
    dice: StdRng,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            weather: Weather::default(),
            dice: StdRng::seed_from_u64(0),
        }
    }
}

impl Faults {
    /// Begins a weather in place of the last one.
    pub(crate) fn begin_weather(&mut self, weather: Weather) -> Result<(), &'static str> {
        for of_events in [false, true] {
            let fits = |gust: &&Gust| gust.kind.is_event() == of_events;
            let shares = weather.gusts.iter().filter(fits);
            if shares.map(|gust| u64::from(gust.per_mille)).sum::<u64>() > 1_000 {
                return Err("the shares are more than the whole");
            }
        }
        self.dice = StdRng::seed_from_u64(weather.seed);
        self.weather = weather;
        Ok(())
    }

    /// Ends rules and weather.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
        self.weather = Weather::default();
    }

    /// What the weather does to the next request, or to the next event.
    fn blow(&mut self, on_events: bool) -> Option<FaultKind> {
        let gusts = self.weather.gusts.iter();
        let mut gusts = gusts.filter(|gust| gust.kind.is_event() == on_events);
        let mut drawn = self.dice.random_range(0..1_000_u32);
        let hit = gusts.find(|gust| {
            let hit = drawn < gust.per_mille;
            drawn = drawn.saturating_sub(gust.per_mille);
            hit
        });
        hit.map(|gust| gust.kind.clone())
    }

    /// What happens to a request; uses one count of the first rule that fits.
    pub(crate) fn for_request(&mut self, method: &Method, path: &str) -> Option<FaultKind> {
        let ordered = self.take(|fault| {
            !fault.kind.is_event()
                && fault
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted == method.as_str())
                && fault.path.as_deref().is_none_or(|part| path.contains(part))
        });
        ordered.or_else(|| self.blow(false))
    }

    /// What happens to an event.
    pub(crate) fn for_event(&mut self, event_type: &str) -> Option<FaultKind> {
        let ordered = self.take(|fault| {
            fault.kind.is_event()
                && fault
                    .path
                    .as_deref()
                    .is_none_or(|part| event_type.contains(part))
        });
        ordered.or_else(|| self.blow(true))
    }

    fn take(&mut self, fits: impl Fn(&Fault) -> bool) -> Option<FaultKind> {
        let fault = self.rules.iter_mut().find(|fault| fits(fault))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.count = fault.count.saturating_sub(1);
        let kind = fault.kind.clone();
        self.rules.retain(|fault| fault.count > 0);
        Some(kind)
    }
}

/// The answer of a status fault.
pub(crate) fn answer(status: u16, retry_after: Option<i64>, body: FaultBody) -> ApiError {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = match body {
        FaultBody::Json => ApiError::described(status, "SimulatedFault", "as ordered"),
        FaultBody::Text => {
            ApiError::text(status, "Number of allowed API requests per minute exceeded")
        }
        FaultBody::Html => ApiError::html(status, "Zendesk is down for maintenance"),
    };
    match retry_after {
        Some(seconds) => error.retry_after(seconds),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_down_and_ends() {
        let mut faults = Faults::default();
        let rule = serde_json::json!({"kind": "status", "status": 500, "count": 2, "method": "PUT", "skip": 1});
        faults.rules.push(serde_json::from_value(rule).unwrap());
        assert!(
            faults
                .for_request(&Method::GET, "/api/v2/tickets")
                .is_none()
        );
        assert!(faults.for_request(&Method::PUT, "/x").is_none(), "skipped");
        assert!(faults.for_request(&Method::PUT, "/x").is_some());
        assert!(faults.for_request(&Method::PUT, "/x").is_some());
        assert!(faults.for_request(&Method::PUT, "/x").is_none());
        assert!(faults.rules.is_empty());
    }

    #[test]
    fn weather_hits_its_share_and_the_seed_says_which() {
        let storm = |seed: u64| {
            let weather = serde_json::json!({ "seed": seed, "gusts": [
                { "kind": "lost_answer", "per_mille": 100 },
                { "kind": "status", "status": 503, "retry_after": 1, "per_mille": 50 },
                { "kind": "event_drop", "per_mille": 500 },
            ] });
            let mut faults = Faults::default();
            faults
                .begin_weather(serde_json::from_value(weather).unwrap())
                .unwrap();
            let request = |_| faults.for_request(&Method::PUT, "/api/v2/tickets/1");
            (0..2_000).map(request).collect::<Vec<_>>()
        };
        assert_eq!(storm(4), storm(4));
        assert_ne!(storm(4), storm(5));
        let lost = storm(4);
        let lost = lost
            .iter()
            .filter(|kind| **kind == Some(FaultKind::LostAnswer));
        assert!((140..260).contains(&lost.count()));
    }

    #[test]
    fn more_than_everything_cannot_go_wrong() {
        let weather = serde_json::json!({ "gusts": [
            { "kind": "refuse", "per_mille": 900 }, { "kind": "timeout", "per_mille": 101 },
        ] });
        let weather = serde_json::from_value(weather).unwrap();
        assert!(Faults::default().begin_weather(weather).is_err());
    }
}
