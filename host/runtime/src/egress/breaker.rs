//! Leaving a source alone that does not answer (SB-105): after some failures in a row at one endpoint nobody asks there
//! for a while, then one request tries whether it is back.
//!
//! An endpoint is a role at an origin of a connection, so that orders that are down do not take customers with them.
//! When, says [`Breaker`].

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use ordercase_breaker::{Breaker, Resting};
use tokio::time::Instant;

use super::{OutboundAnswer, Refusal, TransportError, throttle::Key};
use crate::limits;

/// Connection and origin, and the role there.
pub(super) type Endpoint = (Key, String);

/// The endpoints that failed lately.
#[derive(Default)]
pub(super) struct Breakers(Mutex<HashMap<Endpoint, Breaker<Instant>>>);

impl Breakers {
    /// Lets a request through.
    ///
    /// # Errors
    /// [`Refusal::Resting`] while the endpoint is left alone.
    pub(super) fn enter(&self, endpoint: &Endpoint, now: Instant) -> Result<(), Refusal> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(breaker) = all.get_mut(endpoint) else {
            return Ok(());
        };
        breaker
            .enter(now)
            .map_err(|Resting { failures, wait }| Refusal::Resting {
                role: endpoint.1.clone(),
                failures,
                wait,
            })
    }

    /// Notes what came of a request.
    pub(super) fn note(
        &self,
        endpoint: Endpoint,
        outcome: &Result<OutboundAnswer, TransportError>,
        now: Instant,
    ) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_failure(outcome) {
            all.remove(&endpoint);
            return;
        }
        // Roles are the plugin's own words: no more are kept than there may be throttles.
        if all.len() >= limits::THROTTLES_MAX && !all.contains_key(&endpoint) {
            all.retain(|_, breaker| breaker.is_resting(now));
            if all.len() >= limits::THROTTLES_MAX {
                return;
            }
        }
        all.entry(endpoint)
            .or_insert_with(|| Breaker::new(limits::BREAKER, now))
            .failed(now);
    }
}

/// Whether the other side is ill. One that asks to slow down is not, nor is one that refuses.
fn is_failure(outcome: &Result<OutboundAnswer, TransportError>) -> bool {
    match outcome {
        Ok(answer) => {
            answer.status.is_server_error()
                && !answer.headers.contains_key(http::header::RETRY_AFTER)
        }
        Err(TransportError::Denied(_) | TransportError::TooLarge { .. }) => false,
        Err(
            TransportError::Dns(_)
            | TransportError::Tls(_)
            | TransportError::Connection(_)
            | TransportError::Timeout,
        ) => true,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    fn endpoint(role: &str) -> Endpoint {
        let text = |text: &str| text.to_owned();
        ((text("t"), text("c"), text("api")), text(role))
    }

    fn answer(status: u16) -> Result<OutboundAnswer, TransportError> {
        Ok(OutboundAnswer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: bytes::Bytes::new(),
        })
    }

    fn fail(breakers: &Breakers, role: &str, times: u32, now: Instant) {
        for _ in 0..times {
            breakers.note(endpoint(role), &Err(TransportError::Timeout), now);
        }
    }

    #[test]
    fn an_endpoint_that_fails_again_and_again_is_left_alone_and_its_neighbour_is_not() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        fail(&breakers, "orders", limits::BREAKER.failures - 1, now);
        assert_eq!(breakers.enter(&endpoint("orders"), now), Ok(()));
        fail(&breakers, "orders", 1, now);
        let resting = Refusal::Resting {
            role: "orders".to_owned(),
            failures: limits::BREAKER.failures,
            wait: limits::BREAKER.wait,
        };
        assert_eq!(breakers.enter(&endpoint("orders"), now), Err(resting));
        assert_eq!(breakers.enter(&endpoint("customers"), now), Ok(()));
    }

    #[test]
    fn after_a_while_one_tries_and_an_answer_lets_all_in() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        fail(&breakers, "orders", limits::BREAKER.failures, now);
        let later = now + limits::BREAKER.wait;
        assert_eq!(breakers.enter(&endpoint("orders"), later), Ok(()));
        assert!(breakers.enter(&endpoint("orders"), later).is_err(), "one");
        breakers.note(endpoint("orders"), &answer(200), later);
        assert_eq!(breakers.enter(&endpoint("orders"), later), Ok(()));
        assert_eq!(breakers.enter(&endpoint("orders"), later), Ok(()));
    }

    #[test]
    fn a_try_that_never_ends_does_not_shut_it_for_ever() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        fail(&breakers, "orders", limits::BREAKER.failures, now);
        let first = now + limits::BREAKER.wait;
        assert_eq!(breakers.enter(&endpoint("orders"), first), Ok(()));
        let next = first + limits::BREAKER.wait;
        assert_eq!(breakers.enter(&endpoint("orders"), next), Ok(()));
    }

    #[test]
    fn only_an_ill_source_counts() {
        let mut slow = answer(503);
        if let Ok(answer) = &mut slow {
            let header = HeaderValue::from_static("5");
            answer.headers.insert(http::header::RETRY_AFTER, header);
        }
        let denied = Err(TransportError::Denied("no".to_owned()));
        for well in [
            answer(200),
            answer(404),
            answer(401),
            answer(429),
            slow,
            denied,
        ] {
            assert!(!is_failure(&well), "{well:?}");
        }
        let broken = Err(TransportError::Connection("reset".to_owned()));
        for ill in [
            answer(500),
            answer(503),
            Err(TransportError::Timeout),
            broken,
        ] {
            assert!(is_failure(&ill), "{ill:?}");
        }
    }
}
