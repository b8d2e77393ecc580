//! What goes wrong with a share of everything, in the simulators' words.

use serde_json::{Value, json};

use crate::dice::Dice;

/// The shop's weather: its API and its webhooks, of which one in twenty is never sent.
pub(crate) fn of_shop(dice: &mut Dice) -> Value {
    let seed = dice.of_range(0..u64::MAX);
    let status = |status: u16, per_mille: u64| json!({ "kind": "status", "status": status, "per_mille": per_mille });
    json!({ "seed": seed, "gusts": [
        { "kind": "throttle", "per_mille": 15 },
        { "kind": "status", "status": 429, "retry_after": 1, "per_mille": 15 },
        status(500, 10), status(502, 10), status(503, 15),
        { "kind": "half_answer", "per_mille": 10 },
        { "kind": "cut_answer", "per_mille": 15 },
        { "kind": "html", "per_mille": 5 },
        { "kind": "cursor_reset", "per_mille": 10 },
        { "kind": "latency", "ms": dice.of_range(100..1_500), "per_mille": 30 },
        { "kind": "webhook_drop", "per_mille": 50 },
        { "kind": "webhook_duplicate", "per_mille": 100 },
        { "kind": "webhook_reorder", "per_mille": 80 },
        { "kind": "webhook_delay", "ms": dice.of_range(200..4_000), "per_mille": 100 },
    ] })
}

/// Zendesk's weather. An answer that is lost after its write was applied is the one that duplicates effects.
pub(crate) fn of_zendesk(dice: &mut Dice) -> Value {
    let seed = dice.of_range(0..u64::MAX);
    json!({ "seed": seed, "gusts": [
        { "kind": "status", "status": 429, "retry_after": 1, "body": "text", "per_mille": 15 },
        { "kind": "status", "status": 500, "per_mille": 10 },
        { "kind": "status", "status": 502, "body": "html", "per_mille": 10 },
        { "kind": "status", "status": 503, "retry_after": 1, "per_mille": 10 },
        { "kind": "lost_answer", "per_mille": 60 },
        { "kind": "refuse", "per_mille": 20 },
        { "kind": "slow", "millis": dice.of_range(100..1_500), "per_mille": 30 },
        { "kind": "overtaken", "per_mille": 10 },
        { "kind": "event_drop", "per_mille": 50 },
        { "kind": "event_duplicate", "per_mille": 100 },
        { "kind": "event_delay", "millis": dice.of_range(200..4_000), "per_mille": 100 },
    ] })
}
