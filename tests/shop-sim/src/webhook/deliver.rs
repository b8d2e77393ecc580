//! Deliveries: queued with the change that caused them, attempted in order, retried with backoff.
//!
//! The queue is part of the snapshot, so a shop that was killed still owes what it owed. Only
//! loopback targets named at the start are dialled, whatever host the address names.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::time::Instant;

use crate::clock::{utc, wall_seconds};
use crate::http::World;
use crate::limits;

/// One delivery, from first attempt to last.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: u64,
    /// New for every delivery, kept over its retries.
    pub(crate) webhook_id: String,
    /// The same for a delivery and its duplicate.
    pub(crate) event_id: String,
    pub(crate) topic: String,
    pub(crate) order: Option<String>,
    pub(crate) triggered_at: String,
    pub(crate) address: String,
    /// Empty once the delivery is over.
    pub(crate) body: String,
    #[serde(default)]
    body_bytes: usize,
    pub(crate) attempts: u32,
    /// `waiting`, `delivered`, `given_up`, `dropped`, `held`.
    pub(crate) state: String,
    pub(crate) last_status: Option<u16>,
    pub(crate) last_error: Option<String>,
    /// Signs with another key.
    pub(crate) bad_signature: bool,
    #[serde(skip)]
    due: Option<Instant>,
}

impl Delivery {
    /// The log's view, without the body.
    pub(crate) fn row(&self) -> Value {
        let mut row = serde_json::to_value(self).unwrap_or(Value::Null);
        if let Some(row) = row.as_object_mut() {
            row.remove("body");
        }
        row
    }

    /// Delivers it that many milliseconds from now.
    pub(crate) fn put_off(&mut self, ms: u64) {
        self.due = Some(Instant::now() + Duration::from_millis(ms));
    }
}

/// All deliveries, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) all: VecDeque<Delivery>,
    pub(crate) made: u64,
    named: u64,
}

impl Outbox {
    pub(crate) fn restore(saved: &Value, made: u64) -> Self {
        let all = serde_json::from_value(saved.clone()).unwrap_or_default();
        // Every change takes two names and makes at least one delivery.
        let named = made * 2;
        Self { all, made, named }
    }

    /// A number that no event or delivery had before.
    pub(crate) const fn name(&mut self) -> u64 {
        self.named += 1;
        self.named
    }

    pub(crate) fn saved(&self) -> Value {
        serde_json::to_value(&self.all).unwrap_or(Value::Null)
    }

    /// Queues a delivery; `state` other than `waiting` is a fault's doing.
    pub(crate) fn push(&mut self, mut delivery: Delivery) {
        self.made += 1;
        delivery.id = self.made;
        self.all.push_back(delivery);
        while self.all.len() > limits::WEBHOOK_LOG_MAX {
            let settled = self
                .all
                .iter()
                .position(|one| one.state != "waiting" && one.state != "held");
            match settled {
                Some(at) => drop(self.all.remove(at)),
                None => break,
            }
        }
    }

    /// Lets go what was held back for the next one.
    pub(crate) fn release(&mut self) {
        for one in self.all.iter_mut().filter(|one| one.state == "held") {
            "waiting".clone_into(&mut one.state);
        }
    }

    pub(crate) fn new_delivery(
        topic: &str,
        address: &str,
        body: &Value,
        order: Option<&str>,
        unique: &str,
    ) -> Delivery {
        let body = body.to_string();
        Delivery {
            id: 0,
            webhook_id: format!("wh-{unique}"),
            event_id: format!("ev-{unique}"),
            topic: topic.to_owned(),
            order: order.map(str::to_owned),
            triggered_at: utc(wall_seconds()),
            address: address.to_owned(),
            body_bytes: body.len(),
            body,
            attempts: 0,
            state: "waiting".to_owned(),
            last_status: None,
            last_error: None,
            bad_signature: false,
            due: None,
        }
    }

    /// Those to attempt now, and when the next one is due.
    fn due(&self, now: Instant) -> (Vec<Delivery>, Option<Instant>) {
        let waiting = || self.all.iter().filter(|one| one.state == "waiting");
        let ready = waiting().filter(|one| one.due.is_none_or(|due| due <= now));
        let ready: Vec<Delivery> = ready.take(limits::WEBHOOK_PARALLEL).cloned().collect();
        (ready, waiting().filter_map(|one| one.due).min())
    }

    /// `true` when it is given up.
    fn settle(&mut self, id: u64, outcome: &Result<u16, String>, first_wait: Duration) -> bool {
        let Some(delivery) = self.all.iter_mut().find(|one| one.id == id) else {
            return false;
        };
        delivery.attempts += 1;
        delivery.last_status = outcome.as_ref().ok().copied();
        delivery.last_error = outcome.as_ref().err().cloned();
        if matches!(outcome, Ok(200..=299)) {
            "delivered".clone_into(&mut delivery.state);
            delivery.body.clear();
        } else if delivery.attempts >= limits::WEBHOOK_ATTEMPTS_MAX {
            "given_up".clone_into(&mut delivery.state);
            delivery.body.clear();
            return true;
        } else {
            let doubled = first_wait.saturating_mul(1 << (delivery.attempts - 1).min(16));
            let wait = doubled.min(Duration::from_millis(limits::WEBHOOK_RETRY_MAX_MS));
            delivery.due = Some(Instant::now() + wait);
        }
        false
    }
}

/// Delivers until the shop stops.
pub(crate) async fn run_deliveries(world: Arc<World>) {
    let first_wait = Duration::from_millis(world.webhook_retry_ms);
    loop {
        let (ready, next) = world.with_outbox(|outbox| outbox.due(Instant::now()));
        if ready.is_empty() {
            let next = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
            tokio::select! {
                () = world.wake.notified() => {}
                () = tokio::time::sleep_until(next) => {}
                () = world.stop.cancelled() => return,
            }
            continue;
        }
        let attempts = ready.iter().map(|delivery| attempt(&world, delivery));
        let outcomes = futures::future::join_all(attempts).await;
        for (delivery, outcome) in ready.iter().zip(&outcomes) {
            if world.with_outbox(|outbox| outbox.settle(delivery.id, outcome, first_wait)) {
                // Whoever never answers loses the subscription (commerce-apis §1).
                world.forget(&delivery.topic, &delivery.address);
            }
        }
        world.save();
        if world.stop.is_cancelled() {
            return;
        }
    }
}

async fn attempt(world: &World, delivery: &Delivery) -> Result<u16, String> {
    let (url, host) = world.dial(&delivery.address)?;
    let secret = world.webhook_secret(delivery.bad_signature);
    let response = world
        .client
        .post(url)
        .header("host", host)
        .header("content-type", "application/json")
        .header("user-agent", "Shopify-Captain-Hook")
        .header("x-shopify-topic", &delivery.topic)
        .header(
            "x-shopify-hmac-sha256",
            signature(&secret, delivery.body.as_bytes()),
        )
        .header("x-shopify-shop-domain", &world.domain)
        .header("x-shopify-api-version", crate::http::VERSION)
        .header("x-shopify-webhook-id", &delivery.webhook_id)
        .header("x-shopify-event-id", &delivery.event_id)
        .header("x-shopify-triggered-at", &delivery.triggered_at)
        .body(delivery.body.clone())
        .send()
        .await
        .map_err(|error| error.without_url().to_string())?;
    Ok(response.status().as_u16())
}

/// Base64 of HMAC-SHA256 over the raw body.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(body);
            BASE64.encode(mac.finalize().into_bytes())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_rfc_4231_case_2() {
        let made = signature("Jefe", b"what do ya want for nothing?");
        let hex = hex::encode(BASE64.decode(&made).unwrap());
        assert_eq!(
            hex,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
